/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls over n slots: all are checked first, then each takes effect wholly or not at all. A call that was
 * interrupted begins anew with its first slot: what is done already changes nothing the second time.
 */
#include "hyp/lend/call.h"
#include "hyp/lend/adopt.h"
#include "hyp/lend/expire.h"
#include "hyp/lend/loan.h"
#include "hyp/lend/recall.h"
#include "hyp/lend/retrieve.h"
#include "hyp/lend/scrub.h"

/* Slots looked at between two looks at the interrupts when nothing is to be done with them. */
#define LOOK_EVERY 64

/* One slot, under the lock: STEP_DONE, STEP_SCRUB (then again when it is done), or an error. */
typedef int (*step_fn)(struct call *c, u32 slot);

/* One slot to its end. *changed: something was done that a repeat of the call will find done. */
static int run_slot(struct call *c, u32 slot, step_fn step, bool *changed)
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

static int for_each_slot(struct call *c, u32 slot, u32 n, step_fn step)
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

	for (u64 i = c->arg[0]; i < c->arg[0] + c->arg[1]; i++) {
		int err = ledger_retrieve_check(c->vm, (u32)i, &needed);

		if (err)
			return err;
	}
	if (needed && c->vm->nr_pool_held + needed > c->vm->quota)
		return LEND_DENIED;
	if (needed <= c->l->nr_free)
		return LEND_SUCCESS;
	c->l->wants_pool |= (u32)BIT(c->vm->id);
	return LEND_NO_MEMORY;
}

/* The slots that are there already: a call that was interrupted may have put them there. */
static u64 nr_retrieved(const struct call *c)
{
	u64 n = 0;

	while (n < c->arg[1] && (c->vm->slots[c->arg[0] + n].state == LEND_SLOT_HELD ||
				 c->vm->slots[c->arg[0] + n].state == LEND_SLOT_BORROWED))
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
		c->result[0] = nr_retrieved(c);
	ledger_unlock(c->l);
	return err ? err : for_each_slot(c, (u32)c->arg[0], (u32)c->arg[1], step_retrieve);
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
	ledger_unlock(c->l);
	return err ? err : for_each_slot(c, (u32)c->arg[0], (u32)c->arg[1], step_relinquish);
}

/*
 * The window may be long and the call interrupted often, so it goes on where it was: that is the VM's, and
 * shared by its vCPUs; it only ever moves on from slot to slot, and back when one is retrieved meanwhile. What
 * a next kernel was given as plain memory stays.
 */
static int step_relinquish_all(struct call *c, u32 slot)
{
	const struct slot *s = &c->vm->slots[slot];
	bool holds = s->state == LEND_SLOT_HELD || s->state == LEND_SLOT_BORROWED;
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

/* The loan that RECLAIM or REVOKE names; none when it ended under a call that is now repeated. */
static int find_loan(struct call *c, struct loan **loan)
{
	*loan = loan_find(c->l, c->arg[0]);
	if (!*loan)
		return c->arg[0] && c->arg[0] == c->vm->undone ? LEND_SUCCESS : LEND_BAD_STATE;
	if ((*loan)->owner != c->vm->id)
		return LEND_DENIED;
	c->scrubs = (*loan)->borrower;
	return LEND_SUCCESS;
}

/* Is the slot still lent under the loan of the call? */
static bool is_part(const struct call *c, u32 slot)
{
	const struct slot *s = &c->vm->slots[slot];

	return s->state == LEND_SLOT_LENT && loan_handle(c->l, s->loan) == c->arg[0];
}

static int end(struct call *c, int status)
{
	ledger_lock(c->l);
	c->vm->undone = status == CALL_AGAIN ? c->arg[0] : 0;
	ledger_unlock(c->l);
	return status;
}

static int step_recall(struct call *c, u32 slot)
{
	int status = is_part(c, slot) ? loan_recall_slot(c->l, c->vm, slot) : STEP_DONE;

	c->result[0] += status == STEP_DONE && is_part(c, slot);
	return status;
}

/* The record of the loan may end at any moment after the lock: what is needed of it is copied. */
int call_reclaim(struct call *c)
{
	struct loan *found, loan = {.deadline = LEND_NO_DEADLINE};
	int status;

	ledger_lock(c->l);
	status = find_loan(c, &found);
	if (!status && found && found->nr_adopted)
		status = LEND_DENIED;
	if (!status && found) {
		loan_recall(c->l, found, c->arg[1]);
		loan = *found;
	}
	ledger_unlock(c->l);
	if (status)
		return status;
	if (loan.deadline != LEND_NO_DEADLINE)
		c->l->host->expire_at(loan.deadline);
	status = for_each_slot(c, loan.owner_slot, loan.nr_slots, step_recall);
	return end(c, status == LEND_SUCCESS && c->result[0] ? LEND_PENDING : status);
}

static int step_take(struct call *c, u32 slot)
{
	if (is_part(c, slot))
		loan_revoke_slot(c->l, c->vm, slot);
	return STEP_DONE;
}

static int step_wait(struct call *c, u32 slot)
{
	return is_part(c, slot) && loan_is_coming(c->l, c->vm, slot) ? STEP_SCRUB : STEP_DONE;
}

/* All of it is taken before any of it is scrubbed: the borrower sees it go at once. */
int call_revoke(struct call *c)
{
	struct loan *found, loan = {0};
	int status;

	ledger_lock(c->l);
	status = find_loan(c, &found);
	if (!status && found) {
		loan = *found;
		if (!(loan.flags & LEND_FLAG_REVOCABLE))
			status = LEND_DENIED;
		else if (!loan_expired(c->l, found))
			status = LEND_BAD_STATE;
	}
	ledger_unlock(c->l);
	if (status)
		return status;
	status = for_each_slot(c, loan.owner_slot, loan.nr_slots, step_take);
	if (!status)
		status = for_each_slot(c, loan.owner_slot, loan.nr_slots, step_wait);
	return end(c, status);
}
