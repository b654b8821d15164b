/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each kind of loan from the borrower's side: see test_terms_a.c. What B retrieves it reads twice, with
 * the MMU off first: contents have to be right at the point of coherency, not in the caches only. B
 * owns one block, for signs.
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/lend.h"
#include "guest-tests/bare/lib/secret.h"

#define OWN_SLOT 0
#define OWNER 0xa
#define BORROWER 0xb

static struct lend_window w;
static struct lend_event offer;
static u64 block;

static s64 call(u32 fn, u64 x1, u64 x2, u64 x3, u64 x4)
{
	return lend_status(fn, x1, x2, x3, x4);
}

static void discovery(void)
{
	w = lend_window();
	CHECK_EQ(w.nr_own, 1);
	lend_events_begin();
}

static bool offer_comes(void)
{
	lend_events_begin();
	if (!lend_wait_event(LEND_EVENT_OFFER, &offer))
		return false;
	block = slot_address(offer.slot);
	return slot_state(offer.slot) == LEND_SLOT_OFFERED && slot_loan(offer.slot) == offer.loan;
}

/* Zeroes all over, or the words of a key; with the MMU off and on. */
static void check_contents(u64 key, u64 size)
{
	u64 off, on;

	irq_disable(); /* the handler wants its lock words cached */
	mmu_off();
	off = key ? secret_unlike(block, size, key) : first_nonzero(block, size);
	mmu_on();
	irq_enable();
	on = key ? secret_unlike(block, size, key) : first_nonzero(block, size);
	CHECK_EQ(off, 0);
	CHECK_EQ(on, 0);
}

static void kept_both_ways(void)
{
	CHECK(offer_comes());
	CHECK_EQ(call(LEND_RETRIEVE, offer.slot, 1, 0, 0), LEND_SUCCESS);
	check_contents(OWNER, w.block_size);
	secret_fill(block, w.block_size, BORROWER);
	CHECK_EQ(call(LEND_RELINQUISH, offer.slot, 1, LEND_RELINQUISH_KEEP, 0), LEND_SUCCESS);
	CHECK(slot_is_absent(offer.slot));
}

static void kept_for_oneself(void)
{
	CHECK(offer_comes());
	CHECK_EQ(call(LEND_RETRIEVE, offer.slot, 1, 0, 0), LEND_SUCCESS);
	check_contents(0, w.block_size);
	secret_fill(block, w.block_size, BORROWER);
	CHECK_EQ(call(LEND_RELINQUISH, offer.slot, 1, LEND_RELINQUISH_KEEP, 0), (s64)LEND_DENIED);
	CHECK_EQ(slot_state(offer.slot), LEND_SLOT_BORROWED);
	CHECK_EQ(call(LEND_RELINQUISH, offer.slot, 1, 0, 0), LEND_SUCCESS);
}

static void kept_offer(void)
{
	const u64 both = LEND_RELINQUISH_KEEP | LEND_RELINQUISH_KEEP_OFFER;

	CHECK(offer_comes());
	CHECK_EQ(call(LEND_RETRIEVE, offer.slot, 1, 0, 0), LEND_SUCCESS);
	check_contents(0, w.block_size);
	secret_fill(block, w.block_size, BORROWER);
	CHECK_EQ(call(LEND_RELINQUISH, offer.slot, 1, both, 0), LEND_SUCCESS);
	CHECK_EQ(slot_state(offer.slot), LEND_SLOT_OFFERED);
	CHECK_EQ(slot_loan(offer.slot), offer.loan);
	CHECK(slot_is_absent(offer.slot));
	CHECK_EQ(call(LEND_RETRIEVE, offer.slot, 1, 0, 0), LEND_SUCCESS);
	check_contents(BORROWER, w.block_size);
	CHECK_EQ(call(LEND_RELINQUISH, offer.slot, 1, LEND_RELINQUISH_KEEP_OFFER, 0), LEND_SUCCESS);
	CHECK_EQ(slot_state(offer.slot), LEND_SLOT_OFFERED);
	CHECK_EQ(call(LEND_RETRIEVE, offer.slot, 1, 0, 0), LEND_SUCCESS);
	check_contents(0, w.block_size);
	secret_fill(block, w.block_size, BORROWER);
	CHECK_EQ(call(LEND_RELINQUISH, offer.slot, 1, 0, 0), LEND_SUCCESS);
}

