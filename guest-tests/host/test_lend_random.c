/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random calls of four VMs, some of them hostile, with interrupts, resets, deaths and restarts between
 * any two chunks of work. After every step the rules (lend_check.h), the table of lending.md §3 and the
 * ghost. SEED and STEPS come from the environment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "guest-tests/host/lend_ghost.h"

#define NR_VMS 4
#define NR_BLOCKS 14
#define NR_HANDLES 16

static const struct world_vm vms[NR_VMS] = {
	{.nr_slots = 8, .nr_own = 3, .nr_promised = 2, .quota = 1, .lend_to = 0xe},
	{.nr_slots = 9,
	 .nr_own = 2,
	 .nr_promised = 3,
	 .quota = 3,
	 .lend_to = 0xd,
	 .min_recall_ns = 50},
	{.nr_slots = 7, .nr_own = 3, .lend_to = 3, .absent_abort = true},
	{.nr_slots = 6, .nr_promised = 2, .quota = 2},
};

enum life {
	UP,
	RESETTING,
	ENDING,
	DOWN
};

static enum life life[NR_VMS];
static u64 handles[NR_HANDLES];
static u64 rng;
static u32 caller; /* whose call or end is under way, outermost */
static u64 nr_done[LEND_NR_FN], nr_left, nr_nested, nr_ends, nr_starts;

static u32 rnd(u32 n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (u32)((rng >> 11) % n);
}

static u32 pick_slot(u32 vm)
{
	return rnd(50) ? rnd(vms[vm].nr_slots) : rnd(40);
}

static u32 pick_n(void)
{
	return rnd(3) ? 1 : rnd(5);
}

/* Of a loan of its own, if there is one at the slot looked at; or any that ever was. */
static u64 pick_handle(u32 vm)
{
	u32 loan = world.slots[vm][rnd(vms[vm].nr_own + 1)].loan;

	return loan != LEND_NONE && rnd(4) ? loan_handle(&world.l, loan) : handles[rnd(NR_HANDLES)];
}

struct op {
	u32 fn;
	u64 arg[4];
};

static struct op pick_hostile(void)
{
	struct op op = {LEND_FN(rnd(LEND_NR_FN)), {0}};

	for (u32 i = 0; i < 4; i++)
		op.arg[i] = rnd(3) ? rnd(12) : rng << rnd(64);
	return op;
}

static struct op pick_op(u32 vm)
{
	u32 slot = pick_slot(vm), n = pick_n(), r = rnd(100);

	if (r < 34)
		return (struct op){LEND_RETRIEVE, {slot, n}};
	if (r < 60)
		return (struct op){LEND_RELINQUISH, {slot, n, rnd(2) ? 0 : rnd(4)}};
	if (r < 76)
		return (struct op){LEND_LEND,
				   {rnd(8) ? rnd(vms[vm].nr_own + 1) : slot, n, rnd(NR_VMS),
				    rnd(8)}};
	if (r < 80)
		return (struct op){LEND_RECLAIM, {pick_handle(vm), rnd(2) * rnd(500)}};
	if (r < 94)
		return (struct op){LEND_EVENT_NEXT, {0}};
	if (r < 97)
		return (struct op){LEND_SLOT_INFO, {slot}};
	return pick_hostile();
}

