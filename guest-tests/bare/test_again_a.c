/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM that lends, borrows and resets, life after life, leaving off at another point each time; its peer is
 * test_again_b.c. Nothing may be lost by that, which the monitor's figures show: the driver of the test takes
 * them while we wait for a key, before the first life and in the last one, when all is given back.
 *
 * A note in boot memory outside the image (not scrubbed at reset) counts the lives. Owns four blocks; the peer
 * lends one or two.
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/lend.h"

#define NOTE ((volatile struct note *)0x42000000)
#define NOTE_MAGIC 0x616761696eULL
#define NR_LIVES 1000
#define N 4

struct note {
	u64 magic, life, nr_lent, nr_borrowed, nr_reclaimed, nr_bad;
};

static struct lend_window w;

static void wait_key(const char *why)
{
	print("= %s\n", why);
	while (!uart_has_input())
		cpu_relax();
	while (uart_has_input())
		uart_get();
}

/* Every answer that a call may get at this point; others are counted. */
static bool done(s64 status)
{
	NOTE->nr_bad += status < 0 && status != LEND_BUSY && status != LEND_BAD_STATE;
	return status >= 0;
}

static void use(u32 slot)
{
	for (u64 at = 0; at < w.block_size; at += PAGE_SIZE)
		*(volatile u64 *)(slot_address(slot) + at) = slot + 1;
}

/* The first slot for loans that is in this state, or the number of slots. */
static u32 find_guest_slot(u32 state)
{
	u32 slot = N;

	while (slot < 2 * N && slot_state(slot) != state)
		slot++;
	return slot < 2 * N ? slot : w.nr_slots;
}

static void borrow(void)
{
	u32 slot = find_guest_slot(LEND_SLOT_OFFERED);

	if (slot == w.nr_slots || !done(lend_status(LEND_RETRIEVE, slot, 1, 0, 0)))
		return;
	NOTE->nr_bad += first_nonzero(slot_address(slot), PAGE_SIZE) != 0;
	use(slot);
	NOTE->nr_borrowed++;
}

static void lend_out(u32 slot, u32 n, u32 flags)
{
	if (slots_are(slot, n, LEND_SLOT_STANDBY))
		NOTE->nr_lent += done(lend_status(LEND_LEND, slot, n, lend_peer(), flags));
}

static void reclaim(u32 slot)
{
	if (slot_state(slot) == LEND_SLOT_LENT)
		NOTE->nr_reclaimed +=
			done(lend_status(LEND_RECLAIM, slot_loan(slot), 1000000, 0, 0));
}

/* The peer offers nothing new before what it offered and withdrew is read. */
static void read_events(void)
{
	while (LEND_EVENT_KIND(lend(LEND_EVENT_NEXT, 0, 0, 0, 0).x[1]) != LEND_EVENT_NONE)
		;
}

/* How far it goes depends on the life. */
static void live(u64 life)
{
	u64 steps = life % 9;

	/* In some lives the peer is waited for, so that it is borrowed from however slow that is. */
	if (life % 10 == 0)
		WAIT_FOR((read_events(), find_guest_slot(LEND_SLOT_OFFERED) != w.nr_slots));
	if (steps > 0)
		borrow();
	if (steps > 1 && done(lend_status(LEND_RETRIEVE, 0, 1, 0, 0)) && steps > 2)
		use(0);
	if (steps > 3)
		lend_out(1, 2, (u32)(life % 8));
	if (steps > 4)
		borrow();
	if (steps > 5)
		done(lend_status(LEND_RELINQUISH, 0, 1, life % 2, 0));
	if (steps > 6)
		lend_out(0, 1, LEND_LEND_KEEP);
	if (steps > 7 || life % 4 == 0)
		reclaim((u32)(life % N));
}

static void settle(void)
{
	for (u32 slot = 0; slot < 2 * N; slot++)
		WAIT_FOR((reclaim(slot), done(lend_status(LEND_RELINQUISH, slot, 1, 0, 0)),
			  lend_status(LEND_REFUSE, slot, 0, 0, 0),
			  slot_state(slot) == (slot < N ? LEND_SLOT_STANDBY : LEND_SLOT_EMPTY)));
}

static void lives(void)
{
	w = lend_window();
	if (NOTE->magic != NOTE_MAGIC) {
		*NOTE = (struct note){.magic = NOTE_MAGIC};
		wait_key("begin");
	}
	if (NOTE->life < NR_LIVES) {
		live(NOTE->life++);
		cache_clean((const void *)NOTE, sizeof(*NOTE));
		psci(PSCI_SYSTEM_RESET, 0, 0, 0);
		bail_out("SYSTEM_RESET returned");
	}
	wait_key("last life"); /* the peer stops lending */
	settle();
	read_events();
	print("# lent %lu, borrowed %lu, reclaimed %lu, bad %lu\n", NOTE->nr_lent,
	      NOTE->nr_borrowed, NOTE->nr_reclaimed, NOTE->nr_bad);
	CHECK(slots_are(0, N, LEND_SLOT_STANDBY));
	CHECK_EQ(NOTE->nr_bad, 0);
	CHECK(NOTE->nr_lent > NR_LIVES / 20);
	CHECK(NOTE->nr_borrowed > NR_LIVES / 20);
	wait_key("settled");
}

TESTS(TEST(lives));
