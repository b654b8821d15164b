/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls that are interrupted, and what happens before they are repeated, or because they never are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "guest-tests/host/lend_world.h"

#define A 0
#define B 1

static const struct world_vm vms[] = {
	{.nr_slots = 10, .nr_own = 8, .nr_promised = 2, .quota = 2, .lend_to = BIT(B)},
	{.nr_slots = 20, .nr_promised = 2, .quota = 2},
};

static int begin(void **state)
{
	(void)state;
	world_begin(vms, ARRAY_SIZE(vms), 10);
	return 0;
}

static int end(void **state)
{
	(void)state;
	world_end();
	return 0;
}

static void ok(u32 vm, u32 fn, u64 a1, u64 a2, u64 a3)
{
	assert_int_equal(world_call(vm, fn, a1, a2, a3, 0), LEND_SUCCESS);
}

static u32 state_of(u32 vm, u32 slot)
{
	return world.slots[vm][slot].state;
}

/* An interrupt that always pends gets its turn after each block, and the call comes to its end. */
static void test_lend_of_many_busy_blocks(void **state)
{
	u64 before;

	(void)state;
	ok(A, LEND_RETRIEVE, 0, 8, 0);
	for (u32 slot = 0; slot < 8; slot++)
		world_begin_call(A, LEND_RELINQUISH, slot, 1, 0);
	world.pending_every = 1;
	for (;;) {
		before = world.nr_zeroed;
		if (world_try(A, LEND_LEND, 0, 8, B, 0) == LEND_CALL_DONE)
			break;
		assert_int_equal(world.nr_zeroed - before, SCRUB_CHUNK);
	}
	world.pending_every = 0;
	assert_int_equal(world.x[0], LEND_SUCCESS);
}

/* A recall that stopped half-way, and was never repeated, leaves nothing behind that REVOKE does not get. */
static void test_revoke_after_half_a_recall(void **state)
{
	u64 loan = world_lend(A, 0, 3, B, LEND_LEND_REVOCABLE);

	(void)state;
	ok(B, LEND_RETRIEVE, 2, 1, 0);
	world_begin_call(B, LEND_RETRIEVE, 3, 1, 0);
	world_begin_call(A, LEND_RECLAIM, loan, 1, 0);
	/* Not even what is still on offer: its owner wants it back. */
	assert_int_equal(world_call(B, LEND_RETRIEVE, 4, 1, 0, 0), LEND_BAD_STATE);
	world.now++;
	ok(A, LEND_REVOKE, loan, 0, 0);
	for (u32 slot = 0; slot < 3; slot++)
		assert_int_equal(state_of(A, slot), LEND_SLOT_STANDBY);
	assert_int_equal(state_of(B, 2), LEND_SLOT_REVOKED);
	assert_int_equal(state_of(B, 3), LEND_SLOT_EMPTY);
	assert_int_equal(state_of(B, 4), LEND_SLOT_EMPTY);
}

/* What was begun is ended, and counted; the error comes where it belongs. */
static void test_retrieve_whose_second_slot_fails(void **state)
{
	(void)state;
	world_begin_call(A, LEND_RETRIEVE, 8, 2, 0);
	ok(B, LEND_RETRIEVE, 0, 1, 0); /* the last block of the pool */
	assert_int_equal(world_call(A, LEND_RETRIEVE, 8, 2, 0, 0), LEND_NO_MEMORY);
	assert_int_equal(world.x[1], 1);
	assert_int_equal(state_of(A, 8), LEND_SLOT_HELD);
	assert_int_equal(state_of(A, 9), LEND_SLOT_STANDBY);
	/* And who found the pool empty in the middle of a call is told of a block like any other. */
	ok(B, LEND_RELINQUISH, 0, 1, 0);
	ok(A, LEND_EVENT_NEXT, 0, 0, 0);
	assert_int_equal(LEND_EVENT_KIND(world.x[1]), LEND_EVENT_POOL);
}

static void test_retrieve_whose_second_slot_is_withdrawn(void **state)
{
	u64 loan;

	(void)state;
	world_lend(A, 0, 1, B, 0);
	world_run("bE");
	loan = world_lend(A, 1, 1, B, 0);
	world_begin_call(B, LEND_RETRIEVE, 2, 2, 0);
	ok(A, LEND_RECLAIM, loan, 0, 0);
	assert_int_equal(world_call(B, LEND_RETRIEVE, 2, 2, 0, 0), LEND_BAD_STATE);
	assert_int_equal(world.x[1], 1);
	assert_int_equal(state_of(B, 2), LEND_SLOT_BORROWED);
}

static void test_relinquish_whose_second_slot_fails(void **state)
{
	(void)state;
	world_lend(A, 0, 2, B, LEND_LEND_KEEP | LEND_LEND_ADOPTABLE);
	ok(B, LEND_RETRIEVE, 2, 2, 0);
	world.pending_every = WORLD_CHUNKS;
	assert_int_equal(world_try(B, LEND_RELINQUISH, 2, 2, LEND_RELINQUISH_KEEP, 0),
			 LEND_CALL_AGAIN);
	world.pending_every = 0;
	assert_int_equal(state_of(B, 2), LEND_SLOT_EMPTY);
	assert_int_equal(state_of(B, 3), LEND_SLOT_BORROWED);
	ok(B, LEND_MAP, 0, 4096, LEND_MAP_ADOPT); /* by another vCPU */
	assert_int_equal(world_call(B, LEND_RELINQUISH, 2, 2, LEND_RELINQUISH_KEEP, 0),
			 LEND_DENIED);
	assert_int_equal(world.x[1], 1);
}

