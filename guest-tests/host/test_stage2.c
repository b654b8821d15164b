/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage-2 tables: descriptors against values worked out by hand, table pages against their bounds, what
 * each change costs, and that blocks come and go without a trace. Of what is random see
 * test_stage2_random.c, of the TLB test_stage2_tlb.c.
 */
#include "guest-tests/host/stage2_fixture.h"

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

/* All that the VM's tables are, for comparison. */
static void snapshot(u64 *to)
{
	memcpy(to, pool, POOL_PAGES * PAGE_SIZE);
}

/*
 * A window of eight blocks, and boot memory beside it: each block comes and goes many times over, in
 * every order of zero table and reason. It takes the descriptors of its size and no other, and when it
 * has gone all tables are as they were, to the bit: no page more or less, no other block touched.
 */
static void block_comes_and_goes(u64 block, u32 level, u64 descriptors)
{
	static u64 before[POOL_PAGES * PAGE_SIZE / 8], now[POOL_PAGES * PAGE_SIZE / 8];
	struct s2_counters start;

	begin(36, POOL_PAGES);
	assert_int_equal(s2_prepare(&s, IPA(GIB(1)), MIB(64), MIB(2)), OK);
	s2_map(&s, IPA(GIB(1)), PADDR(RAM), MIB(64));
	assert_int_equal(s2_prepare(&s, IPA(GIB(4)), 8 * block, block), OK);
	s2_zero(&s, IPA(GIB(4)), 8 * block);
	for (u32 i = 0; i < 8; i += 2)
		s2_map(&s, IPA(GIB(4) + i * block), PADDR(RAM + GIB(16) + i * block), block);
	start = s.count;
	for (u32 round = 0; round < 1000; round++) {
		u64 ipa = GIB(4) + (2 * (round % 4) + 1) * block;
		u64 pa = RAM + GIB(64) + round % 7 * block, changed = 0;
		struct s2_counters with = start;

		snapshot(before);
		s2_map(&s, IPA(ipa), PADDR(pa), block);
		snapshot(now);
		for (size_t i = 0; i < ARRAY_SIZE(now); i++)
			changed += now[i] != before[i];
		assert_int_equal(changed, descriptors);
		with.mappings[level] += descriptors;
		assert_memory_equal(s.count.mappings, with.mappings, sizeof(with.mappings));
		expect(ipa, S2_MEMORY, S2_ABSENT_NONE, pa, level);
		expect(ipa + block - 1, S2_MEMORY, S2_ABSENT_NONE, pa + block - 1, level);
		if (round % 3)
			s2_unmap(&s, IPA(ipa), block,
				 round % 3 == 1 ? S2_ABSENT_EMPTY : S2_ABSENT_REVOKED);
		s2_zero(&s, IPA(ipa), block);
		snapshot(now);
		assert_memory_equal(now, before, sizeof(now));
		assert_memory_equal(s.count.mappings, start.mappings, sizeof(start.mappings));
		assert_int_equal(s.count.tables_used, start.tables_used);
		assert_int_equal(s.pool_left, s.count.tables_total - s.count.tables_used);
	}
	end();
}

static void test_blocks_for_life(void **state)
{
	(void)state;
	block_comes_and_goes(GIB(1), 1, 1);
	block_comes_and_goes(MIB(512), 2, 256);
	block_comes_and_goes(MIB(128), 2, 64);
	block_comes_and_goes(MIB(2), 2, 1);
}

/* Runs end where entries differ, where a table ends, and where a finer table hangs in between. */
static void test_runs(void **state)
{
	(void)state;
	begin(36, POOL_PAGES);
	assert_int_equal(s2_prepare(&s, IPA(GIB(1) + MIB(4)), MIB(2), KIB(4)), OK);
	assert_int_equal(s2_prepare(&s, IPA(GIB(1)), GIB(2), MIB(2)), OK);
	s2_fake_restart_log();
	/* 1023 large ones in two tables, 512 pages in the midst of the first. */
	s2_map(&s, IPA(GIB(1)), PADDR(RAM), GIB(2));
	assert_int_equal(s2_fake.nr_ops[S2_FAKE_WRITE], 1023 + 512);
	assert_int_equal(s.count.mappings[2], 1023);
	assert_int_equal(s.count.mappings[3], 512);
	for (u64 at = 0; at < GIB(2); at += MIB(1))
		expect(GIB(1) + at, S2_MEMORY, S2_ABSENT_NONE, RAM + at, at / MIB(2) == 2 ? 3 : 2);
	s2_unmap(&s, IPA(GIB(1) + MIB(6)), MIB(2), S2_ABSENT_REVOKED);
	s2_unmap(&s, IPA(GIB(1) + MIB(8)), MIB(2), S2_ABSENT_EMPTY);
	s2_zero(&s, IPA(GIB(1) + MIB(10)), MIB(2));
	s2_fake_restart_log();
	s2_unmap(&s, IPA(GIB(1)), GIB(2), S2_ABSENT_EMPTY);
	/* All but the one that says so already. */
	assert_int_equal(s2_fake.nr_ops[S2_FAKE_WRITE], 1022 + 512);
	assert_int_equal(s.count.mappings[2] + s.count.mappings[3], 0);
	for (u64 at = 0; at < GIB(2); at += MIB(1))
		expect(GIB(1) + at, S2_INVALID, S2_ABSENT_EMPTY, 0, at / MIB(2) == 2 ? 3 : 2);
	end();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtcr),        cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_init),        cmocka_unit_test(test_prepare_refuses),
		cmocka_unit_test(test_table_pages), cmocka_unit_test(test_cost),
		cmocka_unit_test(test_runs),        cmocka_unit_test(test_blocks_for_life),
		cmocka_unit_test(test_asserts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
