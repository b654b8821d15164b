/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage-2 tables: descriptors against values worked out by hand, the commit functions against a flat
 * array, table pages against their bounds, and the protocol against the checker of tlb_fake.c, which
 * is itself shown to catch what it is for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "hyp/lib/assert.h"
#include "hyp/lib/error.h"
#include "stage2/pte.h"
#include "stage2/stage2.h"
#include "stage2/tlb.h"
#include "stage2/tlb_fake.h"

#define VMID 7
#define POOL_PAGES 64
#define RAM 0x4000000000ull /* PAs are only numbers here */

static struct s2 s;
static void *pool;

/* An assertion that a test provokes comes back to it; any other ends the program. */
static jmp_buf *provoked;

void panic(const char *fmt, ...)
{
	va_list ap;

	if (provoked)
		longjmp(*provoked, 1);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	abort();
}

static void begin(u32 ipa_bits, size_t nr_pages)
{
	pool = aligned_alloc(KIB(32), ALIGN_UP(nr_pages * PAGE_SIZE, KIB(32)));
	memset(pool, 0, nr_pages * PAGE_SIZE);
	s2_fake_reset();
	s2_fake_know(pool, nr_pages * PAGE_SIZE, (u64)VMID << 48);
	assert_int_equal(s2_init(&s, VMID, ipa_bits, pool, nr_pages), OK);
	spin_lock(&s.lock);
	s2_fake_check_quiet();
	s2_fake_restart_log();
}

static void end(void)
{
	static const u8 zero[KIB(4)];

	s2_fake_check_quiet();
	assert_int_equal(s2_fake.nr_faults, 0);
	assert_memory_equal(s.zero_page, zero, sizeof(zero));
	for (int i = 0; i < 512; i++) {
		assert_int_equal(s.zero_l3[i], s2_pte_zero_page(ptr_to_pa(s.zero_page)));
		assert_int_equal(s.zero_l2[i], s2_pte_table(ptr_to_pa(s.zero_l3)));
	}
	if (spin_is_locked(&s.lock))
		spin_unlock(&s.lock);
	free(pool);
}

static void expect(u64 ipa, enum s2_kind kind, enum s2_absent absent, u64 pa, u32 level)
{
	struct s2_entry e = s2_walk(&s, IPA(ipa));

	assert_int_equal(e.kind, kind);
	assert_int_equal(e.absent, absent);
	assert_int_equal(e.pa.pa, pa);
	assert_int_equal(e.level, level);
}

static void test_vtcr(void **state)
{
	(void)state;
	/* RES1 31; PS 18:16; SH0 3, ORGN0 1, IRGN0 1 = 0x3500; SL0 1 = 0x40; T0SZ. */
	assert_int_equal(s2_vtcr(32, 0), 0x80003560);
	assert_int_equal(s2_vtcr(36, 1), 0x8001355c);
	assert_int_equal(s2_vtcr(40, 2), 0x80023558);
	assert_int_equal(s2_vtcr(42, 3), 0x80033556);
	assert_int_equal(s2_vtcr(42, 5), 0x80053556);
	assert_int_equal(s2_vtcr(42, 6), 0x80053556); /* 52 bits: not with 4 KiB granules */

	assert_int_equal(s2_ipa_bits(0), 32);
	assert_int_equal(s2_ipa_bits(1), 36);
	assert_int_equal(s2_ipa_bits(2), 40);
	assert_int_equal(s2_ipa_bits(3), 42);
	assert_int_equal(s2_ipa_bits(4), 42);
	assert_int_equal(s2_ipa_bits(6), 42);
}

