/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a host test does to stage-2 tables, as text in the trace format of casemate (rems-project/casemate,
 * trace-format.adoc): one record a line. Linked into a test with -Wl,--wrap=s2_init and trace_locks.h
 * before each source, it writes the file that the environment's S2_TRACE names, or nothing without it.
 *
 * A file holds one trace per s2_fake_reset(), which makes a new machine: each begins with id 0. Of those
 * that never invalidate anything only the first few are kept; with S2_TRACE_EVERY=n, one machine in n is
 * traced; with S2_TRACE_LIMIT records (default 400000) written, no other; with
 * S2_TRACE_RANGE=1 the machines have FEAT_TLBIRANGE. A machine that gets
 * s2_fake.tolerant is there for its faults and leaves no trace.
 *
 * How the format's words are used: mem-init and the hints come from s2_init(), for the VM's whole pool,
 * which it is handed zeroed; VTCR_EL2 then, which says how many pages a root has, and VTTBR_EL2 after it,
 * as when a vCPU is loaded, which says the VMID of the root. set_owner_root with value 0 gives a
 * page back. The thread is always 0.
 */
#ifndef TRACE_H
#define TRACE_H

#include "hyp/lib/types.h"

/* Keeps on after faults: for the programs that make them on purpose. */
extern bool trace_deliberate;

/* One page is zeroed and becomes a table of root's; is no table any more. */
void trace_page_init(const void *page, const u64 *root);
void trace_page_free(const void *page);

#endif
