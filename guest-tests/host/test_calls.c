/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls as guests make them: registers, bad arguments, the order of errors, calls over n slots,
 * loans and their deadlines, events.
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
	C,
	D
};

#define WINDOW_SLOTS 12u

/* a: own 0-3, promises 4-7, loans 8-11; b: own 0-1, loans 2-11; c: loans only; d: no window. */
static const struct world_vm vms[] = {
	[A] = {.nr_slots = WINDOW_SLOTS, .nr_own = 4, .nr_promised = 4, .quota = 3, .lend_to = 6},
	[B] = {.nr_slots = WINDOW_SLOTS, .nr_own = 2, .lend_to = 13, .min_recall_ns = 500},
	[C] = {.nr_slots = 8, .lend_to = 3},
	[D] = {.lend_to = 1},
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

static void registers(u32 vm, const u64 in[8], const u64 out[8])
{
	assert_int_equal(world_registers(vm, in), LEND_CALL_DONE);
	for (u32 i = 0; i < 8; i++)
		if (world.x[i] != out[i])
			fail_msg("fn %llx: x%u is 0x%llx, not 0x%llx", (unsigned long long)in[0], i,
				 (unsigned long long)world.x[i], (unsigned long long)out[i]);
}

#define JUNK 0xabcd0000abcd0000ull
#define FN64(fn) ((fn) | LEND_SMC64)
#define REGS(...) ((const u64[8]){__VA_ARGS__})
#define U(status) ((u64)(s64)(status))

static void test_registers_smc64(void **state)
{
	u64 loan = 1ull << 32, peer_b = 1 << 8;

	(void)state;
	registers(A, REGS(FN64(LEND_VERSION), 1, 2, 3, 4, 5, 6, 7),
		  REGS(0, 0x10000, 0xff, 0, 0, 5, 6, 7));
	registers(B, REGS(FN64(LEND_INFO), LEND_INFO_WINDOW, JUNK, JUNK, JUNK, JUNK, JUNK, JUNK),
		  REGS(0, WORLD_WINDOW, MIB(2), 12 | 1ull << 32, 0, JUNK, JUNK, JUNK));
	registers(D, REGS(FN64(LEND_INFO), LEND_INFO_WINDOW),
		  REGS(0, 0, MIB(2), 3ull << 32, 0, 0, 0, 0));
	registers(A, REGS(FN64(LEND_RETRIEVE), 4, 2, 9, 9, 9, 9, 9), REGS(0, 2, 0, 0, 0, 9, 9, 9));
	registers(A, REGS(FN64(LEND_INFO), LEND_INFO_POOL),
		  REGS(0, 4 | 2ull << 32, 3 | 2ull << 32, 4 | 4ull << 32, 0, 0, 0, 0));
	registers(A, REGS(FN64(LEND_RELINQUISH), 4, 2, 0, 9, 9, 9, 9),
		  REGS(0, 2, 0, 0, 0, 9, 9, 9));
	world.l.vm[A].nr_aborts = 77;
	registers(A, REGS(FN64(LEND_INFO), LEND_INFO_COUNTERS), REGS(0, 2, 2, 77, 0, 0, 0, 0));

	assert_int_equal(world_call(A, LEND_LEND, 1, 2, B, LEND_LEND_REVOCABLE), 0);
	loan = world.x[1];
	assert_int_not_equal(loan, 0);
	assert_true(loan >> 32);
	registers(B, REGS(FN64(LEND_SLOT_INFO), 2),
		  REGS(0, LEND_SLOT_OFFERED | LEND_FLAG_REVOCABLE << 16 | 2ull << 32, loan,
		       LEND_NO_DEADLINE, world.slots[B][2].generation));
	registers(A, REGS(FN64(LEND_SLOT_INFO), 1),
		  REGS(0,
		       LEND_SLOT_LENT | peer_b | (LEND_FLAG_REVOCABLE | LEND_FLAG_OWN) << 16 |
			       2ull << 32,
		       loan, LEND_NO_DEADLINE, world.slots[A][1].generation));
	registers(A, REGS(FN64(LEND_SLOT_INFO), 8),
		  REGS(0, LEND_SLOT_EMPTY | LEND_NO_PEER << 8 | 4ull << 32, 0, LEND_NO_DEADLINE,
		       world.slots[A][8].generation));
	registers(B, REGS(FN64(LEND_EVENT_NEXT), JUNK, JUNK, JUNK, JUNK, 5, 6, 7),
		  REGS(0, LEND_EVENT_OFFER | 2ull << 32, loan, 0, 0, 5, 6, 7));
	registers(B, REGS(FN64(LEND_EVENT_NEXT)), REGS(0, LEND_EVENT_NONE));
	registers(A, REGS(FN64(LEND_RECLAIM), loan, 0, 9, 9, 9, 9, 9),
		  REGS(0, 0, 0, 0, 0, 9, 9, 9));
	registers(A, REGS(FN64(LEND_RECLAIM), loan), REGS(U(LEND_BAD_STATE)));
}

/* Only the low words count, and the upper ones of what comes back are zero. */
static void test_registers_smc32(void **state)
{
	const u64 high = 0x1234567800000000;
	u64 loan;

	(void)state;
	registers(A, REGS(LEND_VERSION, 1, 2, 3, 4, 5, 6, 7),
		  REGS(0, 0x10000, 0, 0xff, 0, 0, 0, 0));
	registers(B, REGS(LEND_INFO | high, LEND_INFO_WINDOW | high),
		  REGS(0, 0, 1, MIB(2), 0, 12, 1, 0));
	registers(A, REGS(LEND_RETRIEVE, 0 | high, 1 | high), REGS(0, 1));
	registers(A, REGS(LEND_RELINQUISH, 0, 1, LEND_RELINQUISH_KEEP | high), REGS(0, 1));
	registers(A, REGS(LEND_RETRIEVE, 8, 1), REGS((u32)LEND_BAD_STATE));
	assert_int_equal(world_registers(A, REGS(LEND_LEND, 0, 1, B, 0, 5, 6, 7)), LEND_CALL_DONE);
	loan = world.x[1] | world.x[2] << 32;
	assert_int_equal(world.x[0], 0);
	assert_int_equal(loan, loan_handle(&world.l, world.slots[A][0].loan));
	for (u32 i = 3; i < 8; i++)
		assert_int_equal(world.x[i], 0);
	registers(B, REGS(LEND_EVENT_NEXT), REGS(0, LEND_EVENT_OFFER, 2, (u32)loan, loan >> 32));
	registers(B, REGS(LEND_RETRIEVE, 2, 1), REGS(0, 1));
	/* Deadline 2^32 + 1000: both words are taken. */
	registers(A, REGS(LEND_RECLAIM, (u32)loan | high, loan >> 32 | high, 1000 | high, 1 | high),
		  REGS(LEND_PENDING, 1));
	registers(B, REGS(LEND_SLOT_INFO, 2),
		  REGS(0, LEND_SLOT_BORROWED | A << 8 | LEND_FLAG_RECALLED << 16, 1, (u32)loan,
		       loan >> 32, 1000, 1, world.slots[B][2].generation));
}

static void test_unknown_functions(void **state)
{
	static const u64 unknown[] = {
		LEND_FN(LEND_NR_FN), LEND_FN(0) - 1, LEND_FN_UID, LEND_FN_CALL_COUNT,
		LEND_FN_REVISION,    0x84000000,     0,           FN64(LEND_FN(LEND_NR_FN))};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(unknown); i++)
		assert_int_equal(world_registers(A, REGS(unknown[i], 1, 2, 3, 4, 5, 6, 7)),
				 LEND_CALL_UNKNOWN);
}

