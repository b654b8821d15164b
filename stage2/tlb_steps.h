/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tlb.h promises, one instruction per line, over the words of hyp/cpu/barrier.h and sysreg.h.
 * Included once by tlb.c, with those, and once by tlb_fake.c, where they record themselves: the host
 * tests see the very sequence that the machine executes.
 *
 * Source: Arm ARM (DDI 0487) D8.14 (TLB maintenance), D8.14.5 (break-before-make), K11 (barriers).
 */
#ifndef STAGE2_TLB_STEPS_H
#define STAGE2_TLB_STEPS_H

#include "stage2/tlb.h"

void s2_publish(void)
{
	/* Stores only, inner shareable: table walkers are in that domain (VTCR_EL2.SH0). */
	dsb(ishst);
}

void s2_flush_vmid(u64 vttbr)
{
	/*
	 * The TLBI acts on the VMID in VTTBR_EL2, which is not always the target's: this CPU may serve
	 * one VM's call that takes a block from another, or run no VM at all.
	 */
	u64 current = read_sysreg(vttbr_el2);

	write_sysreg(vttbr_el2, vttbr);
	isb(); /* the TLBI sees the new VMID */
	/*
	 * Stage-2, combined and stage-1 entries: a combined entry is found by no invalidation by IPA
	 * alone.
	 */
	tlbi(vmalls12e1is);
	dsb(ish); /* done on all CPUs: their accesses through it, too */
	isb(); /* nothing fetched ahead here outlives it */
	write_sysreg(vttbr_el2, current);
	isb(); /* back to the own VMID before anything translates by it */
}

#endif
