/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EL2's own stage-1: an identity map with 4 KiB granule, W^X. Text is read-only and executable, read-only
 * data is neither, all else is writable and never executable; guard pages are holes.
 *
 * Built twice: early, from what the image and the FDT's address tell, so that everything from the first
 * reading of the FDT on runs with caches; then finally, from the host FDT. Tables lie in .bss, so
 * that neither needs an allocator. Source: Arm ARM D8.
 */
#ifndef BOOT_MMU_H
#define BOOT_MMU_H

#include "dt/platform.h"
#include "hyp/cpu/sysreg.h"
#include "hyp/lib/types.h"

/* Attr0: Device-nGnRE, Attr1: normal, write-back. */
#define MAIR_EL2 0xff04ULL
/* RES1 bits, 48 bits of VA, inner shareable write-back walks; PS is added at entry. */
#define TCR_EL2 (BIT(31) | BIT(23) | 16ULL | 1ULL << 8 | 1ULL << 10 | 3ULL << 12)
#define SCTLR_EL2_RES1 0x30c50830ULL
/* M, C, SA, I, WXN: nothing writable is executable, whatever a descriptor says. */
#define SCTLR_EL2_FLAGS (BIT(0) | BIT(2) | BIT(3) | BIT(12) | BIT(19))

enum mmu_attr {
	MMU_NONE, /* a hole */
	MMU_TEXT,
	MMU_RODATA,
	MMU_DATA,
	MMU_DEVICE,
};

/* With the MMU off: maps the image and the FDT. Returns the value for mmu_enable(). */
u64 mmu_build_early(const void *fdt);

/* Starts the final map: image, and all RAM as MMU_DATA. Not live until mmu_enable(). */
void mmu_begin(const struct platform *p);

/*
 * Maps [base, base + size) in the map begun, over what stands there; 4 KiB aligned. Panics when the
 * tables in .bss run out, which depends on the machine only.
 */
void mmu_map(u64 base, u64 size, enum mmu_attr attr);

/* The value for mmu_enable() of the map begun. */
u64 mmu_finish(void);

void mmu_enable(u64 ttbr);

#endif
