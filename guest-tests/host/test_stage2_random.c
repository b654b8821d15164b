/* SPDX-License-Identifier: BSD-2-Clause */
/* The commit functions in a random order against a flat array, with and without TLBIs by range. */
#include "guest-tests/host/stage2_fixture.h"

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

static void random_changes(unsigned int seed)
{
	const char *given = getenv("STAGE2_SEED");

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

static void test_random(void **state)
{
	(void)state;
	random_changes(20240611);
}

static void test_random_by_range(void **state)
{
	(void)state;
	s2_fake_machine.has_range = true;
	random_changes(20240612);
	s2_fake_machine.has_range = false;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_random_by_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
