/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every TLBI and every barrier that stage-2 needs, in one place: tlb.c for the machine, and tlb_fake.c
 * for the host, which records the instructions of tlb_steps.h instead of executing them.
 */
#ifndef STAGE2_TLB_H
#define STAGE2_TLB_H

#include "hyp/lib/types.h"

/* The only way a descriptor is written: one 64-bit single-copy atomic store. */
void s2_write_entry(u64 *entry, u64 value);

/* Orders descriptor writes before it (now visible to all table walkers) against what follows. */
void s2_publish(void);

/*
 * Drops everything that any CPU of the system may hold for the VMID in vttbr: stage-1, stage-2 and
 * combined. Complete on return. Runs on any CPU, with any VMID current. The invalid entries were
 * published before: a walk could bring back what is not.
 */
void s2_flush_vmid(u64 vttbr);

#endif