#define TOO_WIDE BIT(32)

static void test_bad_arguments(void **state)
{
	static const struct {
		u32 fn;
		u64 arg[4];
	} bad[] = {
		{LEND_INFO, {3}},
		{LEND_INFO, {TOO_WIDE}},
		{LEND_SLOT_INFO, {WINDOW_SLOTS}},
		{LEND_SLOT_INFO, {0xffffffff}},
		{LEND_SLOT_INFO, {TOO_WIDE}},
		{LEND_RETRIEVE, {0, 0}},
		{LEND_RETRIEVE, {0, WINDOW_SLOTS + 1}},
		{LEND_RETRIEVE, {WINDOW_SLOTS - 1, 2}},
		{LEND_RETRIEVE, {WINDOW_SLOTS, 1}},
		{LEND_RETRIEVE, {WINDOW_SLOTS, 0}},
		{LEND_RETRIEVE, {1, 0xffffffff}},
		{LEND_RETRIEVE, {0xffffffff, 1}},
		{LEND_RETRIEVE, {0xffffffff, 2}},
		{LEND_RETRIEVE, {TOO_WIDE, 1}},
		{LEND_RETRIEVE, {0, TOO_WIDE | 1}},
		{LEND_RETRIEVE, {0, BIT(63) | 1}},
		{LEND_RETRIEVE, {0, LEND_CALL_MAX + 1}},
		{LEND_RELINQUISH, {0, 0, 0}},
		{LEND_RELINQUISH, {0, WINDOW_SLOTS + 1, 0}},
		{LEND_RELINQUISH, {WINDOW_SLOTS, 1, 0}},
		{LEND_RELINQUISH, {0xffffffff, 2, 0}},
		{LEND_RELINQUISH, {0, 1, 4}},
		{LEND_RELINQUISH, {0, 1, 0x80000000}},
		{LEND_RELINQUISH, {0, 1, TOO_WIDE}},
		{LEND_RELINQUISH, {TOO_WIDE, 1, 0}},
		{LEND_LEND, {0, 0, B, 0}},
		{LEND_LEND, {0, WINDOW_SLOTS + 1, B, 0}},
		{LEND_LEND, {WINDOW_SLOTS, 1, B, 0}},
		{LEND_LEND, {0xffffffff, 1, B, 0}},
		{LEND_LEND, {0xffffffff, 2, B, 0}},
		{LEND_LEND, {0, 1, B, 8}},
		{LEND_LEND, {0, 1, B, 0x80000000}},
		{LEND_LEND, {0, 1, B, TOO_WIDE}},
		{LEND_LEND, {0, 1, TOO_WIDE | B, 0}},
		{LEND_LEND, {0, TOO_WIDE | 1, B, 0}},
		{LEND_LEND, {TOO_WIDE, 1, B, 0}},
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		const u64 *arg = bad[i].arg;
		struct world_snapshot *snapshot = world_snapshot();

		registers(A, REGS(FN64(bad[i].fn), arg[0], arg[1], arg[2], arg[3], 5, 6, 7),
			  REGS(U(LEND_INVALID), 0, 0, 0, 0, 5, 6, 7));
		world_expect_same(snapshot);
	}
	assert_int_equal(world_call(D, LEND_SLOT_INFO, 0, 0, 0, 0), LEND_INVALID);
	assert_int_equal(world_call(D, LEND_RETRIEVE, 0, 1, 0, 0), LEND_INVALID);
}

