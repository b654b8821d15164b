/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every TLBI and every barrier that stage-2 needs, in one place: tlb.c for the machine, and
 * guest-tests/host/tlb_fake.c for the host, which records the instructions of tlb_steps.h instead of
 * executing them.
 */
#ifndef STAGE2_TLB_H
#define STAGE2_TLB_H

#include "hyp/lib/types.h"

/*
 * The only way descriptors are written: nr of them from entry on, the first with value, each further one
 * with step more. Each is one 64-bit single-copy atomic store.
 */
void s2_write_entries(u64 *entry, u32 nr, u64 value, u64 step);

/* Orders descriptor writes before it (now visible to all table walkers) against what follows. */
void s2_publish(void);

/*
 * Drops whatever any CPU of the system may hold for the VMID in vttbr of [ipa, ipa + size): stage-2 and
 * combined entries, tables on the way included. May drop more. Complete on return. Runs on any CPU, with
 * any VMID current. The invalid entries were published before: a walk could bring back what is not.
 */
void s2_flush(u64 vttbr, u64 ipa, u64 size);

#endif
