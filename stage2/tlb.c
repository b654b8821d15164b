// SPDX-License-Identifier: BSD-2-Clause
/*
 * The machine's side of tlb.h. Source: Arm ARM (DDI 0487) D8.14 (TLB maintenance), D8.14.5
 * (break-before-make), K11 (barriers).
 */
#include "stage2/tlb.h"

void s2_write_entry(u64 *entry, u64 value)
{
	/* Volatile: one store of 64 bits, which walkers of other CPUs see whole or not at all. */
	*(volatile u64 *)entry = value;
}

void s2_publish(void)
{
	/* Stores only, inner shareable: table walkers are in that domain (VTCR_EL2.SH0). */
	__asm__ volatile("dsb ishst" ::: "memory");
}

void s2_flush_vmid(u64 vttbr)
{
	u64 current;

	/*
	 * The TLBI acts on the VMID in VTTBR_EL2, which is not always the target's: this CPU may serve
	 * one VM's call that takes a block from another, or run no VM at all.
	 */
	__asm__ volatile("mrs %0, vttbr_el2" : "=r"(current));
	__asm__ volatile("msr vttbr_el2, %0\n\t"
			 "isb\n\t" /* the TLBI sees the new VMID */
			 "dsb ishst\n\t" /* walks after the TLBI see the invalid descriptors */
			 /*
			  * Stage-2, combined and stage-1 entries: a combined entry is found by no
			  * invalidation by IPA alone.
			  */
			 "tlbi vmalls12e1is\n\t"
			 "dsb ish\n\t" /* done on all CPUs: their accesses through it, too */
			 "isb\n\t" /* nothing fetched ahead here outlives it */
			 "msr vttbr_el2, %1\n\t"
			 "isb" /* back to the own VMID before anything translates by it */
			 :
			 : "r"(vttbr), "r"(current)
			 : "memory");
}
