/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's own stage-1: identity map in blocks of 1 GiB, 48 bits. At start: the devices below
 * 1 GiB, and boot memory. One set of tables for all CPUs.
 */
#ifndef BARE_MMU_H
#define BARE_MMU_H

#include "hyp/lib/types.h"

enum mmu_type {
	MMU_DEVICE,
	MMU_NORMAL
};

void mmu_init(void);

/* Adds every GiB that the range touches. False: no more tables. */
bool mmu_map(u64 address, u64 size, enum mmu_type type);

/* An entry of a level 1 table: 1 GiB from this address on. */
u64 mmu_block_entry(u64 address, enum mmu_type type);

/* Puts a level 1 table that lies at this address in the way to va; 0 takes away what is there. */
void mmu_map_table(u64 va, u64 table);

void mmu_on(void); /* on the calling CPU, with caches */
void mmu_off(void); /* on the calling CPU; the image is cleaned from the caches first */

/* Bits of physical address that ID_AA64MMFR0_EL1 shows. */
u32 pa_bits(void);

#endif
