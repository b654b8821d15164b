/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One of two well-behaved guests, VMs 0 and 1, that lend blocks to each other in a loop and verify
 * every byte of them, while VM 2 (test_hostile.c) does what it can. They also lend to it, take back by
 * force, and take what it offers, since these are its ways to harm them. They end when it has gone.
 *
 * Slots 0 and 1 go to the friend as one loan with KEEP; it answers in them. Slots 2 (revocable) and 3
 * go to the hostile guest.
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/lend.h"
#include "guest-tests/bare/lib/secret.h"

#define HOSTILE 2
#define N 2
#define TO_HOSTILE N /* the first slot lent to it */
#define NR_TO_HOSTILE 2
#define NR_OWN (N + NR_TO_HOSTILE)
#define DEADLINE 200000 /* ns */
#define MOMENT 3000000
#define GIGA 1000000000
#define GONE_AFTER 2 /* s without a hostile VM: it is off, and not in the middle of a reset */
#define LEAST_ROUNDS 20
#define KEY(id, round, block) ((u64)(id) << 40 | (u64)(round) << 8 | (block))

static struct lend_window w;
static u32 friend;
static u64 gone_since; /* of the counter; 0: it is there */
static u64 round_out; /* of our loan to the friend */
static bool is_filled, friend_is_gone;

static struct {
	u64 rounds, answers, unanswered, lent, revoked, returned, taken, refused, donated;
} count;

static u64 base_of(u32 slot)
{
	return w.base + slot * w.block_size;
}

static s64 call(u32 fn, u64 x1, u64 x2, u64 x3, u64 x4)
{
	return lend_status(fn, x1, x2, x3, x4);
}

/* Answers come with KEEP in every other round, else the lender finds zeroes. */
static bool answer_is_kept(u64 round)
{
	return round % 2;
}

static void check_answer(void)
{
	/* The friend went off before it took the last one: it came back as it was. */
	if (!secret_unlike(base_of(0), w.block_size, KEY(w.id, round_out, 0))) {
		CHECK_EQ(count.unanswered++, 0);
		return;
	}
	for (u32 i = 0; i < N; i++) {
		u64 key = KEY(friend, round_out, i);

		if (answer_is_kept(round_out))
			CHECK_EQ(secret_unlike(base_of(i), w.block_size, key), 0);
		else
			CHECK_EQ(first_nonzero(base_of(i), w.block_size), 0);
	}
	count.rounds++;
}

static void fill(u32 slot, u32 n, u64 round)
{
	for (u32 i = 0; i < n; i++)
		secret_fill(base_of(slot + i), w.block_size, KEY(w.id, round, i));
}

/* Slots 0 and 1: check what came back, fill with the next round's, lend again. */
static void lend_to_friend(void)
{
	s64 status;

	if (!slots_are(0, N, LEND_SLOT_STANDBY) || (slot_flags(0) | slot_flags(1)) & LEND_FLAG_BUSY)
		return;
	if (!is_filled) {
		CHECK_EQ(call(LEND_RETRIEVE, 0, N, 0, 0), LEND_SUCCESS);
		if (round_out)
			check_answer();
		fill(0, N, ++round_out);
		CHECK_EQ(call(LEND_RELINQUISH, 0, N, LEND_RELINQUISH_KEEP, 0), LEND_SUCCESS);
		is_filled = true;
	}
	status = call(LEND_LEND, 0, N, friend, LEND_LEND_KEEP);
	friend_is_gone = status == LEND_NO_SUCH_VM;
	CHECK(status == LEND_SUCCESS || status == LEND_BUSY || status == LEND_NO_SLOT ||
	      friend_is_gone);
	is_filled = status != LEND_SUCCESS;
}