/* However large the window is. */
static void test_most_slots_of_one_call(void **state)
{
	static const struct world_vm wide = {.nr_slots = LEND_CALL_MAX + 2};
	u64 x[8] = {FN64(LEND_RELINQUISH), 1, LEND_CALL_MAX};

	(void)state;
	world_begin(&wide, 1, 1);
	registers(0, x, REGS(0, LEND_CALL_MAX));
	x[2]++;
	registers(0, x, REGS(U(LEND_INVALID)));
	x[0] = FN64(LEND_RETRIEVE);
	registers(0, x, REGS(U(LEND_INVALID)));
	x[0] = FN64(LEND_LEND);
	registers(0, x, REGS(U(LEND_INVALID)));
	world_end();
}

static void expect_error(u32 vm, u32 fn, u64 a1, u64 a2, u64 a3, u64 a4, s64 error)
{
	struct world_snapshot *snapshot = world_snapshot();

	assert_int_equal(world_call(vm, fn, a1, a2, a3, a4), error);
	world_expect_same(snapshot);
}

/* Each row has one thing less wrong than the one before it. */
static void test_order_of_errors_of_lend(void **state)
{
	(void)state;
	world_off(D);
	assert_int_equal(world_call(A, LEND_RETRIEVE, 3, 1, 0, 0), 0);
	/* function, arguments, window, VM, right, running, state, one offer at a time, slots */
	expect_error(A, LEND_LEND, 20, 1, 9, 8, LEND_INVALID);
	expect_error(A, LEND_LEND, 20, 1, 9, 0, LEND_INVALID);
	expect_error(A, LEND_LEND, 3, 1, 9, 0, LEND_NO_SUCH_VM);
	expect_error(A, LEND_LEND, 3, 1, 0xffffffff, 0, LEND_NO_SUCH_VM);
	expect_error(A, LEND_LEND, 3, 1, D, 0, LEND_DENIED);
	expect_error(A, LEND_LEND, 3, 1, A, 0, LEND_DENIED);
	expect_error(B, LEND_LEND, 2, 1, D, 0, LEND_NO_SUCH_VM);
	expect_error(A, LEND_LEND, 3, 1, B, 0, LEND_BAD_STATE);
	expect_error(A, LEND_LEND, 3, 2, B, 0, LEND_BAD_STATE);
	expect_error(A, LEND_LEND, 4, 1, B, 0, LEND_DENIED);
	expect_error(A, LEND_LEND, 2, 2, B, 0, LEND_BAD_STATE);
	world_lend(A, 0, 1, B, 0);
	expect_error(A, LEND_LEND, 0, 1, B, 0, LEND_BAD_STATE);
	expect_error(A, LEND_LEND, 1, 1, B, 0, LEND_BUSY);
	assert_int_equal(world_call(B, LEND_EVENT_NEXT, 0, 0, 0, 0), 0);
	world_lend(A, 1, 1, B, 0);
}

