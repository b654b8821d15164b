/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The owner's side of a loan; test_lend_b.c is the borrower's. They meet by events and SLOT_INFO alone.
 * A owns three blocks or more and may lend to B, the first peer in its FDT; B has four empty slots.
 * Two blocks go to and fro as one loan; the third is lent to tell B to go on, and never retrieved.
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/lend.h"

#define N 2 /* slots lent under one handle */
#define SEED 0xa11ce
#define GO N /* the slot lent as a sign */
#define NOWHERE 99 /* no VM of this id */

static struct lend_window w;
static u64 loan, go_loan;

static u64 bytes(void)
{
	return N * w.block_size;
}

static void discovery(void)
{
	struct smccc version = lend(LEND_VERSION, 0, 0, 0, 0);
	struct fdt_node node = fdt_find("lendmem", 0);

	w = lend_window();
	CHECK(is_lendvisor());
	CHECK_EQ(version.x[0], LEND_SUCCESS);
	CHECK_EQ(version.x[1] >> 16, LEND_ABI_MAJOR);
	CHECK(node.inside);
	CHECK_EQ(fdt_u64(node, "reg", 0), w.base);
	CHECK_EQ(fdt_u64(node, "reg", 1), w.nr_slots * w.block_size);
	CHECK_EQ(fdt_u64(node, "lendvisor,block-size", 0), w.block_size);
	CHECK(w.nr_own > GO);
	CHECK(w.nr_slots >= w.nr_own + w.nr_promised);
	/* A narrow call is as good. */
	CHECK_EQ((u32)hvc(LEND_VERSION, 0, 0, 0, 0).x[1], (u32)version.x[1]);
	CHECK_EQ((u32)smc(LEND_VERSION | LEND_SMC64, 0, 0, 0, 0).x[1], (u32)version.x[1]);
}

static void own_slots_begin_standby(void)
{
	for (u32 i = 0; i < w.nr_slots; i++) {
		bool given = i < w.nr_own + w.nr_promised;

		CHECK_EQ(slot_state(i), given ? LEND_SLOT_STANDBY : LEND_SLOT_EMPTY);
		CHECK_EQ(slot_flags(i), i < w.nr_own ? LEND_FLAG_OWN : 0);
		CHECK_EQ(slot_peer(i), LEND_NO_PEER);
		CHECK_EQ(slot_loan(i), NO_LOAN);
	}
	CHECK(slot_is_absent(0));
	CHECK(slot_is_absent(w.nr_slots - 1));
}