/* The time runs from the call, not from its last repeat; a call with another deadline is another call. */
static void test_deadline_of_an_interrupted_recall(void **state)
{
	u64 loan = world_lend(A, 0, 2, B, 0), index;

	(void)state;
	ok(B, LEND_RETRIEVE, 2, 2, 0);
	world_begin_call(B, LEND_RELINQUISH, 2, 1, 0);
	index = world.slots[A][0].loan;
	world_begin_call(A, LEND_RECLAIM, loan, 2000, 0);
	assert_int_equal(world.loans[index].deadline, world.now + 2000);
	world.now += 1500;
	world_begin_call(A, LEND_RECLAIM, loan, 2000, 0);
	assert_int_equal(world.loans[index].deadline, world.now + 500);
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 3000, 0, 0), LEND_PENDING);
	assert_int_equal(world.loans[index].deadline, world.now + 3000);
	ok(B, LEND_RELINQUISH, 3, 1, 0);
}

/* vCPU 0's loan ends while vCPU 1's call for another comes and goes. */
static void test_recalls_of_two_cpus(void **state)
{
	u64 first = world_lend(A, 0, 1, B, 0), second;

	(void)state;
	ok(B, LEND_RETRIEVE, 2, 1, 0);
	world_run("bE bE");
	second = world_lend(A, 1, 1, B, 0);
	world_begin_call(B, LEND_RELINQUISH, 2, 1, 0);
	world_begin_call(A, LEND_RECLAIM, first, 0, 0);
	ok(A, LEND_RECLAIM, second, 0, 0);
	world_tick(0);
	assert_int_equal(state_of(A, 0), LEND_SLOT_STANDBY);
	ok(A, LEND_RECLAIM, first, 0, 0);
	assert_int_equal(world_call(A, LEND_RECLAIM, first, 0, 0, 0), LEND_BAD_STATE);
}

/* Who keeps its own blocks busy does not keep the older ones of others from being finished. */
static void test_the_oldest_is_finished_first(void **state)
{
	u32 block;

	(void)state;
	world_lend(A, 0, 1, B, 0);
	ok(B, LEND_RETRIEVE, 0, 1, 0);
	ok(B, LEND_RETRIEVE, 2, 1, 0);
	world_begin_call(B, LEND_RELINQUISH, 2, 1, 0);
	world_begin_call(B, LEND_RELINQUISH, 0, 1, 0);
	block = world.slots[A][0].block;
	for (u32 chunk = 0; chunk < WORLD_CHUNKS - 1; chunk++) {
		assert_int_equal(world.blocks[block].state, BLOCK_SCRUBBING);
		assert_true(lend_scrub_some(&world.l, &world.l.vm[B]));
	}
	assert_int_equal(state_of(A, 0), LEND_SLOT_STANDBY);
}

/* What was taken by force is its owner's to finish: the borrower's own blocks are none of his business. */
static void test_revoked_blocks_are_the_owners_to_finish(void **state)
{
	u64 loan = world_lend(A, 0, 1, B, LEND_LEND_REVOCABLE);

	(void)state;
	ok(B, LEND_RETRIEVE, 0, 1, 0);
	ok(B, LEND_RETRIEVE, 2, 1, 0);
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 1, 0, 0), LEND_PENDING);
	world_tick(1);
	world_begin_call(B, LEND_RELINQUISH, 0, 1, 0);
	world.scrub_later = 0;
	world_begin_call(A, LEND_REVOKE, loan, 0, 0);
	assert_int_equal(world.scrub_later, BIT(A));
	while (lend_scrub_some(&world.l, &world.l.vm[A]))
		;
	assert_int_equal(state_of(A, 0), LEND_SLOT_STANDBY);
	assert_true(world.slots[B][0].busy);
}

/* Its borrower ends before the owner has done so, and starts again with nothing to wait for. */
static void test_a_borrower_ends_while_a_revoke_is_at_work(void **state)
{
	u64 loan = world_lend(A, 0, 1, B, LEND_LEND_REVOCABLE);

	(void)state;
	ok(B, LEND_RETRIEVE, 2, 1, 0);
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 1, 0, 0), LEND_PENDING);
	world_tick(1);
	world_begin_call(A, LEND_REVOKE, loan, 0, 0);
	world_off(B);
	assert_false(world.slots[B][2].busy);
	assert_int_equal(state_of(A, 0), LEND_SLOT_STANDBY);
	assert_true(world_start(B));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lend_of_many_busy_blocks, begin, end),
		cmocka_unit_test_setup_teardown(test_revoke_after_half_a_recall, begin, end),
		cmocka_unit_test_setup_teardown(test_retrieve_whose_second_slot_fails, begin, end),
		cmocka_unit_test_setup_teardown(test_retrieve_whose_second_slot_is_withdrawn, begin,
						end),
		cmocka_unit_test_setup_teardown(test_relinquish_whose_second_slot_fails, begin,
						end),
		cmocka_unit_test_setup_teardown(test_deadline_of_an_interrupted_recall, begin, end),
		cmocka_unit_test_setup_teardown(test_recalls_of_two_cpus, begin, end),
		cmocka_unit_test_setup_teardown(test_the_oldest_is_finished_first, begin, end),
		cmocka_unit_test_setup_teardown(test_a_borrower_ends_while_a_revoke_is_at_work,
						begin, end),
		cmocka_unit_test_setup_teardown(test_revoked_blocks_are_the_owners_to_finish, begin,
						end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