/* What §3's table says a slot of this state becomes, given the status; -1: no such status. */
static int next_state(u32 vm, const struct op *op, struct slot s, bool recalled, s64 status)
{
	bool own = op->arg[0] < vms[vm].nr_own;
	bool mapped = s.state == LEND_SLOT_HELD || s.state == LEND_SLOT_BORROWED;

	if (op->fn == LEND_RETRIEVE) {
		if (mapped)
			return status == LEND_SUCCESS ? s.state : -1;
		if (s.state == LEND_SLOT_OFFERED)
			return status == LEND_SUCCESS ? LEND_SLOT_BORROWED : -1;
		if (s.state != LEND_SLOT_STANDBY)
			return status == LEND_BAD_STATE ? s.state : -1;
		if (status == LEND_SUCCESS)
			return LEND_SLOT_HELD;
		return !own && (status == LEND_DENIED || status == LEND_NO_MEMORY) ? s.state : -1;
	}
	if (mapped && op->arg[2] & LEND_RELINQUISH_KEEP &&
	    !(s.state == LEND_SLOT_HELD ? own : s.flags & LEND_FLAG_KEEP))
		return status == LEND_DENIED ? s.state : -1;
	if (status != LEND_SUCCESS)
		return -1;
	if (s.state == LEND_SLOT_HELD)
		return op->arg[0] < vms[vm].nr_own + vms[vm].nr_promised ? LEND_SLOT_STANDBY
									 : LEND_SLOT_EMPTY;
	if (s.state == LEND_SLOT_BORROWED)
		return op->arg[2] & LEND_RELINQUISH_KEEP_OFFER && !recalled ? LEND_SLOT_OFFERED
									    : LEND_SLOT_EMPTY;
	return s.state;
}

static bool is_on_slots(const struct op *op)
{
	return op->fn == LEND_RETRIEVE || op->fn == LEND_RELINQUISH;
}

static bool keeps(const struct op *op)
{
	return op->fn == LEND_RELINQUISH && op->arg[2] & LEND_RELINQUISH_KEEP;
}

static enum lend_outcome make_once(u32 vm, const struct op *op)
{
	enum lend_outcome outcome;

	if (!world.nested)
		caller = vm;
	ghost_intend(vm, keeps(op));
	outcome = world_try(vm, op->fn, op->arg[0], op->arg[1], op->arg[2], op->arg[3]);
	if (outcome == LEND_CALL_DONE && op->fn == LEND_LEND && !world.x[0]) {
		handles[rnd(NR_HANDLES)] = world.x[1];
		ghost_lent(vm, (u32)op->arg[0], (u32)op->arg[1], (u32)op->arg[2]);
	}
	ghost_look();
	ghost_intend(vm, false);
	if (outcome == LEND_CALL_DONE)
		nr_done[op->fn - LEND_FN(0)] += (s64)world.x[0] >= 0;
	return outcome;
}

static void serve(void)
{
	if (world.between && !world.nested) {
		world.nested = true;
		world.between();
		world.nested = false;
	}
}

static void nobody(void)
{
}

/* The reset or end of a VM as far as its slots; its CPU scrubs later. */
static void begin_end(u32 vm, bool off)
{
	bool nested = world.nested;

	/* The ghost has it in one step: no other CPU meanwhile. */
	world.nested = true;
	if (off) {
		ghost_off(vm);
		lend_vm_off(&world.l, &world.l.vm[vm], nobody);
	} else {
		ghost_reset(vm);
		lend_vm_reset(&world.l, &world.l.vm[vm], nobody);
	}
	world.nested = nested;
	life[vm] = off ? ENDING : RESETTING;
	nr_ends++;
	world_check();
	ghost_look();
}

static void finish_end(u32 vm)
{
	caller = vm;
	lend_vm_scrub(&world.l, &world.l.vm[vm], serve);
	life[vm] = life[vm] == ENDING ? DOWN : UP;
	world_check();
	ghost_look();
}

static void try_start(u32 vm)
{
	bool can = world.l.nr_free >= vms[vm].nr_own;

	assert_int_equal(world_start(vm), can);
	ghost_start(vm);
	life[vm] = can ? UP : DOWN;
	nr_starts += can;
	world_check();
	ghost_look();
}

/* What another CPU does while this one holds no lock. */
static void others(void)
{
	u32 vm = rnd(NR_VMS);
	struct op op;

	ghost_look();
	if (rnd(6) || life[vm] != UP || vm == caller)
		return;
	nr_nested++;
	if (rnd(20) == 0) {
		begin_end(vm, rnd(3) == 0);
		return;
	}
	op = pick_op(vm);
	make_once(vm, &op);
}

