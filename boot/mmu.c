/* SPDX-License-Identifier: BSD-2-Clause */
#include "boot/mmu.h"
#include "boot/image.h"
#include "hyp/cpu/barrier.h"
#include "hyp/lib/assert.h"

/*
 * Enough for both maps on every machine within bounds: per map a level 0, up to three level 1, and per
 * partly covered GiB a level 2, per partly covered 2 MiB a level 3.
 */
#define NR_TABLES 48
#define ENTRIES 512

static u64 tables[NR_TABLES][ENTRIES] __attribute__((aligned(4096)));
static u32 nr_tables;
static u64 *root;

#define PTE_VALID BIT(0)
#define PTE_TABLE BIT(1) /* at levels 0 to 2; at level 3 the page bit */
#define PTE_ADDRESS 0x0000fffffffff000ULL
#define PTE_AF BIT(10)
#define PTE_SH_INNER (3ULL << 8)
#define PTE_AP_RES1 BIT(6) /* AP[1], RES1 where there is one exception level */
#define PTE_READ_ONLY BIT(7)
#define PTE_XN BIT(54)
#define PTE_ATTR(n) ((u64)(n) << 2)

static const u64 attributes[] = {
	[MMU_NONE] = 0,
	[MMU_TEXT] = PTE_VALID | PTE_AF | PTE_SH_INNER | PTE_AP_RES1 | PTE_ATTR(1) | PTE_READ_ONLY,
	[MMU_RODATA] = PTE_VALID | PTE_AF | PTE_SH_INNER | PTE_AP_RES1 | PTE_ATTR(1) |
		       PTE_READ_ONLY | PTE_XN,
	[MMU_DATA] = PTE_VALID | PTE_AF | PTE_SH_INNER | PTE_AP_RES1 | PTE_ATTR(1) | PTE_XN,
	[MMU_DEVICE] = PTE_VALID | PTE_AF | PTE_AP_RES1 | PTE_ATTR(0) | PTE_XN,
};

static u64 *new_table(void)
{
	assert(nr_tables < NR_TABLES);
	return tables[nr_tables++];
}

static u64 level_size(u32 level)
{
	return PAGE_SIZE << (9 * (3 - level));
}

static bool is_table(u64 entry, u32 level)
{
	return level < 3 && (entry & (PTE_VALID | PTE_TABLE)) == (PTE_VALID | PTE_TABLE);
}

/* The table behind an entry; a block is split into one that says the same. */
static u64 *descend(u64 *entry, u32 level)
{
	u64 *table;

	if (is_table(*entry, level))
		return (u64 *)(*entry & PTE_ADDRESS);
	table = new_table();
	if (*entry & PTE_VALID)
		for (u32 i = 0; i < ENTRIES; i++)
			table[i] =
				(*entry + i * level_size(level + 1)) | (level == 2 ? PTE_TABLE : 0);
	*entry = (u64)table | PTE_VALID | PTE_TABLE;
	return table;
}

static void map(u64 *table, u32 level, u64 base, u64 end, u64 attr)
{
	u64 size = level_size(level);

	while (base < end) {
		u64 *entry = &table[(base / size) % ENTRIES];
		u64 next = min_u64(ALIGN_DOWN(base, size) + size, end);

		/* Level 0 has no blocks. A table already there is kept and filled. */
		if (level > 0 && next - base == size && !is_table(*entry, level))
			*entry = attr ? base | attr | (level == 3 ? PTE_TABLE : 0) : 0;
		else
			map(descend(entry, level), level + 1, base, next, attr);
		base = next;
	}
}

void mmu_map(u64 base, u64 size, enum mmu_attr attr)
{
	assert(IS_ALIGNED(base | size, PAGE_SIZE));
	map(root, 0, base, base + size, attributes[attr]);
}

static void map_image(void)
{
	mmu_map((u64)_head, (u64)_text_end - (u64)_head, MMU_TEXT);
	mmu_map((u64)_text_end, (u64)_rodata_end - (u64)_text_end, MMU_RODATA);
	mmu_map((u64)_rodata_end, (u64)_end - (u64)_rodata_end, MMU_DATA);
	mmu_map((u64)boot_stack_guard, PAGE_SIZE, MMU_NONE);
}

/* Runs with the MMU off. No FDT is longer than 2 MiB, so two blocks of 2 MiB hold any. */
u64 mmu_build_early(const void *fdt)
{
	root = new_table();
	mmu_map(ALIGN_DOWN((u64)fdt, MIB(2)), MIB(4), MMU_DATA);
	map_image();
	return (u64)root;
}

void mmu_begin(const struct platform *p)
{
	root = new_table();
	for (u32 i = 0; i < p->nr_ram; i++) {
		u64 base = ALIGN_UP(p->ram[i].base, PAGE_SIZE);
		u64 end = ALIGN_DOWN(p->ram[i].base + p->ram[i].size, PAGE_SIZE);

		if (base < end)
			mmu_map(base, end - base, MMU_DATA);
	}
	map_image();
}

u64 mmu_finish(void)
{
	/* The tables are in memory before a table walk, cached or not, can come upon them. */
	dsb(sy);
	return (u64)root;
}
