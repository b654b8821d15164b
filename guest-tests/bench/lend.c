/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the lending calls cost. One image for all VMs, by the word `role` of bootargs: 1 lends the own block in
 * `slot`, 2 borrows it, 3 offers its first block to a VM that leaves it alone, and sleeps, 0 sleeps for ever. Who
 * waits is in WFI: under -icount one clock serves all CPUs. Other words:
 *	alone=1		the lender has no peer: calls on its own block only
 *	fill=1		before, all of the borrower's window but one slot goes on offer
 *	rounds=N	instead of ROUNDS
 *	step=1		the lender only retrieves and relinquishes once, waiting for a key before each, in
 *			marks for QEMU's plugin (count.c)
 *
 * Loans tell the borrower by their flags what to do: none, take it and give it back (the first `rounds` of
 * them clean, as many more to be scrubbed, then the way there and back); KEEP, leave it alone; REVOCABLE, keep
 * it until it is taken; ADOPTABLE, print the figures and sleep.
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/args.h"
#include "guest-tests/bare/lib/asleep.h"
#include "guest-tests/bare/lib/figure.h"

#define LENDER 1
#define BORROWER 2
#define BYSTANDER 3
#define LEAVE_IT LEND_LEND_KEEP
#define HOLD_IT LEND_LEND_REVOCABLE
#define THE_END LEND_LEND_ADOPTABLE

static struct lend_window w;
static u32 own_slot, rounds;

static void begin(void)
{
	w = lend_window();
	rounds = (u32)boot_arg("rounds", ROUNDS);
	asleep_begin(take_events);
}

/* One call, not interrupted: it has to end with this status. */
static u64 timed(s64 expected, u32 fn, u64 x1, u64 x2, u64 x3, u64 x4)
{
	u64 start = counter_virt();
	s64 status = lend_status(fn, x1, x2, x3, x4);
	u64 ticks = counter_virt() - start;

	if (status != expected)
		bail_out("call 0x%x ended with %d, not %d", fn, (int)status, (int)expected);
	return ticks;
}

static u64 timed_slot(u32 fn, u32 slot, u64 flags)
{
	return timed(LEND_SUCCESS, fn, slot, 1, flags, 0);
}

static void touch(u32 slot)
{
	*(volatile u64 *)(w.base + slot * w.block_size) = 1;
}

static void own_block(void)
{
	u64 retrieve = NONE, scrub = NONE, keep = NONE;

	for (u32 i = 0; i < rounds; i++) {
		timed_slot(LEND_RETRIEVE, own_slot, 0);
		touch(own_slot);
		keep_least(&scrub, timed_slot(LEND_RELINQUISH, own_slot, 0));
		keep_least(&retrieve, timed_slot(LEND_RETRIEVE, own_slot, 0));
		keep_least(&keep, timed_slot(LEND_RELINQUISH, own_slot, LEND_RELINQUISH_KEEP));
	}
	timed_slot(LEND_RETRIEVE, own_slot, 0);
	timed_slot(LEND_RELINQUISH, own_slot, 0);
	figure("own-retrieve", retrieve);
	figure("own-relinquish", scrub);
	figure("own-relinquish-keep", keep);
}

static u64 lend_it(u64 flags, u64 *loan)
{
	u64 start = counter_virt();
	struct smccc got = lend(LEND_LEND, own_slot, 1, lend_peer(), flags);
	u64 ticks = counter_virt() - start;

	if (got.x[0] != LEND_SUCCESS)
		bail_out("LEND ended with %d", (int)got.x[0]);
	*loan = got.x[1];
	return ticks;
}

/* The borrower takes it as it is, and gives it back. */
static void lend_rounds(bool dirty)
{
	u64 least = NONE, loan;

	for (u32 i = 0; i < rounds; i++) {
		if (dirty) {
			timed_slot(LEND_RETRIEVE, own_slot, 0);
			timed_slot(LEND_RELINQUISH, own_slot, LEND_RELINQUISH_KEEP);
		}
		keep_least(&least, lend_it(0, &loan));
		sleep_until_events(LEND_EVENT_RETURNED, 1);
		sleep_ms(1);
	}
	figure(dirty ? "lend-dirty" : "lend", least);
}

/* The same from one use of the block by its owner to the next: both scrubs, both guests, all in all. */
static void there_and_back(void)
{
	u64 least = NONE, loan;

	timed_slot(LEND_RETRIEVE, own_slot, 0);
	for (u32 i = 0; i < rounds; i++) {
		u64 start;

		touch(own_slot);
		sleep_ms(1);
		start = counter_virt();
		timed_slot(LEND_RELINQUISH, own_slot, 0);
		lend_it(0, &loan);
		sleep_until_events(LEND_EVENT_RETURNED, 1);
		timed_slot(LEND_RETRIEVE, own_slot, 0);
		keep_least(&least, counter_virt() - start);
	}
	timed_slot(LEND_RELINQUISH, own_slot, 0);
	figure("there-and-back", least);
}

static void withdraw(void)
{
	u64 least = NONE, loan;

	for (u32 i = 0; i < rounds; i++) {
		lend_it(LEAVE_IT, &loan);
		sleep_ms(1);
		keep_least(&least, timed(LEND_SUCCESS, LEND_RECLAIM, loan, 0, 0, 0));
		nr_events[LEND_EVENT_RETURNED] = 0;
		sleep_ms(1);
	}
	figure("reclaim-offer", least);
}

