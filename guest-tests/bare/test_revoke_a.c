/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lender's side of a revoke; test_revoke_b.c is the borrower's. A owns four blocks; first one goes
 * out, then three in one loan. B signs by offers of a block of its own: that all its CPUs hammer the
 * loan, and, after the revoke, that it has seen what it should.
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/lend.h"

#define SEED 0x5ec4e7
#define DEADLINE_NS 500000000 /* longer than a busy host leaves a CPU out */

static struct lend_window w;

static bool is_over(u64 begin)
{
	return timer_count(TIMER_PHYS) - begin >= counter_hz() / 1000 * DEADLINE_NS / 1000000;
}

static void recall_and_expire(u64 loan, u32 slot, u32 n)
{
	struct lend_event event;
	struct smccc got = lend(LEND_RECLAIM, loan, 0, 0, 0);
	u64 begin;

	CHECK_EQ(got.x[0], LEND_PENDING);
	CHECK_EQ(got.x[1], n);
	/* Without a deadline never, else not before its time: on a slow host that may be now. */
	CHECK_EQ(lend_status(LEND_REVOKE, loan, 0, 0, 0), (s64)LEND_BAD_STATE);
	begin = timer_count(TIMER_PHYS);
	CHECK_EQ(lend_status(LEND_RECLAIM, loan, DEADLINE_NS, 0, 0), LEND_PENDING);
	if (lend_status(LEND_REVOKE, loan, 0, 0, 0) != LEND_BAD_STATE) {
		CHECK(is_over(begin));
		CHECK(slots_are(slot, n, LEND_SLOT_STANDBY));
		return;
	}
	CHECK(slots_are(slot, n, LEND_SLOT_LENT));
	CHECK(lend_wait_event(LEND_EVENT_EXPIRED, &event));
	CHECK(is_over(begin));
	CHECK(event.slot >= slot && event.slot < slot + n);
	CHECK_EQ(event.loan, loan);
	CHECK(slots_are(slot, n, LEND_SLOT_LENT));
	for (u32 i = slot; i < slot + n; i++)
		CHECK_EQ(slot_flags(i), LEND_FLAG_OWN | LEND_FLAG_REVOCABLE | LEND_FLAG_RECALLED |
						LEND_FLAG_EXPIRED);
}

/* What B does all the while must not show here. */
static void use_until_sign(u32 slot, u32 n)
{
	u64 address = slot_address(slot), size = n * w.block_size;
	struct lend_event event;

	CHECK_EQ(lend_status(LEND_RETRIEVE, slot, n, 0, 0), LEND_SUCCESS);
	CHECK_EQ(first_nonzero(address, size), 0);
	fill_pattern(address, size, SEED);
	do
		CHECK_EQ(first_unlike_pattern(address, size, SEED), 0);
	while (!lend_next_event(&event) || event.kind != LEND_EVENT_OFFER);
	CHECK_EQ(lend_status(LEND_REFUSE, event.slot, 0, 0, 0), LEND_SUCCESS);
	CHECK_EQ(first_unlike_pattern(address, size, SEED), 0);
	CHECK_EQ(lend_status(LEND_RELINQUISH, slot, n, 0, 0), LEND_SUCCESS);
}

static void lend_and_revoke(u32 slot, u32 n)
{
	struct smccc got;
	u64 loan;

	lend_events_begin();
	w = lend_window();
	got = lend(LEND_LEND, slot, n, lend_peer(), LEND_LEND_REVOCABLE);
	CHECK_EQ(got.x[0], LEND_SUCCESS);
	loan = got.x[1];
	CHECK_EQ(lend_status(LEND_REVOKE, loan, 0, 0, 0), (s64)LEND_BAD_STATE);
	CHECK(lend_wait_sign());
	recall_and_expire(loan, slot, n);
	if (test_failed())
		return;
	if (slot_state(slot) == LEND_SLOT_LENT)
		CHECK_EQ(lend_status(LEND_REVOKE, loan, 0, 0, 0), LEND_SUCCESS);
	CHECK(slots_are(slot, n, LEND_SLOT_STANDBY));
	for (u32 i = slot; i < slot + n; i++)
		CHECK_EQ(slot_flags(i), LEND_FLAG_OWN);
	CHECK_EQ(lend_status(LEND_REVOKE, loan, 0, 0, 0), (s64)LEND_BAD_STATE);
	CHECK_EQ(lend_status(LEND_RECLAIM, loan, 0, 0, 0), (s64)LEND_BAD_STATE);
	use_until_sign(slot, n);
}

static void one_block(void)
{
	lend_and_revoke(0, 1);
}

static void three_blocks(void)
{
	lend_and_revoke(1, 3);
}

/* What was not lent REVOCABLE is not taken by force, expired or not. */
static void not_revocable(void)
{
	struct lend_event event;
	struct smccc got;
	u64 loan;

	lend_events_begin();
	got = lend(LEND_LEND, 0, 1, lend_peer(), 0);
	CHECK_EQ(got.x[0], LEND_SUCCESS);
	loan = got.x[1];
	CHECK(lend_wait_sign());
	CHECK_EQ(lend_status(LEND_RECLAIM, loan, 1, 0, 0), LEND_PENDING);
	CHECK(lend_wait_event(LEND_EVENT_EXPIRED, &event));
	CHECK_EQ(lend_status(LEND_REVOKE, loan, 0, 0, 0), (s64)LEND_DENIED);
	CHECK_EQ(slot_state(0), LEND_SLOT_LENT);
	/* Late, and still right. */
	CHECK(lend_wait_sign());
	CHECK(lend_wait_event(LEND_EVENT_RETURNED, &event));
	CHECK_EQ(slot_state(0), LEND_SLOT_STANDBY);
	CHECK_EQ(lend_status(LEND_RETRIEVE, 0, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(first_nonzero(w.base, w.block_size), 0);
}

TESTS(TEST(one_block), TEST(three_blocks), TEST(not_revocable));
