/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contents from one VM to the next, byte by byte; and long calls: interrupted at every possible point,
 * worked on by two CPUs, left undone by who began them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "guest-tests/host/lend_world.h"

enum {
	A,
	B,
	C
};

#define KEEP LEND_RELINQUISH_KEEP
#define KEEP_OFFER LEND_RELINQUISH_KEEP_OFFER

/* a: own 0-2, promises 3-5, loans 6-8; b: promises 0-2, loans 3-9; three blocks in the pool. */
static const struct world_vm vms[] = {
	[A] = {.nr_slots = 9, .nr_own = 3, .nr_promised = 3, .quota = 3, .lend_to = 2},
	[B] = {.nr_slots = 10, .nr_promised = 3, .quota = 3},
	[C] = {.nr_slots = 3, .nr_promised = 3, .quota = 3},
};

static int begin(void **state)
{
	(void)state;
	world_begin(vms, ARRAY_SIZE(vms), 6);
	return 0;
}

static int end(void **state)
{
	(void)state;
	world.between = NULL;
	world_end();
	return 0;
}

static void retrieve(u32 vm, u32 slot, u32 n)
{
	assert_int_equal(world_call(vm, LEND_RETRIEVE, slot, n, 0, 0), LEND_SUCCESS);
	assert_int_equal(world.x[1], n);
}

static void relinquish(u32 vm, u32 slot, u32 n, u32 flags)
{
	assert_int_equal(world_call(vm, LEND_RELINQUISH, slot, n, flags, 0), LEND_SUCCESS);
	assert_int_equal(world.x[1], n);
}

static void expect_work(u64 nr_blocks_zeroed, u64 nr_blocks_cleaned)
{
	assert_int_equal(world.nr_zeroed, nr_blocks_zeroed * WORLD_BLOCK);
	assert_int_equal(world.nr_cleaned, nr_blocks_cleaned * WORLD_BLOCK);
	world.nr_zeroed = 0;
	world.nr_cleaned = 0;
}

/* a's own block 0 holds 0x11, kept. */
static void keep_own(void)
{
	retrieve(A, 0, 1);
	world_fill(A, 0, 0x11);
	relinquish(A, 0, 1, KEEP);
	expect_work(1, 1);
}

static void test_boot_leftovers_are_zeroed(void **state)
{
	(void)state;
	retrieve(A, 0, 1);
	expect_work(1, 0);
	assert_true(world_is_filled(A, 0, 0));
	retrieve(A, 3, 1);
	expect_work(1, 0);
	assert_true(world_is_filled(A, 3, 0));
}

static void test_zeroed_there_and_back(void **state)
{
	(void)state;
	retrieve(A, 0, 1);
	world_fill(A, 0, 0x11);
	expect_work(1, 0);
	relinquish(A, 0, 1, 0);
	expect_work(1, 0);
	world_lend(A, 0, 1, B, 0);
	retrieve(B, 3, 1);
	expect_work(0, 0); /* clean already */
	assert_true(world_is_filled(B, 3, 0));
	world_fill(B, 3, 0x22);
	relinquish(B, 3, 1, 0);
	expect_work(1, 0);
	retrieve(A, 0, 1);
	expect_work(0, 0);
	assert_true(world_is_filled(A, 0, 0));
}

static void test_zeroed_through_the_pool(void **state)
{
	const u8 *memory;

	(void)state;
	retrieve(A, 3, 1);
	memory = world_memory(A, 3);
	world_fill(A, 3, 0x11);
	relinquish(A, 3, 1, 0);
	expect_work(2, 0);
	retrieve(B, 0, 1);
	assert_ptr_equal(world_memory(B, 0), memory);
	assert_true(world_is_filled(B, 0, 0));
	expect_work(0, 0);
}

static void test_never_retrieved_is_not_seen(void **state)
{
	(void)state;
	/* KEEP has nothing to keep: these are the firmware's bytes, not the owner's. */
	world_lend(A, 0, 1, B, LEND_LEND_KEEP);
	retrieve(B, 3, 1);
	expect_work(1, 0);
	assert_true(world_is_filled(B, 3, 0));
}

static void test_kept_for_the_owner(void **state)
{
	(void)state;
	keep_own();
	retrieve(A, 0, 1);
	expect_work(0, 0);
	assert_true(world_is_filled(A, 0, 0x11));
	relinquish(A, 0, 1, 0);
	retrieve(A, 0, 1);
	assert_true(world_is_filled(A, 0, 0));
}