/* What is refused changes nothing and returns nothing but its status. */
static void refusals(void)
{
	const u64 far = ~0ULL;
	const struct {
		s64 status;
		u32 fn;
		u64 x[4];
	} rows[] = {
		{LEND_INVALID, LEND_INFO, {3, 0, 0, 0}},
		{LEND_INVALID, LEND_INFO, {far, 0, 0, 0}},
		{LEND_INVALID, LEND_SLOT_INFO, {w.nr_slots, 0, 0, 0}},
		{LEND_INVALID, LEND_SLOT_INFO, {far, 0, 0, 0}},
		{LEND_INVALID, LEND_SLOT_INFO, {1ULL << 32, 0, 0, 0}},
		{LEND_INVALID, LEND_RETRIEVE, {w.nr_slots, 1, 0, 0}},
		{LEND_INVALID, LEND_RETRIEVE, {0, 0, 0, 0}},
		{LEND_INVALID, LEND_RETRIEVE, {w.nr_slots - 1, 2, 0, 0}},
		{LEND_INVALID, LEND_RETRIEVE, {1, far, 0, 0}},
		{LEND_INVALID, LEND_RETRIEVE, {far, 2, 0, 0}},
		{LEND_INVALID, LEND_RELINQUISH, {w.nr_slots, 1, 0, 0}},
		{LEND_INVALID, LEND_RELINQUISH, {0, 0, 0, 0}},
		{LEND_INVALID, LEND_RELINQUISH, {0, 1, 4, 0}},
		{LEND_INVALID, LEND_RELINQUISH, {0, 1, far, 0}},
		{LEND_INVALID, LEND_LEND, {w.nr_slots, 1, lend_peer(), 0}},
		{LEND_INVALID, LEND_LEND, {0, 0, lend_peer(), 0}},
		{LEND_INVALID, LEND_LEND, {0, 1, lend_peer(), 8}},
		{LEND_INVALID, LEND_LEND, {1, far, lend_peer(), 0}},
		{LEND_NO_SUCH_VM, LEND_LEND, {0, 1, NOWHERE, 0}},
		{LEND_INVALID, LEND_LEND, {0, 1, far, 0}}, /* more than 32 bits: no VM id */
		{LEND_DENIED, LEND_LEND, {0, 1, w.id, 0}},
		{LEND_BAD_STATE, LEND_RECLAIM, {0, 0, 0, 0}},
		{LEND_BAD_STATE, LEND_RECLAIM, {far, 0, 0, 0}},
		{LEND_BAD_STATE, LEND_RECLAIM, {0x123456789, 0, 0, 0}},
		{LEND_NOT_SUPPORTED, LEND_FN(0x20), {0, 0, 0, 0}},
		{LEND_NOT_SUPPORTED, LEND_FN(0xfe), {0, 0, 0, 0}},
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const u64 *x = rows[i].x;
		u64 before = slots_snapshot(0, w.nr_slots);
		struct smccc got = lend(rows[i].fn, x[0], x[1], x[2], x[3]);

		if ((s64)got.x[0] != rows[i].status || got.x[1] || got.x[2] || got.x[3] ||
		    slots_snapshot(0, w.nr_slots) != before)
			test_fail(__FILE__, __LINE__, "row %u: %d, not %d", i, (int)got.x[0],
				  (int)rows[i].status);
	}
}

static void empty_slots(void)
{
	u32 slot = w.nr_own + w.nr_promised;

	SKIP_UNLESS(slot < w.nr_slots, "no empty slot");
	CHECK_EQ(lend_status(LEND_RETRIEVE, slot, 1, 0, 0), (s64)LEND_BAD_STATE);
	CHECK_EQ(lend_status(LEND_LEND, slot, 1, lend_peer(), 0), (s64)LEND_BAD_STATE);
	CHECK_EQ(lend_status(LEND_RELINQUISH, slot, 1, 0, 0), LEND_SUCCESS);
	/* One bad slot among good ones: none is done. */
	if (!w.nr_promised) {
		u64 before = slots_snapshot(0, w.nr_slots);

		CHECK_EQ(lend_status(LEND_RETRIEVE, slot - 1, 2, 0, 0), (s64)LEND_BAD_STATE);
		CHECK_EQ(lend_status(LEND_LEND, slot - 1, 2, lend_peer(), 0), (s64)LEND_BAD_STATE);
		CHECK_EQ(slots_snapshot(0, w.nr_slots), before);
	}
}