static void test_descriptors(void **state)
{
	(void)state;
	/* AF 0x400 | SH 0x300 | S2AP 0xc0 | MemAttr 0x3c | type */
	assert_int_equal(s2_pte_block(PADDR(0x80000000)), 0x00000000800007fd);
	assert_int_equal(s2_pte_page(PADDR(0xfffffffff000)), 0x0000fffffffff7ff);
	assert_int_equal(s2_pte_zero_page(PADDR(0x12345000)), 0x004000001234577f);
	assert_int_equal(s2_pte_table(PADDR(0x12345000)), 0x0000000012345003);
	assert_int_equal(s2_pte_absent(S2_ABSENT_NONE), 0);
	assert_int_equal(s2_pte_absent(S2_ABSENT_EMPTY), 0x10);
	assert_int_equal(s2_pte_absent(S2_ABSENT_REVOKED), 0x20);

	assert_true(s2_pte_is_table(0x12345003, 1));
	assert_true(s2_pte_is_table(0x12345003, 2));
	assert_false(s2_pte_is_table(0x12345003, 3));
	assert_true(s2_pte_is_leaf(0x12345003, 3));
	assert_true(s2_pte_is_leaf(0x800007fd, 1));
	assert_false(s2_pte_is_leaf(0x20, 2));
	assert_false(s2_pte_is_valid(0x20));
	assert_int_equal(s2_pte_why(0x20), S2_ABSENT_REVOKED);
	assert_int_equal(s2_pte_addr(0x004000001234577f).pa, 0x12345000);
	assert_int_equal(s2_level_size(1), GIB(1));
	assert_int_equal(s2_level_size(2), MIB(2));
	assert_int_equal(s2_level_size(3), KIB(4));
}

static void test_init(void **state)
{
	static const struct {
		u32 ipa_bits;
		size_t roots;
	} rows[] = {{32, 1}, {36, 1}, {40, 2}, {42, 8}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(s2_pages_root(rows[i].ipa_bits), rows[i].roots + 3);
		begin(rows[i].ipa_bits, rows[i].roots + 3);
		assert_ptr_equal(s.root, pool);
		assert_int_equal(s.vttbr, (u64)(uintptr_t)pool | (u64)VMID << 48);
		assert_int_equal(s.count.tables_used, rows[i].roots + 3);
		assert_int_equal(s.count.tables_total, rows[i].roots + 3);
		/* The last address there is, the first there is not. */
		expect(BIT(rows[i].ipa_bits) - 1, S2_INVALID, S2_ABSENT_NONE, 0, 1);
		expect(BIT(rows[i].ipa_bits), S2_INVALID, S2_ABSENT_NONE, 0, 1);
		assert_int_equal(s2_prepare(&s, IPA(0), MIB(2), MIB(2)), ERR_NOMEM);
		assert_int_equal(s.count.tables_used, rows[i].roots + 3);
		end();
	}
	pool = aligned_alloc(KIB(32), KIB(64));
	assert_int_equal(s2_init(&s, VMID, 42, pool, 10), ERR_NOMEM);
	assert_int_equal(s2_init(&s, VMID, 39, pool, 16), ERR_INVAL);
	assert_int_equal(s2_init(&s, VMID, 48, pool, 16), ERR_INVAL);
	free(pool);
}

static void test_prepare_refuses(void **state)
{
	(void)state;
	begin(36, 8);
	assert_int_equal(s2_prepare(&s, IPA(0), MIB(3), MIB(2)), ERR_INVAL);
	assert_int_equal(s2_prepare(&s, IPA(MIB(1)), MIB(2), MIB(2)), ERR_INVAL);
	assert_int_equal(s2_prepare(&s, IPA(0), MIB(6), MIB(6)), ERR_INVAL);
	assert_int_equal(s2_prepare(&s, IPA(0), KIB(64), KIB(64)), ERR_INVAL);
	assert_int_equal(s2_prepare(&s, IPA(0), 0, MIB(2)), ERR_INVAL);
	assert_int_equal(s2_prepare(&s, IPA(BIT(36)), MIB(2), MIB(2)), ERR_RANGE);
	assert_int_equal(s2_prepare(&s, IPA(BIT(36) - MIB(2)), MIB(4), MIB(2)), ERR_RANGE);
	assert_int_equal(s2_prepare(&s, IPA(GIB(1)), ALIGN_DOWN(~0ull, GIB(1)), GIB(1)), ERR_RANGE);
	/* Four pages are left; five are asked for, and none is taken. */
	assert_int_equal(s2_prepare(&s, IPA(0), GIB(5), MIB(2)), ERR_NOMEM);
	assert_int_equal(s.count.tables_used, 4);
	assert_int_equal(s2_prepare(&s, IPA(0), GIB(4), MIB(2)), OK);
	assert_int_equal(s.count.tables_used, 8);
	/* A mapped gigabyte cannot be made finer. */
	assert_int_equal(s2_prepare(&s, IPA(GIB(8)), GIB(1), GIB(1)), OK);
	s2_map(&s, IPA(GIB(8)), PADDR(RAM), GIB(1));
	assert_int_equal(s2_prepare(&s, IPA(GIB(8)), MIB(2), MIB(2)), ERR_INVAL);
	expect(GIB(9) - 1, S2_MEMORY, S2_ABSENT_NONE, RAM + GIB(1) - 1, 1);
	end();
}

