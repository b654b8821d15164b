/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of loans: donated, refused, expired, revoked, adopted, poisoned; and the pool run short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "guest-tests/host/lend_world.h"
#include "hyp/lend/expire.h"
#include "hyp/lend/poison.h"

#define A 0
#define B 1
#define C 2

static const struct world_vm vms[] = {
	{.nr_slots = 8, .nr_own = 4, .nr_promised = 2, .quota = 2, .lend_to = BIT(B) | BIT(C)},
	{.nr_slots = 8,
	 .nr_own = 0,
	 .nr_promised = 2,
	 .quota = 2,
	 .lend_to = BIT(C),
	 .manager = true},
	{.nr_slots = 6, .lend_to = BIT(B)},
};

static int begin(void **state)
{
	(void)state;
	world_begin(vms, ARRAY_SIZE(vms), 7);
	return 0;
}

static int end(void **state)
{
	(void)state;
	world_end();
	return 0;
}

static void ok(u32 vm, u32 fn, u64 a1, u64 a2, u64 a3, u64 a4)
{
	assert_int_equal(world_call(vm, fn, a1, a2, a3, a4), LEND_SUCCESS);
}

static void fails(u32 vm, u32 fn, u64 a1, u64 a2, u64 a3, u64 a4, s64 status)
{
	struct world_snapshot *before = world_snapshot();

	assert_int_equal(world_call(vm, fn, a1, a2, a3, a4), status);
	world_expect_same(before);
}

static u64 info(u32 vm, u32 slot)
{
	ok(vm, LEND_SLOT_INFO, slot, 0, 0, 0);
	return world.x[1];
}

static void is(u32 vm, u32 slot, u32 state, u32 flags)
{
	u64 x = info(vm, slot);

	assert_int_equal(LEND_SLOT_STATE(x), state);
	assert_int_equal(LEND_SLOT_FLAGS(x), flags);
}

/* The next event, or LEND_EVENT_NONE. */
static void event(u32 vm, u32 kind, u32 slot)
{
	ok(vm, LEND_EVENT_NEXT, 0, 0, 0, 0);
	assert_int_equal(LEND_EVENT_KIND(world.x[1]), kind);
	assert_int_equal(LEND_EVENT_SLOT(world.x[1]), slot);
}

static void test_donate(void **state)
{
	(void)state;
	fails(A, LEND_DONATE, 0, 1, B, LEND_LEND_REVOCABLE, LEND_INVALID);
	ok(A, LEND_DONATE, 0, 2, B, 0);
	is(A, 0, LEND_SLOT_LENT, LEND_FLAG_OWN);
	is(B, 2, LEND_SLOT_OFFERED, 0);
	ok(B, LEND_RETRIEVE, 2, 2, 0, 0);
	is(A, 0, LEND_SLOT_EMPTY, 0);
	is(A, 1, LEND_SLOT_EMPTY, 0);
	is(B, 2, LEND_SLOT_HELD, LEND_FLAG_OWN);
	assert_true(world_is_filled(B, 2, 0));
	/* The new owner lends it on, even back to where it came from: into the slot that it left empty. */
	ok(B, LEND_RELINQUISH, 2, 1, 0, 0);
	is(B, 2, LEND_SLOT_STANDBY, LEND_FLAG_OWN);
	ok(B, LEND_LEND, 2, 1, C, 0);
	ok(C, LEND_RETRIEVE, 0, 1, 0, 0);
	is(C, 0, LEND_SLOT_BORROWED, 0);
	world_reset(B);
	is(B, 2, LEND_SLOT_LENT, LEND_FLAG_OWN);
	is(B, 3, LEND_SLOT_STANDBY, LEND_FLAG_OWN);
	/* When it ends, what it was given goes to the pool like all that it owned. */
	world_off(B);
	is(C, 0, LEND_SLOT_HELD, 0);
	event(C, LEND_EVENT_PEER_GONE, 0);
	assert_int_equal(world.l.nr_free, 4);
}

