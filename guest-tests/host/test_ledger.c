/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every slot state × every call on slots, as the table of lending.md §3 has it. After each call the whole
 * state is compared: what the row says, and nothing else; not a byte where the call changes nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "guest-tests/host/lend_world.h"

enum {
	A,
	B,
	C
};

#define KEEP LEND_RELINQUISH_KEEP
#define KEEP_OFFER LEND_RELINQUISH_KEEP_OFFER

/*
 * a: own 0 and 1, promises 2 and 3; b: own 0, promise 1; c: promise 0; all the rest for loans.
 * Blocks 0 and 1 are a's, 2 is b's, 3 and 4 the pool's.
 */
static const struct world_vm vms[] = {
	[A] = {.nr_slots = 6, .nr_own = 2, .nr_promised = 2, .quota = 1, .lend_to = 6},
	[B] = {.nr_slots = 6, .nr_own = 1, .nr_promised = 1, .quota = 1, .lend_to = 1},
	[C] = {.nr_slots = 2, .nr_promised = 1, .quota = 1, .lend_to = 1},
};

static void retrieve(u32 vm, u32 slot)
{
	assert_int_equal(world_call(vm, LEND_RETRIEVE, slot, 1, 0, 0), LEND_SUCCESS);
}

static void relinquish(u32 vm, u32 slot, u32 flags)
{
	assert_int_equal(world_call(vm, LEND_RELINQUISH, slot, 1, flags, 0), LEND_SUCCESS);
}

static void read_events(u32 vm)
{
	do
		world_call(vm, LEND_EVENT_NEXT, 0, 0, 0, 0);
	while (world.x[1] != LEND_EVENT_NONE);
}

static void as_started(void)
{
}

static void own_kept(void)
{
	retrieve(A, 0);
	relinquish(A, 0, KEEP);
}

static void own_clean(void)
{
	retrieve(A, 0);
	relinquish(A, 0, 0);
}

static void at_quota(void)
{
	retrieve(A, 3);
}

static void pool_empty(void)
{
	retrieve(B, 1);
	retrieve(C, 0);
}

static void offer_from_b(void)
{
	world_lend(B, 0, 1, A, 0);
}

static void kept_offer_from_b(void)
{
	retrieve(B, 0);
	relinquish(B, 0, KEEP);
	world_lend(B, 0, 1, A, LEND_LEND_KEEP);
}

static void own_held(void)
{
	retrieve(A, 0);
}

static void promise_held(void)
{
	retrieve(A, 2);
}

static void borrowed(void)
{
	offer_from_b();
	retrieve(A, 4);
	read_events(A);
}

static void orphan_held(void)
{
	borrowed();
	world_off(B);
}

static void borrowed_keep(void)
{
	kept_offer_from_b();
	retrieve(A, 4);
	read_events(A);
}

static void borrowed_recalled(void)
{
	u64 loan = world_lend(B, 0, 1, A, 0);

	retrieve(A, 4);
	read_events(A);
	assert_int_equal(world_call(B, LEND_RECLAIM, loan, 0, 0, 0), LEND_PENDING);
}

static void lent_offered(void)
{
	world_lend(A, 0, 1, B, 0);
}

static void lent_retrieved(void)
{
	lent_offered();
	retrieve(B, 2);
}

/* No call makes it yet. */
static void revoked(void)
{
	spin_lock(&world.s2[A].lock);
	s2_unmap(&world.s2[A], IPA(WORLD_WINDOW + 4 * WORLD_BLOCK), WORLD_BLOCK, S2_ABSENT_REVOKED);
	spin_unlock(&world.s2[A].lock);
	slot_move(&world.l.vm[A], 4, LEND_SLOT_REVOKED);
}

static void own_going(void)
{
	own_held();
	world_begin_call(A, LEND_RELINQUISH, 0, 1, 0);
}

static void own_coming(void)
{
	world_begin_call(A, LEND_RETRIEVE, 0, 1, 0);
}

static void promise_going(void)
{
	promise_held();
	world_begin_call(A, LEND_RELINQUISH, 2, 1, 0);
}

static void promise_coming(void)
{
	world_begin_call(A, LEND_RETRIEVE, 2, 1, 0);
}

static void loan_coming(void)
{
	offer_from_b();
	world_begin_call(A, LEND_RETRIEVE, 4, 1, 0);
}

static void loan_going(void)
{
	borrowed();
	world_begin_call(A, LEND_RELINQUISH, 4, 1, 0);
}

static void loan_going_to_offer(void)
{
	borrowed();
	world_begin_call(A, LEND_RELINQUISH, 4, 1, KEEP_OFFER);
}

