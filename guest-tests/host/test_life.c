/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reset, end and restart of a VM in every state of its blocks, after the table of lending.md §7: the
 * complete state afterwards, and that nothing is lost however often it happens.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "guest-tests/host/lend_world.h"

enum {
	A,
	B,
	C
};

/*
 * a: own 0 and 1, promises 2 and 3; b: own 0, promise 1; the rest of either for loans.
 * Blocks 0 and 1 are a's, 2 is b's, 3 and 4 the pool's.
 */
static const struct world_vm vms[] = {
	[A] = {.nr_slots = 6, .nr_own = 2, .nr_promised = 2, .quota = 2, .lend_to = 6},
	[B] = {.nr_slots = 6, .nr_own = 1, .nr_promised = 1, .quota = 1, .lend_to = 5},
	[C] = {.nr_slots = 4, .lend_to = 3},
};

/* What a's end does to its two own slots wherever they were at home. */
#define OWN_GONE "a0=- a1=- "

static const struct row {
	const char *script;
	const char *after_reset, *after_off;
} rows[] = {
	{"", "", OWN_GONE "free=4"},
	{"aR0", "a0=S0", OWN_GONE "free=4"},
	{"aR2", "a2=S a.held=0 free=2", OWN_GONE "a2=S a.held=0 free=4"},
	{"aR0 aQ0k", "a0=S0d", OWN_GONE "free=4"},
	{"aR0 aQ0", "", OWN_GONE "free=4"},
	/* What was offered to it and what it borrowed. */
	{"bL0a", "a4=- b0=S2d+B", OWN_GONE "a4=- b0=S2d+B free=4"},
	{"bL0a aE aR4", "a4=- b0=S2+B", OWN_GONE "a4=- b0=S2+B free=4"},
	{"bR0 bQ0k bL0ak", "a4=- b0=S2do+B", OWN_GONE "a4=- b0=S2do+B free=4"},
	{"bR0 bQ0k bL0ak aR4", "a4=- b0=S2+B", OWN_GONE "a4=- b0=S2+B free=4"},
	{"bL0a aR4 bC0", "a4=- b0=S2+B", OWN_GONE "a4=- b0=S2+B free=4"},
	{"bL0a aR4 aQ4o", "a4=- b0=S2+B", OWN_GONE "a4=- b0=S2+B free=4"},
	/* What it lent: offers, and what is retrieved. */
	{"aL0b", "", OWN_GONE "b2=-+O free=4"},
	{"aL0b bR2", "", OWN_GONE "b2=H0d b.held=1 b.gone=1 free=3"},
	{"aL0b bE bR2 aC0", "", OWN_GONE "b2=H0d b.held=1 b.gone=1 free=3"},
	{"aR0 aQ0k aL0bk", "a0=L0dk b2=O0dk+O", OWN_GONE "b2=-+O free=4"},
	{"aR0 aQ0k aL0bk bR2 bQ2ko", "a0=L0dk b2=O0dk+O", OWN_GONE "b2=-+O free=4"},
	{"aL0b bE aL1b bR2", "", OWN_GONE "b2=H0d b3=-+O b.held=1 b.gone=1 free=3"},
	{"aL0b bR2 aL1c cR0", "",
	 OWN_GONE "b2=H0d b.held=1 b.gone=1 c0=H1d c.held=1 c.gone=1 free=2"},
	{"aL0b bR2 bQ2", "a0=S0", OWN_GONE "free=4"},
	/* In the middle of something of its own. */
	{"aR0.", "a0=S0", OWN_GONE "free=4"},
	{"aR0 aQ0.", "a0=S0", OWN_GONE "free=4"},
	{"aR0 aQ0k.", "a0=S0d", OWN_GONE "free=4"},
	{"aR2.", "a2=S a.held=0 free=2", OWN_GONE "a2=S a.held=0 free=4"},
	{"aR2 aQ2.", "a2=S a.held=0 free=2", OWN_GONE "a2=S a.held=0 free=4"},
	{"bL0a aR4.", "a4=- b0=S2+B", OWN_GONE "a4=- b0=S2+B free=4"},
	{"bL0a aR4 aQ4.", "a4=- b0=S2+B", OWN_GONE "a4=- b0=S2+B free=4"},
	{"bL0a aR4 aQ4o.", "a4=- b0=S2+B", OWN_GONE "a4=- b0=S2+B free=4"},
	/* In the middle of something of its borrower's, which goes on with it or not. */
	{"aL0b bR2.", "", OWN_GONE "b2=-+O free=4"},
	{"aL0b bR2. aC0", "a0=S0", OWN_GONE "free=4"},
	{"aL0b bR2 bQ2.", "", OWN_GONE "b2=- free=4"},
	{"aL0b bR2 bQ2o.", "", OWN_GONE "b2=-+O free=4"},
	/* Its lender is gone, before or in the middle. */
	{"bL0a aR4 bO", "a4=- a.held=0 a.gone=0 free=3", OWN_GONE "a4=- a.held=0 a.gone=0 free=5"},
	{"bL0a aR4 aQ4. bO", "a4=- a.held=0 free=3", OWN_GONE "a4=- a.held=0 free=5"},
	{"bL0a aR4. bO", "a4=- a.held=0 free=3", OWN_GONE "a4=- a.held=0 free=5"},
	/* Everything at once. */
	{"bL0a aR4 aL0b bR2 aR1. aR2 aR3.", "a1=S1 a2=S a3=S a4=- a.held=0 b0=S2+B free=2",
	 OWN_GONE "a2=S a3=S a4=- a.held=0 b0=S2+B b2=H0d b.held=1 b.gone=1 free=3"},
};