static void test_donation_taken_back(void **state)
{
	u64 loan;

	(void)state;
	ok(A, LEND_DONATE, 0, 2, B, 0);
	loan = world.x[1];
	ok(B, LEND_RETRIEVE, 3, 1, 0, 0);
	ok(A, LEND_RECLAIM, loan, 0, 0, 0);
	is(A, 0, LEND_SLOT_STANDBY, LEND_FLAG_OWN);
	is(A, 1, LEND_SLOT_EMPTY, 0);
	is(B, 2, LEND_SLOT_EMPTY, 0);
	is(B, 3, LEND_SLOT_HELD, LEND_FLAG_OWN);
	fails(A, LEND_RECLAIM, loan, 0, 0, 0, LEND_BAD_STATE);
}

static void test_kept_contents_are_donated(void **state)
{
	(void)state;
	ok(A, LEND_RETRIEVE, 0, 1, 0, 0);
	world_fill(A, 0, 0x5a);
	ok(A, LEND_RELINQUISH, 0, 1, LEND_RELINQUISH_KEEP, 0);
	ok(A, LEND_DONATE, 0, 1, B, LEND_LEND_KEEP);
	ok(B, LEND_RETRIEVE, 2, 1, 0, 0);
	assert_true(world_is_filled(B, 2, 0x5a));
}

static void test_refuse(void **state)
{
	u64 loan = world_lend(A, 0, 2, B, 0);

	(void)state;
	fails(B, LEND_REFUSE, 4, 0, 0, 0, LEND_BAD_STATE);
	fails(B, LEND_REFUSE, 8, 0, 0, 0, LEND_INVALID);
	ok(B, LEND_REFUSE, 2, 0, 0, 0);
	is(B, 2, LEND_SLOT_EMPTY, 0);
	is(A, 0, LEND_SLOT_STANDBY, LEND_FLAG_OWN);
	is(B, 3, LEND_SLOT_OFFERED, 0);
	event(A, LEND_EVENT_RETURNED, 0);
	event(A, LEND_EVENT_NONE, 0);
	event(B, LEND_EVENT_NONE, 0); /* its own doing: and the offer is answered */
	ok(A, LEND_RECLAIM, loan, 0, 0, 0);
	fails(B, LEND_REFUSE, 3, 0, 0, 0, LEND_BAD_STATE);
}

/* B is retrieving it on another vCPU: the offer is gone, and the block comes home clean. */
static void test_refuse_while_scrubbed(void **state)
{
	(void)state;
	world_lend(A, 0, 1, B, 0);
	world_begin_call(B, LEND_RETRIEVE, 2, 1, 0);
	ok(B, LEND_REFUSE, 2, 0, 0, 0);
	is(B, 2, LEND_SLOT_EMPTY, LEND_FLAG_BUSY);
	is(A, 0, LEND_SLOT_LENT, LEND_FLAG_OWN | LEND_FLAG_BUSY);
	world_tick(0);
	is(B, 2, LEND_SLOT_EMPTY, 0);
	is(A, 0, LEND_SLOT_STANDBY, LEND_FLAG_OWN);
	event(A, LEND_EVENT_RETURNED, 0);
}

static u64 borrowed(u32 n, u32 flags)
{
	u64 loan = world_lend(A, 0, n, B, flags);

	ok(B, LEND_RETRIEVE, 2, n, 0, 0);
	event(B, LEND_EVENT_OFFER, 2);
	for (u32 i = 0; i < n; i++)
		world_fill(B, 2 + i, 0xb0);
	return loan;
}

static void test_expiry(void **state)
{
	u64 loan = borrowed(2, 0);

	(void)state;
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 1000, 0, 0), LEND_PENDING);
	event(B, LEND_EVENT_RECALL, 2);
	event(B, LEND_EVENT_RECALL, 3);
	world_tick(999);
	event(B, LEND_EVENT_NONE, 0);
	is(B, 2, LEND_SLOT_BORROWED, LEND_FLAG_RECALLED);
	world_tick(1);
	is(B, 2, LEND_SLOT_BORROWED, LEND_FLAG_RECALLED | LEND_FLAG_EXPIRED);
	is(A, 1, LEND_SLOT_LENT, LEND_FLAG_OWN | LEND_FLAG_RECALLED | LEND_FLAG_EXPIRED);
	for (u32 slot = 0; slot < 2; slot++) {
		event(A, LEND_EVENT_EXPIRED, slot);
		event(B, LEND_EVENT_EXPIRED, slot + 2);
	}
	world_tick(5000);
	event(A, LEND_EVENT_NONE, 0);
	/* That is final: or an owner could go on telling it. */
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 70, 0, 0), LEND_PENDING);
	is(B, 2, LEND_SLOT_BORROWED, LEND_FLAG_RECALLED | LEND_FLAG_EXPIRED);
	ok(B, LEND_RELINQUISH, 2, 1, 0, 0);
	event(A, LEND_EVENT_RETURNED, 0);
	world_tick(70);
	event(A, LEND_EVENT_NONE, 0);
	event(B, LEND_EVENT_NONE, 0);
	ok(B, LEND_RELINQUISH, 3, 1, 0, 0); /* late is still right */
	fails(A, LEND_REVOKE, loan, 0, 0, 0, LEND_BAD_STATE);
}