static void test_lend_needs_a_run_of_empty_slots(void **state)
{
	(void)state;
	expect_error(D, LEND_LEND, 0, 1, A, 0, LEND_INVALID);
	world_reset(D);
	assert_int_equal(world_call(B, LEND_LEND, 0, 1, D, 0), LEND_NO_SLOT);
	/* c: 8 slots for loans. Three go to 2 (aligned to 2) after one at 0; two more to 6. */
	world_lend(B, 0, 1, C, 0);
	assert_int_equal(world.slots[C][0].state, LEND_SLOT_OFFERED);
	world_lend(A, 0, 3, C, 0);
	for (u32 i = 0; i < 8; i++)
		assert_int_equal(world.slots[C][i].state,
				 i == 0 || (i >= 2 && i < 5) ? LEND_SLOT_OFFERED : LEND_SLOT_EMPTY);
	world_call(C, LEND_EVENT_NEXT, 0, 0, 0, 0);
	world_lend(B, 1, 1, C, 0);
	assert_int_equal(world.slots[C][1].state, LEND_SLOT_OFFERED);
}

static void test_order_of_errors_of_retrieve(void **state)
{
	(void)state;
	/* a holds promises within its quota of 3; the pool has 4. */
	expect_error(A, LEND_RETRIEVE, 7, 2, 0, 0, LEND_BAD_STATE);
	expect_error(A, LEND_RETRIEVE, 4, 4, 0, 0, LEND_DENIED);
	assert_int_equal(world_call(A, LEND_RETRIEVE, 3, 4, 0, 0), 0);
	assert_int_equal(world.x[1], 4);
	expect_error(A, LEND_RETRIEVE, 7, 1, 0, 0, LEND_DENIED);
	world.l.vm[A].quota = 5;
	assert_int_equal(world_call(A, LEND_RETRIEVE, 7, 1, 0, 0), 0);
	assert_int_equal(world_call(A, LEND_RELINQUISH, 6, 2, 0, 0), 0);
	world.l.vm[A].nr_promised = 8; /* more than the pool has */
	for (u32 i = 8; i < 12; i++)
		slot_move(&world.l.vm[A], i, LEND_SLOT_STANDBY);
	expect_error(A, LEND_RETRIEVE, 6, 3, 0, 0, LEND_NO_MEMORY);
}

