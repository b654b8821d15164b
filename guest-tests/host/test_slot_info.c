/* SPDX-License-Identifier: BSD-2-Clause */
/* What LEND_SLOT_INFO says of each state, to both sides: state, flags, peer, loan, time left, generation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "guest-tests/host/lend_world.h"

enum {
	A,
	B
};

#define NONE LEND_NO_DEADLINE
#define OWN LEND_FLAG_OWN
#define BUSY LEND_FLAG_BUSY
#define RECALLED LEND_FLAG_RECALLED
#define EXPIRED LEND_FLAG_EXPIRED
#define REVOCABLE LEND_FLAG_REVOCABLE
#define NOBODY LEND_NO_PEER

/* a: own 0 and 1, promises 2 and 3; b: own 0, promise 1; the rest of either for loans. */
static const struct world_vm vms[] = {
	[A] = {.nr_slots = 6, .nr_own = 2, .nr_promised = 2, .quota = 1, .lend_to = 2},
	[B] = {.nr_slots = 6, .nr_own = 1, .nr_promised = 1, .quota = 1, .lend_to = 1},
};

#define TO_EXPIRED "aL0br bR2 aC0t50 aW60"

static const struct {
	const char *script;
	u32 vm, slot, state, flags, peer;
	u64 left;
} rows[] = {
	{"", A, 4, LEND_SLOT_EMPTY, 0, NOBODY, NONE},
	{"", A, 0, LEND_SLOT_STANDBY, OWN, NOBODY, NONE},
	{"", A, 2, LEND_SLOT_STANDBY, 0, NOBODY, NONE},
	{"aL0b", B, 2, LEND_SLOT_OFFERED, 0, A, NONE},
	{"aL0b", A, 0, LEND_SLOT_LENT, OWN, B, NONE},
	{"aL0bkra", B, 2, LEND_SLOT_OFFERED, LEND_FLAG_KEEP | REVOCABLE | LEND_FLAG_ADOPTABLE, A,
	 NONE},
	{"aD0b", B, 2, LEND_SLOT_OFFERED, 0, A, NONE},
	{"aD0b bR2", B, 2, LEND_SLOT_HELD, OWN, NOBODY, NONE},
	{"aD0b bR2", A, 0, LEND_SLOT_EMPTY, 0, NOBODY, NONE},
	{"aR0", A, 0, LEND_SLOT_HELD, OWN, NOBODY, NONE},
	{"aR0 aM1", A, 0, LEND_SLOT_HELD, OWN | LEND_FLAG_ADOPTED, NOBODY, NONE},
	{"aR2", A, 2, LEND_SLOT_HELD, 0, NOBODY, NONE},
	{"aL0b bR2 aO aS", B, 2, LEND_SLOT_HELD, 0, NOBODY, NONE},
	{"aL0b bR2", B, 2, LEND_SLOT_BORROWED, 0, A, NONE},
	{"aL0ba bR2 bM1", B, 2, LEND_SLOT_BORROWED, LEND_FLAG_ADOPTABLE | LEND_FLAG_ADOPTED, A,
	 NONE},
	{"aL0b bR2 aC0", B, 2, LEND_SLOT_BORROWED, RECALLED, A, NONE},
	{"aL0b bR2 aC0", A, 0, LEND_SLOT_LENT, RECALLED | OWN, B, NONE},
	{"aL0b bR2 aC0t50 aW10", B, 2, LEND_SLOT_BORROWED, RECALLED, A, 40},
	{"aL0b bR2 aC0t50 aW10", A, 0, LEND_SLOT_LENT, RECALLED | OWN, B, 40},
	{TO_EXPIRED, B, 2, LEND_SLOT_BORROWED, REVOCABLE | RECALLED | EXPIRED, A, 0},
	{TO_EXPIRED, A, 0, LEND_SLOT_LENT, REVOCABLE | RECALLED | EXPIRED | OWN, B, 0},
	{TO_EXPIRED " aV0", B, 2, LEND_SLOT_REVOKED, 0, A, NONE},
	{TO_EXPIRED " aV0", A, 0, LEND_SLOT_STANDBY, OWN, NOBODY, NONE},
	{TO_EXPIRED " aV0.", B, 2, LEND_SLOT_REVOKED, BUSY, A, NONE},
	{TO_EXPIRED " aV0.", A, 0, LEND_SLOT_LENT, REVOCABLE | RECALLED | EXPIRED | OWN | BUSY, B,
	 0},
	{"aR0 aQ0.", A, 0, LEND_SLOT_STANDBY, OWN | BUSY, NOBODY, NONE},
	{"aR2 aQ2.", A, 2, LEND_SLOT_STANDBY, BUSY, NOBODY, NONE},
	{"aL0b bR2.", B, 2, LEND_SLOT_OFFERED, BUSY, A, NONE},
	{"aL0b bR2.", A, 0, LEND_SLOT_LENT, OWN | BUSY, B, NONE},
	{"aL0b bR2 bQ2.", B, 2, LEND_SLOT_EMPTY, BUSY, NOBODY, NONE},
	{"aR0 aP0 aQ0", A, 0, LEND_SLOT_EMPTY, 0, NOBODY, NONE},
};

static void test_slot_info(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct slot *s = &world.slots[rows[i].vm][rows[i].slot];
		struct world_snapshot *snapshot;
		u64 loan;

		print_message("\"%s\": %c%u\n", rows[i].script, 'a' + rows[i].vm, rows[i].slot);
		world_begin_sparse(vms, ARRAY_SIZE(vms), 5);
		world_run(rows[i].script);
		loan = s->loan == LEND_NONE ? 0 : loan_handle(&world.l, s->loan);
		snapshot = world_snapshot();
		assert_int_equal(world_call(rows[i].vm, LEND_SLOT_INFO, rows[i].slot, 0, 0, 0), 0);
		world_expect_same(snapshot);
		assert_int_equal(LEND_SLOT_STATE(world.x[1]), rows[i].state);
		assert_int_equal(LEND_SLOT_FLAGS(world.x[1]), rows[i].flags);
		assert_int_equal(LEND_SLOT_PEER(world.x[1]), rows[i].peer);
		assert_int_equal(world.x[2], loan);
		assert_int_equal(world.x[3], rows[i].left);
		assert_int_equal(world.x[4], s->generation);
		world_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_slot_info)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
