/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "guest-tests/host/lend_acts.h"
#include "guest-tests/host/lend_ghost.h"
#include "hyp/lend/expire.h"
#include "hyp/lend/poison.h"

#define NOBODY 0xffu

enum life {
	UP,
	RESETTING,
	ENDING,
	DOWN
};

struct acts_count acts_count;
static enum life life[WORLD_MAX_VMS];
static u64 made[0x10000]; /* handles, by the number of the act that made the loan */
static u64 left[WORLD_MAX_VMS]; /* first argument of the last call that was left undone */
static u32 caller; /* whose call or end is under way, outermost */
static u32 point, nr_nested; /* of the act under way */
static const struct act *(*nested_act)(u32 point);

/* What is known of a slot before a call for it alone. */
struct before {
	struct slot slot;
	bool own, promise; /* its block is the VM's; what is there is beside that a promise */
	bool recalled, donated, bad;
};

static struct before look_at(u32 vm, u32 slot)
{
	const struct lend_vm *v = &world.l.vm[vm];
	struct before b = {.slot = v->slots[slot]};

	b.own = slot_is_own(&world.l, v, slot);
	b.promise = slot_is_promise(v, slot);
	if (b.slot.loan != LEND_NONE) {
		b.recalled = world.l.loans[b.slot.loan].recalled;
		b.donated = world.l.loans[b.slot.loan].donated;
	}
	b.bad = b.slot.block != LEND_NONE && world.blocks[b.slot.block].flags & BLOCK_BAD;
	return b;
}

/* What §3's table says a slot becomes, given the status; NO_STATE: no such status. */
#define NO_STATE (-1)

static int after_retrieve(const struct before *b, s64 status)
{
	switch (b->slot.state) {
	case LEND_SLOT_HELD:
	case LEND_SLOT_BORROWED:
		return status == LEND_SUCCESS ? b->slot.state : NO_STATE;
	case LEND_SLOT_OFFERED:
		if (status != LEND_SUCCESS) /* only while its owner is taking it back */
			return status == LEND_BAD_STATE && b->recalled ? LEND_SLOT_OFFERED
								       : NO_STATE;
		return b->donated ? LEND_SLOT_HELD : LEND_SLOT_BORROWED;
	case LEND_SLOT_STANDBY:
		if (status == LEND_SUCCESS)
			return LEND_SLOT_HELD;
		return !b->own && (status == LEND_DENIED || status == LEND_NO_MEMORY)
			       ? LEND_SLOT_STANDBY
			       : NO_STATE;
	default:
		return status == LEND_BAD_STATE ? b->slot.state : NO_STATE;
	}
}

static int after_relinquish(const struct before *b, u64 flags, s64 status)
{
	bool held = b->slot.state == LEND_SLOT_HELD, borrowed = b->slot.state == LEND_SLOT_BORROWED;
	bool may_keep = held ? b->own : b->slot.flags & LEND_FLAG_KEEP;

	if ((held || borrowed) &&
	    (b->slot.flags & LEND_FLAG_ADOPTED || (flags & LEND_RELINQUISH_KEEP && !may_keep)))
		return status == LEND_DENIED ? b->slot.state : NO_STATE;
	if (status != LEND_SUCCESS)
		return NO_STATE;
	if (held)
		return b->promise || (b->own && !b->bad) ? LEND_SLOT_STANDBY : LEND_SLOT_EMPTY;
	if (borrowed)
		return flags & LEND_RELINQUISH_KEEP_OFFER && !b->recalled && !b->bad
			       ? LEND_SLOT_OFFERED
			       : LEND_SLOT_EMPTY;
	return b->slot.state == LEND_SLOT_REVOKED ? LEND_SLOT_EMPTY : b->slot.state;
}

static int after_refuse(const struct before *b, s64 status)
{
	if (b->slot.state == LEND_SLOT_OFFERED)
		return status == LEND_SUCCESS ? LEND_SLOT_EMPTY : NO_STATE;
	return status == LEND_BAD_STATE ? b->slot.state : NO_STATE;
}

static int after_lend(const struct before *b, s64 status)
{
	if (status == LEND_SUCCESS)
		return b->slot.state == LEND_SLOT_STANDBY && b->own ? LEND_SLOT_LENT : NO_STATE;
	return b->slot.state;
}

static int after(const struct act *act, const struct before *b, s64 status)
{
	switch (act->fn) {
	case LEND_RETRIEVE:
		return after_retrieve(b, status);
	case LEND_RELINQUISH:
		return after_relinquish(b, act->arg[2], status);
	case LEND_REFUSE:
		return after_refuse(b, status);
	default:
		return after_lend(b, status);
	}
}

