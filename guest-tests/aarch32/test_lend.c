/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The borrower's side of a loan, in 32 bits: the lender is guest-tests/bare/test_lend_a.c. First the loan
 * goes back by itself, once another offer has come as the sign to go on; then because it is recalled.
 */
#include "guest-tests/aarch32/arm32.h"

#define N 2
#define SEED 0xb32
#define LEND_INTID 92
#define NR_EVENTS 16

struct event {
	u32 kind, peer, slot;
	u64 loan;
};

static struct event events[NR_EVENTS], offer;
static u32 nr_come, nr_read;
static struct window w;
static u32 block; /* address of the first one lent */

/* EVENT_NEXT's x1 is r1 and r2, its x2 the loan in r3 and r4. */
static void take_events(u32 intid)
{
	struct regs r;

	if (intid != LEND_INTID)
		return;
	while (((r = smc(LEND_EVENT_NEXT, 0, 0, 0, 0)).r[1] & 0xff) != LEND_EVENT_NONE) {
		events[nr_come % NR_EVENTS] = (struct event){
			r.r[1] & 0xff,
			r.r[1] >> 8 & 0xff,
			r.r[2],
			r.r[3] | (u64)r.r[4] << 32,
		};
		__atomic_store_n(&nr_come, nr_come + 1, __ATOMIC_SEQ_CST);
	}
}

static void events_begin(void)
{
	irq_handler = take_events;
	gic_enable(0, LEND_INTID);
	irq_enable();
}

static bool wait_event(u32 kind, struct event *event)
{
	do {
		if (!WAIT_FOR(__atomic_load_n(&nr_come, __ATOMIC_SEQ_CST) != nr_read))
			return false;
		*event = events[nr_read++ % NR_EVENTS];
	} while (event->kind != kind);
	return true;
}

static u32 bytes(void)
{
	return N * w.block_size;
}

static bool slots_are(u32 slot, u32 state)
{
	for (u32 i = slot; i < slot + N; i++)
		if (slot_state(i) != state)
			return false;
	return true;
}

/* Writes and fetches abort, reads find zero or abort: as DFSR, DFAR, IFAR say, at the byte asked for. */
static bool is_absent(u32 address)
{
	u32 value = PROBE(read_a32, address, 0);
	bool read_zero = caught_one.kind == CAUGHT_NOTHING && !value;
	bool read_aborts = caught_one.kind == CAUGHT_DATA_ABORT && caught_one.dfar == address &&
			   caught_one.dfsr == 0x008;

	PROBE(write_a32, address, ~0u);
	if (caught_one.kind != CAUGHT_DATA_ABORT || caught_one.dfar != address ||
	    caught_one.dfsr != 0x808)
		return false;
	PROBE(execute_t32, address, 0);
	return (read_zero || read_aborts) && caught_one.kind == CAUGHT_PREFETCH_ABORT &&
	       caught_one.ifar == address && caught_one.ifsr == 0x008;
}

static bool slot_is_absent(u32 slot)
{
	u32 start = slot_address(slot);

	return is_absent(start) && is_absent(start + w.block_size / 2) &&
	       is_absent(start + w.block_size - 4);
}

static void discovery(void)
{
	w = window();
	CHECK(w.nr_slots >= 2 * N);
	CHECK(w.base + (u64)w.nr_slots * w.block_size <= GIB(4));
	CHECK(slot_is_absent(w.nr_slots - 1));
}

static void an_offer_comes(void)
{
	events_begin();
	CHECK(wait_event(LEND_EVENT_OFFER, &offer));
	CHECK(offer.peer != w.id);
	CHECK(slots_are(offer.slot, LEND_SLOT_OFFERED));
	CHECK_EQ(slot_loan(offer.slot), offer.loan);
	CHECK(slot_is_absent(offer.slot));
}