/* Pages taken for ranges of every phase against the bound, which some phase has to reach. */
static void test_table_pages(void **state)
{
	static const u64 sizes[] = {MIB(2), MIB(4), MIB(512), GIB(1) - MIB(2), GIB(1), GIB(3)};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		u64 most = 0;

		for (u64 ipa = 0; ipa < GIB(1); ipa += MIB(2)) {
			u64 taken;

			begin(36, POOL_PAGES);
			assert_int_equal(s2_prepare(&s, IPA(ipa), sizes[i], MIB(2)), OK);
			taken = s.count.tables_used - s2_pages_root(36);
			assert_int_equal(taken, (ipa + sizes[i] - 1) / GIB(1) - ipa / GIB(1) + 1);
			assert_int_equal(s.pool_left, POOL_PAGES - s.count.tables_used);
			/* Once more takes nothing. */
			assert_int_equal(s2_prepare(&s, IPA(ipa), sizes[i], MIB(2)), OK);
			assert_int_equal(s.count.tables_used - s2_pages_root(36), taken);
			most = max_u64(most, taken);
			end();
		}
		assert_int_equal(most, s2_pages_range(sizes[i]));
	}
	begin(36, POOL_PAGES);
	assert_int_equal(s2_prepare(&s, IPA(GIB(4)), GIB(8), GIB(1)), OK);
	assert_int_equal(s.count.tables_used, s2_pages_root(36));
	assert_int_equal(s2_prepare(&s, IPA(GIB(1) - KIB(8)), KIB(16), KIB(4)), OK);
	assert_int_equal(s.count.tables_used, s2_pages_root(36) + 4);
	end();
}

static void expect_cost(struct s2_counters before, u64 writes, u64 flushes)
{
	assert_int_equal(s.count.descriptor_writes - before.descriptor_writes, writes);
	assert_int_equal(s.count.tlb_flushes - before.tlb_flushes, flushes);
	assert_int_equal(s2_fake.nr_ops[S2_FAKE_WRITE], writes);
	assert_int_equal(s2_fake.nr_ops[S2_FAKE_FLUSH], flushes);
	s2_fake_restart_log();
}