static void retrieve_too_late(void)
{
	world.between = NULL;
	world.now += 10;
	(void)lend_expire(&world.l);
	assert_int_equal(world_call(B, LEND_RETRIEVE, 2, 1, 0, 0), LEND_SUCCESS);
}

/* Being retrieved when the loan is recalled and when it expires, borrowed before the call gets to the slot. */
static void test_expiry_within_the_recall(void **state)
{
	u64 loan = world_lend(A, 0, 1, B, LEND_LEND_REVOCABLE);

	(void)state;
	event(B, LEND_EVENT_OFFER, 2);
	world_begin_call(B, LEND_RETRIEVE, 2, 1, 0);
	world.between = retrieve_too_late;
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 10, 0, 0), LEND_PENDING);
	event(A, LEND_EVENT_EXPIRED, 0);
	event(A, LEND_EVENT_NONE, 0);
	event(B, LEND_EVENT_RECALL, 2);
	event(B, LEND_EVENT_EXPIRED, 2);
	ok(A, LEND_REVOKE, loan, 0, 0, 0);
}

/* Deadlines of many loans come in their order, in whatever order they were set. */
static void test_deadlines_in_order(void **state)
{
	static const struct world_vm many[] = {{.nr_slots = 40, .nr_own = 40, .lend_to = BIT(B)},
					       {.nr_slots = 40}};
	u64 loan[40], expired = 0;

	(void)state;
	world_begin(many, 2, 40);
	for (u32 i = 0; i < 40; i++) {
		loan[i] = world_lend(A, i, 1, B, 0);
		ok(B, LEND_RETRIEVE, i, 1, 0, 0);
		world_run("bE");
		assert_int_equal(world_call(A, LEND_RECLAIM, loan[i], 100 + i * 17 % 40, 0, 0),
				 LEND_PENDING);
	}
	/* Some are back before, from anywhere in the heap; one is put off. */
	for (u32 i = 0; i < 40; i += 3)
		ok(B, LEND_RELINQUISH, i, 1, 0, 0);
	assert_int_equal(world_call(A, LEND_RECLAIM, loan[1], 1000, 0, 0), LEND_PENDING);
	world_run("aE");
	world_tick(99);
	for (u32 at = 0; at < 40; at++) {
		world_tick(1);
		for (u32 i = 0; i < 40; i++)
			if (i % 3 && i != 1 && i * 17 % 40 == at) {
				event(A, LEND_EVENT_EXPIRED, i);
				expired++;
			}
		event(A, LEND_EVENT_NONE, 0);
	}
	assert_int_equal(expired, 25);
	world_end();
}

static void expire(u64 loan)
{
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 10, 0, 0), LEND_PENDING);
	world_tick(10);
}