/* A call for one slot, so that the table says what becomes of it. */
static bool is_for_one(const struct act *act)
{
	bool slot_only = act->fn == LEND_REFUSE;
	bool range = act->fn == LEND_RETRIEVE || act->fn == LEND_RELINQUISH ||
		     act->fn == LEND_LEND || act->fn == LEND_DONATE;

	return (slot_only || (range && act->arg[1] == 1)) &&
	       act->arg[0] < world.l.vm[act->vm].nr_slots &&
	       (act->fn != LEND_RELINQUISH || act->arg[2] < 4);
}

static void expect_after(const struct act *act, const struct before *b)
{
	const struct slot *now = &world.slots[act->vm][act->arg[0]];
	int next = after(act, b, (s64)world.x[0]);

	if (next != now->state)
		fail_msg("vm %u slot %u: fn %x in state %u gave %d and state %u", act->vm,
			 (u32)act->arg[0], act->fn, b->slot.state, (int)world.x[0], now->state);
}

/* RELINQUISH_ALL leaves nothing mapped but what a next kernel was given. */
static void expect_nothing_held(u32 vm)
{
	for (u32 i = 0; i < world.l.vm[vm].nr_slots; i++)
		if (!(world.slots[vm][i].flags & LEND_FLAG_ADOPTED))
			assert_null(world_memory(vm, i));
}

/* May the caller revoke this loan now, as the loan's terms and its deadline say? */
static bool may_revoke(u32 vm, u64 handle)
{
	for (u32 i = 0; i < world.l.nr_blocks; i++) {
		const struct loan *loan = &world.loans[i];

		if (loan->in_use && loan_handle(&world.l, i) == handle)
			return loan->owner == vm && loan->flags & LEND_FLAG_REVOCABLE &&
			       loan->recalled && loan->deadline <= world.now;
	}
	return false;
}

static bool keeps(const struct act *act)
{
	return act->fn == LEND_RELINQUISH && act->arg[2] & LEND_RELINQUISH_KEEP;
}

static bool is_loan(const struct act *act)
{
	return act->fn == LEND_LEND || act->fn == LEND_DONATE;
}

static u64 first_argument(const struct act *act)
{
	return act->loan_of ? made[act->loan_of] : act->arg[0];
}

bool act_has_loan(u32 number)
{
	u64 handle = made[number];
	u32 index = (u32)handle - 1;

	return handle && world.loans[index].in_use && loan_handle(&world.l, index) == handle;
}

static enum lend_outcome make_once(const struct act *act)
{
	enum lend_outcome outcome;
	bool outer = ghost_intend(act->vm, keeps(act));

	outcome = world_try(act->vm, act->fn, first_argument(act), act->arg[1], act->arg[2],
			    act->arg[3]);
	if (outcome == LEND_CALL_DONE && is_loan(act) && !world.x[0]) {
		made[act->number] = world.x[1];
		ghost_lent(act->vm, (u32)act->arg[0], (u32)act->arg[1], (u32)act->arg[2],
			   act->arg[3] & LEND_LEND_KEEP, act->fn == LEND_DONATE);
	}
	ghost_look();
	ghost_intend(act->vm, outer);
	if (outcome == LEND_CALL_DONE)
		acts_count.done[act->fn - LEND_FN(0)] += (s64)world.x[0] >= 0;
	return outcome;
}

static void call(const struct act *act)
{
	bool one = is_for_one(act);
	struct before before = {0};
	u64 handle = first_argument(act);
	bool revocable = act->fn == LEND_REVOKE && may_revoke(act->vm, handle);

	if (one)
		before = look_at(act->vm, (u32)act->arg[0]);
	for (u32 i = 1; make_once(act) == LEND_CALL_AGAIN; i++) {
		if (i != act->tries && !act->nested)
			continue;
		acts_count.left++; /* the guest never makes it again */
		if (act->fn == LEND_RECLAIM || act->fn == LEND_REVOKE)
			left[act->vm] = handle;
		return;
	}
	if ((act->fn == LEND_RETRIEVE || act->fn == LEND_RELINQUISH) && world.x[0] == LEND_SUCCESS)
		assert_int_equal(world.x[1], act->arg[1]);
	if (nr_nested || act->nested)
		return;
	if (one)
		expect_after(act, &before);
	if (act->fn == LEND_RELINQUISH_ALL)
		expect_nothing_held(act->vm);
	/* One that was left, and that others finished, succeeds. */
	if (act->fn == LEND_REVOKE && handle != left[act->vm])
		assert_int_equal(world.x[0] == LEND_SUCCESS, revocable);
}

static void nobody(void)
{
}

/* The reset or end of a VM as far as its slots; its CPU scrubs later. */
static void begin_end(u32 vm, bool off)
{
	bool nested = world.nested;

	/* The ghost has it in one step: no other CPU meanwhile. */
	world.nested = true;
	if (off) {
		ghost_off(vm);
		lend_vm_off(&world.l, &world.l.vm[vm], nobody);
	} else {
		ghost_reset(vm);
		lend_vm_reset(&world.l, &world.l.vm[vm], nobody);
	}
	world.nested = nested;
	life[vm] = off ? ENDING : RESETTING;
	acts_count.ends++;
}