static void test_reclaim(void **state)
{
	char before[WORLD_TEXT];
	u64 loan, old;

	(void)state;
	world_text(before);
	old = world_lend(A, 0, 1, B, 0);
	expect_error(A, LEND_RECLAIM, 0, 0, 0, 0, LEND_BAD_STATE);
	expect_error(A, LEND_RECLAIM, old + 1, 0, 0, 0, LEND_BAD_STATE);
	expect_error(A, LEND_RECLAIM, old + BIT(32), 0, 0, 0, LEND_BAD_STATE);
	expect_error(A, LEND_RECLAIM, (u32)old, 0, 0, 0, LEND_BAD_STATE);
	expect_error(A, LEND_RECLAIM, ~0ull, 0, 0, 0, LEND_BAD_STATE);
	expect_error(C, LEND_RECLAIM, old, 0, 0, 0, LEND_DENIED);
	expect_error(B, LEND_RECLAIM, old, 0, 0, 0, LEND_DENIED);
	/* An offer comes back at once; who has not read of it finds an empty slot. */
	assert_int_equal(world_call(A, LEND_RECLAIM, old, 0, 0, 0), LEND_SUCCESS);
	world_expect(before, "b2=-+O");
	expect_error(A, LEND_RECLAIM, old, 0, 0, 0, LEND_BAD_STATE);
	expect_error(A, LEND_LEND, 0, 1, B, 0, LEND_BUSY);
	world_run("bE");

	/* Half retrieved: the other half is back at once. */
	loan = world_lend(A, 0, 4, B, LEND_LEND_ADOPTABLE);
	assert_int_not_equal(loan, old);
	expect_error(A, LEND_RECLAIM, old, 0, 0, 0, LEND_BAD_STATE);
	assert_int_equal(world_call(B, LEND_RETRIEVE, 5, 2, 0, 0), LEND_SUCCESS);
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 0, 0, 0), LEND_PENDING);
	assert_int_equal(world.x[1], 2);
	world_expect(before, "a1=L1da! a2=L2da! b4=-+O b5=B1da!+R b6=B2da!+R");
	/* A repeat says nothing new: no VM can flood another. */
	world_run("bE");
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 0, 0, 0), LEND_PENDING);
	world_expect(before, "a1=L1da! a2=L2da! b5=B1da! b6=B2da!");
	assert_int_equal(world_call(B, LEND_RELINQUISH, 5, 1, 0, 0), LEND_SUCCESS);
	world_expect(before, "a1=S1+B a2=L2da! b6=B2da!");
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 0, 0, 0), LEND_PENDING);
	assert_int_equal(world.x[1], 1);
	assert_int_equal(world_call(B, LEND_RELINQUISH, 6, 1, 0, 0), LEND_SUCCESS);
	world_expect(before, "a1=S1+B a2=S2+B");
	expect_error(A, LEND_RECLAIM, loan, 0, 0, 0, LEND_BAD_STATE);
}

static void expect_time_left(u32 vm, u32 slot, u64 left, bool expired)
{
	assert_int_equal(world_call(vm, LEND_SLOT_INFO, slot, 0, 0, 0), 0);
	assert_int_equal(world.x[3], left);
	assert_int_equal(!!(LEND_SLOT_FLAGS(world.x[1]) & LEND_FLAG_EXPIRED), expired);
}

