/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One stage-2 descriptor: constructors and predicates, pure. Memory is Normal, write-back, inner
 * shareable, with the access flag set, so that no access faults for want of it.
 *
 * Source: Arm ARM (DDI 0487) D8.3, VMSAv8-64 descriptor formats, 4 KiB granule, 48-bit output.
 *
 *	bit  0     valid
 *	bit  1     block at level 1 and 2 when clear; table there, page at level 3 when set
 *	bits 5:2   MemAttr, with FEAT_S2FWB not in use: 0b1111 is Normal, inner and outer write-back
 *	bits 7:6   S2AP: 0b01 read only, 0b11 read and write
 *	bits 9:8   SH: 0b11 inner shareable
 *	bit  10    AF
 *	bits 47:12 output or next-level table address
 *	bits 54:53 XN: 0b10 no fetch from EL1 nor EL0, with and without FEAT_XNX
 *
 * Hardware ignores all of an invalid descriptor but bit 0; bits 7:4 of ours hold enum s2_absent.
 */
#ifndef STAGE2_PTE_H
#define STAGE2_PTE_H

#include "hyp/lib/types.h"
#include "stage2/stage2.h"

#define ENTRIES_PER_TABLE 512

#define S2_PTE_VALID BIT(0)
#define S2_PTE_TABLE BIT(1) /* at level 3: page */
#define S2_PTE_MEMATTR_WB (0xfULL << 2)
#define S2_PTE_S2AP_RO (1ULL << 6)
#define S2_PTE_S2AP_RW (3ULL << 6)
#define S2_PTE_SH_INNER (3ULL << 8)
#define S2_PTE_AF BIT(10)
#define S2_PTE_XN BIT(54)
#define S2_PTE_ADDR 0x0000fffffffff000ULL
#define S2_PTE_ABSENT_SHIFT 4

#define S2_PTE_MEMORY (S2_PTE_VALID | S2_PTE_MEMATTR_WB | S2_PTE_SH_INNER | S2_PTE_AF)

/* Bytes that an entry of this level stands for: 1 GiB, 2 MiB, 4 KiB. */
static inline u64 s2_level_size(u32 level)
{
	return PAGE_SIZE << (9 * (3 - level));
}

/* Read, write, execute; level 1 or 2, pa aligned to the level's size. */
static inline u64 s2_pte_block(paddr_t pa)
{
	return pa.pa | S2_PTE_MEMORY | S2_PTE_S2AP_RW;
}

/* Read, write, execute; level 3. */
static inline u64 s2_pte_page(paddr_t pa)
{
	return pa.pa | S2_PTE_MEMORY | S2_PTE_S2AP_RW | S2_PTE_TABLE;
}

/* Read only, never executed; level 3. */
static inline u64 s2_pte_zero_page(paddr_t pa)
{
	return pa.pa | S2_PTE_MEMORY | S2_PTE_S2AP_RO | S2_PTE_TABLE | S2_PTE_XN;
}

/* Level 1 or 2: the next table. */
static inline u64 s2_pte_table(paddr_t table)
{
	return table.pa | S2_PTE_TABLE | S2_PTE_VALID;
}

static inline u64 s2_pte_absent(enum s2_absent why)
{
	return (u64)why << S2_PTE_ABSENT_SHIFT;
}

static inline bool s2_pte_is_valid(u64 pte)
{
	return pte & S2_PTE_VALID;
}

static inline bool s2_pte_is_table(u64 pte, u32 level)
{
	return level < 3 && s2_pte_is_valid(pte) && (pte & S2_PTE_TABLE);
}

/* A block or page descriptor, the zero page's included. */
static inline bool s2_pte_is_leaf(u64 pte, u32 level)
{
	return s2_pte_is_valid(pte) && !s2_pte_is_table(pte, level);
}

static inline paddr_t s2_pte_addr(u64 pte)
{
	return PADDR(pte & S2_PTE_ADDR);
}

static inline enum s2_absent s2_pte_why(u64 pte)
{
	return (enum s2_absent)FIELD(pte, S2_PTE_ABSENT_SHIFT + 3, S2_PTE_ABSENT_SHIFT);
}

#endif