static void recall_and_revoke(void)
{
	u64 recall = NONE, revoke = NONE, loan;

	for (u32 i = 0; i < rounds; i++) {
		lend_it(HOLD_IT, &loan);
		sleep_ms(2);
		keep_least(&recall, timed(LEND_PENDING, LEND_RECLAIM, loan, 1, 0, 0));
		sleep_ms(2);
		keep_least(&revoke, timed(LEND_SUCCESS, LEND_REVOKE, loan, 0, 0, 0));
		sleep_ms(2);
	}
	figure("reclaim-recall", recall);
	figure("revoke", revoke);
	nr_events[LEND_EVENT_RETURNED] = 0;
}

/* An offer that stays. */
static u64 offer(u32 slot, u32 n)
{
	struct smccc got = lend(LEND_LEND, slot, n, lend_peer(), LEAVE_IT);

	if (got.x[0] != LEND_SUCCESS)
		bail_out("LEND of %u ended with %d", n, (int)got.x[0]);
	sleep_ms(1);
	return got.x[1];
}

/* All slots of the borrower's window from 1 on are on offer, but the last. */
static void fill_window(void)
{
	for (u32 slot = 1; slot + 1 < w.nr_slots;) {
		u32 n = (u32)min_u64(LEND_CALL_MAX, w.nr_slots - 1 - slot);

		/* A power of two that the slot is a multiple of, so that none is left out. */
		n = (u32)min_u64(BIT(31 - __builtin_clz(n)), slot & -slot);
		offer(slot, n);
		slot += n;
	}
}

/*
 * By turns to the window's lowest slot and to the next one that is empty, which may be its last: what LEND takes
 * for the latter. `lowest` is the loan of the lowest, which is there again at the end.
 */
static void by_turns(u64 lowest)
{
	u64 least = NONE, loan;

	for (u32 i = 0; i < rounds; i++) {
		timed(LEND_SUCCESS, LEND_RECLAIM, lowest, 0, 0, 0);
		lowest = offer(0, 1);
		keep_least(&least, lend_it(LEAVE_IT, &loan));
		sleep_ms(1);
		timed(LEND_SUCCESS, LEND_RECLAIM, loan, 0, 0, 0);
	}
	nr_events[LEND_EVENT_RETURNED] = 0;
	figure("lend-by-turns", least);
}

static void await_key(const char *step)
{
	print("# wait %s\n", step);
	while (!uart_has_input())
		cpu_relax();
	(void)uart_get();
}

#define MARK(n) __asm__ volatile("hint #(112 + " #n ")" : : : "memory")

static void steps(void)
{
	await_key("retrieve");
	MARK(0);
	timed_slot(LEND_RETRIEVE, own_slot, 0);
	MARK(1);
	await_key("relinquish");
	MARK(2);
	timed_slot(LEND_RELINQUISH, own_slot, 0);
	MARK(3);
	await_key("end");
}

static void lender(void)
{
	u64 loan;

	SKIP_UNLESS(boot_arg("role", 0) == LENDER, "another role");
	begin();
	own_slot = (u32)boot_arg("slot", 0);
	if (boot_arg("step", 0)) {
		steps();
		return;
	}
	sleep_ms(5); /* everybody is up */
	own_block();
	if (!boot_arg("alone", 0)) {
		if (own_slot) {
			loan = offer(0, 1);
			if (boot_arg("fill", 0))
				fill_window();
			by_turns(loan);
		}
		lend_rounds(false);
		lend_rounds(true);
		there_and_back();
		withdraw();
		recall_and_revoke();
		lend_it(THE_END, &loan);
		sleep_ms(1000); /* prints */
	}
}

static void sleep_for_ever(void)
{
	for (;;)
		wfi();
}

static void borrower(void)
{
	u64 clean = NONE, dirty = NONE, relinquish = NONE;
	u32 taken = 0;

	SKIP_UNLESS(boot_arg("role", 0) == BORROWER, "another role");
	begin();
	for (u32 i = 1; i < nr_cpus; i++)
		CHECK_EQ(cpu_start(i, sleep_for_ever), PSCI_SUCCESS);
	for (;;) {
		u32 offered, flags;
		u64 ticks;

		sleep_until_events(LEND_EVENT_OFFER, 1);
		offered = event_slot[LEND_EVENT_OFFER];
		flags = slot_flags(offered);
		if (flags & LEND_FLAG_ADOPTABLE)
			break;
		if (flags & LEND_FLAG_KEEP)
			continue;
		ticks = timed_slot(LEND_RETRIEVE, offered, 0);
		if (flags & LEND_FLAG_REVOCABLE) {
			sleep_until_events(LEND_EVENT_REVOKED, 1);
			timed_slot(LEND_RELINQUISH, offered, 0);
			continue;
		}
		keep_least(taken++ / rounds == 1 ? &dirty : &clean, ticks);
		touch(offered);
		keep_least(&relinquish, timed_slot(LEND_RELINQUISH, offered, 0));
	}
	figure("retrieve", clean);
	figure("retrieve-dirty", dirty);
	figure("relinquish", relinquish);
	print("# done\n");
	sleep_for_ever();
}

static void bystander(void)
{
	SKIP_UNLESS(boot_arg("role", 0) == BYSTANDER, "another role");
	begin();
	offer(0, 1);
	/* It never comes, but offers do; with one unread, WFI would return at once. */
	sleep_until_events(LEND_EVENT_REVOKED, 1);
}

static void idle(void)
{
	SKIP_UNLESS(!boot_arg("role", 0), "another role");
	sleep_for_ever();
}

TESTS(TEST(lender), TEST(borrower), TEST(bystander), TEST(idle));