static void begin_row(const struct row *r, char before[WORLD_TEXT])
{
	world_begin(vms, ARRAY_SIZE(vms), 5);
	world_run(r->script);
	world_text(before);
}

static void test_reset(void **state)
{
	char before[WORLD_TEXT];

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		print_message("\"%s\"\n", rows[i].script);
		begin_row(&rows[i], before);
		world_reset(A);
		world_expect(before, rows[i].after_reset);
		assert_true(world.l.vm[A].running);
		assert_false(world.line[A]);
		/* A second one finds nothing to do. */
		world_text(before);
		world_reset(A);
		world_expect(before, "");
		world_end();
	}
}

/* Off, and started again: a new life with nothing in it but its own blocks, all zero. */
static void test_off_and_start(void **state)
{
	char before[WORLD_TEXT];

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		begin_row(&rows[i], before);
		world_off(A);
		world_tick(0); /* what B left behind is finished in the background */
		world_expect(before, rows[i].after_off);
		assert_false(world.l.vm[A].running);
		assert_false(world.line[A]);
		if (world.slots[B][2].busy)
			world_run("bQ2");
		assert_true(world_start(A));
		world_check();
		world_run("aR0 aR1");
		assert_true(world_is_filled(A, 0, 0));
		assert_true(world_is_filled(A, 1, 0));
		for (u32 slot = 2; slot < 6; slot++)
			assert_int_equal(world.slots[A][slot].state,
					 slot < 4 ? LEND_SLOT_STANDBY : LEND_SLOT_EMPTY);
		world_end();
	}
}

/* Whichever of them goes first, and in whatever state: all that is left is in the pool. */
static void test_all_end(void **state)
{
	static const char *const orders[] = {"aO bO cO", "bO aO cO", "aX bO aO cO", "bX aO cO bO"};
	char before[WORLD_TEXT];

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		for (u32 order = 0; order < ARRAY_SIZE(orders); order++) {
			begin_row(&rows[i], before);
			if (!world.l.vm[B].running)
				world_run("bS");
			world_run(orders[order]);
			assert_int_equal(world.l.nr_free, 5);
			world_end();
		}
	}
}

static void test_start_is_refused_without_blocks(void **state)
{
	struct world_snapshot *snapshot;

	(void)state;
	world_begin(vms, ARRAY_SIZE(vms), 5);
	world_run("aL0b bR2 bE aO");
	assert_int_equal(world.l.nr_free, 3);
	world.l.vm[A].nr_own = 4;
	snapshot = world_snapshot();
	assert_false(world_start(A));
	world_expect_same(snapshot);
	world.l.vm[A].nr_own = 2;
	assert_true(world_start(A));
	world_end();
}

static void b_takes_one(void)
{
	world.between = NULL;
	world_run("bR1");
}

/* Another VM gets a block while the slots are made: the end that follows gives back what there was. */
static void test_start_loses_a_race(void **state)
{
	static const struct world_vm two[] = {
		[A] = {.nr_slots = 6, .nr_own = 4},
		[B] = {.nr_slots = 6, .nr_own = 1, .nr_promised = 1, .quota = 1},
	};
	struct world_snapshot *snapshot;

	(void)state;
	world_begin(two, ARRAY_SIZE(two), 5);
	world_run("aO");
	assert_int_equal(world.l.nr_free, 4);
	world.between = b_takes_one;
	assert_false(world_start(A));
	assert_null(world.between);
	assert_false(world.l.vm[A].running);
	assert_int_equal(world.l.nr_free, 0);
	world_off(A);
	assert_int_equal(world.l.nr_free, 3);
	snapshot = world_snapshot();
	assert_false(world_start(A));
	world_expect_same(snapshot);
	world.l.vm[A].nr_own = 3;
	assert_true(world_start(A));
	world_end();
}