static void it_holds_zeroes(void)
{
	struct regs got = smc(LEND_RETRIEVE, offer.slot, N, 0, 0);
	const struct regs wanted = {{LEND_SUCCESS, N}};

	block = slot_address(offer.slot);
	for (u32 i = 0; i < 8; i++)
		CHECK_EQ(got.r[i], wanted.r[i]);
	CHECK(slots_are(offer.slot, LEND_SLOT_BORROWED));
	CHECK_EQ(first_nonzero(block, bytes()), 0);
	fill_pattern(block, bytes(), SEED);
	CHECK_EQ(first_unlike_pattern(block, bytes(), SEED), 0);
}

/* A handle takes two registers: with another upper half it is another loan. */
static void wide_arguments(void)
{
	u32 low = (u32)offer.loan, high = (u32)(offer.loan >> 32);

	CHECK_EQ((s32)smc(LEND_RECLAIM, low, high, 0, 0).r[0], LEND_DENIED);
	CHECK_EQ((s32)smc(LEND_RECLAIM, low, high ^ 1, 0, 0).r[0], LEND_BAD_STATE);
	CHECK_EQ((s32)smc(LEND_RECLAIM, low ^ 1, high, 0, 0).r[0], LEND_BAD_STATE);
	CHECK_EQ(lend(LEND_LEND, offer.slot, 1, offer.peer), LEND_DENIED);
	CHECK_EQ(lend(LEND_RELINQUISH, offer.slot, 1, LEND_RELINQUISH_KEEP), LEND_DENIED);
	CHECK_EQ(first_unlike_pattern(block, w.block_size, SEED), 0);
}

static void a_kept_offer_is_scrubbed(void)
{
	CHECK_EQ(lend(LEND_RELINQUISH, offer.slot, N, LEND_RELINQUISH_KEEP_OFFER), LEND_SUCCESS);
	CHECK(slots_are(offer.slot, LEND_SLOT_OFFERED));
	CHECK(slot_is_absent(offer.slot));
	CHECK_EQ(lend(LEND_RETRIEVE, offer.slot, N, 0), LEND_SUCCESS);
	CHECK_EQ(first_nonzero(block, bytes()), 0);
}

static void it_goes_back(void)
{
	struct event sign;

	events_begin();
	CHECK(wait_event(LEND_EVENT_OFFER, &sign));
	CHECK(sign.slot < offer.slot || sign.slot >= offer.slot + N);
	fill_pattern(block, bytes(), SEED + 1);
	CHECK_EQ(lend(LEND_RELINQUISH, offer.slot, N, 0), LEND_SUCCESS);
	CHECK(slot_is_absent(offer.slot));
}

/* The lender may take an offer back before it is retrieved, or in the middle, and make another. */
static void recalled(void)
{
	struct event event;
	s32 status;

	events_begin();
	do {
		CHECK(wait_event(LEND_EVENT_OFFER, &offer));
		status = lend(LEND_RETRIEVE, offer.slot, N, 0);
	} while (status == LEND_BAD_STATE &&
		 lend(LEND_RELINQUISH, offer.slot, N, 0) == LEND_SUCCESS);
	CHECK_EQ(status, LEND_SUCCESS);
	block = slot_address(offer.slot);
	CHECK_EQ(first_nonzero(block, bytes()), 0);
	fill_pattern(block, bytes(), SEED + 2);
	CHECK(wait_event(LEND_EVENT_RECALL, &event));
	CHECK_EQ(event.loan, slot_loan(offer.slot));
	CHECK_EQ(first_unlike_pattern(block, bytes(), SEED + 2), 0);
	CHECK_EQ(lend(LEND_RELINQUISH, offer.slot, N, 0), LEND_SUCCESS);
	CHECK(slots_are(offer.slot, LEND_SLOT_EMPTY));
	CHECK(slot_is_absent(offer.slot));
	CHECK_EQ(lend(LEND_RETRIEVE, offer.slot, 1, 0), LEND_BAD_STATE);
}

TESTS(TEST(discovery), TEST(an_offer_comes), TEST(it_holds_zeroes), TEST(wide_arguments),
      TEST(a_kept_offer_is_scrubbed), TEST(it_goes_back), TEST(recalled));
