/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The borrower's side of a revoke: see test_revoke_a.c. All CPUs of B read and write the blocks when
 * they are taken away: each takes an external abort there, and from then on finds aborts only, zeroes
 * or aborts once it is acknowledged, and never a byte of what the owner writes. B owns a block, for
 * signs.
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/lend.h"
#include "guest-tests/bare/lib/random.h"

#define OWN_SLOT 0
#define LOOK_MS 300 /* how long the CPUs look at what they have no more */

enum phase {
	HAMMER,
	REVOKED,
	ACKNOWLEDGED, /* or being so */
	STOP
};

static u32 phase, nr_hammering, nr_stopped, nr_looks;
static struct lend_event offer;
static u32 nr_lent;
static u64 block, bytes;

static enum phase phase_now(void)
{
	return __atomic_load_n(&phase, __ATOMIC_SEQ_CST);
}

static void enter(enum phase next)
{
	__atomic_store_n(&phase, next, __ATOMIC_SEQ_CST);
}

static void add_one(u32 *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_SEQ_CST);
}

static bool is_right_abort(struct probe p, u64 address)
{
	return probe_is_external(p) && p.far == address && ESR_CLASS(p.esr) == EC_DABT;
}

/*
 * Reads and writes all over the blocks until one does not go through. Of several blocks the first is taken
 * first, the others may be there a while longer.
 */
static void use(struct random *r)
{
	u64 end = counter_virt() + 120 * counter_hz();

	add_one(&nr_hammering);
	while (counter_virt() < end) {
		u64 address = block + ALIGN_DOWN(random_u64(r) % bytes, 8);
		struct probe p = random_below(r, 2) ? probe_write64(address, ~address)
						    : probe_read64(address);

		if (!p.aborted)
			continue;
		CHECK(is_right_abort(p, address));
		add_one(&nr_stopped);
		return;
	}
	CHECK(!"revoked");
}

/*
 * Between two looks at the phase that agree, an access finds what that phase says: anything but the
 * owner's data as long as some blocks may be there, aborts, and then what is found at an EMPTY slot.
 */
static bool look(struct random *r)
{
	u64 address = block + ALIGN_DOWN(random_u64(r) % bytes, 8);
	enum phase before = phase_now();
	struct probe p = probe_read64(address);
	bool same = before == phase_now();

	add_one(&nr_looks);
	if (p.aborted)
		return is_right_abort(p, address);
	if (same && before == HAMMER)
		return !p.value || p.value == ~address;
	return !p.value && !(same && before == REVOKED);
}

static void hammer(void)
{
	struct random r = random_from(this_cpu()->index);

	use(&r);
	while (this_cpu()->index && phase_now() != STOP)
		CHECK(look(&r));
}

static void look_for(u64 ms)
{
	u64 end = counter_virt() + counter_hz() / 1000 * ms;
	struct random r = random_from(ms);

	while (counter_virt() < end)
		CHECK(look(&r));
}

static void take_the_loan(void)
{
	lend_events_begin();
	CHECK(lend_wait_event(LEND_EVENT_OFFER, &offer));
	nr_lent = LEND_SLOT_RUN(lend(LEND_SLOT_INFO, offer.slot, 0, 0, 0).x[1]);
	block = slot_address(offer.slot);
	bytes = nr_lent * lend_window().block_size;
	CHECK_EQ(lend_status(LEND_RETRIEVE, offer.slot, nr_lent, 0, 0), LEND_SUCCESS);
	CHECK_EQ(first_nonzero(block, bytes), 0);
}

static void revoked_slots(void)
{
	CHECK(slots_are(offer.slot, nr_lent, LEND_SLOT_REVOKED));
	CHECK_EQ(slot_peer(offer.slot), lend_peer());
	CHECK_EQ(lend_status(LEND_RETRIEVE, offer.slot, 1, 0, 0), (s64)LEND_BAD_STATE);
	CHECK_EQ(lend_status(LEND_REFUSE, offer.slot, 0, 0, 0), (s64)LEND_BAD_STATE);
	CHECK(is_right_abort(probe_read64(block), block));
	CHECK(is_right_abort(probe_write64(block + bytes - 8, 1), block + bytes - 8));
	CHECK(probe_is_external(probe_execute(block)));
	CHECK(slots_are(offer.slot, nr_lent, LEND_SLOT_REVOKED));
}

static void acknowledged_slots(void)
{
	struct smccc got;

	enter(ACKNOWLEDGED);
	got = lend(LEND_RELINQUISH, offer.slot, nr_lent, 0, 0);
	CHECK_EQ(got.x[0], LEND_SUCCESS);
	CHECK_EQ(got.x[1], nr_lent);
	CHECK(slots_are(offer.slot, nr_lent, LEND_SLOT_EMPTY));
	CHECK_EQ(slot_loan(offer.slot), NO_LOAN);
	for (u32 i = 0; i < nr_lent; i++)
		CHECK(slot_is_absent(offer.slot + i));
	look_for(LOOK_MS);
}

static void hammered_and_revoked(void)
{
	phase = HAMMER;
	nr_hammering = nr_stopped = nr_looks = 0;
	take_the_loan();
	if (test_failed())
		return;
	for (u32 i = 1; i < nr_cpus; i++)
		CHECK_EQ(cpu_start(i, hammer), PSCI_SUCCESS);
	CHECK(WAIT_FOR(__atomic_load_n(&nr_hammering, __ATOMIC_SEQ_CST) == nr_cpus - 1));
	CHECK(lend_sign(OWN_SLOT, lend_peer()));
	hammer();
	CHECK(WAIT_FOR(__atomic_load_n(&nr_stopped, __ATOMIC_SEQ_CST) == nr_cpus));
	CHECK(lend_wait_events(LEND_EVENT_REVOKED, offer.slot, nr_lent));
	enter(REVOKED);
	revoked_slots();
	look_for(LOOK_MS);
	if (!test_failed())
		acknowledged_slots();
	enter(STOP);
	for (u32 i = 1; i < nr_cpus; i++)
		CHECK(cpu_wait_off(i));
	CHECK(nr_looks > 100);
	CHECK(lend_sign(OWN_SLOT, lend_peer()));
}

static void one_block(void)
{
	hammered_and_revoked();
	CHECK_EQ(nr_lent, 1);
}

static void three_blocks(void)
{
	hammered_and_revoked();
	CHECK_EQ(nr_lent, 3);
	CHECK_EQ(offer.slot % 2, 0);
}

/* The owner may not take this one: it is given back, after its time. */
static void not_revocable(void)
{
	struct lend_event event;

	take_the_loan();
	fill_pattern(block, bytes, 1);
	CHECK(lend_sign(OWN_SLOT, lend_peer()));
	CHECK(lend_wait_event(LEND_EVENT_EXPIRED, &event));
	CHECK_EQ(event.slot, offer.slot);
	CHECK_EQ(slot_flags(offer.slot), LEND_FLAG_RECALLED | LEND_FLAG_EXPIRED);
	CHECK_EQ(first_unlike_pattern(block, bytes, 1), 0);
	CHECK_EQ(slot_state(offer.slot), LEND_SLOT_BORROWED);
	CHECK(lend_sign(OWN_SLOT, lend_peer()));
	CHECK_EQ(lend_status(LEND_RELINQUISH, offer.slot, 1, 0, 0), LEND_SUCCESS);
}

TESTS(TEST(one_block), TEST(three_blocks), TEST(not_revocable));
