/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An overcommitted pool: both VMs are promised more than there is. A, a manager, takes all of it and
 * gives it back; test_pool_b.c is the other VM, whose quota is 4. Each owns the block of slot 0, for
 * signs, and 256 promised slots follow.
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/lend.h"

#define PROMISED 1 /* the first of these slots */
#define NR_PROMISED 256
#define SIGN 0

static struct lend_window w;
static u32 nr_free;

static s64 call(u32 fn, u64 x1, u64 x2, u64 x3, u64 x4)
{
	return lend_status(fn, x1, x2, x3, x4);
}

static u32 free_now(void)
{
	return (u32)(lend(LEND_INFO, LEND_INFO_POOL, 0, 0, 0).x[2] >> 32);
}

static u32 held_now(void)
{
	return (u32)(lend(LEND_INFO, LEND_INFO_POOL, 0, 0, 0).x[1] >> 32);
}

static void takes_all(void)
{
	u64 before;

	w = lend_window();
	lend_events_begin();
	CHECK_EQ(w.nr_promised, NR_PROMISED);
	nr_free = free_now();
	CHECK(nr_free >= 8 && nr_free < NR_PROMISED);
	/* One too many: none. */
	before = slots_snapshot(0, w.nr_slots);
	CHECK_EQ(call(LEND_RETRIEVE, PROMISED, nr_free + 1, 0, 0), (s64)LEND_NO_MEMORY);
	CHECK_EQ(slots_snapshot(0, w.nr_slots), before);
	CHECK_EQ(free_now(), nr_free);
	CHECK_EQ(call(LEND_RETRIEVE, PROMISED, nr_free, 0, 0), LEND_SUCCESS);
	CHECK_EQ(free_now(), 0);
	CHECK_EQ(held_now(), nr_free);
	CHECK(slots_are(PROMISED, nr_free, LEND_SLOT_HELD));
	CHECK_EQ(first_nonzero(slot_address(PROMISED), nr_free * w.block_size), 0);
	fill_pattern(slot_address(PROMISED), nr_free * w.block_size, 1);
	CHECK_EQ(call(LEND_RETRIEVE, PROMISED + nr_free, 1, 0, 0), (s64)LEND_NO_MEMORY);
	CHECK(lend_sign(SIGN, lend_peer()));
}

/* B found nothing, and waits for the event of the one block. */
static void gives_one(void)
{
	struct lend_event event;

	lend_events_begin();
	CHECK(lend_wait_sign());
	CHECK_EQ(call(LEND_RELINQUISH, PROMISED, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(slot_state(PROMISED), LEND_SLOT_STANDBY);
	/* A itself asked for more than there was, too. */
	CHECK(lend_wait_event(LEND_EVENT_POOL, &event));
	CHECK(lend_wait_sign());
	CHECK_EQ(first_unlike_pattern(slot_address(PROMISED + 1), (nr_free - 1) * w.block_size, 1),
		 0);
	CHECK_EQ(call(LEND_RELINQUISH, PROMISED, nr_free, 0, 0), LEND_SUCCESS);
	CHECK_EQ(free_now(), nr_free);
	CHECK_EQ(held_now(), 0);
	CHECK(lend_sign(SIGN, lend_peer()));
	CHECK(lend_wait_sign());
}

static void sets_targets(void)
{
	struct lend_event event;

	lend_events_begin();
	CHECK_EQ(call(LEND_TARGET, 99, 1, 0, 0), (s64)LEND_NO_SUCH_VM);
	CHECK_EQ(call(LEND_TARGET, lend_peer(), NR_PROMISED + 1, 0, 0), (s64)LEND_INVALID);
	CHECK_EQ(call(LEND_TARGET, w.id, 3, 0, 0), LEND_SUCCESS);
	CHECK(lend_wait_event(LEND_EVENT_TARGET, &event));
	CHECK_EQ((u32)lend(LEND_INFO, LEND_INFO_POOL, 0, 0, 0).x[1], 3);
	CHECK_EQ(call(LEND_TARGET, lend_peer(), 2, 0, 0), LEND_SUCCESS);
	CHECK(lend_wait_sign());
}

TESTS(TEST(takes_all), TEST(gives_one), TEST(sets_targets));
