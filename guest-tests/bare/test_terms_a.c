/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each kind of loan from its owner's side, one after the other; test_terms_b.c is the other side, test
 * by test under the same name. A owns six blocks. B signs by offers of a block of its own, where A has
 * to wait for something that no event of its own tells. B's bundle node says the bootarg min_recall, in ms.
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/args.h"
#include "guest-tests/bare/lib/lend.h"
#include "guest-tests/bare/lib/secret.h"

#define OWNER 0xa /* keys of contents */
#define BORROWER 0xb
#define MS 1000000UL /* ns */
#define LATE (5 * MS) /* under icount */

static struct lend_window w;

static s64 call(u32 fn, u64 x1, u64 x2, u64 x3, u64 x4)
{
	return lend_status(fn, x1, x2, x3, x4);
}

static u64 base_of(u32 slot)
{
	return w.base + slot * w.block_size;
}

static void discovery(void)
{
	w = lend_window();
	CHECK(w.nr_own >= 6);
	lend_events_begin();
}

/* Retrieves a block, fills it, gives it up with these flags, and lends it with those. */
static u64 lend_filled(u32 slot, u64 relinquish_flags, u64 lend_flags)
{
	struct smccc got = {{0}};

	if (call(LEND_RETRIEVE, slot, 1, 0, 0) == LEND_SUCCESS) {
		secret_fill(base_of(slot), w.block_size, OWNER);
		if (call(LEND_RELINQUISH, slot, 1, relinquish_flags, 0) == LEND_SUCCESS)
			(void)WAIT_FOR(
				(s64)(got = lend(LEND_LEND, slot, 1, lend_peer(), lend_flags))
					.x[0] != LEND_BUSY);
	}
	return got.x[0] == LEND_SUCCESS ? got.x[1] : NO_LOAN;
}

static bool returned(u32 slot, u32 n)
{
	return lend_wait_events(LEND_EVENT_RETURNED, slot, n) &&
	       slots_are(slot, n, LEND_SLOT_STANDBY) && slot_loan(slot) == NO_LOAN;
}

static void check_zero(u32 slot, u32 n)
{
	CHECK_EQ(call(LEND_RETRIEVE, slot, n, 0, 0), LEND_SUCCESS);
	CHECK_EQ(first_nonzero(base_of(slot), n * w.block_size), 0);
	CHECK_EQ(call(LEND_RELINQUISH, slot, n, 0, 0), LEND_SUCCESS);
}

