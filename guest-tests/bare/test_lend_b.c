/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The borrower's side of a loan: see test_lend_a.c. B owns nothing it needs here, may lend to nobody,
 * and has four empty slots in a row. First it gives a loan back by itself, once another offer has come
 * as the sign to go on; then it is asked to, while all its CPUs write to the blocks.
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/lend.h"

#define N 2
#define SEED 0xb0b

static struct lend_window w;
static struct lend_event offer;
static u64 block; /* address of the first one lent */
static u32 hammering; /* CPUs that write now */
static u32 nr_stopped; /* by an abort, as it should be */

static u64 bytes(void)
{
	return N * w.block_size;
}

static void discovery(void)
{
	w = lend_window();
	CHECK(is_lendvisor());
	CHECK(w.nr_slots >= w.nr_own + w.nr_promised + 2 * N);
	CHECK(w.id != lend_peer());
}

/*
 * Waits for an offer that is still one when it is retrieved: a lender may take it back before, or in the
 * middle, and waits then for what is here already.
 */
static s64 retrieve_an_offer(void)
{
	s64 status;

	do {
		if (!lend_wait_event(LEND_EVENT_OFFER, &offer))
			return LEND_BUSY;
		status = lend_status(LEND_RETRIEVE, offer.slot, N, 0, 0);
	} while (status == LEND_BAD_STATE &&
		 lend_status(LEND_RELINQUISH, offer.slot, N, 0, 0) == LEND_SUCCESS);
	block = slot_address(offer.slot);
	offer.loan = slot_loan(offer.slot); /* it may be a later one than that of the event */
	return status;
}

static void fill_part(void)
{
	u64 part = bytes() / nr_cpus & ~7ULL;

	fill_pattern(block + this_cpu()->index * part, part, SEED);
}

static void an_offer_comes(void)
{
	lend_events_begin();
	CHECK(lend_wait_event(LEND_EVENT_OFFER, &offer));
	CHECK(irq_count(0, LEND_INTID) >= 1);
	CHECK(WAIT_FOR(!gic_read_bit(0, LEND_INTID, GIC_ISPENDR)));
	CHECK_EQ(offer.peer, lend_peer());
	CHECK_EQ(offer.slot % N, 0);
	CHECK(slots_are(offer.slot, N, LEND_SLOT_OFFERED));
	CHECK_EQ(slot_peer(offer.slot), lend_peer());
	CHECK_EQ(slot_loan(offer.slot), offer.loan);
	CHECK(slot_is_absent(offer.slot));
	/* An offer stays when it is relinquished. */
	CHECK_EQ(lend_status(LEND_RELINQUISH, offer.slot, N, 0, 0), LEND_SUCCESS);
	CHECK(slots_are(offer.slot, N, LEND_SLOT_OFFERED));
}

static void it_holds_zeroes(void)
{
	struct smccc got = lend(LEND_RETRIEVE, offer.slot, N, 0, 0);

	block = slot_address(offer.slot);
	CHECK_EQ(got.x[0], LEND_SUCCESS);
	CHECK_EQ(got.x[1], N);
	CHECK(slots_are(offer.slot, N, LEND_SLOT_BORROWED));
	CHECK_EQ(first_nonzero(block, bytes()), 0);
	CHECK(on_all_cpus(fill_part));
	CHECK_EQ(lend_status(LEND_RETRIEVE, offer.slot, N, 0, 0), LEND_SUCCESS);
	CHECK_EQ(first_unlike_pattern(block, bytes() / nr_cpus & ~7ULL, SEED), 0);
}

