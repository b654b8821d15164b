/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lender to test_map.c: at the first sign, an offer of its peer's, it lends two of its own blocks,
 * the first for adoption; at the next it asks for both.
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/lend.h"

#define ADOPTABLE 0 /* slots */
#define PLAIN 1

static u64 loan[2];

static bool sign_comes(void)
{
	struct lend_event event;

	lend_events_begin();
	return lend_wait_event(LEND_EVENT_OFFER, &event);
}

/* Until the peer has read of the last offer, the next one gets BUSY. */
static void lend_slot(u32 slot, u64 flags)
{
	struct smccc got;

	CHECK(WAIT_FOR((s64)(got = lend(LEND_LEND, slot, 1, lend_peer(), flags)).x[0] !=
		       LEND_BUSY));
	CHECK_EQ(got.x[0], LEND_SUCCESS);
	loan[slot] = got.x[1];
}

static void lends_at_a_sign(void)
{
	lend_window();
	CHECK(sign_comes());
	lend_slot(ADOPTABLE, LEND_LEND_ADOPTABLE);
	lend_slot(PLAIN, 0);
	CHECK_EQ(slot_flags(ADOPTABLE) & LEND_FLAG_ADOPTABLE, LEND_FLAG_ADOPTABLE);
}

static void no_recall_of_what_is_adopted(void)
{
	u64 before;

	CHECK(sign_comes());
	before = slots_snapshot(0, 2);
	for (u64 deadline = 0; deadline < 2; deadline++) {
		struct smccc got = lend(LEND_RECLAIM, loan[ADOPTABLE], deadline, 0, 0);

		CHECK_EQ(got.x[0], (s64)LEND_DENIED);
		CHECK_EQ(got.x[1], 0);
	}
	CHECK_EQ(slots_snapshot(0, 2), before);
}

static void the_other_is_recalled(void)
{
	lend_events_begin();
	CHECK_EQ(lend_status(LEND_RECLAIM, loan[PLAIN], 0, 0, 0), LEND_PENDING);
	CHECK(WAIT_FOR(slot_state(PLAIN) == LEND_SLOT_STANDBY));
}

static void both_come_back(void)
{
	CHECK(WAIT_FOR(slots_are(0, 2, LEND_SLOT_STANDBY)));
	CHECK_EQ(slot_loan(ADOPTABLE), NO_LOAN);
}

TESTS(TEST(lends_at_a_sign), TEST(no_recall_of_what_is_adopted), TEST(the_other_is_recalled),
      TEST(both_come_back));
