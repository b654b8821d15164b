/* SPDX-License-Identifier: BSD-2-Clause */
/* Source: Arm ARM (DDI 0487) D8.3, 4 KiB granule, start at level 0. */
#include "guest-tests/bare/bare.h"

#define NR_TABLES 24
#define ENTRIES 512
#define LEVEL0_SIZE GIB(512)

#define PTE_BLOCK BIT(0)
#define PTE_TABLE 3
#define PTE_NORMAL (1ULL << 2) /* MAIR index 1 */
#define PTE_INNER (3ULL << 8)
#define PTE_AF BIT(10)
#define PTE_PXN BIT(53)
#define PTE_UXN BIT(54)
#define PTE_ADDR 0x0000fffffffff000ULL

#define MAIR 0xff00 /* 0: Device-nGnRnE, 1: Normal, write-back */
#define TCR_T0SZ 16
#define TCR_WALKS (1ULL << 8 | 1ULL << 10 | 3ULL << 12) /* write-back, inner shareable */
#define TCR_EPD1 BIT(23)
#define TCR_IPS_SHIFT 32
#define SCTLR_RES1 0x30d00800ULL
#define SCTLR_M BIT(0)
#define SCTLR_C BIT(2)
#define SCTLR_I BIT(12)

static u64 root[ENTRIES] __attribute__((aligned(4096)));
static u64 tables[NR_TABLES][ENTRIES] __attribute__((aligned(4096)));
static u32 nr_used;

u32 pa_bits(void)
{
	static const u8 bits[] = {32, 36, 40, 42, 44, 48, 52};

	return bits[min_u64(FIELD(read_reg(id_aa64mmfr0_el1), 3, 0), ARRAY_SIZE(bits) - 1)];
}

u64 mmu_block_entry(u64 address, enum mmu_type type)
{
	return ALIGN_DOWN(address, GIB(1)) | PTE_BLOCK | PTE_INNER | PTE_AF | PTE_UXN |
	       (type == MMU_NORMAL ? PTE_NORMAL : PTE_PXN);
}

static bool map_gib(u64 address, enum mmu_type type)
{
	u64 *top = &root[address / LEVEL0_SIZE % ENTRIES];
	u64 *table;

	if (!*top) {
		if (nr_used == NR_TABLES)
			return false;
		*top = (u64)tables[nr_used++] | PTE_TABLE;
	}
	table = (u64 *)(*top & PTE_ADDR);
	table[address / GIB(1) % ENTRIES] = mmu_block_entry(address, type);
	return true;
}

bool mmu_map(u64 address, u64 size, enum mmu_type type)
{
	for (u64 at = ALIGN_DOWN(address, GIB(1)); at < address + size; at += GIB(1))
		if (!map_gib(at, type))
			return false;
	/* New entries only: nothing that a TLB may hold. */
	dsb();
	isb();
	return true;
}

void mmu_map_table(u64 va, u64 table)
{
	u64 *entry = &root[va / LEVEL0_SIZE % ENTRIES];

	*entry = 0;
	__asm__ volatile("dsb ish\n\ttlbi vmalle1is\n\tdsb ish\n\tisb" ::: "memory");
	*entry = table ? table | PTE_TABLE : 0;
	dsb();
	isb();
}

void mmu_init(void)
{
	mmu_map(0, GIB(1), MMU_DEVICE);
	mmu_map(ram_base(), ram_size(), MMU_NORMAL);
	/* Written with the cache off: no stale line may hide it. */
	cache_clean(root, sizeof(root));
	cache_clean(tables, sizeof(tables));
}

void mmu_on(void)
{
	u64 ips = min_u64(FIELD(read_reg(id_aa64mmfr0_el1), 3, 0), 5);

	write_reg(mair_el1, MAIR);
	write_reg(tcr_el1, TCR_T0SZ | TCR_WALKS | TCR_EPD1 | ips << TCR_IPS_SHIFT);
	write_reg(ttbr0_el1, root);
	__asm__ volatile("tlbi vmalle1\n\tdsb nsh\n\tisb" ::: "memory");
	write_reg(sctlr_el1, SCTLR_RES1 | SCTLR_M | SCTLR_C | SCTLR_I);
}

void mmu_off(void)
{
	cache_clean(image_start, (size_t)(bss_end - image_start));
	write_reg(sctlr_el1, SCTLR_RES1);
}
