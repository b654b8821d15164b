/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls over n slots: all are checked first, then each takes effect wholly or not at all. A call that was
 * interrupted begins anew with its first slot: what is done already changes nothing the second time.
 */
#include "hyp/lend/call.h"
#include "hyp/lend/retrieve.h"
#include "hyp/lend/scrub.h"

/* Slots looked at between two looks at the interrupts when nothing is to be done with them. */
#define LOOK_EVERY 64

/* One slot to its end. *changed: something was done that a repeat of the call will find done. */
static int run_slot(struct call *c, u32 slot, call_step step, bool *changed)
{
	const struct slot *s = &c->vm->slots[slot];

	for (;;) {
		u32 block, before;
		int status;

		ledger_lock(c->l);
		before = s->generation;
		status = step(c, slot);
		*changed |= s->generation != before;
		block = s->block;
		ledger_unlock(c->l);
		if (status != STEP_SCRUB)
			return status;
		if (!lend_scrub(c->l, block))
			return CALL_AGAIN;
		*changed = true;
	}
}

int call_for_slots(struct call *c, u32 slot, u32 n, call_step step)
{
	bool changed = false;

	for (u32 end = slot + n; slot < end; slot++) {
		int status;

		/* Only after something new, or a guest with many interrupts would never get on. */
		if (changed && c->l->host->interrupt_pending())
			return CALL_AGAIN;
		status = run_slot(c, slot, step, &changed);
		if (status != STEP_DONE)
			return status;
	}
	return LEND_SUCCESS;
}

static int step_retrieve(struct call *c, u32 slot)
{
	int status = ledger_retrieve(c->l, c->vm, slot);

	c->result[0] += status == STEP_DONE;
	return status;
}

static int step_relinquish(struct call *c, u32 slot)
{
	int status = ledger_relinquish(c->l, c->vm, slot, (u32)c->arg[2]);

	c->result[0] += status == STEP_DONE;
	return status;
}

static int check_retrieve(const struct call *c)
{
	u32 needed = 0;
	int err = LEND_SUCCESS;

	for (u64 i = c->arg[0]; i < c->arg[0] + c->arg[1]; i++) {
		/* Begun already, and so to be ended: what is wrong behind it shows when it is there. */
		if (slot_is_coming(c->l, &c->vm->slots[i]))
			return LEND_SUCCESS;
		if (!err)
			err = ledger_retrieve_check(c->l, c->vm, (u32)i, &needed);
	}
	if (err)
		return err;
	if (needed && c->vm->nr_pool_held + needed > c->vm->quota)
		return LEND_DENIED;
	if (needed <= c->l->nr_free)
		return LEND_SUCCESS;
	c->l->wants_pool |= (u32)BIT(c->vm->id);
	return LEND_NO_MEMORY;
}

/* The first slots that are as the call wants them: it may have put them there before it was interrupted. */
static u64 nr_done(const struct call *c, bool mapped)
{
	u64 n = 0;

	while (n < c->arg[1] && slot_is_mapped(&c->vm->slots[c->arg[0] + n]) == mapped)
		n++;
	return n;
}

int call_retrieve(struct call *c)
{
	int err;

	if (!call_slots_valid(c, c->arg[0], c->arg[1]))
		return LEND_INVALID;
	ledger_lock(c->l);
	err = check_retrieve(c);
	if (err)
		c->result[0] = nr_done(c, true);
	ledger_unlock(c->l);
	return err ? err : call_for_slots(c, (u32)c->arg[0], (u32)c->arg[1], step_retrieve);
}

static int check_relinquish(const struct call *c)
{
	for (u64 i = c->arg[0]; i < c->arg[0] + c->arg[1]; i++) {
		int err = ledger_relinquish_check(c->l, c->vm, (u32)i, (u32)c->arg[2]);

		if (err)
			return err;
	}
	return LEND_SUCCESS;
}

int call_relinquish(struct call *c)
{
	int err;

	if (c->arg[2] & ~(u64)(LEND_RELINQUISH_KEEP | LEND_RELINQUISH_KEEP_OFFER))
		return LEND_INVALID;
	if (!call_slots_valid(c, c->arg[0], c->arg[1]))
		return LEND_INVALID;
	ledger_lock(c->l);
	err = check_relinquish(c);
	if (err)
		c->result[0] = nr_done(c, false);
	ledger_unlock(c->l);
	return err ? err : call_for_slots(c, (u32)c->arg[0], (u32)c->arg[1], step_relinquish);
}

/*
 * The window may be long and the call interrupted often, so it goes on where it was: that is the VM's, and
 * shared by its vCPUs; it only ever moves on from slot to slot, and back when one is retrieved meanwhile. What
 * a next kernel was given as plain memory stays.
 */
static int step_relinquish_all(struct call *c, u32 slot)
{
	const struct slot *s = &c->vm->slots[slot];
	bool holds = slot_is_mapped(s);
	int status = STEP_DONE;

	if (!(s->flags & LEND_FLAG_ADOPTED) && (holds || s->busy) &&
	    s->state != LEND_SLOT_REVOKED) {
		c->vm->all_done += holds;
		status = ledger_relinquish(c->l, c->vm, slot, 0);
	}
	c->vm->all_next += status == STEP_DONE && slot == c->vm->all_next;
	return status;
}

int call_relinquish_all(struct call *c)
{
	u32 next = __atomic_load_n(&c->vm->all_next, __ATOMIC_RELAXED), looked_at = 0;
	int status = LEND_SUCCESS;
	bool changed = false;

	for (; next < c->vm->nr_slots && status == LEND_SUCCESS; next++, looked_at++) {
		if ((changed || looked_at >= LOOK_EVERY) && c->l->host->interrupt_pending())
			status = CALL_AGAIN;
		else
			status = run_slot(c, next, step_relinquish_all, &changed);
	}
	if (status == CALL_AGAIN)
		return status;
	ledger_lock(c->l);
	c->result[0] = c->vm->all_done;
	c->vm->all_next = 0;
	c->vm->all_done = 0;
	ledger_unlock(c->l);
	return status;
}