static void expect_next(u32 vm, const struct op *op, const struct slot *before, bool recalled)
{
	u32 slot = (u32)op->arg[0];
	int next = next_state(vm, op, *before, recalled, (s64)world.x[0]);

	if (next != world.slots[vm][slot].state)
		fail_msg("vm %u slot %u: fn %x in state %u gave %d and state %u", vm, slot, op->fn,
			 before->state, (int)world.x[0], world.slots[vm][slot].state);
}

static void step_call(u32 vm)
{
	struct op op = pick_op(vm);
	bool simple = is_on_slots(&op) && op.arg[1] == 1 && op.arg[0] < vms[vm].nr_slots &&
		      op.arg[2] < 4 && !world.between;
	struct slot before = world.slots[vm][simple ? op.arg[0] : 0];
	bool recalled = before.loan != LEND_NONE && world.l.loans[before.loan].recalled;

	while (make_once(vm, &op) == LEND_CALL_AGAIN) {
		if (rnd(8))
			continue;
		nr_left++; /* the guest never makes it again */
		return;
	}
	if (is_on_slots(&op) && world.x[0] == LEND_SUCCESS)
		assert_int_equal(world.x[1], op.arg[1]);
	if (simple)
		expect_next(vm, &op, &before, recalled);
}

static void step(void)
{
	static const u32 every[] = {0, 0, 1, 2, 5};
	u32 vm = rnd(NR_VMS), r = rnd(1000);

	world.now += rnd(20);
	world.pending_every = every[rnd(ARRAY_SIZE(every))];
	world.between = rnd(4) ? NULL : others;
	if (life[vm] == RESETTING || life[vm] == ENDING)
		finish_end(vm);
	else if (life[vm] == DOWN)
		try_start(vm);
	else if (r < 10)
		begin_end(vm, r < 4);
	else if (r < 100)
		ghost_scribble(vm);
	else
		step_call(vm);
}

static u64 from_environment(const char *name, u64 otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

static void test_random(void **state)
{
	u64 seed = from_environment("SEED", 1), steps = from_environment("STEPS", 500000);

	(void)state;
	print_message("SEED=%llu STEPS=%llu\n", (unsigned long long)seed,
		      (unsigned long long)steps);
	rng = seed * 0x9e3779b97f4a7c15ull + 1;
	world_begin(vms, NR_VMS, NR_BLOCKS);
	world.sparse = true;
	ghost_begin();
	for (u64 i = 0; i < steps; i++)
		step();
	world.between = NULL;
	/* All of them end: every block is back in the pool. */
	for (u32 vm = 0; vm < NR_VMS; vm++) {
		if (life[vm] == UP || life[vm] == RESETTING)
			begin_end(vm, true);
		finish_end(vm);
	}
	assert_int_equal(world.l.nr_free, NR_BLOCKS);
	world_end();
	print_message("retrieved %llu, relinquished %llu, lent %llu, reclaimed %llu, left %llu, "
		      "nested %llu, ends %llu, starts %llu\n",
		      (unsigned long long)nr_done[LEND_RETRIEVE - LEND_FN(0)],
		      (unsigned long long)nr_done[LEND_RELINQUISH - LEND_FN(0)],
		      (unsigned long long)nr_done[LEND_LEND - LEND_FN(0)],
		      (unsigned long long)nr_done[LEND_RECLAIM - LEND_FN(0)],
		      (unsigned long long)nr_left, (unsigned long long)nr_nested,
		      (unsigned long long)nr_ends, (unsigned long long)nr_starts);
	/* A test that never got to the point would pass, too. */
	if (steps >= 100000)
		assert_true(nr_done[LEND_LEND - LEND_FN(0)] > steps / 200 && nr_left > 1000 &&
			    nr_nested > 1000 && nr_starts > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