static void promised_slots(void)
{
	u32 slot = w.nr_own;

	SKIP_UNLESS(w.nr_promised, "no promised slot");
	CHECK_EQ(lend_status(LEND_LEND, slot, 1, lend_peer(), 0), (s64)LEND_DENIED);
	CHECK_EQ(lend_status(LEND_RETRIEVE, slot, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(slot_state(slot), LEND_SLOT_HELD);
	CHECK_EQ(slot_flags(slot), 0);
	CHECK_EQ(first_nonzero(slot_address(slot), w.block_size), 0);
	CHECK_EQ(lend_status(LEND_LEND, slot, 1, lend_peer(), 0), (s64)LEND_BAD_STATE);
	CHECK_EQ(lend_status(LEND_RELINQUISH, slot, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(slot_state(slot), LEND_SLOT_STANDBY);
	CHECK(slot_is_absent(slot));
}

static void retrieve_gives_zeroes(void)
{
	struct smccc got = lend(LEND_RETRIEVE, 0, N, 0, 0);

	CHECK_EQ(got.x[0], LEND_SUCCESS);
	CHECK_EQ(got.x[1], N);
	CHECK(slots_are(0, N, LEND_SLOT_HELD));
	CHECK_EQ(first_nonzero(w.base, bytes()), 0);
	fill_pattern(w.base, bytes(), SEED);
	/* Once more changes nothing, contents neither. */
	CHECK_EQ(lend_status(LEND_RETRIEVE, 0, N, 0, 0), LEND_SUCCESS);
	CHECK_EQ(first_unlike_pattern(w.base, bytes(), SEED), 0);
	CHECK_EQ(lend_status(LEND_LEND, 0, 1, lend_peer(), 0), (s64)LEND_BAD_STATE);
	CHECK(slots_are(0, N, LEND_SLOT_HELD));
	CHECK_EQ(first_unlike_pattern(w.base, bytes(), SEED), 0);
}

static void relinquish_scrubs(void)
{
	struct smccc got = lend(LEND_RELINQUISH, 0, N, 0, 0);

	CHECK_EQ(got.x[0], LEND_SUCCESS);
	CHECK_EQ(got.x[1], N);
	CHECK(slots_are(0, N, LEND_SLOT_STANDBY));
	CHECK(slot_is_absent(0));
	CHECK(slot_is_absent(N - 1));
	CHECK_EQ(lend_status(LEND_RELINQUISH, 0, N, 0, 0), LEND_SUCCESS);
	CHECK_EQ(lend_status(LEND_RETRIEVE, 0, N, 0, 0), LEND_SUCCESS);
	CHECK_EQ(first_nonzero(w.base, bytes()), 0);
}

static void keep_keeps(void)
{
	fill_pattern(w.base, bytes(), SEED + 1);
	CHECK_EQ(lend_status(LEND_RELINQUISH, 0, N, LEND_RELINQUISH_KEEP, 0), LEND_SUCCESS);
	CHECK(slots_are(0, N, LEND_SLOT_STANDBY));
	CHECK(slot_is_absent(0));
	CHECK_EQ(lend_status(LEND_RETRIEVE, 0, N, 0, 0), LEND_SUCCESS);
	CHECK_EQ(first_unlike_pattern(w.base, bytes(), SEED + 1), 0);
}

/* The pattern is in the blocks when they are given up: B must not find it. */
static void lend_to_b(void)
{
	struct smccc got;

	CHECK_EQ(lend_status(LEND_RELINQUISH, 0, N, 0, 0), LEND_SUCCESS);
	got = lend(LEND_LEND, 0, N, lend_peer(), 0);
	CHECK_EQ(got.x[0], LEND_SUCCESS);
	loan = got.x[1];
	CHECK(loan != NO_LOAN);
}

/* B keeps the loan until it sees the sign: this is what A may do meanwhile. */
static void lent_slots(void)
{
	CHECK(slots_are(0, N, LEND_SLOT_LENT));
	CHECK_EQ(slot_peer(0), lend_peer());
	CHECK_EQ(slot_loan(N - 1), loan);
	CHECK(slot_is_absent(0));
	CHECK_EQ(lend_status(LEND_RETRIEVE, 0, 1, 0, 0), (s64)LEND_BAD_STATE);
	CHECK_EQ(lend_status(LEND_LEND, 0, 1, lend_peer(), 0), (s64)LEND_BAD_STATE);
	CHECK_EQ(lend_status(LEND_RELINQUISH, 0, N, 0, 0), LEND_SUCCESS);
	CHECK(slots_are(0, N, LEND_SLOT_LENT));
}

/* Until B has read of the last offer, the next one gets BUSY. */
static struct smccc offer_to_b(u32 slot, u32 n)
{
	struct smccc got;

	(void)WAIT_FOR((s64)(got = lend(LEND_LEND, slot, n, lend_peer(), 0)).x[0] != LEND_BUSY);
	return got;
}

static void sign_to_b(void)
{
	struct smccc got = offer_to_b(GO, 1);

	CHECK_EQ(got.x[0], LEND_SUCCESS);
	go_loan = got.x[1];
	CHECK(go_loan != loan);
	CHECK_EQ(slot_state(GO), LEND_SLOT_LENT);
}

static void take_back_and_check(void)
{
	CHECK(WAIT_FOR(slots_are(0, N, LEND_SLOT_STANDBY)));
	CHECK(lend_wait_events(LEND_EVENT_RETURNED, 0, N));
	CHECK_EQ(slot_peer(0), LEND_NO_PEER);
	CHECK_EQ(slot_loan(0), NO_LOAN);
	CHECK(irq_count(0, LEND_INTID) >= 1);
	CHECK(WAIT_FOR(!gic_read_bit(0, LEND_INTID, GIC_ISPENDR)));
	CHECK_EQ(lend_status(LEND_RECLAIM, loan, 0, 0, 0), (s64)LEND_BAD_STATE);
	CHECK_EQ(lend_status(LEND_RETRIEVE, 0, N, 0, 0), LEND_SUCCESS);
	CHECK_EQ(first_nonzero(w.base, bytes()), 0);
}

static void b_returns_it(void)
{
	lend_events_begin();
	take_back_and_check();
}

static void an_offer_comes_back_at_once(void)
{
	struct smccc got = lend(LEND_RECLAIM, go_loan, 0, 0, 0);

	CHECK_EQ(got.x[0], LEND_SUCCESS);
	CHECK_EQ(got.x[1], 0);
	CHECK_EQ(slot_state(GO), LEND_SLOT_STANDBY);
	CHECK_EQ(slot_loan(GO), NO_LOAN);
	CHECK_EQ(lend_status(LEND_RECLAIM, go_loan, 0, 0, 0), (s64)LEND_BAD_STATE);
}

static void sleep_ms(u64 ms)
{
	u64 until = counter_virt() + counter_hz() * ms / 1000;

	while (counter_virt() < until)
		cpu_relax();
}

/*
 * Lends until B has retrieved all of it when the reclaim comes: an offer would come back at once. Met between
 * two slots B gives up the first.
 */
static s64 lend_and_reclaim(u64 *out)
{
	struct smccc got = {{0}};

	for (u64 ms = 500; ms < 60000; ms *= 2) {
		got = offer_to_b(0, N);
		if (got.x[0] != LEND_SUCCESS)
			break;
		loan = got.x[1];
		sleep_ms(ms);
		got = lend(LEND_RECLAIM, loan, 0, 0, 0);
		if (got.x[0] != LEND_SUCCESS && (got.x[0] != LEND_PENDING || got.x[1] == N ||
						 !WAIT_FOR(slots_are(0, N, LEND_SLOT_STANDBY))))
			break;
	}
	*out = got.x[1];
	return (s64)got.x[0];
}

static void recall(void)
{
	u64 out;

	lend_events_begin();
	fill_pattern(w.base, bytes(), SEED + 2);
	CHECK_EQ(lend_status(LEND_RELINQUISH, 0, N, 0, 0), LEND_SUCCESS);
	CHECK_EQ(lend_and_reclaim(&out), LEND_PENDING);
	CHECK_EQ(out, N);
	take_back_and_check();
}

static void hammer_calls(void)
{
	for (u32 i = 0; i < 8; i++) {
		u32 fn = (i + this_cpu()->index) % 2 ? LEND_RETRIEVE : LEND_RELINQUISH;

		CHECK_EQ(lend_status(fn, 0, N, 0, 0), LEND_SUCCESS);
	}
}

/* All CPUs retrieve and relinquish the same slots: each call succeeds, and the end is in order. */
static void calls_from_all_cpus(void)
{
	CHECK(on_all_cpus(hammer_calls));
	CHECK_EQ(lend_status(LEND_RETRIEVE, 0, N, 0, 0), LEND_SUCCESS);
	CHECK(slots_are(0, N, LEND_SLOT_HELD));
	CHECK_EQ(first_nonzero(w.base, bytes()), 0);
	CHECK_EQ(lend_status(LEND_RELINQUISH, 0, N, 0, 0), LEND_SUCCESS);
}

TESTS(TEST(discovery), TEST(own_slots_begin_standby), TEST(refusals), TEST(empty_slots),
      TEST(promised_slots), TEST(retrieve_gives_zeroes), TEST(relinquish_scrubs), TEST(keep_keeps),
      TEST(lend_to_b), TEST(lent_slots), TEST(sign_to_b), TEST(b_returns_it),
      TEST(an_offer_comes_back_at_once), TEST(recall), TEST(calls_from_all_cpus));