static void test_kept_but_lent_without_keep(void **state)
{
	u64 loan;

	(void)state;
	keep_own();
	/* An offer that comes back untouched is still the owner's data. */
	loan = world_lend(A, 0, 1, B, 0);
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 0, 0, 0), LEND_SUCCESS);
	world_run("bE");
	world_lend(A, 0, 1, B, 0);
	retrieve(B, 3, 1);
	expect_work(1, 0);
	assert_true(world_is_filled(B, 3, 0));
}

static void test_kept_both_ways(void **state)
{
	(void)state;
	keep_own();
	world_lend(A, 0, 1, B, LEND_LEND_KEEP);
	retrieve(B, 3, 1);
	expect_work(0, 0);
	assert_true(world_is_filled(B, 3, 0x11));
	world_fill(B, 3, 0x22);
	relinquish(B, 3, 1, KEEP | KEEP_OFFER);
	expect_work(0, 1);
	retrieve(B, 3, 1);
	assert_true(world_is_filled(B, 3, 0x22));
	relinquish(B, 3, 1, KEEP);
	expect_work(0, 1);
	retrieve(A, 0, 1);
	expect_work(0, 0);
	assert_true(world_is_filled(A, 0, 0x22));
}

static void test_borrower_gives_nothing_away_unasked(void **state)
{
	(void)state;
	keep_own();
	world_lend(A, 0, 1, B, LEND_LEND_KEEP);
	retrieve(B, 3, 1);
	world_fill(B, 3, 0x22);
	relinquish(B, 3, 1, KEEP_OFFER);
	expect_work(1, 0);
	retrieve(B, 3, 1);
	assert_true(world_is_filled(B, 3, 0));
	world_fill(B, 3, 0x22);
	relinquish(B, 3, 1, 0);
	expect_work(1, 0);
	retrieve(A, 0, 1);
	assert_true(world_is_filled(A, 0, 0));
}

static void test_reset_forgets_what_was_kept(void **state)
{
	(void)state;
	keep_own();
	world_reset(A);
	retrieve(A, 0, 1);
	expect_work(1, 0);
	assert_true(world_is_filled(A, 0, 0));

	/* In the middle of being kept. */
	world_fill(A, 0, 0x11);
	world_begin_call(A, LEND_RELINQUISH, 0, 1, KEEP);
	world_reset(A);
	retrieve(A, 0, 1);
	assert_true(world_is_filled(A, 0, 0));

	/* Handed over, not taken yet. */
	world_fill(A, 0, 0x11);
	relinquish(A, 0, 1, KEEP);
	world_lend(A, 0, 1, B, LEND_LEND_KEEP);
	world_reset(A);
	retrieve(B, 3, 1);
	assert_true(world_is_filled(B, 3, 0));
}

static void test_reset_of_the_borrower_gives_nothing_away(void **state)
{
	(void)state;
	keep_own();
	world_lend(A, 0, 1, B, LEND_LEND_KEEP);
	retrieve(B, 3, 1);
	world_fill(B, 3, 0x22);
	world_reset(B);
	retrieve(A, 0, 1);
	assert_true(world_is_filled(A, 0, 0));
}

/* Long calls. */

static void nothing(void)
{
}

static void hold_promises(void)
{
	retrieve(A, 3, 3);
}

static void hold_own(void)
{
	retrieve(A, 0, 3);
}

static void be_offered(void)
{
	retrieve(A, 1, 1);
	relinquish(A, 1, 1, 0);
	world_lend(A, 0, 3, B, 0);
}

static void borrow(void)
{
	be_offered();
	retrieve(B, 4, 3);
}

static const struct long_call {
	void (*setup)(void);
	u32 vm, fn, slot, n, flags;
	u32 nr_zeroed, nr_cleaned; /* blocks */
} long_calls[] = {
	{nothing, A, LEND_RETRIEVE, 0, 6, 0, 6, 0},
	/* All of quota and pool: what a first attempt took counts once. */
	{nothing, A, LEND_RETRIEVE, 3, 3, 0, 3, 0},
	{hold_promises, A, LEND_RELINQUISH, 3, 3, 0, 3, 0},
	{hold_own, A, LEND_RELINQUISH, 0, 3, 0, 3, 0},
	{hold_own, A, LEND_RELINQUISH, 0, 3, KEEP, 0, 3},
	{hold_own, A, LEND_RELINQUISH, 0, 9, 0, 3, 0},
	{be_offered, B, LEND_RETRIEVE, 4, 3, 0, 2, 0},
	{borrow, B, LEND_RELINQUISH, 4, 3, 0, 3, 0},
	{borrow, B, LEND_RELINQUISH, 4, 3, KEEP_OFFER, 3, 0},
};