static void test_cost(void **state)
{
	static const struct {
		u64 granule, descriptors;
		u32 level;
	} rows[] = {{GIB(1), 1, 1}, {MIB(128), 64, 2}, {MIB(2), 1, 2}, {KIB(4), 1, 3}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 n = rows[i].descriptors, size = rows[i].granule, ipa = GIB(4) + size;
		struct s2_counters before;

		begin(36, POOL_PAGES);
		assert_int_equal(s2_prepare(&s, IPA(ipa), size, size), OK);
		s2_fake_restart_log();

		before = s.count;
		s2_unmap(&s, IPA(ipa), size, S2_ABSENT_NONE); /* already so */
		expect_cost(before, 0, 0);
		s2_zero(&s, IPA(ipa), size); /* over invalid */
		expect_cost(before, n, 0);
		before = s.count;
		s2_zero(&s, IPA(ipa), size);
		expect_cost(before, 0, 0);
		s2_map(&s, IPA(ipa), PADDR(RAM), size); /* over zero */
		expect_cost(before, 2 * n, 1);
		assert_int_equal(s.count.mappings[rows[i].level], n);
		before = s.count;
		s2_unmap(&s, IPA(ipa), size, S2_ABSENT_REVOKED); /* of memory */
		expect_cost(before, n, 1);
		assert_int_equal(s.count.mappings[rows[i].level], 0);
		before = s.count;
		s2_unmap(&s, IPA(ipa), size, S2_ABSENT_EMPTY); /* another reason */
		expect_cost(before, n, 0);
		before = s.count;
		s2_map(&s, IPA(ipa), PADDR(RAM), size); /* over invalid */
		expect_cost(before, n, 0);
		before = s.count;
		s2_zero(&s, IPA(ipa), size); /* over memory */
		expect_cost(before, 2 * n, 1);
		expect(ipa + size - 1, S2_ZERO, S2_ABSENT_NONE,
		       ptr_to_pa(s.zero_page).pa + KIB(4) - 1, rows[i].level);
		expect(ipa - 1, S2_INVALID, S2_ABSENT_NONE, 0,
		       rows[i].granule < GIB(1) ? 2 + (rows[i].level == 3) : 1);
		before = s.count;
		s2_unmap(&s, IPA(ipa), size, S2_ABSENT_EMPTY); /* of zero */
		expect_cost(before, n, 1);
		end();
	}
}

/* The whole sequence of one change over the zero page, instruction by instruction. */
static void test_sequence(void **state)
{
	u64 *entry, zero, block = 0x40080007fd, other = 0x0009000000000000;

	(void)state;
	begin(36, POOL_PAGES);
	assert_int_equal(s2_prepare(&s, IPA(GIB(4)), MIB(2), MIB(2)), OK);
	s2_zero(&s, IPA(GIB(4)), MIB(2));
	entry = pa_to_ptr(s2_pte_addr(s.root[4]));
	zero = s2_pte_table(ptr_to_pa(s.zero_l3));
	spin_unlock(&s.lock);
	s2_fake_write_vttbr_el2(other); /* another VM runs here */
	s2_fake_isb();
	spin_lock(&s.lock);
	s2_fake_restart_log();
	s2_map(&s, IPA(GIB(4)), PADDR(0x4008000000), MIB(2));

	const struct s2_fake_op wanted[] = {
		{S2_FAKE_WRITE, entry, zero, 0x10, NULL},
		{S2_FAKE_PUBLISH, NULL, 0, 0, "ishst"},
		{S2_FAKE_VTTBR, NULL, other, s.vttbr, NULL},
		{S2_FAKE_ISB, NULL, 0, 0, NULL},
		{S2_FAKE_FLUSH, NULL, 0, s.vttbr, "vmalls12e1is"},
		{S2_FAKE_DSB, NULL, 0, 0, "ish"},
		{S2_FAKE_ISB, NULL, 0, 0, NULL},
		{S2_FAKE_VTTBR, NULL, s.vttbr, other, NULL},
		{S2_FAKE_ISB, NULL, 0, 0, NULL},
		{S2_FAKE_WRITE, entry, 0x10, block, NULL},
		{S2_FAKE_PUBLISH, NULL, 0, 0, "ishst"},
	};
	assert_int_equal(s2_fake.nr_log, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		assert_int_equal(s2_fake.log[i].kind, wanted[i].kind);
		assert_ptr_equal(s2_fake.log[i].entry, wanted[i].entry);
		assert_int_equal(s2_fake.log[i].old, wanted[i].old);
		assert_int_equal(s2_fake.log[i].value, wanted[i].value);
		if (wanted[i].what)
			assert_string_equal(s2_fake.log[i].what, wanted[i].what);
		else
			assert_null(s2_fake.log[i].what);
	}
	end();
}

static bool map_panics(u64 ipa, u64 pa, u64 size)
{
	jmp_buf back;
	bool panicked = true;

	provoked = &back;
	if (!setjmp(back)) {
		s2_map(&s, IPA(ipa), PADDR(pa), size);
		panicked = false;
	}
	provoked = NULL;
	return panicked;
}