/* An offer of the friend's: its round is found in the contents' first word, then checked as a whole. */
static void answer_friend(u32 slot)
{
	static u64 round;

	if (call(LEND_RETRIEVE, slot, N, 0, 0) != LEND_SUCCESS) {
		/* It went off in this moment, and its offer with it. */
		CHECK_EQ(slot_state(slot), LEND_SLOT_EMPTY);
		return;
	}
	round++;
	for (u32 i = 0; i < N; i++)
		CHECK_EQ(secret_unlike(base_of(slot + i), w.block_size, KEY(friend, round, i)), 0);
	fill(slot, N, round);
	CHECK_EQ(call(LEND_RELINQUISH, slot, N, answer_is_kept(round) ? LEND_RELINQUISH_KEEP : 0,
		      0),
		 LEND_SUCCESS);
	count.answers++;
}

static void note_hostile(s64 status)
{
	if (status != LEND_NO_SUCH_VM)
		gone_since = 0;
	else if (!gone_since)
		gone_since = counter_virt();
}

static bool hostile_is_gone(void)
{
	return gone_since && counter_virt() - gone_since > GONE_AFTER * counter_hz();
}

/* Once back, nothing is to be left of what it wrote; and it gets nothing of what we write. */
static void lend_to_hostile(u32 slot)
{
	bool revocable = slot == TO_HOSTILE;
	s64 status;

	CHECK_EQ(call(LEND_RETRIEVE, slot, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(first_nonzero(base_of(slot), w.block_size), 0);
	fill(slot, 1, count.lent);
	CHECK_EQ(call(LEND_RELINQUISH, slot, 1, 0, 0), LEND_SUCCESS);
	status = call(LEND_LEND, slot, 1, HOSTILE, revocable ? LEND_LEND_REVOCABLE : 0);
	CHECK(status == LEND_SUCCESS || status == LEND_BUSY || status == LEND_NO_SLOT ||
	      status == LEND_NO_SUCH_VM);
	note_hostile(status);
	count.lent += status == LEND_SUCCESS;
}

static void pause(u64 ns)
{
	u64 end = counter_virt() + counter_hz() * ns / GIGA;

	while (counter_virt() < end)
		cpu_relax();
}

/* By asking and, where the loan allows it and she does not hear, by force. */
static void take_back_from_hostile(u32 slot)
{
	u64 loan = slot_loan(slot);
	s64 status = call(LEND_RECLAIM, loan, DEADLINE, 0, 0);

	if (status == LEND_PENDING && slot_flags(slot) & LEND_FLAG_REVOCABLE) {
		pause(2 * DEADLINE);
		status = call(LEND_REVOKE, loan, 0, 0, 0);
		count.revoked += status == LEND_SUCCESS;
	}
	/* BAD_STATE: it came back in between, or its time is not over. */
	CHECK(status == LEND_SUCCESS || status == LEND_PENDING || status == LEND_BAD_STATE);
	count.returned += status == LEND_SUCCESS;
}

/* In every other turn it is left alone with what it is lent, else it loses that after a moment. */
static void play_with_hostile(u64 turn)
{
	for (u32 slot = TO_HOSTILE; slot < TO_HOSTILE + NR_TO_HOSTILE && !test_failed(); slot++) {
		if (slot_state(slot) == LEND_SLOT_STANDBY)
			lend_to_hostile(slot);
		if (turn % 2)
			continue;
		pause(MOMENT);
		if (slot_state(slot) == LEND_SLOT_LENT)
			take_back_from_hostile(slot);
	}
}

/*
 * Its offers: what it could take by force is refused or retrieved, and not touched; the rest is used
 * and given back.
 */
static void answer_hostile(u32 slot)
{
	bool keep = slot_flags(slot) & LEND_FLAG_KEEP;
	s64 status;

	if (slot_flags(slot) & LEND_FLAG_REVOCABLE) {
		status = call(count.refused++ % 2 ? LEND_REFUSE : LEND_RETRIEVE, slot, 1, 0, 0);
		CHECK(status == LEND_SUCCESS || status == LEND_BAD_STATE);
		return;
	}
	status = call(LEND_RETRIEVE, slot, 1, 0, 0);
	CHECK(status == LEND_SUCCESS || status == LEND_BAD_STATE);
	/* Withdrawn, and perhaps offered anew under other terms. */
	if (status == LEND_BAD_STATE || slot_flags(slot) & LEND_FLAG_REVOCABLE)
		return;
	if (!keep && !(slot_flags(slot) & LEND_FLAG_KEEP))
		CHECK_EQ(first_nonzero(base_of(slot), w.block_size), 0);
	fill(slot, 1, count.taken++);
	CHECK_EQ(call(LEND_RELINQUISH, slot, 1, 0, 0), LEND_SUCCESS);
}

/* Slots beyond the first ones, from one run of the same state to the next. */
static void look_at_offers(void)
{
	for (u32 slot = NR_OWN; slot < w.nr_slots && !test_failed();) {
		struct smccc info = lend(LEND_SLOT_INFO, slot, 0, 0, 0);
		u32 state = LEND_SLOT_STATE(info.x[1]), peer = LEND_SLOT_PEER(info.x[1]);

		if (state == LEND_SLOT_OFFERED && peer == friend && slot % N == 0)
			answer_friend(slot);
		else if (state == LEND_SLOT_OFFERED && peer == HOSTILE)
			answer_hostile(slot);
		else if (state == LEND_SLOT_STANDBY) /* donated by it: back, or it would run out */
			count.donated += call(LEND_DONATE, slot, 1, HOSTILE, 0) == LEND_SUCCESS;
		else if (state != LEND_SLOT_EMPTY && state != LEND_SLOT_LENT)
			CHECK_EQ(call(LEND_RELINQUISH, slot, 1, 0, 0), LEND_SUCCESS);
		slot += state == LEND_SLOT_EMPTY ? LEND_SLOT_RUN(info.x[1]) : 1;
	}
}

/* Whoever goes first leaves the other with its rounds done: an answer more says that it has checked those before. */
static bool is_done(void)
{
	bool enough = count.rounds >= LEAST_ROUNDS && count.answers > LEAST_ROUNDS;

	return (friend_is_gone || (hostile_is_gone() && enough)) &&
	       slots_are(0, NR_OWN, LEND_SLOT_STANDBY);
}

/* Far longer than it worked: the hostile guest is to have most of the host's CPUs. */
static void nap(u64 begin)
{
	u64 now = counter_virt(), until = now + min_u64(8 * (now - begin), 2 * counter_hz());

	timer_set_cval(TIMER_VIRT, until);
	timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
	while (counter_virt() < until)
		wfi(); /* the hypervisor's interrupts end it, too */
	timer_set_ctl(TIMER_VIRT, 0);
}

static void read_events(void)
{
	while (LEND_EVENT_KIND(lend(LEND_EVENT_NEXT, 0, 0, 0, 0).x[1]) != LEND_EVENT_NONE)
		;
}

static void lends_and_verifies(void)
{
	w = lend_window();
	friend = 1 - w.id;
	CHECK_EQ(w.nr_own, NR_OWN);
	gic_enable(0, timer_intid(TIMER_VIRT));
	for (u64 turn = 0; !is_done(); turn++) {
		u64 begin = counter_virt();

		read_events();
		look_at_offers();
		lend_to_friend();
		if (!hostile_is_gone())
			play_with_hostile(turn);
		if (test_failed())
			return;
		if (!gone_since)
			nap(begin);
	}
	CHECK(count.rounds >= LEAST_ROUNDS);
	/* What the friend did not take any more has come back, too. */
	CHECK_EQ(call(LEND_RETRIEVE, TO_HOSTILE, NR_TO_HOSTILE, 0, 0), LEND_SUCCESS);
	CHECK_EQ(first_nonzero(base_of(TO_HOSTILE), NR_TO_HOSTILE * w.block_size), 0);
	print("# %lu rounds, %lu answers\n", count.rounds, count.answers);
	print("# to the hostile guest: %lu lent, %lu returned, %lu revoked\n", count.lent,
	      count.returned, count.revoked);
	print("# from it: %lu taken, %lu refused, %lu donated back\n", count.taken, count.refused,
	      count.donated);
}

TESTS(TEST(lends_and_verifies));
