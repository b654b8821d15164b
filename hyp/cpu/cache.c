/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/cpu/cache.h"
#include "hyp/cpu/barrier.h"
#include "hyp/cpu/sysreg.h"
#include "hyp/lib/string.h"

static size_t line_size = 64;
static size_t zva_size; /* 0: DC ZVA is prohibited */

void cache_init(void)
{
	u64 dczid = read_sysreg(dczid_el0);

	line_size = 4UL << FIELD(read_sysreg(ctr_el0), 19, 16);
	zva_size = dczid & BIT(4) ? 0 : 4UL << FIELD(dczid, 3, 0);
}

void cache_clean(const void *p, size_t size)
{
	uintptr_t end = (uintptr_t)p + size;

	for (uintptr_t a = ALIGN_DOWN((uintptr_t)p, line_size); a < end; a += line_size)
		__asm__ volatile("dc cvac, %0" : : "r"(a) : "memory");
	/* The lines are in memory before whoever reads them uncached is told. */
	dsb(sy);
}

void cache_clean_invalidate(const void *p, size_t size)
{
	uintptr_t end = (uintptr_t)p + size;

	for (uintptr_t a = ALIGN_DOWN((uintptr_t)p, line_size); a < end; a += line_size)
		__asm__ volatile("dc civac, %0" : : "r"(a) : "memory");
	dsb(sy);
}

/* Four a turn: page-sized ranges divide by four zeroing steps of up to 1 KiB. */
static void zero_by_zva(uintptr_t a, uintptr_t end)
{
	size_t step = zva_size;

	for (; a < end; a += 4 * step) {
		__asm__ volatile("dc zva, %0" : : "r"(a) : "memory");
		__asm__ volatile("dc zva, %0" : : "r"(a + step) : "memory");
		__asm__ volatile("dc zva, %0" : : "r"(a + 2 * step) : "memory");
		__asm__ volatile("dc zva, %0" : : "r"(a + 3 * step) : "memory");
	}
}

void cache_zero(void *p, size_t size)
{
	if (zva_size && zva_size <= 1024)
		zero_by_zva((uintptr_t)p, (uintptr_t)p + size);
	else
		memset(p, 0, size);
	cache_clean_invalidate(p, size);
	/* Nor is anything fetched that was there before. */
	__asm__ volatile("ic ialluis" ::: "memory");
	dsb(ish);
}