static void test_asserts(void **state)
{
	(void)state;
	begin(36, POOL_PAGES);
	assert_int_equal(s2_prepare(&s, IPA(0), MIB(4), MIB(2)), OK);
	assert_int_equal(s2_prepare(&s, IPA(GIB(1)), GIB(1), GIB(1)), OK);
	s2_map(&s, IPA(0), PADDR(RAM), MIB(2));
	assert_true(map_panics(0, RAM + MIB(2), MIB(2))); /* over a mapping */
	assert_true(map_panics(0, RAM, MIB(2))); /* even over the same */
	assert_true(map_panics(MIB(2), RAM + KIB(4), MIB(2))); /* PA not aligned */
	assert_true(map_panics(MIB(2), RAM, MIB(1))); /* half a descriptor */
	assert_true(map_panics(GIB(1), RAM, MIB(512)));
	assert_true(map_panics(BIT(36), RAM, MIB(2)));
	assert_true(map_panics(GIB(2), RAM, MIB(2))); /* not prepared */
	expect(0, S2_MEMORY, S2_ABSENT_NONE, RAM, 2);
	expect(MIB(2), S2_INVALID, S2_ABSENT_NONE, 0, 2);
	expect(GIB(1), S2_INVALID, S2_ABSENT_NONE, 0, 1);
	spin_unlock(&s.lock);
	assert_true(map_panics(MIB(2), RAM, MIB(2))); /* without the lock */
	end();
}

/*
 * The flat model: 4 GiB in units of 2 MiB. Region 0 has granule 2 MiB, 1 has 128 MiB, 2 has 1 GiB,
 * 3 is left alone.
 */
#define UNIT MIB(2)
#define NR_UNITS 2048u

static struct {
	enum s2_kind kind;
	enum s2_absent absent;
	u64 pa;
} model[NR_UNITS];

static const struct {
	u64 ipa, size, granule;
	u32 level;
} regions[] = {
	{0, GIB(1), MIB(2), 2},
	{GIB(1), GIB(1), MIB(128), 2},
	{GIB(2), GIB(1), GIB(1), 1},
};

static u32 level_of(u32 unit)
{
	u64 ipa = unit * UNIT;

	return ipa < GIB(2) ? 2 : 1;
}

static void compare_unit(u32 unit, u64 offset)
{
	u64 pa = 0;

	if (model[unit].kind == S2_MEMORY)
		pa = model[unit].pa + offset;
	else if (model[unit].kind == S2_ZERO)
		pa = ptr_to_pa(s.zero_page).pa + offset % KIB(4);
	expect(unit * UNIT + offset, model[unit].kind, model[unit].absent, pa, level_of(unit));
}

static bool continues(struct s2_entry first, u64 size, struct s2_entry next)
{
	return next.kind == first.kind && next.absent == first.absent &&
	       next.level == first.level &&
	       (first.kind != S2_MEMORY || next.pa.pa == first.pa.pa + size);
}

/* Calls fn for each run of equal entries, ascending; invalid ones without a reason are left out. */
static void for_each_run(const struct s2 *s,
			 void (*fn)(void *arg, ipa_t ipa, u64 size, struct s2_entry first),
			 void *arg)
{
	struct s2_entry first = {S2_INVALID, S2_ABSENT_NONE, PADDR(0), 0};
	u64 start = 0, ipa = 0;

	/* A last entry of no level ends the last run. */
	for (;;) {
		bool end = ipa >> s->ipa_bits;
		struct s2_entry e = {S2_INVALID, S2_ABSENT_NONE, PADDR(0), 0};

		if (!end)
			e = s2_walk(s, IPA(ipa));
		if (end || !continues(first, ipa - start, e)) {
			if (first.kind != S2_INVALID || first.absent != S2_ABSENT_NONE)
				fn(arg, IPA(start), ipa - start, first);
			first = e;
			start = ipa;
		}
		if (end)
			return;
		ipa += s2_level_size(e.level);
	}
}