/* PEER_GONE names each of them, lowest first; the line stays up until the last is read. */
static void test_peers_gone(void **state)
{
	(void)state;
	world_begin(vms, ARRAY_SIZE(vms), 5);
	world.l.vm[A].lend_to = 4;
	world_run("bL0c aL0c cR0 cR1 cE bO aO");
	for (u32 peer = A; peer <= B; peer++) {
		assert_true(world.line[C]);
		assert_int_equal(world_call(C, LEND_EVENT_NEXT, 0, 0, 0, 0), LEND_SUCCESS);
		assert_int_equal(LEND_EVENT_KIND(world.x[1]), LEND_EVENT_PEER_GONE);
		assert_int_equal(LEND_EVENT_PEER(world.x[1]), peer);
	}
	assert_false(world.line[C]);
	world_end();
}

/* The handle died with the lender, and its slots are free for others' loans. */
static void test_lender_gone(void **state)
{
	u64 loan;

	(void)state;
	world_begin(vms, ARRAY_SIZE(vms), 5);
	loan = world_lend(A, 0, 1, B, 0);
	world_run("bE bR2");
	world_fill(B, 2, 0x22);
	world_run("aO aS");
	assert_true(world_is_filled(B, 2, 0x22)); /* it is still the borrower's to use */
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 0, 0, 0), LEND_BAD_STATE);
	world_run("bQ2 aL0b bR2");
	assert_true(world_is_filled(B, 2, 0));
	world_end();
}

static void test_revoked_is_forgotten_at_reset(void **state)
{
	char before[WORLD_TEXT];

	(void)state;
	world_begin(vms, ARRAY_SIZE(vms), 5);
	spin_lock(&world.s2[A].lock);
	s2_unmap(&world.s2[A], IPA(WORLD_WINDOW + 4 * WORLD_BLOCK), WORLD_BLOCK, S2_ABSENT_REVOKED);
	spin_unlock(&world.s2[A].lock);
	slot_move(&world.l.vm[A], 4, LEND_SLOT_REVOKED);
	world_check();
	world_text(before);
	world_reset(A);
	world_expect(before, "a4=-");
	world_end();
}

static void settle(void)
{
	world_run("aX bX cX");
	if (world.l.vm[B].nr_own && world.slots[B][0].state != LEND_SLOT_STANDBY)
		world_run("bO bS");
	for (u32 vm = A; vm <= C; vm++)
		for (u32 i = 0; i < vms[vm].nr_slots; i++) {
			u32 home = i < vms[vm].nr_own + vms[vm].nr_promised ? LEND_SLOT_STANDBY
									    : LEND_SLOT_EMPTY;

			assert_int_equal(world.slots[vm][i].state, home);
		}
	for (u32 i = 0; i < world.l.nr_blocks; i++) {
		assert_false(world.l.loans[i].in_use);
		world.blocks[i].flags = BLOCK_DIRTY; /* there is something to scrub next time */
	}
	assert_int_equal(world.l.nr_free, 2);
}

static void test_a_thousand_ends_leak_nothing(void **state)
{
	(void)state;
	world_begin(vms, ARRAY_SIZE(vms), 5);
	world.sparse = true;
	for (u32 i = 0; i < 1000; i++) {
		world_run(rows[i % ARRAY_SIZE(rows)].script);
		if (i % 3 == 0)
			world_run("aX");
		if (i % 3 == 1 && world.l.vm[B].running)
			world_run("aO bX cX aS");
		if (!world.l.vm[B].running)
			world_run("aX bS");
		settle();
	}
	world_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_off_and_start),
		cmocka_unit_test(test_all_end),
		cmocka_unit_test(test_start_is_refused_without_blocks),
		cmocka_unit_test(test_start_loses_a_race),
		cmocka_unit_test(test_peers_gone),
		cmocka_unit_test(test_lender_gone),
		cmocka_unit_test(test_revoked_is_forgotten_at_reset),
		cmocka_unit_test(test_a_thousand_ends_leak_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
