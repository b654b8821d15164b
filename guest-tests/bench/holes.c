/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What LEND costs where the borrower's window is full of holes that are too small: of each four slots two are
 * on offer and two are empty, but for 256 empty ones at its end. One image for both VMs: who has own blocks lends
 * them, 256 more than the borrower has slots. Who waits is in WFI.
 *
 * Loans tell the borrower by their flags what to do: REVOCABLE, refuse two of four; KEEP, leave it alone.
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/asleep.h"
#include "guest-tests/bare/lib/figure.h"

#define FEW 3
#define MANY LEND_CALL_MAX
#define MAKE_HOLES LEND_LEND_REVOCABLE
#define LEAVE_IT LEND_LEND_KEEP

static struct lend_window w;

/* How long it takes; with success, `*loan` is the loan. */
static u64 lend_slots(s64 expected, u32 slot, u32 n, u64 flags, u64 *loan)
{
	u64 start = counter_virt();
	struct smccc got = lend(LEND_LEND, slot, n, lend_peer(), flags);
	u64 ticks = counter_virt() - start;

	if ((s64)got.x[0] != expected)
		bail_out("LEND of %u ended with %d, not %d", n, (int)got.x[0], (int)expected);
	*loan = got.x[1];
	return ticks;
}

static void take_back(u64 loan)
{
	if (lend_status(LEND_RECLAIM, loan, 0, 0, 0))
		bail_out("an offer does not come back");
}

static u64 least_lend(u32 slot, u32 n)
{
	u64 least = NONE, loan;

	for (u32 i = 0; i < ROUNDS; i++) {
		keep_least(&least, lend_slots(LEND_SUCCESS, slot, n, LEAVE_IT, &loan));
		sleep_ms(1); /* the borrower reads of it */
		take_back(loan);
		sleep_ms(1);
	}
	return least;
}

static u64 least_refusal(u32 slot, u32 n)
{
	u64 least = NONE, loan;

	for (u32 i = 0; i < ROUNDS; i++)
		keep_least(&least, lend_slots(LEND_NO_SLOT, slot, n, LEAVE_IT, &loan));
	return least;
}

static void make_holes(u32 nr_slots)
{
	u64 loan;

	for (u32 slot = 0; slot < nr_slots; slot += MANY) {
		lend_slots(LEND_SUCCESS, slot, MANY, MAKE_HOLES, &loan);
		sleep_until_events(LEND_EVENT_RETURNED, MANY / 2);
	}
}

static void lender(void)
{
	u32 left; /* the first of twice MANY that are not lent yet */
	u64 loan;

	w = lend_window();
	SKIP_UNLESS(w.nr_own, "the borrower");
	asleep_begin(take_events);
	sleep_ms(5); /* everybody is up */
	left = w.nr_own - 2 * MANY;
	make_holes(left);
	figure("lend-3", least_lend(left, FEW));
	figure("lend-256", least_lend(left, MANY));
	lend_slots(LEND_SUCCESS, left, FEW, LEAVE_IT, &loan);
	sleep_ms(1);
	figure("lend-256-refused", least_refusal(left + MANY, MANY));
	take_back(loan);
	lend_slots(LEND_SUCCESS, left, MANY, LEAVE_IT, &loan);
	sleep_ms(1);
	figure("lend-3-refused", least_refusal(left + MANY, FEW));
}

static void borrower(void)
{
	w = lend_window();
	SKIP_UNLESS(!w.nr_own, "the lender");
	asleep_begin(take_events);
	for (;;) {
		u32 first;

		sleep_until_events(LEND_EVENT_OFFER, 1);
		first = event_slot[LEND_EVENT_OFFER] / MANY * MANY;
		for (u32 slot = first; slot < first + MANY; slot++)
			if (slot & 2 && slot_state(slot) == LEND_SLOT_OFFERED &&
			    slot_flags(slot) & LEND_FLAG_REVOCABLE)
				CHECK_EQ(lend_status(LEND_REFUSE, slot, 0, 0, 0), LEND_SUCCESS);
	}
}

TESTS(TEST(lender), TEST(borrower));
