/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that are begun and never repeated, by a CPU that goes on and by one that goes off: see
 * test_abandon_a.c. B owns two blocks; slot 0 is for signs.
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/abandon.h"
#include "guest-tests/bare/lib/lend.h"

#define SIGN 0
#define OWN 1
#define SEED 0xaba

static struct lend_window w;
static struct lend_event offer;

static void take_the_loan(void)
{
	lend_events_begin();
	CHECK(lend_wait_event(LEND_EVENT_OFFER, &offer));
	CHECK_EQ(lend_status(LEND_RETRIEVE, offer.slot, 1, 0, 0), LEND_SUCCESS);
	fill_pattern(slot_address(offer.slot), w.block_size, SEED);
}

static void begin_and_go(void)
{
	CHECK(lend_abandoned(offer.slot, LEND_RELINQUISH, offer.slot, 1, 0));
}

/* By a CPU that is off from then on. */
static void by_the_borrower(void)
{
	w = lend_window();
	take_the_loan();
	CHECK_EQ(cpu_start(1, begin_and_go), PSCI_SUCCESS);
	CHECK(cpu_wait_off(1));
	CHECK_EQ(slot_state(offer.slot), LEND_SLOT_EMPTY);
	CHECK(slot_is_absent(offer.slot));
}

static void by_the_owner(void)
{
	struct lend_event event;

	take_the_loan();
	CHECK(lend_sign(SIGN, lend_peer()));
	CHECK(lend_wait_event(LEND_EVENT_REVOKED, &event));
	CHECK_EQ(slot_state(offer.slot), LEND_SLOT_REVOKED);
	/* Acknowledged now, this would be a call that scrubs. */
	CHECK(WAIT_FOR(!(slot_flags(offer.slot) & LEND_FLAG_BUSY)));
	CHECK_EQ(lend_status(LEND_RELINQUISH, offer.slot, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(slot_state(offer.slot), LEND_SLOT_EMPTY);
}

static bool is_busy(void)
{
	return slot_flags(OWN) & LEND_FLAG_BUSY;
}

/* SLOT_INFO scrubs nothing: the time does. */
static void own_block(void)
{
	lend_events_begin();
	CHECK_EQ(lend_status(LEND_RETRIEVE, OWN, 1, 0, 0), LEND_SUCCESS);
	fill_pattern(slot_address(OWN), w.block_size, SEED);
	CHECK(lend_abandoned(OWN, LEND_RELINQUISH, OWN, 1, 0));
	CHECK_EQ(slot_state(OWN), LEND_SLOT_STANDBY);
	CHECK(is_busy());
	CHECK(slot_is_absent(OWN));
	CHECK(WAIT_FOR(!is_busy()));
	CHECK_EQ(lend_status(LEND_RETRIEVE, OWN, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(first_nonzero(slot_address(OWN), w.block_size), 0);
}

/* It was kept for its owner; on its way to another it has to be scrubbed. */
static void begun_twice(void)
{
	lend_events_begin();
	fill_pattern(slot_address(OWN), w.block_size, SEED);
	CHECK(lend_abandoned(OWN, LEND_RELINQUISH, OWN, 1, 0));
	CHECK(lend_abandoned(OWN, LEND_RETRIEVE, OWN, 1, 0));
	CHECK(WAIT_FOR(!is_busy()));
	CHECK_EQ(lend_status(LEND_RETRIEVE, OWN, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(first_nonzero(slot_address(OWN), w.block_size), 0);
}

TESTS(TEST(by_the_borrower), TEST(by_the_owner), TEST(own_block), TEST(begun_twice));