static s64 make(const struct long_call *c)
{
	return world_call(c->vm, c->fn, c->slot, c->n, c->flags, 0);
}

static void begin_long_call(const struct long_call *c)
{
	world_begin(vms, ARRAY_SIZE(vms), 6);
	c->setup();
	world.asks = 0;
	world.nr_zeroed = 0;
	world.nr_cleaned = 0;
}

/* Uninterrupted; the text it ends in, and how often it looks for interrupts. */
static u32 run_straight(const struct long_call *c, char text[WORLD_TEXT])
{
	u32 asks;

	begin_long_call(c);
	assert_int_equal(make(c), LEND_SUCCESS);
	assert_int_equal(world.x[1], c->n);
	assert_int_equal(world.nr_again, 0);
	expect_work(c->nr_zeroed, c->nr_cleaned);
	world_text(text);
	asks = world.asks;
	world_end();
	return asks;
}

static void check_end(const struct long_call *c, const char *text)
{
	assert_int_equal(world.x[0], LEND_SUCCESS);
	assert_int_equal(world.x[1], c->n);
	expect_work(c->nr_zeroed, c->nr_cleaned);
	world_expect(text, "");
	world.between = NULL;
	world_end();
}

static void test_interrupted_at_every_point(void **state)
{
	char text[WORLD_TEXT];

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(long_calls); i++) {
		const struct long_call *c = &long_calls[i];
		u32 asks = run_straight(c, text);

		/* One chunk of work between two looks at the most. */
		assert_true(asks >= (c->nr_zeroed + c->nr_cleaned) * (WORLD_CHUNKS - 1));
		for (u32 at = 1; at <= asks; at++) {
			begin_long_call(c);
			world.pending_at = at;
			make(c);
			assert_int_equal(world.nr_again, 1);
			check_end(c, text);
		}
		begin_long_call(c);
		world.pending_every = 1;
		make(c);
		/* Each time it came back, it had got on. */
		assert_true(world.nr_again <= asks);
		check_end(c, text);
	}
}

static const struct long_call *shared;

static void same_call(void)
{
	world_try(shared->vm, shared->fn, shared->slot, shared->n, shared->flags, 0);
}

/* Another vCPU makes the same call wherever the first holds no lock: no chunk is done twice. */
static void test_two_cpus_share_the_work(void **state)
{
	char text[WORLD_TEXT];

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(long_calls); i++) {
		shared = &long_calls[i];
		run_straight(shared, text);
		begin_long_call(shared);
		world.between = same_call;
		make(shared);
		check_end(shared, text);
	}
}

static void drain_the_pool(void)
{
	if (world.slots[A][3].state == LEND_SLOT_HELD)
		world_call(C, LEND_RETRIEVE, 0, 2, 0, 0);
}

/* What is done already is counted, though the rest is refused now. */
static void test_count_of_a_call_that_ends_badly(void **state)
{
	(void)state;
	world_begin_call(A, LEND_RETRIEVE, 3, 2, 0);
	for (u32 i = 1; world.slots[A][3].state != LEND_SLOT_HELD; i++)
		world_begin_call(A, LEND_RETRIEVE, 3, 2, 0);
	retrieve(C, 0, 2);
	assert_int_equal(world_call(A, LEND_RETRIEVE, 3, 2, 0, 0), LEND_NO_MEMORY);
	assert_int_equal(world.x[1], 1);
}

static void reach_nested(void)
{
	static bool busy;

	if (busy)
		return;
	busy = true;
	drain_the_pool();
	busy = false;
}

/* The same without an interrupt: another CPU is quicker between two slots. */
static void test_pool_drained_between_two_slots(void **state)
{
	(void)state;
	world.between = reach_nested;
	/* C's calls are always interrupted, but take their first block at once. */
	assert_int_equal(world_call(A, LEND_RETRIEVE, 3, 3, 0, 0), LEND_NO_MEMORY);
	assert_true(world.x[1] >= 1 && world.x[1] < 3);
	for (u32 i = 0; i < 3; i++)
		assert_int_equal(world.slots[A][3 + i].state,
				 i < world.x[1] ? LEND_SLOT_HELD : LEND_SLOT_STANDBY);
}

