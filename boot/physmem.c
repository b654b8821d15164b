/* SPDX-License-Identifier: BSD-2-Clause */
#include "boot/physmem.h"
#include "hyp/lib/assert.h"
#include "hyp/lib/string.h"

static void insert(struct physmem *m, u32 at, u64 base, u64 end)
{
	if (base >= end)
		return;
	assert(m->nr < PHYSMEM_MAX_RANGES);
	memmove(&m->free[at + 1], &m->free[at], (m->nr - at) * sizeof(m->free[0]));
	m->free[at] = (struct phys_range){base, end - base};
	m->nr++;
}

static void remove(struct physmem *m, u32 at)
{
	m->nr--;
	memmove(&m->free[at], &m->free[at + 1], (m->nr - at) * sizeof(m->free[0]));
}

void physmem_reserve(struct physmem *m, u64 base, u64 size)
{
	u64 start = ALIGN_DOWN(base, PAGE_SIZE), end = ALIGN_UP(base + size, PAGE_SIZE);

	if (!size)
		return;
	for (u32 i = 0; i < m->nr;) {
		u64 free_base = m->free[i].base, free_end = free_base + m->free[i].size;

		if (!ranges_overlap(start, end - start, free_base, free_end - free_base)) {
			i++;
			continue;
		}
		/* What is left of it on either side; both pieces no longer overlap. */
		remove(m, i);
		insert(m, i, max_u64(end, free_base), free_end);
		insert(m, i, free_base, min_u64(start, free_end));
	}
}

void physmem_init(struct physmem *m, const struct platform *p)
{
	m->nr = 0;
	for (u32 i = 0; i < p->nr_ram; i++)
		insert(m, m->nr, ALIGN_UP(p->ram[i].base, PAGE_SIZE),
		       ALIGN_DOWN(p->ram[i].base + p->ram[i].size, PAGE_SIZE));
	/* Address 0 stands for "none" everywhere. */
	physmem_reserve(m, 0, PAGE_SIZE);
	for (u32 i = 0; i < p->nr_reserved; i++)
		physmem_reserve(m, p->reserved[i].base, p->reserved[i].size);
	physmem_reserve(m, p->bundle.base, p->bundle.size);
}

u64 physmem_alloc(struct physmem *m, u64 size, u64 align)
{
	size = ALIGN_UP(size, PAGE_SIZE);
	for (u32 i = 0; i < m->nr; i++) {
		u64 base = ALIGN_UP(m->free[i].base, align);
		u64 end = m->free[i].base + m->free[i].size;

		if (base >= end || end - base < size)
			continue;
		physmem_reserve(m, base, size);
		return base;
	}
	return 0;
}

u64 physmem_count(const struct physmem *m, u64 size)
{
	u64 total = 0;

	for (u32 i = 0; i < m->nr; i++) {
		u64 base = ALIGN_UP(m->free[i].base, size);
		u64 end = ALIGN_DOWN(m->free[i].base + m->free[i].size, size);

		if (base < end)
			total += end - base;
	}
	return total;
}