static void test_revoke(void **state)
{
	u64 loan = borrowed(3, LEND_LEND_REVOCABLE);
	u32 every = state ? *(u32 *)state : 0;

	fails(A, LEND_REVOKE, loan, 0, 0, 0, LEND_BAD_STATE);
	assert_int_equal(world_call(A, LEND_RECLAIM, loan, 10, 0, 0), LEND_PENDING);
	fails(A, LEND_REVOKE, loan, 0, 0, 0, LEND_BAD_STATE);
	world_tick(10);
	fails(B, LEND_REVOKE, loan, 0, 0, 0, LEND_DENIED);
	fails(A, LEND_REVOKE, loan + 1, 0, 0, 0, LEND_BAD_STATE);
	ok(B, LEND_RELINQUISH, 3, 1, 0, 0);
	world.pending_every = every;
	ok(A, LEND_REVOKE, loan, 0, 0, 0);
	world.pending_every = 0;
	for (u32 slot = 0; slot < 3; slot++) {
		is(A, slot, LEND_SLOT_STANDBY, LEND_FLAG_OWN);
		ok(A, LEND_RETRIEVE, slot, 1, 0, 0);
		assert_true(world_is_filled(A, slot, 0));
	}
	is(B, 2, LEND_SLOT_REVOKED, 0);
	assert_int_equal(LEND_SLOT_PEER(info(B, 2)), A);
	is(B, 3, LEND_SLOT_EMPTY, 0);
	event(B, LEND_EVENT_REVOKED, 2);
	fails(B, LEND_RETRIEVE, 2, 1, 0, 0, LEND_BAD_STATE);
	ok(B, LEND_RELINQUISH, 2, 1, 0, 0);
	is(B, 2, LEND_SLOT_EMPTY, 0);
	ok(B, LEND_RELINQUISH, 4, 1, 0, 0);
	event(B, LEND_EVENT_NONE, 0);
	fails(A, LEND_REVOKE, loan, 0, 0, 0, LEND_BAD_STATE);
}

static void test_revoke_interrupted(void **state)
{
	for (u32 every = 1; every < 5; every++) {
		begin(state);
		test_revoke((void **)&every);
		world_end();
	}
	begin(state);
}

static void test_revoke_wants_the_right(void **state)
{
	u64 loan = borrowed(1, LEND_LEND_KEEP | LEND_LEND_ADOPTABLE);

	(void)state;
	expire(loan);
	fails(A, LEND_REVOKE, loan, 0, 0, 0, LEND_DENIED);
}

/* Its caller never repeats it: all is taken at once, and comes back by itself. */
static void test_revoke_abandoned(void **state)
{
	u64 loan = borrowed(2, LEND_LEND_REVOCABLE);

	(void)state;
	expire(loan);
	world_begin_call(A, LEND_REVOKE, loan, 0, 0);
	while (LEND_SLOT_STATE(info(B, 3)) != LEND_SLOT_REVOKED)
		world_begin_call(A, LEND_REVOKE, loan, 0, 0);
	is(B, 2, LEND_SLOT_REVOKED, LEND_FLAG_BUSY);
	/* Acknowledged before it is clean: waits for that. */
	ok(B, LEND_RELINQUISH, 2, 1, 0, 0);
	is(B, 2, LEND_SLOT_EMPTY, 0);
	world_tick(0);
	is(A, 1, LEND_SLOT_STANDBY, LEND_FLAG_OWN);
	is(B, 3, LEND_SLOT_REVOKED, 0);
	/* The call that is repeated after all finds it done. */
	ok(A, LEND_REVOKE, loan, 0, 0, 0);
	fails(A, LEND_REVOKE, loan, 0, 0, 0, LEND_BAD_STATE);
}

static void test_revoke_and_ends(void **state)
{
	static const char *const ends[] = {"bX",    "bO",    "aX",    "aO",
					   "bX aO", "aO bX", "aO bO", "bO aX"};

	for (u32 i = 0; i < ARRAY_SIZE(ends); i++) {
		u64 loan;

		begin(state);
		loan = borrowed(2, LEND_LEND_REVOCABLE);
		expire(loan);
		world_begin_call(A, LEND_REVOKE, loan, 0, 0);
		world_begin_call(A, LEND_REVOKE, loan, 0, 0);
		world_run(ends[i]);
		world_tick(0);
		for (u32 block = 0; block < 7; block++)
			assert_int_not_equal(world.blocks[block].state, BLOCK_SCRUBBING);
		world_end();
	}
	begin(state);
}

