/* SPDX-License-Identifier: BSD-2-Clause */
/* The VM that finds the pool empty: see test_pool_a.c. */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/lend.h"

#define PROMISED 1
#define QUOTA 4
#define SIGN 0

static struct lend_window w;

static s64 call(u32 fn, u64 x1, u64 x2, u64 x3, u64 x4)
{
	return lend_status(fn, x1, x2, x3, x4);
}

static struct smccc pool(void)
{
	return lend(LEND_INFO, LEND_INFO_POOL, 0, 0, 0);
}

static void finds_nothing(void)
{
	struct lend_event event;

	w = lend_window();
	lend_events_begin();
	CHECK(lend_wait_sign());
	CHECK_EQ((u32)pool().x[2], QUOTA);
	CHECK_EQ(call(LEND_RETRIEVE, PROMISED, 1, 0, 0), (s64)LEND_NO_MEMORY);
	CHECK_EQ(slot_state(PROMISED), LEND_SLOT_STANDBY);
	/* Quota comes before memory. */
	CHECK_EQ(call(LEND_RETRIEVE, PROMISED, QUOTA + 1, 0, 0), (s64)LEND_DENIED);
	CHECK(lend_sign(SIGN, lend_peer()));
	CHECK(lend_wait_event(LEND_EVENT_POOL, &event));
	CHECK_EQ(call(LEND_RETRIEVE, PROMISED, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(first_nonzero(slot_address(PROMISED), w.block_size), 0);
	CHECK_EQ(call(LEND_RELINQUISH, PROMISED, 1, 0, 0), LEND_SUCCESS);
	CHECK(lend_sign(SIGN, lend_peer()));
}

static void may_not_have_more(void)
{
	lend_events_begin();
	CHECK(lend_wait_sign());
	CHECK_EQ(call(LEND_RETRIEVE, PROMISED, QUOTA + 1, 0, 0), (s64)LEND_DENIED);
	CHECK_EQ(pool().x[1] >> 32, 0);
	CHECK_EQ(call(LEND_RETRIEVE, PROMISED, QUOTA, 0, 0), LEND_SUCCESS);
	CHECK_EQ(pool().x[1] >> 32, QUOTA);
	CHECK_EQ(first_nonzero(slot_address(PROMISED), QUOTA * w.block_size), 0);
	CHECK_EQ(call(LEND_RETRIEVE, PROMISED + QUOTA, 1, 0, 0), (s64)LEND_DENIED);
	CHECK_EQ(call(LEND_LEND, PROMISED, 1, lend_peer(), 0), (s64)LEND_BAD_STATE);
	CHECK_EQ(call(LEND_RELINQUISH, PROMISED, QUOTA, 0, 0), LEND_SUCCESS);
	CHECK_EQ(call(LEND_LEND, PROMISED, 1, lend_peer(), 0), (s64)LEND_DENIED);
	CHECK(lend_sign(SIGN, lend_peer()));
}

static void is_told_its_target(void)
{
	struct lend_event event;

	lend_events_begin();
	CHECK_EQ(call(LEND_TARGET, w.id, 1, 0, 0), (s64)LEND_DENIED);
	CHECK(lend_wait_event(LEND_EVENT_TARGET, &event));
	CHECK_EQ((u32)pool().x[1], 2);
	CHECK(lend_sign(SIGN, lend_peer()));
}

TESTS(TEST(finds_nothing), TEST(may_not_have_more), TEST(is_told_its_target));