static void test_deadlines(void **state)
{
	u64 loan = world_lend(A, 0, 2, B, 0);

	(void)state;
	assert_int_equal(world_call(B, LEND_RETRIEVE, 2, 2, 0, 0), 0);
	/* Not under the borrower's 500 ns; both sides see the same. */
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 100, 0, 0), LEND_PENDING);
	expect_time_left(B, 2, 500, false);
	expect_time_left(A, 0, 500, false);
	world.now += 200;
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 100, 0, 0), LEND_PENDING);
	expect_time_left(B, 2, 500, false);
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 700, 0, 0), LEND_PENDING);
	expect_time_left(B, 2, 700, false);
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 600, 0, 0), LEND_PENDING);
	expect_time_left(B, 3, 700, false);
	world.now += 699;
	expect_time_left(B, 3, 1, false);
	world.now += 1;
	expect_time_left(B, 3, 0, true);
	world.now += 5;
	expect_time_left(A, 1, 0, true);
	/* Late is still right. */
	assert_int_equal(world_call(B, LEND_RELINQUISH, 2, 2, 0, 0), 0);
	assert_int_equal(world.slots[A][1].state, LEND_SLOT_STANDBY);
	expect_time_left(A, 1, LEND_NO_DEADLINE, false);

	/* None is no deadline yet, and takes none away; one past the end of time is the end of time. */
	world_run("bE bE bE bE");
	loan = world_lend(A, 0, 1, B, 0);
	assert_int_equal(world_call(B, LEND_RETRIEVE, 2, 1, 0, 0), 0);
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 0, 0, 0), LEND_PENDING);
	expect_time_left(B, 2, LEND_NO_DEADLINE, false);
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 600, 0, 0), LEND_PENDING);
	expect_time_left(B, 2, 600, false);
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 0, 0, 0), LEND_PENDING);
	expect_time_left(B, 2, 600, false);
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, ~0ull - 5, 0, 0), LEND_PENDING);
	expect_time_left(B, 2, LEND_NO_DEADLINE - 1 - world.now, false);
}

static void expect_event(u32 vm, u32 kind, u32 peer, u32 slot, u64 loan)
{
	assert_int_equal(world_call(vm, LEND_EVENT_NEXT, 0, 0, 0, 0), 0);
	assert_int_equal(LEND_EVENT_KIND(world.x[1]), kind);
	assert_int_equal(LEND_EVENT_PEER(world.x[1]), kind == LEND_EVENT_NONE ? 0 : peer);
	assert_int_equal(LEND_EVENT_SLOT(world.x[1]), slot);
	assert_int_equal(world.x[2], loan);
}

static void test_events_come_in_order(void **state)
{
	u64 from_b;

	(void)state;
	assert_false(world.line[A]);
	from_b = world_lend(B, 1, 1, A, 0);
	assert_true(world.line[A]);
	assert_int_equal(world_call(A, LEND_RETRIEVE, 8, 1, 0, 0), 0);
	world_lend(A, 2, 1, C, 0);
	assert_int_equal(world_call(C, LEND_RETRIEVE, 0, 1, 0, 0), 0);
	assert_int_equal(world_call(C, LEND_RELINQUISH, 0, 1, 0, 0), 0);
	assert_int_equal(world_call(B, LEND_RECLAIM, from_b, 0, 0, 0), LEND_PENDING);
	/* Slot 8 came first; its kinds by number, and then slot 2. */
	expect_event(A, LEND_EVENT_OFFER, B, 8, from_b);
	expect_event(A, LEND_EVENT_RECALL, B, 8, from_b);
	assert_true(world.line[A]);
	expect_event(A, LEND_EVENT_RETURNED, C, 2, 0);
	assert_false(world.line[A]);
	expect_event(A, LEND_EVENT_NONE, 0, 0, 0);
}

