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

/* The instructions at every step from a to end, sixteen times a turn: this is what a scrub's time goes into. */
#define EACH(a, end, step, op)                                                                     \
	uintptr_t at_ = (a), end_ = (end), step_ = (step), turns_ = (end_ - at_) / (16 * step_);   \
	while (turns_--)                                                                           \
		STEPS(".rept 16\n\t" op "\n\tadd %0, %0, %1\n\t.endr");                            \
	while (at_ < end_)                                                                         \
	STEPS(op "\n\tadd %0, %0, %1")
#define STEPS(text) __asm__ volatile(text : "+r"(at_) : "r"(step_) : "memory")

void cache_clean(const void *p, size_t size)
{
	EACH(ALIGN_DOWN((uintptr_t)p, line_size), (uintptr_t)p + size, line_size, "dc cvac, %0");
	/* The lines are in memory before whoever reads them uncached is told. */
	dsb(sy);
}

void cache_clean_invalidate(const void *p, size_t size)
{
	EACH(ALIGN_DOWN((uintptr_t)p, line_size), (uintptr_t)p + size, line_size, "dc civac, %0");
	dsb(sy);
}

void cache_zero(void *p, size_t size)
{
	uintptr_t start = (uintptr_t)p;

	if (zva_size == line_size) {
		/* One address for both. Those to one line are done in program order (Arm ARM D7.5). */
		EACH(start, start + size, line_size, "dc zva, %0\n\tdc civac, %0");
		dsb(sy);
	} else {
		if (!zva_size) {
			memset(p, 0, size);
		} else {
			EACH(start, start + size, zva_size, "dc zva, %0");
		}
		cache_clean_invalidate(p, size);
	}
	/* Nor is anything fetched that was there before. */
	__asm__ volatile("ic ialluis" ::: "memory");
	dsb(ish);
}