static void lent_busy(void)
{
	lent_offered();
	world_begin_call(B, LEND_RETRIEVE, 2, 1, 0);
}

static void lent_last_one_busy(void)
{
	borrowed();
	world_off(B);
	world_begin_call(A, LEND_RELINQUISH, 4, 1, 0);
}

/* changes NULL: not a byte. */
struct expected {
	s64 status;
	const char *changes;
};

#define SAME                                                                                       \
	{                                                                                          \
		LEND_SUCCESS, NULL                                                                 \
	}
#define NO(error)                                                                                  \
	{                                                                                          \
		LEND_##error, NULL                                                                 \
	}
#define TO(changes)                                                                                \
	{                                                                                          \
		LEND_SUCCESS, changes                                                              \
	}

enum {
	RETRIEVE,
	RELINQUISH,
	RELINQUISH_KEEP,
	RELINQUISH_OFFER,
	RELINQUISH_BOTH,
	LEND,
	NR_CALLS
};

/* The caller is a; LEND is to c. */
static const struct row {
	const char *name;
	void (*setup)(void);
	u32 slot;
	const char *is; /* the slot to begin with */
	struct expected call[NR_CALLS];
} rows[] = {
	{"EMPTY", as_started, 4, "a4=-", {NO(BAD_STATE), SAME, SAME, SAME, SAME, NO(BAD_STATE)}},
	{"STANDBY, own, never used",
	 as_started,
	 0,
	 "a0=S0d",
	 {TO("a0=H0d"), SAME, SAME, SAME, SAME, TO("a0=L0d c1=O0d+O")}},
	{"STANDBY, own, kept",
	 own_kept,
	 0,
	 "a0=S0do",
	 {TO("a0=H0d"), SAME, SAME, SAME, SAME, TO("a0=L0do c1=O0do+O")}},
	{"STANDBY, own, clean",
	 own_clean,
	 0,
	 "a0=S0",
	 {TO("a0=H0d"), SAME, SAME, SAME, SAME, TO("a0=L0 c1=O0+O")}},
	{"STANDBY, promise",
	 as_started,
	 2,
	 "a2=S",
	 {TO("a2=H3d a.held=1 free=1"), SAME, SAME, SAME, SAME, NO(DENIED)}},
	{"STANDBY, promise, quota used",
	 at_quota,
	 2,
	 "a2=S",
	 {NO(DENIED), SAME, SAME, SAME, SAME, NO(DENIED)}},
	{"STANDBY, promise, pool empty",
	 pool_empty,
	 2,
	 "a2=S",
	 {NO(NO_MEMORY), SAME, SAME, SAME, SAME, NO(DENIED)}},
	{"OFFERED",
	 offer_from_b,
	 4,
	 "a4=O2d+O",
	 {TO("a4=B2d+O"), SAME, SAME, SAME, SAME, NO(DENIED)}},
	{"OFFERED, KEEP",
	 kept_offer_from_b,
	 4,
	 "a4=O2dok+O",
	 {TO("a4=B2dk+O b0=L2dk"), SAME, SAME, SAME, SAME, NO(DENIED)}},
	{"HELD, own",
	 own_held,
	 0,
	 "a0=H0d",
	 {SAME, TO("a0=S0"), TO("a0=S0do"), TO("a0=S0"), TO("a0=S0do"), NO(BAD_STATE)}},
	{"HELD, pool",
	 promise_held,
	 2,
	 "a2=H3d",
	 {SAME, TO("a2=S a.held=0 free=2"), NO(DENIED), TO("a2=S a.held=0 free=2"), NO(DENIED),
	  NO(BAD_STATE)}},
	{"HELD, lender gone",
	 orphan_held,
	 4,
	 "a4=H2d",
	 {SAME, TO("a4=- a.held=0 free=3"), NO(DENIED), TO("a4=- a.held=0 free=3"), NO(DENIED),
	  NO(BAD_STATE)}},
	{"BORROWED",
	 borrowed,
	 4,
	 "a4=B2d",
	 {SAME, TO("a4=- b0=S2+B"), NO(DENIED), TO("a4=O2 b0=L2"), NO(DENIED), NO(DENIED)}},
	{"BORROWED, KEEP",
	 borrowed_keep,
	 4,
	 "a4=B2dk",
	 {SAME, TO("a4=- b0=S2+B"), TO("a4=- b0=S2do+B"), TO("a4=O2k b0=L2k"),
	  TO("a4=O2dok b0=L2dok"), NO(DENIED)}},
	{"BORROWED, RECALLED",
	 borrowed_recalled,
	 4,
	 "a4=B2d!+R",
	 {SAME, TO("a4=- b0=S2+B"), NO(DENIED), TO("a4=- b0=S2+B"), NO(DENIED), NO(DENIED)}},
	{"LENT, offered",
	 lent_offered,
	 0,
	 "a0=L0d",
	 {NO(BAD_STATE), SAME, SAME, SAME, SAME, NO(BAD_STATE)}},
	{"LENT, retrieved",
	 lent_retrieved,
	 0,
	 "a0=L0d",
	 {NO(BAD_STATE), SAME, SAME, SAME, SAME, NO(BAD_STATE)}},
	{"REVOKED",
	 revoked,
	 4,
	 "a4=R",
	 {NO(BAD_STATE), TO("a4=-"), TO("a4=-"), TO("a4=-"), TO("a4=-"), NO(BAD_STATE)}},
	{"own, SCRUBBING to STANDBY",
	 own_going,
	 0,
	 "a0=S0d>S",
	 {TO("a0=H0d"), TO("a0=S0"), TO("a0=S0"), TO("a0=S0"), TO("a0=S0"), TO("a0=L0 c1=O0+O")}},
	{"own, SCRUBBING to HELD",
	 own_coming,
	 0,
	 "a0=S0d>H",
	 {TO("a0=H0d"), SAME, SAME, SAME, SAME, NO(BUSY)}},
	{"promise, SCRUBBING to FREE",
	 promise_going,
	 2,
	 "a2=S3d>F",
	 {TO("a2=H3d"), TO("a2=S a.held=0 free=2"), TO("a2=S a.held=0 free=2"),
	  TO("a2=S a.held=0 free=2"), TO("a2=S a.held=0 free=2"), NO(DENIED)}},
	{"promise, SCRUBBING to HELD",
	 promise_coming,
	 2,
	 "a2=S3d>H",
	 {TO("a2=H3d"), SAME, SAME, SAME, SAME, NO(DENIED)}},
	{"loan, SCRUBBING to BORROWED",
	 loan_coming,
	 4,
	 "a4=O2d>B+O",
	 {TO("a4=B2d+O b0=L2d"), SAME, SAME, SAME, SAME, NO(DENIED)}},
	{"loan, SCRUBBING to STANDBY",
	 loan_going,
	 4,
	 "a4=-2d>S",
	 {NO(BAD_STATE), TO("a4=- b0=S2+B"), TO("a4=- b0=S2+B"), TO("a4=- b0=S2+B"),
	  TO("a4=- b0=S2+B"), NO(BAD_STATE)}},
	{"loan, SCRUBBING to OFFERED",
	 loan_going_to_offer,
	 4,
	 "a4=O2d>O",
	 {TO("a4=B2d b0=L2d"), TO("a4=O2 b0=L2"), TO("a4=O2 b0=L2"), TO("a4=O2 b0=L2"),
	  TO("a4=O2 b0=L2"), NO(DENIED)}},
	{"loan, SCRUBBING, lender gone",
	 lent_last_one_busy,
	 4,
	 "a4=-2d>F",
	 {NO(BAD_STATE), TO("a4=- a.held=0 free=3"), TO("a4=- a.held=0 free=3"),
	  TO("a4=- a.held=0 free=3"), TO("a4=- a.held=0 free=3"), NO(BAD_STATE)}},
	{"LENT, SCRUBBING to BORROWED",
	 lent_busy,
	 0,
	 "a0=L0d>B",
	 {NO(BAD_STATE), SAME, SAME, SAME, SAME, NO(BAD_STATE)}},
};