static void three_blocks(void)
{
	u32 slot;

	CHECK(offer_comes());
	slot = offer.slot;
	CHECK_EQ(slot % 2, 0);
	CHECK_EQ(LEND_SLOT_RUN(lend(LEND_SLOT_INFO, slot, 0, 0, 0).x[1]), 3);
	CHECK_EQ(slot_flags(slot + 2), LEND_FLAG_ADOPTABLE);
	/* One of them, then all: two are new. */
	CHECK_EQ(call(LEND_RETRIEVE, slot + 1, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(slot_state(slot), LEND_SLOT_OFFERED);
	CHECK_EQ(lend(LEND_RETRIEVE, slot, 3, 0, 0).x[1], 3);
	CHECK(slots_are(slot, 3, LEND_SLOT_BORROWED));
	check_contents(0, 3 * w.block_size);
	secret_fill(block, 3 * w.block_size, BORROWER);
	CHECK_EQ(call(LEND_RELINQUISH, slot + 1, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(slot_state(slot + 1), LEND_SLOT_EMPTY);
	CHECK_EQ(secret_unlike(block, w.block_size, BORROWER), 0);
	CHECK(lend_wait_event(LEND_EVENT_RECALL, &offer));
	CHECK_EQ(offer.slot, slot);
	CHECK(lend_wait_event(LEND_EVENT_RECALL, &offer));
	CHECK_EQ(offer.slot, slot + 2);
	CHECK_EQ(slot_flags(slot), LEND_FLAG_ADOPTABLE | LEND_FLAG_RECALLED);
	CHECK_EQ(lend(LEND_RELINQUISH, slot, 3, LEND_RELINQUISH_KEEP_OFFER, 0).x[1], 3);
	CHECK(slots_are(slot, 3, LEND_SLOT_EMPTY)); /* no offer is kept that is recalled */
}

static void refused(void)
{
	CHECK(offer_comes());
	CHECK_EQ(call(LEND_REFUSE, w.nr_slots, 0, 0, 0), (s64)LEND_INVALID);
	CHECK_EQ(call(LEND_REFUSE, OWN_SLOT, 0, 0, 0), (s64)LEND_BAD_STATE);
	CHECK_EQ(call(LEND_REFUSE, offer.slot, 0, 0, 0), LEND_SUCCESS);
	CHECK(slot_is_absent(offer.slot));
}

static void deadline(void)
{
	struct lend_event event;

	CHECK(offer_comes());
	CHECK_EQ(call(LEND_RETRIEVE, offer.slot, 1, 0, 0), LEND_SUCCESS);
	secret_fill(block, w.block_size, BORROWER);
	CHECK(lend_sign(OWN_SLOT, lend_peer()));
	CHECK(lend_wait_event(LEND_EVENT_EXPIRED, &event));
	CHECK_EQ(event.slot, offer.slot);
	CHECK_EQ(slot_flags(offer.slot),
		 LEND_FLAG_REVOCABLE | LEND_FLAG_RECALLED | LEND_FLAG_EXPIRED);
	CHECK_EQ(slot_state(offer.slot), LEND_SLOT_BORROWED);
	CHECK_EQ(secret_unlike(block, w.block_size, BORROWER), 0);
	CHECK(lend_sign(OWN_SLOT, lend_peer()));
	CHECK_EQ(call(LEND_RELINQUISH, offer.slot, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(slot_state(offer.slot), LEND_SLOT_EMPTY);
}

static void clean_slate(void)
{
	struct smccc got;

	CHECK(offer_comes());
	CHECK_EQ(call(LEND_RETRIEVE, offer.slot, 2, 0, 0), LEND_SUCCESS);
	CHECK(WAIT_FOR(slot_state(OWN_SLOT) == LEND_SLOT_STANDBY));
	CHECK_EQ(call(LEND_RETRIEVE, OWN_SLOT, 1, 0, 0), LEND_SUCCESS);
	secret_fill(block, 2 * w.block_size, BORROWER);
	secret_fill(slot_address(OWN_SLOT), w.block_size, BORROWER);
	got = lend(LEND_RELINQUISH_ALL, 0, 0, 0, 0);
	CHECK_EQ(got.x[0], LEND_SUCCESS);
	CHECK_EQ(got.x[1], 3);
	CHECK_EQ(slot_state(OWN_SLOT), LEND_SLOT_STANDBY);
	CHECK(slot_is_absent(OWN_SLOT));
	CHECK(slot_is_absent(offer.slot));
	CHECK_EQ(lend(LEND_RELINQUISH_ALL, 0, 0, 0, 0).x[1], 0);
	CHECK_EQ(call(LEND_RETRIEVE, OWN_SLOT, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(first_nonzero(slot_address(OWN_SLOT), w.block_size), 0);
	CHECK_EQ(call(LEND_RELINQUISH, OWN_SLOT, 1, 0, 0), LEND_SUCCESS);
}

static void donated(void)
{
	struct lend_event event;
	u32 gift;

	CHECK(offer_comes());
	gift = offer.slot;
	CHECK_EQ(call(LEND_RETRIEVE, gift, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(slot_state(gift), LEND_SLOT_HELD);
	CHECK_EQ(slot_flags(gift), LEND_FLAG_OWN);
	CHECK_EQ(slot_peer(gift), LEND_NO_PEER);
	CHECK_EQ(slot_loan(gift), NO_LOAN);
	check_contents(OWNER, w.block_size);
	CHECK_EQ(call(LEND_RELINQUISH, gift, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(slot_state(gift), LEND_SLOT_STANDBY);
	/* It is the new owner's to lend. */
	CHECK_EQ(call(LEND_LEND, gift, 1, lend_peer(), 0), LEND_SUCCESS);
	CHECK_EQ(slot_state(gift), LEND_SLOT_LENT);
	CHECK(lend_wait_event(LEND_EVENT_RETURNED, &event));
	CHECK_EQ(event.slot, gift);
	CHECK_EQ(slot_state(gift), LEND_SLOT_STANDBY);
	CHECK_EQ(call(LEND_RETRIEVE, gift, 1, 0, 0), LEND_SUCCESS);
	check_contents(0, w.block_size);
}

/* Keeps its hands off the gift, and is there until A says that it is done. */
static void gift_reclaimed(void)
{
	lend_events_begin();
	do
		CHECK(lend_wait_event(LEND_EVENT_OFFER, &offer));
	while (!(slot_flags(offer.slot) & LEND_FLAG_REVOCABLE));
	CHECK_EQ(call(LEND_REFUSE, offer.slot, 0, 0, 0), LEND_SUCCESS);
}

TESTS(TEST(discovery), TEST(kept_both_ways), TEST(kept_for_oneself), TEST(kept_offer),
      TEST(three_blocks), TEST(refused), TEST(deadline), TEST(clean_slate), TEST(donated),
      TEST(gift_reclaimed));