static void test_events_end_with_their_matter(void **state)
{
	u64 loan = world_lend(A, 0, 1, B, 0);

	(void)state;
	assert_true(world.line[B]);
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 0, 0, 0), LEND_SUCCESS);
	expect_event(B, LEND_EVENT_OFFER, A, 2, 0);
	assert_false(world.line[B]);

	/* Whoever has read of an offer is told when it is withdrawn. */
	loan = world_lend(A, 0, 1, B, 0);
	expect_event(B, LEND_EVENT_OFFER, A, 2, loan);
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 0, 0, 0), LEND_SUCCESS);
	assert_true(world.line[B]);
	expect_event(B, LEND_EVENT_RECALL, A, 2, 0);
	assert_false(world.line[B]);
	expect_event(B, LEND_EVENT_NONE, 0, 0, 0);

	/* A recall that is answered. */
	loan = world_lend(A, 0, 1, B, 0);
	assert_int_equal(world_call(B, LEND_RETRIEVE, 2, 1, 0, 0), 0);
	expect_event(B, LEND_EVENT_OFFER, A, 2, loan);
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 0, 0, 0), LEND_PENDING);
	assert_true(world.line[B]);
	assert_int_equal(world_call(B, LEND_RELINQUISH, 2, 1, 0, 0), 0);
	assert_false(world.line[B]);

	/* A return that was not read does not become one of the next loan. */
	assert_true(world.line[A]);
	world_lend(A, 0, 1, C, 0);
	assert_false(world.line[A]);
	expect_event(A, LEND_EVENT_NONE, 0, 0, 0);
}

static void test_one_unread_offer_per_lender(void **state)
{
	(void)state;
	world_lend(A, 0, 1, C, 0);
	expect_error(A, LEND_LEND, 1, 1, C, 0, LEND_BUSY);
	world_lend(B, 0, 1, C, 0); /* another lender's is another matter */
	expect_error(B, LEND_LEND, 1, 1, C, 0, LEND_BUSY);
	world_lend(A, 1, 1, B, 0); /* and another borrower */
	/* Taking what was offered does not read the event, giving it back settles it. */
	assert_int_equal(world_call(C, LEND_RETRIEVE, 0, 1, 0, 0), 0);
	expect_error(A, LEND_LEND, 2, 1, C, 0, LEND_BUSY);
	assert_int_equal(world_call(C, LEND_RELINQUISH, 0, 1, 0, 0), 0);
	world_lend(A, 2, 1, C, 0);
	expect_error(B, LEND_LEND, 1, 1, C, 0, LEND_BUSY);
	expect_event(C, LEND_EVENT_OFFER, B, 1, loan_handle(&world.l, world.slots[C][1].loan));
	world_lend(B, 1, 1, C, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_registers_smc64, begin, end),
		cmocka_unit_test_setup_teardown(test_registers_smc32, begin, end),
		cmocka_unit_test_setup_teardown(test_unknown_functions, begin, end),
		cmocka_unit_test_setup_teardown(test_bad_arguments, begin, end),
		cmocka_unit_test(test_most_slots_of_one_call),
		cmocka_unit_test_setup_teardown(test_order_of_errors_of_lend, begin, end),
		cmocka_unit_test_setup_teardown(test_lend_needs_a_run_of_empty_slots, begin, end),
		cmocka_unit_test_setup_teardown(test_order_of_errors_of_retrieve, begin, end),
		cmocka_unit_test_setup_teardown(test_reclaim, begin, end),
		cmocka_unit_test_setup_teardown(test_deadlines, begin, end),
		cmocka_unit_test_setup_teardown(test_events_come_in_order, begin, end),
		cmocka_unit_test_setup_teardown(test_events_end_with_their_matter, begin, end),
		cmocka_unit_test_setup_teardown(test_one_unread_offer_per_lender, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