static s64 make_call(u32 call, u32 slot)
{
	static const u32 flags[] = {0, 0, KEEP, KEEP_OFFER, KEEP | KEEP_OFFER};

	switch (call) {
	case RETRIEVE:
		return world_call(A, LEND_RETRIEVE, slot, 1, 0, 0);
	case LEND:
		return world_call(A, LEND_LEND, slot, 1, C, 0);
	default:
		return world_call(A, LEND_RELINQUISH, slot, 1, flags[call], 0);
	}
}

static void check_generations(const struct slot before[ARRAY_SIZE(vms)][WORLD_MAX_SLOTS])
{
	for (u32 vm = 0; vm < ARRAY_SIZE(vms); vm++)
		for (u32 i = 0; i < vms[vm].nr_slots; i++)
			if (world.slots[vm][i].state != before[vm][i].state)
				assert_int_not_equal(world.slots[vm][i].generation,
						     before[vm][i].generation);
}

static void run(const struct row *r, u32 call, u32 pending_every)
{
	const struct expected *e = &r->call[call];
	struct world_snapshot *snapshot;
	char before[WORLD_TEXT];
	struct slot slots[ARRAY_SIZE(vms)][WORLD_MAX_SLOTS];
	s64 status;

	if (!call && !pending_every)
		print_message("%s\n", r->name);
	world_begin(vms, ARRAY_SIZE(vms), 5);
	r->setup();
	world_text(before);
	world_expect(before, r->is);
	memcpy(slots, world.slots, sizeof(slots));
	world.pending_every = pending_every;
	snapshot = world_snapshot();
	status = make_call(call, r->slot);
	assert_int_equal(status, e->status);
	if (call != LEND || status < 0)
		assert_int_equal(world.x[1], status == LEND_SUCCESS);
	if (e->changes) {
		world_expect(before, e->changes);
		world_snapshot_free(snapshot);
	} else {
		world_expect_same(snapshot);
	}
	check_generations(slots);
	world_end();
}

