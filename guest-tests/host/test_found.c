/* SPDX-License-Identifier: BSD-2-Clause */
/* What the random tests found, shrunk: each failed once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "guest-tests/host/lend_acts.h"
#include "hyp/lend/poison.h"

/* a: own 0, promises 1 and 2; b: own 0 and 1. Blocks 0 is a's, 1 and 2 are b's. */
static const struct world_vm vms[] = {
	{.nr_slots = 6, .nr_own = 1, .nr_promised = 2, .quota = 2, .lend_to = 2},
	{.nr_slots = 6, .nr_own = 2, .lend_to = 1},
};

/* RELINQUISH_ALL goes on where an interrupted one was: one that was never repeated must not hide slots. */
static void test_all_after_one_that_was_left(void **state)
{
	char before[WORLD_TEXT];

	(void)state;
	world_begin_sparse(vms, ARRAY_SIZE(vms), 5);
	world_text(before);
	world_run("aR2 aA. aR0 aA");
	world_expect(before, "a0=S0");
	world_run("aM0 aR0 aR2 aM1 aA. aM0 aA");
	world_expect(before, "a0=S0");
	world_end();
}

/* The same when another vCPU retrieves a slot that the one under way is past. */
static void test_all_while_another_vcpu_retrieves(void **state)
{
	static const struct acts_world w = {
		.vms = {{.nr_slots = 4, .nr_own = 1, .nr_promised = 2, .quota = 2}},
		.nr_vms = 1,
		.nr_blocks = 3,
	};
	struct act acts[] = {
		{.kind = ACT_CALL, .fn = LEND_RETRIEVE, .arg = {0, 3}},
		{.kind = ACT_CALL, .fn = LEND_RELINQUISH_ALL, .shared = 1, .tries = 1},
		{.kind = ACT_CALL, .fn = LEND_RETRIEVE, .arg = {0, 1}, .nested = 1},
		{.kind = ACT_CALL, .fn = LEND_RELINQUISH_ALL},
	};

	(void)state;
	/* At any moment, and left at any. */
	for (acts[1].every = 1; acts[1].every < 48; acts[1].every++)
		for (acts[2].at = 0; acts[2].at < 144; acts[2].at += 4)
			acts_run(&w, acts, ARRAY_SIZE(acts));
}

/* A block that is reported bad while its holder's end is under way: no event is left for the next life. */
static void test_bad_block_of_a_vm_that_is_off(void **state)
{
	(void)state;
	world_begin_sparse(vms, ARRAY_SIZE(vms), 5);
	world_run("bL0a aR3 aE");
	/* a is off, and its CPU has not scrubbed yet. */
	lend_vm_off(&world.l, &world.l.vm[0], world_nothing);
	assert_int_equal(lend_poison(&world.l, world.blocks[world.slots[1][0].block].pa),
			 LEND_SUCCESS);
	world_check();
	lend_vm_scrub(&world.l, &world.l.vm[0], world_nothing);
	assert_true(world_start(0));
	world_end();
}

/* The lender of an adopted block ends: its loans count no mark that is not there. */
static void test_marks_of_a_loan_that_ends_slot_by_slot(void **state)
{
	(void)state;
	world_begin_sparse(vms, ARRAY_SIZE(vms), 5);
	world_run("bL0x2aa aR4x2 aE aM1");
	lend_vm_off(&world.l, &world.l.vm[1], world_check);
	lend_vm_scrub(&world.l, &world.l.vm[1], world_check);
	world_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_after_one_that_was_left),
		cmocka_unit_test(test_all_while_another_vcpu_retrieves),
		cmocka_unit_test(test_bad_block_of_a_vm_that_is_off),
		cmocka_unit_test(test_marks_of_a_loan_that_ends_slot_by_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