static void take_another(void)
{
	if (world.slots[A][3].state == LEND_SLOT_HELD && world.slots[A][5].block == LEND_NONE)
		assert_int_equal(world_try(A, LEND_RETRIEVE, 5, 1, 0, 0), LEND_CALL_AGAIN);
}

/* Two vCPUs of one VM, each within its quota when it was checked. */
static void test_quota_holds_between_two_slots(void **state)
{
	(void)state;
	world.l.vm[A].quota = 2;
	world.between = take_another;
	assert_int_equal(world_call(A, LEND_RETRIEVE, 3, 2, 0, 0), LEND_DENIED);
	assert_int_equal(world.x[1], 1);
	assert_int_equal(world.l.vm[A].nr_pool_held, 2);
}

/* A VM that never repeats its calls gets no more than its quota, whatever is still to be scrubbed. */
static void test_quota_bounds_what_is_being_scrubbed(void **state)
{
	(void)state;
	world.l.vm[A].quota = 1;
	retrieve(A, 3, 1);
	world_begin_call(A, LEND_RELINQUISH, 3, 1, 0);
	assert_int_equal(world_call(A, LEND_RETRIEVE, 4, 1, 0, 0), LEND_DENIED);
	relinquish(A, 3, 1, 0);
	retrieve(A, 4, 1);
}

/* The owner gets its block back though the borrower left its call, chunk by chunk if it must. */
static void reclaim_left_scrub(bool retrieved, u32 pending_every)
{
	u64 loan;

	world_begin(vms, ARRAY_SIZE(vms), 6);
	loan = world_lend(A, 1, 1, B, 0);
	if (retrieved)
		retrieve(B, 3, 1);
	world_begin_call(B, retrieved ? LEND_RELINQUISH : LEND_RETRIEVE, 3, 1, 0);
	world.pending_every = pending_every;
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 0, 0, 0), LEND_SUCCESS);
	world.pending_every = 0;
	assert_int_equal(world.nr_again, pending_every ? WORLD_CHUNKS - 2 : 0);
	assert_int_equal(world.slots[A][1].state, LEND_SLOT_STANDBY);
	assert_int_equal(world.slots[B][3].state, LEND_SLOT_EMPTY);
	retrieve(A, 1, 1);
	assert_true(world_is_filled(A, 1, 0));
	world_end();
}

static void test_owner_finishes_what_the_borrower_left(void **state)
{
	(void)state;
	reclaim_left_scrub(false, 0);
	reclaim_left_scrub(true, 0);
	reclaim_left_scrub(false, 1);
	reclaim_left_scrub(true, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_boot_leftovers_are_zeroed, begin, end),
		cmocka_unit_test_setup_teardown(test_zeroed_there_and_back, begin, end),
		cmocka_unit_test_setup_teardown(test_zeroed_through_the_pool, begin, end),
		cmocka_unit_test_setup_teardown(test_never_retrieved_is_not_seen, begin, end),
		cmocka_unit_test_setup_teardown(test_kept_for_the_owner, begin, end),
		cmocka_unit_test_setup_teardown(test_kept_but_lent_without_keep, begin, end),
		cmocka_unit_test_setup_teardown(test_kept_both_ways, begin, end),
		cmocka_unit_test_setup_teardown(test_borrower_gives_nothing_away_unasked, begin,
						end),
		cmocka_unit_test_setup_teardown(test_reset_forgets_what_was_kept, begin, end),
		cmocka_unit_test_setup_teardown(test_reset_of_the_borrower_gives_nothing_away,
						begin, end),
		cmocka_unit_test(test_interrupted_at_every_point),
		cmocka_unit_test(test_two_cpus_share_the_work),
		cmocka_unit_test_setup_teardown(test_count_of_a_call_that_ends_badly, begin, end),
		cmocka_unit_test_setup_teardown(test_pool_drained_between_two_slots, begin, end),
		cmocka_unit_test_setup_teardown(test_quota_holds_between_two_slots, begin, end),
		cmocka_unit_test_setup_teardown(test_quota_bounds_what_is_being_scrubbed, begin,
						end),
		cmocka_unit_test(test_owner_finishes_what_the_borrower_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
