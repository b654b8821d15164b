/* SPDX-License-Identifier: BSD-2-Clause */
/* The split of physical RAM: by hand for the corners, and against one bool per page for all the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "boot/physmem.h"

#define RAM_BASE 0x40000000ull

static struct physmem m;

static void expect(const struct phys_range *ranges, u32 nr)
{
	assert_int_equal(m.nr, nr);
	for (u32 i = 0; i < nr; i++) {
		assert_int_equal(m.free[i].base, ranges[i].base);
		assert_int_equal(m.free[i].size, ranges[i].size);
	}
}

#define EXPECT(...)                                                                                \
	do {                                                                                       \
		const struct phys_range ranges[] = {__VA_ARGS__};                                  \
		expect(ranges, ARRAY_SIZE(ranges));                                                \
	} while (0)

static void begin(u64 size)
{
	const struct platform p = {.ram = {{RAM_BASE, size}}, .nr_ram = 1};

	physmem_init(&m, &p);
}

static void test_init(void **state)
{
	const struct platform p = {
		/* the first one from address 0, and odd at both ends of the others */
		.ram = {{0, MIB(1)}, {RAM_BASE + 5, MIB(8)}, {GIB(4), 4095}, {GIB(5), MIB(4) + 77}},
		.nr_ram = 4,
		.reserved = {{RAM_BASE + MIB(1) + 1, 1}, {MIB(1) - 1, 2}, {GIB(9), MIB(1)}},
		.nr_reserved = 3,
		.bundle = {GIB(5) + KIB(4), MIB(1)},
	};

	(void)state;
	physmem_init(&m, &p);
	/* Address 0 is nobody's; the piece under a page is nothing. */
	EXPECT({KIB(4), MIB(1) - KIB(8)}, {RAM_BASE + KIB(4), MIB(1) - KIB(4)},
	       {RAM_BASE + MIB(1) + KIB(4), MIB(7) - KIB(4)}, {GIB(5), KIB(4)},
	       {GIB(5) + KIB(4) + MIB(1), MIB(3) - KIB(4)});
}

static void test_reserve(void **state)
{
	(void)state;
	begin(MIB(16));
	physmem_reserve(&m, RAM_BASE, 0);
	physmem_reserve(&m, RAM_BASE - MIB(1), MIB(1)); /* touches, takes nothing */
	physmem_reserve(&m, RAM_BASE + MIB(16), MIB(1));
	EXPECT({RAM_BASE, MIB(16)});
	physmem_reserve(&m, RAM_BASE - MIB(1), MIB(2)); /* the beginning */
	physmem_reserve(&m, RAM_BASE + MIB(15), MIB(2)); /* the end */
	physmem_reserve(&m, RAM_BASE + MIB(4) + 100, 1); /* a hole, widened to its page */
	physmem_reserve(&m, RAM_BASE + MIB(8) - 1, 2); /* over a page's border: both */
	EXPECT({RAM_BASE + MIB(1), MIB(3)}, {RAM_BASE + MIB(4) + KIB(4), MIB(4) - KIB(8)},
	       {RAM_BASE + MIB(8) + KIB(4), MIB(7) - KIB(4)});
	physmem_reserve(&m, RAM_BASE + MIB(4), KIB(4)); /* again */
	physmem_reserve(&m, RAM_BASE + MIB(3), MIB(6)); /* several at once */
	EXPECT({RAM_BASE + MIB(1), MIB(2)}, {RAM_BASE + MIB(9), MIB(6)});
	physmem_reserve(&m, 0, GIB(8));
	assert_int_equal(m.nr, 0);
	assert_int_equal(physmem_alloc(&m, KIB(4), KIB(4)), 0);
	assert_int_equal(physmem_count(&m, KIB(4)), 0);
}

static void test_alloc(void **state)
{
	(void)state;
	begin(MIB(16));
	physmem_reserve(&m, RAM_BASE, KIB(4));
	assert_int_equal(physmem_alloc(&m, 1, KIB(4)), RAM_BASE + KIB(4));
	/* The lowest that is aligned; what is skipped stays free. */
	assert_int_equal(physmem_alloc(&m, MIB(2), MIB(2)), RAM_BASE + MIB(2));
	EXPECT({RAM_BASE + KIB(8), MIB(2) - KIB(8)}, {RAM_BASE + MIB(4), MIB(12)});
	assert_int_equal(physmem_alloc(&m, MIB(1), MIB(1)), RAM_BASE + MIB(1));
	assert_int_equal(physmem_alloc(&m, MIB(12), MIB(4)), RAM_BASE + MIB(4));
	/* No piece is large enough any more, though the sum is. */
	assert_int_equal(physmem_alloc(&m, MIB(1), KIB(4)), 0);
	assert_int_equal(physmem_alloc(&m, MIB(1) - KIB(8), KIB(4)), RAM_BASE + KIB(8));
	assert_int_equal(m.nr, 0);
}