static void test_relinquish_all(void **state)
{
	(void)state;
	ok(A, LEND_RELINQUISH_ALL, 0, 0, 0, 0);
	assert_int_equal(world.x[1], 0);
	borrowed(1, LEND_LEND_ADOPTABLE);
	ok(B, LEND_RETRIEVE, 0, 2, 0, 0);
	ok(A, LEND_DONATE, 1, 1, B, 0);
	ok(B, LEND_RETRIEVE, 3, 1, 0, 0);
	ok(B, LEND_MAP, 0, 4096, LEND_MAP_ADOPT, 0);
	is(B, 2, LEND_SLOT_BORROWED, LEND_FLAG_ADOPTABLE | LEND_FLAG_ADOPTED);
	is(B, 3, LEND_SLOT_HELD, LEND_FLAG_OWN | LEND_FLAG_ADOPTED);
	world.pending_every = 2;
	ok(B, LEND_RELINQUISH_ALL, 0, 0, 0, 0);
	world.pending_every = 0;
	assert_int_equal(world.x[1], 2);
	is(B, 0, LEND_SLOT_STANDBY, 0);
	is(B, 2, LEND_SLOT_BORROWED, LEND_FLAG_ADOPTABLE | LEND_FLAG_ADOPTED);
	ok(B, LEND_MAP, 0, 4096, LEND_MAP_BOOT, 0);
	ok(B, LEND_RELINQUISH_ALL, 0, 0, 0, 0);
	assert_int_equal(world.x[1], 2);
	is(B, 2, LEND_SLOT_EMPTY, 0);
	is(B, 3, LEND_SLOT_STANDBY, LEND_FLAG_OWN);
}

static void test_adopted(void **state)
{
	u64 loan = borrowed(1, LEND_LEND_ADOPTABLE);

	(void)state;
	ok(B, LEND_MAP, 0, 4096, LEND_MAP_ADOPT, 0);
	fails(B, LEND_RELINQUISH, 2, 1, 0, 0, LEND_DENIED);
	fails(A, LEND_RECLAIM, loan, 0, 0, 0, LEND_DENIED);
	ok(B, LEND_MAP, 0, 4096, LEND_MAP_BOOT, 0);
	ok(B, LEND_RELINQUISH, 2, 1, 0, 0);
	/* A plain loan is never listed, and a reset clears the marks. */
	loan = world_lend(A, 0, 1, B, 0);
	ok(B, LEND_RETRIEVE, 2, 1, 0, 0);
	ok(B, LEND_MAP, 0, 4096, LEND_MAP_ADOPT, 0);
	is(B, 2, LEND_SLOT_BORROWED, 0);
	ok(A, LEND_RETRIEVE, 1, 1, 0, 0);
	ok(A, LEND_MAP, 0, 4096, LEND_MAP_ADOPT, 0);
	is(A, 1, LEND_SLOT_HELD, LEND_FLAG_OWN | LEND_FLAG_ADOPTED);
	world_reset(A);
	is(A, 1, LEND_SLOT_STANDBY, LEND_FLAG_OWN);
}

/* The mark keeps the borrower from giving the block back, not the lender from taking it: recalled before it or after. */
static void test_adopted_and_revoked(void **state)
{
	(void)state;
	for (int recalled_first = 0; recalled_first < 2; recalled_first++) {
		u64 loan = borrowed(1, LEND_LEND_ADOPTABLE | LEND_LEND_REVOCABLE);

		if (recalled_first)
			assert_int_equal(world_call(A, LEND_RECLAIM, loan, 10, 0, 0), LEND_PENDING);
		ok(B, LEND_MAP, 0, 4096, LEND_MAP_ADOPT, 0);
		if (!recalled_first)
			assert_int_equal(world_call(A, LEND_RECLAIM, loan, 10, 0, 0), LEND_PENDING);
		fails(B, LEND_RELINQUISH, 2, 1, 0, 0, LEND_DENIED);
		world_tick(10);
		ok(A, LEND_REVOKE, loan, 0, 0, 0);
		is(B, 2, LEND_SLOT_REVOKED, 0);
		ok(B, LEND_RELINQUISH, 2, 1, 0, 0);
		event(B, LEND_EVENT_NONE, 0);
	}
}

static void test_lender_of_an_adopted_block_ends(void **state)
{
	(void)state;
	borrowed(1, LEND_LEND_ADOPTABLE);
	ok(B, LEND_MAP, 0, 4096, LEND_MAP_ADOPT, 0);
	world_off(A);
	is(B, 2, LEND_SLOT_HELD, LEND_FLAG_ADOPTED);
	ok(B, LEND_MAP, 0, 4096, LEND_MAP_BOOT, 0);
	ok(B, LEND_RELINQUISH, 2, 1, 0, 0);
	is(B, 2, LEND_SLOT_EMPTY, 0);
}

static int poison(u32 block)
{
	int status = lend_poison(&world.l, ptr_to_pa(world.ram + block * WORLD_BLOCK + 4096));

	world_check();
	return status;
}

