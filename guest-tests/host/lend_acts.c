/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "guest-tests/host/lend_acts.h"
#include "guest-tests/host/lend_ghost.h"

#define NOBODY 0xffu

enum life {
	UP,
	RESETTING,
	ENDING,
	DOWN
};

struct acts_count acts_count;
static enum life life[WORLD_MAX_VMS];
static u32 caller; /* whose call or end is under way, outermost */
static u32 point, nr_nested; /* of the act under way */
static const struct act *(*nested_act)(u32 point);

/* What §3's table says a slot of this state becomes, given the status; -1: no such status. */
static int next_state(const struct lend_vm *vm, const struct act *act, struct slot s, bool recalled,
		      s64 status)
{
	bool own = slot_is_own(vm, (u32)act->arg[0]);
	bool mapped = s.state == LEND_SLOT_HELD || s.state == LEND_SLOT_BORROWED;

	if (act->fn == LEND_RETRIEVE) {
		if (mapped)
			return status == LEND_SUCCESS ? s.state : -1;
		if (s.state == LEND_SLOT_OFFERED)
			return status == LEND_SUCCESS ? LEND_SLOT_BORROWED : -1;
		if (s.state != LEND_SLOT_STANDBY)
			return status == LEND_BAD_STATE ? s.state : -1;
		if (status == LEND_SUCCESS)
			return LEND_SLOT_HELD;
		return !own && (status == LEND_DENIED || status == LEND_NO_MEMORY) ? s.state : -1;
	}
	if (mapped && act->arg[2] & LEND_RELINQUISH_KEEP &&
	    !(s.state == LEND_SLOT_HELD ? own : s.flags & LEND_FLAG_KEEP))
		return status == LEND_DENIED ? s.state : -1;
	if (status != LEND_SUCCESS)
		return -1;
	if (s.state == LEND_SLOT_HELD)
		return own || slot_is_promise(vm, (u32)act->arg[0]) ? LEND_SLOT_STANDBY
								    : LEND_SLOT_EMPTY;
	if (s.state == LEND_SLOT_BORROWED)
		return act->arg[2] & LEND_RELINQUISH_KEEP_OFFER && !recalled ? LEND_SLOT_OFFERED
									     : LEND_SLOT_EMPTY;
	return s.state;
}

static void expect_next(const struct act *act, struct slot before, bool recalled)
{
	const struct lend_vm *vm = &world.l.vm[act->vm];
	int next = next_state(vm, act, before, recalled, (s64)world.x[0]);
	const struct slot *now = &vm->slots[act->arg[0]];

	if (next != now->state)
		fail_msg("vm %u slot %u: fn %x in state %u gave %d and state %u", vm->id,
			 (u32)act->arg[0], act->fn, before.state, (int)world.x[0], now->state);
}

static bool keeps(const struct act *act)
{
	return act->fn == LEND_RELINQUISH && act->arg[2] & LEND_RELINQUISH_KEEP;
}

static u64 first_argument(const struct act *act)
{
	u32 loan;

	if (!act->loan_of)
		return act->arg[0];
	loan = world.slots[act->vm][act->loan_of - 1].loan;
	return loan == LEND_NONE ? 0 : loan_handle(&world.l, loan);
}

static enum lend_outcome make_once(const struct act *act)
{
	enum lend_outcome outcome;

	ghost_intend(act->vm, keeps(act));
	outcome = world_try(act->vm, act->fn, first_argument(act), act->arg[1], act->arg[2],
			    act->arg[3]);
	if (outcome == LEND_CALL_DONE && act->fn == LEND_LEND && !world.x[0])
		ghost_lent(act->vm, (u32)act->arg[0], (u32)act->arg[1], (u32)act->arg[2]);
	ghost_look();
	ghost_intend(act->vm, false);
	if (outcome == LEND_CALL_DONE)
		acts_count.done[act->fn - LEND_FN(0)] += (s64)world.x[0] >= 0;
	return outcome;
}

static void call(const struct act *act)
{
	const struct lend_vm *vm = &world.l.vm[act->vm];
	bool on_slots = act->fn == LEND_RETRIEVE || act->fn == LEND_RELINQUISH;
	bool one = on_slots && act->arg[1] == 1 && act->arg[0] < vm->nr_slots && act->arg[2] < 4;
	struct slot before = vm->slots[one ? act->arg[0] : 0];
	bool recalled = before.loan != LEND_NONE && world.l.loans[before.loan].recalled;

	for (u32 i = 1; make_once(act) == LEND_CALL_AGAIN; i++) {
		if (i != act->tries && !act->nested)
			continue;
		acts_count.left++; /* the guest never makes it again */
		return;
	}
	if (on_slots && world.x[0] == LEND_SUCCESS)
		assert_int_equal(world.x[1], act->arg[1]);
	if (one && !nr_nested && !act->nested)
		expect_next(act, before, recalled);
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
	bool can = world.l.nr_free >= world.l.vm[vm].nr_own;

	if (life[vm] != DOWN) {
		lend_vm_scrub(&world.l, &world.l.vm[vm], serve);
		life[vm] = life[vm] == ENDING ? DOWN : UP;
		return;
	}
	assert_int_equal(world_start(vm), can);
	ghost_start(vm);
	life[vm] = can ? UP : DOWN;
	acts_count.starts += can;
}

static void do_act(const struct act *act)
{
	if ((act->kind == ACT_GO_ON) == (life[act->vm] == UP))
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
	default:
		fail();
	}
	world_check();
	ghost_look();
}

bool act_may_nest(u32 vm)
{
	return life[vm] == UP && vm != caller;
}

/* What other CPUs do while this one holds no lock. */
static void between(void)
{
	const struct act *act;

	ghost_look();
	while ((act = nested_act(point)) != NULL) {
		if (!act_may_nest(act->vm))
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
	world_begin(w->vms, w->nr_vms, w->nr_blocks);
	world.sparse = true;
	ghost_begin();
	memset(life, UP, sizeof(life));
	caller = NOBODY;
}

void acts_end(void)
{
	for (u32 vm = 0; vm < world.l.nr_vms; vm++) {
		if (life[vm] == UP || life[vm] == RESETTING)
			begin_end(vm, true);
		if (life[vm] == ENDING)
			go_on(vm);
	}
	assert_int_equal(world.l.nr_free, world.l.nr_blocks);
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
