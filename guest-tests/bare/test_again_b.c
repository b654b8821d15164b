/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The peer of test_again_a.c: takes what is offered and uses it, gives back what is recalled, lends its own
 * two blocks whenever it has them, and asks for them back now and then. It waits for a key to
 * begin; at another it lends no more and settles.
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/lend.h"

#define N 2
#define LAST 8 /* slots looked at */

static struct lend_window w;
static u32 nr_lent, nr_borrowed, nr_returned, nr_bad, nr_rounds;

static void wait_key(const char *why)
{
	print("= %s\n", why);
	while (!uart_has_input())
		cpu_relax();
	while (uart_has_input())
		uart_get();
}

static bool done(s64 status)
{
	nr_bad += status < 0 && status != LEND_BUSY && status != LEND_BAD_STATE &&
		  status != LEND_NO_SUCH_VM;
	return status >= 0;
}

static void take(u32 slot)
{
	if (!done(lend_status(LEND_RETRIEVE, slot, 1, 0, 0)))
		return;
	nr_borrowed++;
	for (u64 at = 0; at < w.block_size; at += PAGE_SIZE)
		*(volatile u64 *)(slot_address(slot) + at) = slot + 1;
}

static void look_at(u32 slot, bool lending)
{
	u32 state = slot_state(slot);

	if (state == LEND_SLOT_OFFERED)
		take(slot);
	else if (state == LEND_SLOT_BORROWED && slot_flags(slot) & LEND_FLAG_RECALLED)
		nr_returned += done(lend_status(LEND_RELINQUISH, slot, 1, 0, 0));
	else if (state == LEND_SLOT_STANDBY && lending)
		nr_lent += done(lend_status(LEND_LEND, slot, 1, lend_peer(), 0));
	else if (state == LEND_SLOT_LENT && (!lending || nr_rounds % 64 == 0))
		done(lend_status(LEND_RECLAIM, slot_loan(slot), 0, 0, 0));
}

static void read_events(void)
{
	while (LEND_EVENT_KIND(lend(LEND_EVENT_NEXT, 0, 0, 0, 0).x[1]) != LEND_EVENT_NONE)
		;
}

static void round(bool lending)
{
	read_events();
	for (u32 slot = 0; slot < LAST; slot++)
		look_at(slot, lending);
	nr_rounds++;
}

static bool is_settled(void)
{
	round(false);
	return slots_are(0, N, LEND_SLOT_STANDBY) && slots_are(N, LAST - N, LEND_SLOT_EMPTY);
}

static void peer(void)
{
	w = lend_window();
	wait_key("ready");
	while (!uart_has_input())
		round(true);
	wait_key("lending no more");
	CHECK(WAIT_FOR(is_settled()));
	read_events();
	print("# lent %u, borrowed %u, returned %u, bad %u\n", nr_lent, nr_borrowed, nr_returned,
	      nr_bad);
	CHECK_EQ(nr_bad, 0);
	wait_key("settled");
}

TESTS(TEST(peer));