static u32 block_of(u32 vm, u32 slot)
{
	return (u32)((world.blocks[world.slots[vm][slot].block].pa.pa - (u64)world.ram) /
		     WORLD_BLOCK);
}

static void test_poison_unmapped(void **state)
{
	(void)state;
	assert_int_equal(lend_poison(&world.l, ptr_to_pa(world.ram - 1)), LEND_INVALID);
	assert_int_equal(lend_poison(&world.l, ptr_to_pa(world.ram + 7 * WORLD_BLOCK)),
			 LEND_INVALID);
	assert_int_equal(poison(6), LEND_SUCCESS); /* free */
	assert_int_equal(world.l.nr_free, 2);
	assert_int_equal(poison(6), LEND_BAD_STATE);
	assert_int_equal(poison(block_of(A, 3)), LEND_SUCCESS);
	is(A, 3, LEND_SLOT_EMPTY, 0);
	event(A, LEND_EVENT_POISONED, 3);
	world_lend(A, 0, 2, B, 0);
	assert_int_equal(poison(block_of(A, 1)), LEND_SUCCESS);
	is(A, 1, LEND_SLOT_EMPTY, 0);
	is(B, 3, LEND_SLOT_EMPTY, 0);
	is(B, 2, LEND_SLOT_OFFERED, 0);
	event(A, LEND_EVENT_POISONED, 1);
	event(B, LEND_EVENT_OFFER, 2);
	event(B, LEND_EVENT_POISONED, 3);
	world_run("bR2 bQ2 aO bO aS bS");
	assert_int_equal(world.l.nr_free, 0);
}

static void test_poison_mapped(void **state)
{
	(void)state;
	borrowed(1, 0);
	assert_int_equal(poison(block_of(A, 0)), LEND_PENDING);
	is(B, 2, LEND_SLOT_BORROWED, 0);
	assert_true(world_is_filled(B, 2, 0xb0));
	ok(B, LEND_RELINQUISH, 2, 1, LEND_RELINQUISH_KEEP_OFFER, 0);
	is(B, 2, LEND_SLOT_EMPTY, 0);
	is(A, 0, LEND_SLOT_EMPTY, 0);
	event(A, LEND_EVENT_POISONED, 0);
	event(B, LEND_EVENT_POISONED, 2);
	/* A promise is of any block. */
	ok(B, LEND_RETRIEVE, 0, 1, 0, 0);
	assert_int_equal(poison(block_of(B, 0)), LEND_PENDING);
	ok(B, LEND_RELINQUISH, 0, 1, 0, 0);
	is(B, 0, LEND_SLOT_STANDBY, 0);
	event(B, LEND_EVENT_POISONED, 0);
	ok(B, LEND_RETRIEVE, 0, 1, 0, 0);
	/* And by force, and by an end. */
	ok(A, LEND_RETRIEVE, 2, 1, 0, 0);
	assert_int_equal(poison(block_of(A, 2)), LEND_PENDING);
	world_reset(A);
	is(A, 2, LEND_SLOT_EMPTY, 0);
}

static void test_poison_revoked(void **state)
{
	u64 loan = borrowed(1, LEND_LEND_REVOCABLE);

	(void)state;
	assert_int_equal(poison(block_of(A, 0)), LEND_PENDING);
	expire(loan);
	event(B, LEND_EVENT_RECALL, 2);
	event(B, LEND_EVENT_EXPIRED, 2);
	ok(A, LEND_REVOKE, loan, 0, 0, 0);
	is(A, 0, LEND_SLOT_EMPTY, 0);
	is(B, 2, LEND_SLOT_REVOKED, 0);
	event(B, LEND_EVENT_REVOKED, 2);
	event(B, LEND_EVENT_POISONED, 2);
	ok(B, LEND_RELINQUISH, 2, 1, 0, 0);
	is(B, 2, LEND_SLOT_EMPTY, 0);
}

static u32 poisoned_in_flight;

static void poison_now(void)
{
	world.between = NULL;
	assert_int_equal(lend_poison(&world.l,
				     ptr_to_pa(world.ram + poisoned_in_flight * WORLD_BLOCK)),
			 LEND_PENDING);
}