static void test_every_state_every_call(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 call = 0; call < NR_CALLS; call++)
			run(&rows[i], call, 0);
}

/* The same answers and the same end, however often it is interrupted. */
static void test_every_state_every_call_interrupted(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 call = 0; call < NR_CALLS; call++)
			for (u32 every = 1; every < 4; every++)
				run(&rows[i], call, every);
}

/* What SLOT_INFO says of each state: state, flags that are derived, peer. */
static void test_slot_info(void **state)
{
	static const struct {
		void (*setup)(void);
		u32 slot;
		u32 state, flags, peer;
	} info[] = {
		{as_started, 4, LEND_SLOT_EMPTY, 0, LEND_NO_PEER},
		{as_started, 0, LEND_SLOT_STANDBY, LEND_FLAG_OWN, LEND_NO_PEER},
		{as_started, 2, LEND_SLOT_STANDBY, 0, LEND_NO_PEER},
		{offer_from_b, 4, LEND_SLOT_OFFERED, 0, B},
		{kept_offer_from_b, 4, LEND_SLOT_OFFERED, LEND_FLAG_KEEP, B},
		{own_held, 0, LEND_SLOT_HELD, LEND_FLAG_OWN, LEND_NO_PEER},
		{promise_held, 2, LEND_SLOT_HELD, 0, LEND_NO_PEER},
		{orphan_held, 4, LEND_SLOT_HELD, 0, LEND_NO_PEER},
		{borrowed, 4, LEND_SLOT_BORROWED, 0, B},
		{borrowed_recalled, 4, LEND_SLOT_BORROWED, LEND_FLAG_RECALLED, B},
		{lent_offered, 0, LEND_SLOT_LENT, LEND_FLAG_OWN, B},
		{lent_busy, 0, LEND_SLOT_LENT, LEND_FLAG_OWN | LEND_FLAG_BUSY, B},
		{revoked, 4, LEND_SLOT_REVOKED, 0, LEND_NO_PEER},
		{own_going, 0, LEND_SLOT_STANDBY, LEND_FLAG_OWN | LEND_FLAG_BUSY, LEND_NO_PEER},
		{promise_going, 2, LEND_SLOT_STANDBY, LEND_FLAG_BUSY, LEND_NO_PEER},
		{loan_coming, 4, LEND_SLOT_OFFERED, LEND_FLAG_BUSY, B},
		{loan_going, 4, LEND_SLOT_EMPTY, LEND_FLAG_BUSY, LEND_NO_PEER},
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(info); i++) {
		struct world_snapshot *snapshot;

		world_begin(vms, ARRAY_SIZE(vms), 5);
		info[i].setup();
		snapshot = world_snapshot();
		assert_int_equal(world_call(A, LEND_SLOT_INFO, info[i].slot, 0, 0, 0), 0);
		world_expect_same(snapshot);
		assert_int_equal(LEND_SLOT_STATE(world.x[1]), info[i].state);
		assert_int_equal(LEND_SLOT_FLAGS(world.x[1]), info[i].flags);
		assert_int_equal(LEND_SLOT_PEER(world.x[1]), info[i].peer);
		assert_int_equal(world.x[2] != 0, info[i].peer != LEND_NO_PEER);
		assert_int_equal(world.x[3], LEND_NO_DEADLINE);
		assert_int_equal(world.x[4], world.slots[A][info[i].slot].generation);
		world_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_state_every_call),
		cmocka_unit_test(test_every_state_every_call_interrupted),
		cmocka_unit_test(test_slot_info),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
