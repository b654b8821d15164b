/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tlb.h promises, one instruction per line, over the words of hyp/cpu/barrier.h and sysreg.h.
 * Included once by tlb.c, with those, and once by guest-tests/host/tlb_fake.c, where they record
 * themselves: the host tests see the very sequence that the machine executes.
 *
 * Source: Arm ARM (DDI 0487) D8.14 (TLB maintenance), D8.14.5 (break-before-make), K11 (barriers).
 */
#ifndef STAGE2_TLB_STEPS_H
#define STAGE2_TLB_STEPS_H

#include "stage2/tlb.h"
#include "stage2/tlb_range.h"

/* ID_AA64ISAR0_EL1.TLB: FEAT_TLBIRANGE */
#define ISAR0_TLB(isar0) FIELD(isar0, 59, 56)
#define ISAR0_TLB_RANGE 2

void s2_publish(void)
{
	/* Stores only, inner shareable: table walkers are in that domain (VTCR_EL2.SH0). */
	dsb(ishst);
}

/* Each TLBI and the DSB that completes it; again for CPUs with errata like CVE-2025-10263 (docs/guide.md). */
#ifndef S2_TLBI_TIMES
#define S2_TLBI_TIMES 1
#endif

static void flush_all(void)
{
	for (u32 i = 0; i < S2_TLBI_TIMES; i++) {
		/* Stage-1, stage-2 and combined entries of the VMID. */
		tlbi(vmalls12e1is);
		dsb(ish); /* done on all CPUs: their accesses through it, too */
	}
}

static void flush_range(u64 ipa, u64 size)
{
	for (u32 i = 0; i < S2_TLBI_TIMES; i++) {
		u64 covered;

		for (u64 done = 0; done < size; done += covered)
			tlbi_operand(ripas2e1is,
				     s2_range_operand(ipa + done, size - done, &covered));
		/* No stage-2 entry is left that a combined one could be made of after the next TLBI. */
		dsb(ish);
	}
	for (u32 i = 0; i < S2_TLBI_TIMES; i++) {
		/* Combined entries are found by no invalidation by IPA: all of stage-1 for the VMID. */
		tlbi(vmalle1is);
		dsb(ish); /* done on all CPUs: their accesses through it, too */
	}
}

void s2_flush(u64 vttbr, u64 ipa, u64 size)
{
	/*
	 * The TLBI acts on the VMID in VTTBR_EL2, which is not always the target's: this CPU may serve
	 * one VM's call that takes a block from another, or run no VM at all.
	 */
	u64 current = read_sysreg(vttbr_el2);

	/* A walk that this CPU began for its own VM ends here, or what it finds were cached under the new VMID. */
	dsb(nsh);
	write_sysreg(vttbr_el2, vttbr);
	isb(); /* the TLBI sees the new VMID */
	if (ISAR0_TLB(read_sysreg(id_aa64isar0_el1)) >= ISAR0_TLB_RANGE)
		flush_range(ipa, size);
	else
		flush_all();
	isb(); /* nothing fetched ahead here outlives it */
	write_sysreg(vttbr_el2, current);
	isb(); /* back to the own VMID before anything translates by it */
}

#endif