static void a_borrower_may_not(void)
{
	u32 empty = w.nr_slots - 1; /* the sign may take one of the others at any moment */
	u64 before = slots_snapshot(offer.slot, N);

	CHECK_EQ(slot_state(empty), LEND_SLOT_EMPTY);
	CHECK_EQ(lend_status(LEND_LEND, offer.slot, 1, lend_peer(), 0), (s64)LEND_DENIED);
	CHECK_EQ(lend_status(LEND_RECLAIM, offer.loan, 0, 0, 0), (s64)LEND_DENIED);
	CHECK_EQ(lend_status(LEND_RELINQUISH, offer.slot, 1, LEND_RELINQUISH_KEEP, 0),
		 (s64)LEND_DENIED);
	CHECK_EQ(lend_status(LEND_LEND, empty, 1, lend_peer(), 0), (s64)LEND_DENIED);
	CHECK_EQ(lend_status(LEND_RETRIEVE, empty, 1, 0, 0), (s64)LEND_BAD_STATE);
	CHECK_EQ(lend_status(LEND_RELINQUISH, empty, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(slot_state(empty), LEND_SLOT_EMPTY);
	CHECK_EQ(slots_snapshot(offer.slot, N), before);
	CHECK_EQ(first_unlike_pattern(block, bytes() / nr_cpus & ~7ULL, SEED), 0);
}

static void kept_offer_is_scrubbed(void)
{
	CHECK_EQ(lend_status(LEND_RELINQUISH, offer.slot, N, LEND_RELINQUISH_KEEP_OFFER, 0),
		 LEND_SUCCESS);
	CHECK(slots_are(offer.slot, N, LEND_SLOT_OFFERED));
	CHECK(slot_is_absent(offer.slot));
	CHECK_EQ(slot_loan(offer.slot), offer.loan);
	CHECK_EQ(lend_status(LEND_RETRIEVE, offer.slot, N, 0, 0), LEND_SUCCESS);
	CHECK_EQ(first_nonzero(block, bytes()), 0);
}

static void it_goes_back(void)
{
	struct lend_event sign;

	lend_events_begin();
	CHECK(lend_wait_event(LEND_EVENT_OFFER, &sign));
	CHECK(sign.slot < offer.slot || sign.slot >= offer.slot + N);
	CHECK_EQ(slot_loan(sign.slot), sign.loan);
	fill_pattern(block, bytes(), SEED + 1);
	CHECK_EQ(lend_status(LEND_RELINQUISH, offer.slot, N, 0, 0), LEND_SUCCESS);
	/* A may have lent again by now: then it is an offer, but never this block. */
	CHECK(slot_state(offer.slot) == LEND_SLOT_EMPTY ||
	      slot_state(offer.slot) == LEND_SLOT_OFFERED);
	CHECK(slot_is_absent(offer.slot));
	CHECK(slot_is_absent(offer.slot + N - 1));
}

/* Writes all over the blocks until they are gone. */
static void hammer(void)
{
	u64 x = 88172645463325252ULL + this_cpu()->index, end = counter_virt() + 120 * counter_hz();

	__atomic_fetch_add(&hammering, 1, __ATOMIC_SEQ_CST);
	while (counter_virt() < end) {
		for (u32 i = 0; i < 1000; i++) {
			struct probe p;

			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			p = probe_write64(block + (x % bytes() & ~7ULL), x | 1);
			if (p.aborted) {
				if (!probe_is_external(p))
					test_fail(__FILE__, __LINE__, "ESR 0x%lx", p.esr);
				__atomic_fetch_add(&nr_stopped, 1, __ATOMIC_SEQ_CST);
				return;
			}
		}
	}
}

static void recalled_under_load(void)
{
	struct lend_event event;

	lend_events_begin();
	CHECK_EQ(retrieve_an_offer(), LEND_SUCCESS);
	CHECK_EQ(first_nonzero(block, bytes()), 0);
	fill_pattern(block, bytes(), SEED + 2);
	for (u32 i = 1; i < nr_cpus; i++)
		CHECK_EQ(cpu_start(i, hammer), PSCI_SUCCESS);
	CHECK(WAIT_FOR(__atomic_load_n(&hammering, __ATOMIC_SEQ_CST) == nr_cpus - 1));
	CHECK(lend_wait_event(LEND_EVENT_RECALL, &event));
	CHECK_EQ(event.peer, lend_peer());
	CHECK_EQ(event.loan, offer.loan);
	CHECK(slots_are(offer.slot, N, LEND_SLOT_BORROWED));
	CHECK_EQ(slot_flags(offer.slot) & LEND_FLAG_RECALLED, LEND_FLAG_RECALLED);
	CHECK_EQ(__atomic_load_n(&nr_stopped, __ATOMIC_SEQ_CST), 0);
	CHECK_EQ(lend_status(LEND_RELINQUISH, offer.slot, N, 0, 0), LEND_SUCCESS);
	for (u32 i = 1; i < nr_cpus; i++)
		CHECK(cpu_wait_off(i));
	CHECK_EQ(nr_stopped, nr_cpus - 1);
	CHECK(slots_are(offer.slot, N, LEND_SLOT_EMPTY));
	CHECK(slot_is_absent(offer.slot));
}

static void nothing_is_left(void)
{
	CHECK_EQ(lend_status(LEND_RETRIEVE, offer.slot, 1, 0, 0), (s64)LEND_BAD_STATE);
	CHECK_EQ(lend_status(LEND_RECLAIM, offer.loan, 0, 0, 0), (s64)LEND_BAD_STATE);
	CHECK_EQ(slot_peer(offer.slot), LEND_NO_PEER);
	CHECK_EQ(slot_loan(offer.slot), NO_LOAN);
}

TESTS(TEST(discovery), TEST(an_offer_comes), TEST(it_holds_zeroes), TEST(a_borrower_may_not),
      TEST(kept_offer_is_scrubbed), TEST(it_goes_back), TEST(recalled_under_load),
      TEST(nothing_is_left));