static void test_poison_while_scrubbed(void **state)
{
	(void)state;
	world_begin_call(A, LEND_RETRIEVE, 0, 1, 0);
	assert_int_equal(poison(block_of(A, 0)), LEND_SUCCESS);
	is(A, 0, LEND_SLOT_EMPTY, 0);
	fails(A, LEND_RETRIEVE, 0, 1, 0, 0, LEND_BAD_STATE);
	/* In the middle of a chunk: the call that scrubs it finds the slot gone. */
	poisoned_in_flight = block_of(A, 1);
	world.between = poison_now;
	world_call(A, LEND_RETRIEVE, 1, 1, 0, 0);
	assert_int_equal((s64)world.x[0], LEND_BAD_STATE);
	is(A, 1, LEND_SLOT_EMPTY, 0);
}

static void test_target_and_pool(void **state)
{
	(void)state;
	fails(A, LEND_TARGET, B, 1, 0, 0, LEND_DENIED);
	fails(B, LEND_TARGET, 3, 1, 0, 0, LEND_NO_SUCH_VM);
	fails(B, LEND_TARGET, A, 3, 0, 0, LEND_INVALID);
	ok(B, LEND_TARGET, A, 1, 0, 0);
	event(A, LEND_EVENT_TARGET, 0);
	ok(A, LEND_INFO, LEND_INFO_POOL, 0, 0, 0);
	assert_int_equal(world.x[1], 1);
	/* 3 are free, 4 are promised. */
	ok(B, LEND_RETRIEVE, 0, 2, 0, 0);
	ok(A, LEND_RETRIEVE, 4, 1, 0, 0);
	fails(A, LEND_RETRIEVE, 5, 1, 0, 0, LEND_NO_MEMORY);
	ok(B, LEND_RELINQUISH, 0, 1, 0, 0);
	event(A, LEND_EVENT_NONE, 0); /* it has all that it should */
	ok(B, LEND_TARGET, A, 2, 0, 0);
	event(A, LEND_EVENT_TARGET, 0);
	ok(B, LEND_RELINQUISH, 1, 1, 0, 0);
	event(A, LEND_EVENT_POOL, 0);
	ok(B, LEND_RETRIEVE, 0, 1, 0, 0);
	ok(B, LEND_RELINQUISH, 0, 1, 0, 0);
	event(A, LEND_EVENT_NONE, 0); /* once for each time it asked in vain */
	world_off(A);
	fails(B, LEND_TARGET, A, 1, 0, 0, LEND_NO_SUCH_VM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_donate, begin, end),
		cmocka_unit_test_setup_teardown(test_donation_taken_back, begin, end),
		cmocka_unit_test_setup_teardown(test_kept_contents_are_donated, begin, end),
		cmocka_unit_test_setup_teardown(test_refuse, begin, end),
		cmocka_unit_test_setup_teardown(test_refuse_while_scrubbed, begin, end),
		cmocka_unit_test_setup_teardown(test_expiry, begin, end),
		cmocka_unit_test_setup_teardown(test_expiry_within_the_recall, begin, end),
		cmocka_unit_test(test_deadlines_in_order),
		cmocka_unit_test_setup_teardown(test_revoke, begin, end),
		cmocka_unit_test_setup_teardown(test_revoke_interrupted, NULL, end),
		cmocka_unit_test_setup_teardown(test_revoke_wants_the_right, begin, end),
		cmocka_unit_test_setup_teardown(test_revoke_abandoned, begin, end),
		cmocka_unit_test_setup_teardown(test_revoke_and_ends, NULL, end),
		cmocka_unit_test_setup_teardown(test_relinquish_all, begin, end),
		cmocka_unit_test_setup_teardown(test_adopted, begin, end),
		cmocka_unit_test_setup_teardown(test_adopted_and_revoked, begin, end),
		cmocka_unit_test_setup_teardown(test_lender_of_an_adopted_block_ends, begin, end),
		cmocka_unit_test_setup_teardown(test_poison_unmapped, begin, end),
		cmocka_unit_test_setup_teardown(test_poison_mapped, begin, end),
		cmocka_unit_test_setup_teardown(test_poison_revoked, begin, end),
		cmocka_unit_test_setup_teardown(test_poison_while_scrubbed, begin, end),
		cmocka_unit_test_setup_teardown(test_target_and_pool, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