static void test_alloc_exact_and_no_more(void **state)
{
	(void)state;
	begin(MIB(4));
	assert_int_equal(physmem_alloc(&m, MIB(4) + 1, KIB(4)), 0);
	assert_int_equal(physmem_alloc(&m, MIB(4), GIB(1)), RAM_BASE);
	begin(MIB(4));
	physmem_reserve(&m, RAM_BASE, KIB(4));
	assert_int_equal(physmem_alloc(&m, KIB(4), GIB(1)), 0);
	EXPECT({RAM_BASE + KIB(4), MIB(4) - KIB(4)});
}

static void test_count(void **state)
{
	(void)state;
	begin(MIB(16));
	assert_int_equal(physmem_count(&m, MIB(2)), MIB(16));
	assert_int_equal(physmem_count(&m, GIB(1)), 0);
	physmem_reserve(&m, RAM_BASE + MIB(5), KIB(4));
	assert_int_equal(physmem_count(&m, MIB(2)), MIB(14));
	assert_int_equal(physmem_count(&m, MIB(4)), MIB(12));
	assert_int_equal(physmem_count(&m, KIB(4)), MIB(16) - KIB(4));
}

/* Against a page map. */

#define NR_PAGES 512
static bool is_free[NR_PAGES];

static void check_against_map(void)
{
	u32 page = 0;

	for (u32 i = 0; i < m.nr; i++) {
		u64 first = (m.free[i].base - RAM_BASE) / PAGE_SIZE;
		u64 nr = m.free[i].size / PAGE_SIZE;

		assert_true(nr && IS_ALIGNED(m.free[i].base | m.free[i].size, PAGE_SIZE));
		for (; page < first; page++)
			assert_false(is_free[page]);
		for (; page < first + nr; page++)
			assert_true(is_free[page]);
	}
	for (; page < NR_PAGES; page++)
		assert_false(is_free[page]);
}

static bool fits(u64 page, u64 nr)
{
	for (u64 i = page; i < page + nr; i++)
		if (i >= NR_PAGES || !is_free[i])
			return false;
	return true;
}

static u64 lowest_fit(u64 nr, u64 align)
{
	for (u64 page = 0; page < NR_PAGES; page++)
		if (IS_ALIGNED(RAM_BASE + page * PAGE_SIZE, align) && fits(page, nr))
			return page;
	return NR_PAGES;
}

static u64 count_in_map(u64 size)
{
	u64 nr = size / PAGE_SIZE, total = 0;

	for (u64 page = 0; page < NR_PAGES; page += nr)
		total += fits(page, nr) ? size : 0;
	return total;
}

static void take(u64 page, u64 nr)
{
	for (u64 i = page; i < page + nr && i < NR_PAGES; i++)
		is_free[i] = false;
}

static void test_random(void **state)
{
	(void)state;
	srand(1);
	for (u32 round = 0; round < 300; round++) {
		begin(NR_PAGES * PAGE_SIZE);
		for (u32 i = 0; i < NR_PAGES; i++)
			is_free[i] = true;
		for (u32 i = 0; i < 60; i++) {
			u64 page = (u64)rand() % NR_PAGES, size = (u64)rand() % 20 * 1500;
			u64 align = PAGE_SIZE << rand() % 6, offset = (u64)rand() % PAGE_SIZE;
			u64 nr = ALIGN_UP(size, PAGE_SIZE) / PAGE_SIZE;

			if (rand() % 2 && size) {
				u64 fit = lowest_fit(nr, align);

				assert_int_equal(physmem_alloc(&m, size, align),
						 fit < NR_PAGES ? RAM_BASE + fit * PAGE_SIZE : 0);
				take(fit, nr);
			} else if (size) {
				physmem_reserve(&m, RAM_BASE + page * PAGE_SIZE + offset, size);
				take(page, (offset + size + PAGE_SIZE - 1) / PAGE_SIZE);
			}
			check_against_map();
			assert_int_equal(physmem_count(&m, align), count_in_map(align));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_init),  cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_alloc), cmocka_unit_test(test_alloc_exact_and_no_more),
		cmocka_unit_test(test_count), cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