static void serve(void)
{
	if (world.between && !world.nested) {
		world.nested = true;
		world.between();
		world.nested = false;
	}
}

static void go_on(u32 vm)
{
	bool can = world.l.nr_free >= world.l.vm[vm].nr_own, nested = world.nested;

	if (life[vm] != DOWN) {
		lend_vm_scrub(&world.l, &world.l.vm[vm], serve);
		life[vm] = life[vm] == ENDING ? DOWN : UP;
		return;
	}
	world.nested = true; /* as in begin_end() */
	assert_int_equal(world_start(vm), can);
	world.nested = nested;
	ghost_start(vm);
	life[vm] = can ? UP : DOWN;
	acts_count.starts += can;
}

static void scrub(u32 vm, u64 chunks)
{
	while (chunks-- && lend_scrub_some(&world.l, &world.l.vm[vm]))
		;
	world.scrub_later &= ~(u32)BIT(vm);
}

static void expire(void)
{
	u64 next = lend_expire(&world.l);

	acts_count.expired++;
	world.expire_at = next;
}

static void poison(u64 block)
{
	acts_count.poisoned += lend_poison(&world.l, world.blocks[block].pa) >= 0;
	ghost_poisoned((u32)block);
}

bool act_is_of_vm(const struct act *act)
{
	return act->kind != ACT_SCRUB && act->kind != ACT_EXPIRE && act->kind != ACT_POISON;
}

static void do_act(const struct act *act)
{
	if (act_is_of_vm(act) && (act->kind == ACT_GO_ON) == (life[act->vm] == UP))
		return;
	switch ((enum act_kind)act->kind) {
	case ACT_CALL:
		call(act);
		return;
	case ACT_SCRIBBLE:
		ghost_scribble(act->vm);
		return;
	case ACT_RESET:
	case ACT_OFF:
		begin_end(act->vm, act->kind == ACT_OFF);
		break;
	case ACT_GO_ON:
		go_on(act->vm);
		break;
	case ACT_SCRUB:
		scrub(act->vm, act->arg[0]);
		break;
	case ACT_EXPIRE:
		expire();
		break;
	case ACT_POISON:
		poison(act->arg[0]);
		break;
	default:
		fail();
	}
	world_check();
	ghost_look();
}

bool act_is_up(u32 vm)
{
	return life[vm] == UP;
}

bool act_may_nest(const struct act *act)
{
	bool ends = act->kind == ACT_RESET || act->kind == ACT_OFF || act->kind == ACT_GO_ON;

	return !act_is_of_vm(act) || (life[act->vm] == UP && !(ends && act->vm == caller));
}

/* What other CPUs do while this one holds no lock. */
static void between(void)
{
	const struct act *act;

	ghost_look();
	while ((act = nested_act(point)) != NULL) {
		if (!act_may_nest(act))
			continue;
		nr_nested++;
		acts_count.nested++;
		do_act(act);
	}
	point++;
}

void act_run(const struct act *act, const struct act *(*others)(u32 point))
{
	world.now += act->time;
	world.asks = 0; /* whatever came before */
	world.pending_every = act->every;
	world.between = act->shared ? between : NULL;
	nested_act = others;
	caller = act->vm;
	point = 0;
	nr_nested = 0;
	do_act(act);
	world.between = NULL;
	world.pending_every = 0;
	caller = NOBODY;
}

void acts_begin(const struct acts_world *w)
{
	world_begin_sparse(w->vms, w->nr_vms, w->nr_blocks);
	ghost_begin();
	memset(life, UP, sizeof(life));
	memset(left, 0, sizeof(left));
	memset(made, 0, sizeof(made));
	caller = NOBODY;
}

void acts_end(void)
{
	u32 nr_bad = 0;

	for (u32 vm = 0; vm < world.l.nr_vms; vm++) {
		if (life[vm] == UP || life[vm] == RESETTING)
			begin_end(vm, true);
		if (life[vm] == ENDING)
			go_on(vm);
	}
	for (u32 i = 0; i < world.l.nr_blocks; i++)
		nr_bad += world.blocks[i].state == BLOCK_POISONED;
	assert_int_equal(world.l.nr_free + nr_bad, world.l.nr_blocks);
	world_end();
}

/* The nested acts that are left, of those behind the act under way. */
static const struct act *next, *end;

static const struct act *recorded(u32 at)
{
	if (next == end || !next->nested || next->at > at)
		return NULL;
	return next++;
}

void acts_run(const struct acts_world *w, const struct act *list, u32 nr)
{
	acts_begin(w);
	next = list;
	end = list + nr;
	while (next < end) {
		const struct act *act = next++;

		if (!act->nested) /* what was nested in an act that is gone, is gone, too */
			act_run(act, recorded);
	}
	acts_end();
}