static void kept_both_ways(void)
{
	lend_events_begin();
	CHECK(lend_filled(0, LEND_RELINQUISH_KEEP, LEND_LEND_KEEP) != NO_LOAN);
	CHECK_EQ(slot_flags(0), LEND_FLAG_OWN | LEND_FLAG_KEEP);
	CHECK(returned(0, 1));
	CHECK_EQ(call(LEND_RETRIEVE, 0, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(secret_unlike(base_of(0), w.block_size, BORROWER), 0);
	CHECK_EQ(call(LEND_RELINQUISH, 0, 1, 0, 0), LEND_SUCCESS);
}

/* What its owner kept is the owner's alone, unless the loan says otherwise. */
static void kept_for_oneself(void)
{
	lend_events_begin();
	CHECK(lend_filled(0, LEND_RELINQUISH_KEEP, 0) != NO_LOAN);
	CHECK(returned(0, 1));
	check_zero(0, 1);
}

/* KEEP of the loan alone keeps nothing. */
static void kept_offer(void)
{
	lend_events_begin();
	CHECK(lend_filled(0, 0, LEND_LEND_KEEP) != NO_LOAN);
	CHECK(returned(0, 1));
	check_zero(0, 1);
}

static void three_blocks(void)
{
	struct lend_event event;
	struct smccc got;
	u64 loan;

	lend_events_begin();
	got = lend(LEND_LEND, 1, 3, lend_peer(), LEND_LEND_ADOPTABLE);
	CHECK_EQ(got.x[0], LEND_SUCCESS);
	loan = got.x[1];
	CHECK_EQ(LEND_SLOT_RUN(lend(LEND_SLOT_INFO, 1, 0, 0, 0).x[1]), 3);
	/* B gives back the middle one by itself. */
	CHECK(lend_wait_event(LEND_EVENT_RETURNED, &event));
	CHECK_EQ(event.slot, 2);
	CHECK_EQ(event.loan, NO_LOAN);
	CHECK_EQ(slot_state(1), LEND_SLOT_LENT);
	CHECK_EQ(slot_state(2), LEND_SLOT_STANDBY);
	CHECK_EQ(slot_state(3), LEND_SLOT_LENT);
	check_zero(2, 1);
	got = lend(LEND_RECLAIM, loan, 0, 0, 0);
	CHECK_EQ(got.x[0], LEND_PENDING);
	CHECK_EQ(got.x[1], 2);
	CHECK(lend_wait_event(LEND_EVENT_RETURNED, &event));
	CHECK(lend_wait_event(LEND_EVENT_RETURNED, &event));
	CHECK(slots_are(1, 3, LEND_SLOT_STANDBY));
	CHECK_EQ(call(LEND_RECLAIM, loan, 0, 0, 0), (s64)LEND_BAD_STATE);
	check_zero(1, 3);
}

/* Whoever refuses has seen nothing, and nothing is lost. */
static void refused(void)
{
	lend_events_begin();
	CHECK(lend_filled(0, LEND_RELINQUISH_KEEP, LEND_LEND_KEEP) != NO_LOAN);
	CHECK(returned(0, 1));
	CHECK_EQ(call(LEND_RETRIEVE, 0, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(secret_unlike(base_of(0), w.block_size, OWNER), 0);
	CHECK_EQ(call(LEND_RELINQUISH, 0, 1, 0, 0), LEND_SUCCESS);
}

static u64 ns_since(u64 begin)
{
	return (timer_count(TIMER_PHYS) - begin) * 1000 * MS / counter_hz();
}

static u64 time_left(u32 slot)
{
	return lend(LEND_SLOT_INFO, slot, 0, 0, 0).x[3];
}

static void deadline(void)
{
	const u64 min_recall = boot_arg("min_recall", 0) * MS, longer = 3 * min_recall;
	const bool exact = boot_arg("icount", 0);
	u64 loan, begin, again, passed, left, wanted;
	struct lend_event event;

	lend_events_begin();
	loan = lend_filled(0, 0, LEND_LEND_REVOCABLE);
	CHECK(loan != NO_LOAN);
	CHECK_EQ(time_left(0), LEND_NO_DEADLINE);
	CHECK(lend_wait_sign());
	CHECK_EQ(call(LEND_RECLAIM, loan, 0, 0, 0), LEND_PENDING);
	CHECK_EQ(time_left(0), LEND_NO_DEADLINE);
	CHECK_EQ(call(LEND_REVOKE, loan, 0, 0, 0), (s64)LEND_BAD_STATE);
	/* Not under min-recall; a repeat makes it later, never earlier, unless it is over by then. */
	begin = timer_count(TIMER_PHYS);
	CHECK_EQ(call(LEND_RECLAIM, loan, 1, 0, 0), LEND_PENDING);
	left = time_left(0);
	passed = ns_since(begin);
	CHECK(left <= min_recall + MS && left + passed + MS >= min_recall);
	again = timer_count(TIMER_PHYS);
	CHECK_EQ(call(LEND_RECLAIM, loan, longer, 0, 0), LEND_PENDING);
	wanted = min_recall;
	if (ns_since(begin) < min_recall) {
		begin = again;
		wanted = longer;
	}
	CHECK_EQ(call(LEND_RECLAIM, loan, MS, 0, 0), LEND_PENDING);
	CHECK_EQ(call(LEND_RECLAIM, loan, 0, 0, 0), LEND_PENDING);
	if (exact)
		CHECK_EQ(call(LEND_REVOKE, loan, 0, 0, 0), (s64)LEND_BAD_STATE);
	CHECK(lend_wait_event(LEND_EVENT_EXPIRED, &event));
	passed = ns_since(begin);
	print("# a deadline of %lu us expired after %lu us\n", wanted / 1000, passed / 1000);
	CHECK(passed + 1 >= wanted);
	CHECK(!exact || (wanted == longer && passed <= longer + LATE));
	CHECK_EQ(event.slot, 0);
	CHECK_EQ(event.loan, loan);
	CHECK_EQ(time_left(0), 0);
	CHECK_EQ(slot_state(0), LEND_SLOT_LENT);
	CHECK(lend_wait_sign());
	/* B is late, and still right. */
	CHECK(returned(0, 1));
	CHECK_EQ(call(LEND_REVOKE, loan, 0, 0, 0), (s64)LEND_BAD_STATE);
	check_zero(0, 1);
}

static void clean_slate(void)
{
	lend_events_begin();
	CHECK_EQ(call(LEND_LEND, 2, 2, lend_peer(), 0), LEND_SUCCESS);
	CHECK(returned(2, 2));
	check_zero(2, 2);
}

/* Slot 4 goes away for good, with what was kept in it; it comes back as a loan of B's. */
static void donated(void)
{
	struct lend_event event;
	struct smccc got;

	lend_events_begin();
	CHECK_EQ(call(LEND_RETRIEVE, 4, 1, 0, 0), LEND_SUCCESS);
	secret_fill(base_of(4), w.block_size, OWNER);
	CHECK_EQ(call(LEND_RELINQUISH, 4, 1, LEND_RELINQUISH_KEEP, 0), LEND_SUCCESS);
	CHECK_EQ(call(LEND_DONATE, 4, 1, lend_peer(), LEND_LEND_REVOCABLE), (s64)LEND_INVALID);
	got = lend(LEND_DONATE, 4, 1, lend_peer(), LEND_LEND_KEEP);
	CHECK_EQ(got.x[0], LEND_SUCCESS);
	CHECK(lend_wait_event(LEND_EVENT_OFFER, &event));
	/* The lowest empty slot is the one that the gift has left. */
	CHECK_EQ(event.slot, 4);
	CHECK_EQ(slot_state(4), LEND_SLOT_OFFERED);
	CHECK_EQ(slot_flags(4), 0);
	CHECK_EQ(call(LEND_RECLAIM, got.x[1], 0, 0, 0), (s64)LEND_BAD_STATE);
	CHECK_EQ(call(LEND_RETRIEVE, event.slot, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(slot_state(event.slot), LEND_SLOT_BORROWED);
	CHECK_EQ(slot_flags(event.slot), 0);
	CHECK_EQ(first_nonzero(base_of(event.slot), w.block_size), 0);
	secret_fill(base_of(event.slot), w.block_size, OWNER);
	CHECK_EQ(call(LEND_LEND, event.slot, 1, lend_peer(), 0), (s64)LEND_DENIED);
	CHECK_EQ(call(LEND_RELINQUISH, event.slot, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(slot_state(event.slot), LEND_SLOT_EMPTY);
}

/* Not taken yet, a gift can be had back. */
static void gift_reclaimed(void)
{
	struct smccc got;

	lend_events_begin();
	(void)WAIT_FOR((s64)(got = lend(LEND_DONATE, 5, 1, lend_peer(), 0)).x[0] != LEND_BUSY);
	CHECK_EQ(got.x[0], LEND_SUCCESS);
	CHECK_EQ(slot_state(5), LEND_SLOT_LENT);
	CHECK_EQ(call(LEND_RECLAIM, got.x[1], 0, 0, 0), LEND_SUCCESS);
	CHECK_EQ(slot_state(5), LEND_SLOT_STANDBY);
	CHECK_EQ(slot_flags(5), LEND_FLAG_OWN);
	/* B may go now; its end before would have looked like the reclaim. */
	CHECK(WAIT_FOR(call(LEND_LEND, 5, 1, lend_peer(), LEND_LEND_REVOCABLE) == LEND_SUCCESS));
	CHECK(WAIT_FOR(slot_state(5) == LEND_SLOT_STANDBY));
}

TESTS(TEST(discovery), TEST(kept_both_ways), TEST(kept_for_oneself), TEST(kept_offer),
      TEST(three_blocks), TEST(refused), TEST(deadline), TEST(clean_slate), TEST(donated),
      TEST(gift_reclaimed));