static void check_run(void *arg, ipa_t ipa, u64 size, struct s2_entry first)
{
	u64 *next = arg;

	/* What was left out is NONE, what is reported equals the model, the run could not be longer. */
	for (u64 u = *next / UNIT; u < ipa.ipa / UNIT; u++)
		assert_true(model[u].kind == S2_INVALID && model[u].absent == S2_ABSENT_NONE);
	assert_true(ipa.ipa >= *next && size);
	for (u64 u = ipa.ipa / UNIT; u < (ipa.ipa + size) / UNIT; u++) {
		assert_int_equal(model[u].kind, first.kind);
		assert_int_equal(model[u].absent, first.absent);
		assert_int_equal(level_of(u), first.level);
		if (first.kind == S2_MEMORY)
			assert_int_equal(model[u].pa, first.pa.pa + u * UNIT - ipa.ipa);
	}
	if (ipa.ipa + size < NR_UNITS * UNIT) {
		u64 u = (ipa.ipa + size) / UNIT;

		assert_false(model[u].kind == first.kind && model[u].absent == first.absent &&
			     level_of(u) == first.level &&
			     (first.kind != S2_MEMORY || model[u].pa == first.pa.pa + size));
	}
	*next = ipa.ipa + size;
}

static void compare_all(void)
{
	u64 mappings[4] = {0}, next = 0;

	for (u32 u = 0; u < NR_UNITS; u++) {
		compare_unit(u, 0);
		compare_unit(u, UNIT - 1);
		if (model[u].kind == S2_MEMORY && (level_of(u) == 2 || u % 512 == 0))
			mappings[level_of(u)]++;
	}
	assert_memory_equal(s.count.mappings, mappings, sizeof(mappings));
	for_each_run(&s, check_run, &next);
	for (u64 u = next / UNIT; u < NR_UNITS; u++)
		assert_true(model[u].kind == S2_INVALID && model[u].absent == S2_ABSENT_NONE);
}

static void apply(u64 ipa, u64 size, enum s2_kind kind, enum s2_absent why, u64 pa)
{
	u64 writes = 0, flush = 0, leaf = s2_level_size(level_of(ipa / UNIT));
	struct s2_counters before = s.count;

	for (u64 at = ipa; at < ipa + size; at += UNIT) {
		u64 u = at / UNIT, new_pa = kind == S2_MEMORY ? pa + at - ipa : 0;
		bool same =
			model[u].kind == kind && model[u].absent == why && model[u].pa == new_pa;

		if (!same && at % leaf == 0) {
			bool was_valid = model[u].kind != S2_INVALID;

			writes += was_valid && kind != S2_INVALID ? 2 : 1;
			flush |= was_valid;
		}
		model[u].kind = kind;
		model[u].absent = why;
		model[u].pa = new_pa;
	}
	s2_fake_restart_log();
	if (kind == S2_MEMORY)
		s2_map(&s, IPA(ipa), PADDR(pa), size);
	else if (kind == S2_ZERO)
		s2_zero(&s, IPA(ipa), size);
	else
		s2_unmap(&s, IPA(ipa), size, why);
	s2_fake_check_quiet();
	expect_cost(before, writes, flush);
	/* Nothing is left for whoever takes the lock next. */
	spin_unlock(&s.lock);
	spin_lock(&s.lock);
}

static bool any_memory(u64 ipa, u64 size)
{
	for (u64 u = ipa / UNIT; u < (ipa + size) / UNIT; u++)
		if (model[u].kind == S2_MEMORY)
			return true;
	return false;
}

