/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The owner of a block whose scrub somebody began and left: it comes back all the same, and nobody
 * makes a call for it. test_abandon_b.c is the borrower. A owns one large block.
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/abandon.h"
#include "guest-tests/bare/lib/lend.h"

static struct lend_window w;

static u64 lend_it(void)
{
	struct smccc got = lend(LEND_LEND, 0, 1, lend_peer(), LEND_LEND_REVOCABLE);

	return got.x[0] == LEND_SUCCESS ? got.x[1] : NO_LOAN;
}

static void it_returns_clean(void)
{
	struct lend_event event;

	CHECK(lend_wait_event(LEND_EVENT_RETURNED, &event));
	CHECK_EQ(slot_state(0), LEND_SLOT_STANDBY);
	CHECK_EQ(slot_flags(0), LEND_FLAG_OWN);
	CHECK_EQ(lend_status(LEND_RETRIEVE, 0, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(first_nonzero(w.base, w.block_size), 0);
	CHECK_EQ(lend_status(LEND_RELINQUISH, 0, 1, 0, 0), LEND_SUCCESS);
}

static void by_the_borrower(void)
{
	w = lend_window();
	lend_events_begin();
	CHECK(lend_it() != NO_LOAN);
	it_returns_clean();
}

static void by_the_owner(void)
{
	struct lend_event event;
	u64 loan;

	lend_events_begin();
	loan = lend_it();
	CHECK(loan != NO_LOAN);
	CHECK(lend_wait_sign());
	CHECK_EQ(lend_status(LEND_RECLAIM, loan, 1, 0, 0), LEND_PENDING);
	CHECK(lend_wait_event(LEND_EVENT_EXPIRED, &event));
	CHECK(lend_abandoned(0, LEND_REVOKE, loan, 0, 0));
	CHECK_EQ(slot_state(0), LEND_SLOT_LENT);
	CHECK(slot_flags(0) & LEND_FLAG_BUSY);
	it_returns_clean();
}

TESTS(TEST(by_the_borrower), TEST(by_the_owner));
