/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every lending call at its largest, for the hypervisor built with MEASURE=1 to note how long it keeps
 * interrupts masked; and, by the guest's own clock, what the short ones cost. One image for two VMs with a
 * vCPU at work in each: who has own blocks lends them and sets targets, the other borrows. Who waits is in WFI:
 * under -icount one clock serves both, and nobody is to use the other's time.
 *
 * Figures are lines `# figure <what> <ns>`, the least of some rounds.
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/asleep.h"
#include "guest-tests/bare/lib/figure.h"

#define LEND_ROUNDS 5
#define NOTE ((volatile u64 *)0x42000000) /* outlives a reset */
#define NOTE_MAGIC 0x6d61736b6564ULL
#define MAP 0x42100000 /* where LEND_MAP writes */
#define MAP_SIZE KIB(64)
#define NOT_YOURS LEND_LEND_KEEP /* an offer that the borrower leaves alone */
#define KEEP_IT LEND_LEND_REVOCABLE /* one that it keeps until it is taken */
#define THE_END LEND_LEND_ADOPTABLE /* one that tells it to go */
#define REFUSE_IT (KEEP_IT | THE_END) /* one that it refuses */
#define REFUSE_FLAGS (LEND_FLAG_REVOCABLE | LEND_FLAG_ADOPTABLE)

static struct lend_window w;
static u32 n; /* slots in one call */

static void begin(void)
{
	w = lend_window();
	asleep_begin(take_events);
}

/* One call, done: how long it took, in ticks; NONE when it failed. */
static u64 timed(u32 fn, u64 x1, u64 x2, u64 x3, u64 x4)
{
	u64 start = counter_virt();
	s64 status = lend_status(fn, x1, x2, x3, x4);
	u64 ticks = counter_virt() - start;

	return status < 0 ? NONE : ticks;
}

/* 64 times: SMCCC leaves x19 to us, and what it does not is lost. Four instructions here are ours. */
static void call_64_times(void)
{
	register u64 left __asm__("x19") = 64;

	__asm__ volatile("0: mov x0, %1\n\thvc #0\n\tsubs %0, %0, #1\n\tb.ne 0b"
			 : "+r"(left)
			 : "r"((u64)(LEND_VERSION | LEND_SMC64))
			 : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
			   "x12", "x13", "x14", "x15", "x16", "x17", "cc", "memory");
}

static void null_call(void)
{
	u64 least = NONE;

	for (u32 round = 0; round < LEND_ROUNDS; round++) {
		u64 start = counter_virt();

		call_64_times();
		keep_least(&least, counter_virt() - start);
	}
	figure("null-64", least);
}

static void looks(void)
{
	for (u32 i = 0; i < w.nr_slots; i += 64)
		CHECK_EQ(lend_status(LEND_SLOT_INFO, i, 0, 0, 0), LEND_SUCCESS);
	for (u32 page = 0; page < 3; page++)
		CHECK_EQ(lend_status(LEND_INFO, page, 0, 0, 0), LEND_SUCCESS);
}

static void maps(void)
{
	CHECK_EQ(lend_status(LEND_MAP, MAP, MAP_SIZE, LEND_MAP_ADOPT, 0), LEND_SUCCESS);
	CHECK_EQ(lend_status(LEND_MAP, MAP, MAP_SIZE, LEND_MAP_BOOT, 0), LEND_SUCCESS);
}

static void nothing(void)
{
}

/* CPU_ON; and CPU_OFF, by itself. */
static void other_cpu(void)
{
	for (u32 i = 1; i < nr_cpus; i++) {
		CHECK_EQ(cpu_start(i, nothing), PSCI_SUCCESS);
		sleep_ms(1);
		CHECK(cpu_wait_off(i));
	}
}

/* As many pieces as there can be: every second slot. */
static void pieces(void)
{
	for (u32 i = 0; i < n; i += 2)
		CHECK_EQ(lend_status(LEND_RETRIEVE, i, 1, 0, 0), LEND_SUCCESS);
	looks();
	maps();
	CHECK_EQ(lend_status(LEND_RELINQUISH_ALL, 0, 0, 0, 0), LEND_SUCCESS);
}

static void own(void)
{
	CHECK_EQ(lend_status(LEND_RETRIEVE, 0, n, 0, 0), LEND_SUCCESS);
	looks();
	CHECK_EQ(lend_status(LEND_RELINQUISH, 0, n, LEND_RELINQUISH_KEEP, 0), LEND_SUCCESS);
	CHECK_EQ(lend_status(LEND_RETRIEVE, 0, n, 0, 0), LEND_SUCCESS);
	maps();
	CHECK_EQ(lend_status(LEND_RELINQUISH_ALL, 0, 0, 0, 0), LEND_SUCCESS);
	CHECK_EQ(lend_status(LEND_RETRIEVE, 0, n, 0, 0), LEND_SUCCESS);
	CHECK_EQ(lend_status(LEND_RELINQUISH, 0, n, 0, 0), LEND_SUCCESS);
}