static void test_random(void **state)
{
	unsigned int seed = 20240611;
	const char *given = getenv("STAGE2_SEED");

	(void)state;
	if (given)
		seed = strtoul(given, NULL, 0);
	printf("seed %u\n", seed);
	srandom(seed);
	memset(model, 0, sizeof(model));
	begin(32, s2_pages_root(32) + 2);
	for (size_t i = 0; i < ARRAY_SIZE(regions); i++)
		assert_int_equal(s2_prepare(&s, IPA(regions[i].ipa), regions[i].size,
					    regions[i].granule),
				 OK);
	assert_int_equal(s.pool_left, 0);
	compare_all();
	for (int step = 0; step < 1500; step++) {
		size_t r = random() % ARRAY_SIZE(regions);
		u64 units = regions[r].size / regions[r].granule, first = random() % units;
		u64 n = 1 + random() % (units - first);
		u64 ipa = regions[r].ipa + first * regions[r].granule;
		enum s2_kind kind = random() % 3;
		enum s2_absent why = S2_ABSENT_NONE;
		u64 pa = RAM + random() % 64 * regions[r].granule;

		if (random() % 2)
			n = min_u64(n, 4);
		if (kind == S2_INVALID)
			why = random() % 3;
		if (kind == S2_MEMORY && any_memory(ipa, n * regions[r].granule))
			kind = S2_ZERO;
		apply(ipa, n * regions[r].granule, kind, why, pa);
		compare_all();
		assert_int_equal(s.count.tables_used, s.count.tables_total);
	}
	end();
}

/* The checker catches each of the ways to get it wrong. */
static void change_with(enum s2_fake_seed seed, u64 faults, bool quiet)
{
	begin(32, POOL_PAGES);
	assert_int_equal(s2_prepare(&s, IPA(0), MIB(128), MIB(128)), OK);
	s2_zero(&s, IPA(0), MIB(128));
	s2_fake_check_quiet();
	s2_fake.tolerant = true;
	s2_fake.seed = seed;
	s2_map(&s, IPA(0), PADDR(RAM), MIB(128));
	assert_int_equal(s2_fake.nr_faults, faults);
	s2_fake_check_quiet();
	if (quiet)
		assert_int_equal(s2_fake.nr_faults, faults);
	else
		assert_true(s2_fake.nr_faults > faults);
	free(pool);
}

static void test_checker(void **state)
{
	u64 entry = 0;

	(void)state;
	change_with(S2_FAKE_NO_FAULT, 0, true);
	change_with(S2_FAKE_DROP_BREAK, 64, true);
	change_with(S2_FAKE_DROP_PUBLISH, 64, false);
	change_with(S2_FAKE_DROP_SWITCH, 64, false);
	change_with(S2_FAKE_DROP_ISB, 64, false);
	change_with(S2_FAKE_DROP_FLUSH, 64, false);
	change_with(S2_FAKE_DROP_DSB, 64, false);
	change_with(S2_FAKE_WRONG_VMID, 64, false);
	change_with(S2_FAKE_THIS_CPU_ONLY, 64, false);

	/* One valid descriptor straight over another. */
	s2_fake_reset();
	s2_fake.tolerant = true;
	s2_write_entry(&entry, s2_pte_block(PADDR(RAM)));
	s2_write_entry(&entry, s2_pte_block(PADDR(RAM + MIB(2))));
	assert_int_equal(s2_fake.nr_faults, 1);

	/* Flushed before the invalid entry was published. */
	s2_fake_reset();
	s2_fake.tolerant = true;
	s2_write_entry(&entry, 0);
	s2_flush_vmid(0);
	s2_publish();
	s2_write_entry(&entry, s2_pte_block(PADDR(RAM)));
	assert_int_equal(s2_fake.nr_faults, 1);

	/* Unmapped, published, and handed on without a flush. */
	s2_fake_reset();
	s2_fake.tolerant = true;
	s2_write_entry(&entry, 0);
	s2_publish();
	s2_fake_check_quiet();
	assert_int_equal(s2_fake.nr_faults, 1);
	s2_fake_reset();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtcr),        cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_init),        cmocka_unit_test(test_prepare_refuses),
		cmocka_unit_test(test_table_pages), cmocka_unit_test(test_cost),
		cmocka_unit_test(test_sequence),    cmocka_unit_test(test_random),
		cmocka_unit_test(test_checker),     cmocka_unit_test(test_asserts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