/* The borrower takes it, clean as it is, and gives it back by itself. */
static void lend_rounds(u32 nr, const char *what)
{
	u64 least = NONE;

	for (u32 round = 0; round < LEND_ROUNDS; round++) {
		keep_least(&least, timed(LEND_LEND, 0, nr, lend_peer(), 0));
		sleep_until_events(LEND_EVENT_RETURNED, nr);
		sleep_ms(1);
	}
	CHECK(least != NONE);
	figure(what, least);
}

static void refused(void)
{
	CHECK_EQ(lend_status(LEND_LEND, 0, n, lend_peer(), REFUSE_IT), LEND_SUCCESS);
	sleep_until_events(LEND_EVENT_RETURNED, n);
	sleep_ms(1);
	CHECK(slots_are(0, n, LEND_SLOT_STANDBY));
}

static void targets(void)
{
	CHECK_EQ(lend_status(LEND_TARGET, w.id, 0, 0, 0), LEND_SUCCESS);
	CHECK_EQ(lend_status(LEND_TARGET, lend_peer(), 0, 0, 0), LEND_SUCCESS);
}

/* An offer, or a gift, that nobody takes. */
static void withdraw(u32 fn)
{
	struct smccc loan = lend(fn, 0, n, lend_peer(), NOT_YOURS);

	CHECK_EQ(loan.x[0], LEND_SUCCESS);
	CHECK_EQ(lend_status(LEND_RECLAIM, loan.x[1], 0, 0, 0), LEND_SUCCESS);
}

static void revoke_all(void)
{
	struct smccc loan = lend(LEND_LEND, 0, n, lend_peer(), KEEP_IT);

	CHECK_EQ(loan.x[0], LEND_SUCCESS);
	sleep_ms(5);
	CHECK_EQ(lend_status(LEND_RECLAIM, loan.x[1], 1, 0, 0), LEND_PENDING);
	sleep_ms(1);
	CHECK_EQ(lend_status(LEND_REVOKE, loan.x[1], 0, 0, 0), LEND_SUCCESS);
	CHECK(slots_are(0, n, LEND_SLOT_STANDBY));
}

static void lender(void)
{
	begin();
	SKIP_UNLESS(w.nr_own, "the borrower");
	if (NOTE[0] == NOTE_MAGIC)
		return; /* the life after */
	n = min_u64(w.nr_own, LEND_CALL_MAX);
	null_call();
	own();
	pieces();
	other_cpu();
	targets();
	lend_rounds(1, "lend");
	if (n > 1)
		lend_rounds(n, "lend-all");
	sleep_ms(1);
	refused();
	withdraw(LEND_LEND);
	sleep_ms(1);
	withdraw(LEND_DONATE);
	sleep_ms(1);
	revoke_all();
	sleep_ms(400);
	nr_events[LEND_EVENT_RETURNED] = 0;
	CHECK_EQ(lend_status(LEND_LEND, 0, 1, lend_peer(), THE_END), LEND_SUCCESS);
	sleep_until_events(LEND_EVENT_RETURNED, 1);
	/* And then goes down with all that it has. */
	CHECK_EQ(lend_status(LEND_RETRIEVE, 0, n, 0, 0), LEND_SUCCESS);
	CHECK(!test_failed());
	NOTE[0] = NOTE_MAGIC;
	cache_clean((const void *)NOTE, sizeof(*NOTE));
	psci(PSCI_SYSTEM_RESET, 0, 0, 0);
}

/* What is offered and may be taken: slots from 0 on. */
static u32 nr_offered(void)
{
	u32 nr = 0;

	while (nr < w.nr_slots && slot_state(nr) == LEND_SLOT_OFFERED &&
	       !(slot_flags(nr) & LEND_FLAG_KEEP))
		nr++;
	return nr;
}

static void refuse(u32 nr)
{
	for (u32 i = 0; i < nr; i++)
		CHECK_EQ(lend_status(LEND_REFUSE, i, 0, 0, 0), LEND_SUCCESS);
}

static void borrower(void)
{
	u64 least = NONE, least_all = NONE;

	begin();
	SKIP_UNLESS(!w.nr_own, "the lender");
	for (;;) {
		u32 nr;
		u64 ticks;

		SLEEP_UNTIL(nr_offered());
		nr = nr_offered();
		if ((slot_flags(0) & REFUSE_FLAGS) == REFUSE_FLAGS) {
			refuse(nr);
			continue;
		}
		if (slot_flags(0) & LEND_FLAG_ADOPTABLE)
			break;
		ticks = timed(LEND_RETRIEVE, 0, nr, 0, 0);
		if (nr == 1)
			keep_least(&least, ticks);
		else
			keep_least(&least_all, ticks);
		CHECK(ticks != NONE);
		looks();
		if (slot_flags(0) & LEND_FLAG_REVOCABLE) {
			SLEEP_UNTIL(slot_state(nr - 1) == LEND_SLOT_REVOKED);
			sleep_ms(200);
		}
		CHECK_EQ(lend_status(LEND_RELINQUISH, 0, nr, 0, 0), LEND_SUCCESS);
	}
	figure("retrieve", least);
	if (least_all != NONE) /* there is more than one block */
		figure("retrieve-all", least_all);
}

TESTS(TEST(lender), TEST(borrower));
