/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls on loans: LEND, DONATE and REFUSE, and their owner's RECLAIM and REVOKE, by handle. */
#include "hyp/lend/call.h"
#include "hyp/lend/expire.h"
#include "hyp/lend/loan.h"
#include "hyp/lend/recall.h"
#include "hyp/lend/scrub.h"

/* A block that is still being scrubbed is waited for; then everything is checked anew. */
static int lend(struct call *c, const struct loan_terms *terms)
{
	if (!call_slots_valid(c, c->arg[0], c->arg[1]))
		return LEND_INVALID;
	for (;;) {
		u32 busy;
		int status;

		ledger_lock(c->l);
		status = loan_lend(c->l, c->vm, (u32)c->arg[0], (u32)c->arg[1], terms,
				   &c->result[0], &busy);
		ledger_unlock(c->l);
		if (status != STEP_SCRUB)
			return status;
		if (!lend_scrub(c->l, busy) || c->l->host->interrupt_pending())
			return CALL_AGAIN;
	}
}

int call_lend(struct call *c)
{
	const struct loan_terms terms = {c->arg[2], (u32)c->arg[3], false};

	if (c->arg[3] & ~(u64)(LEND_LEND_REVOCABLE | LEND_LEND_KEEP | LEND_LEND_ADOPTABLE))
		return LEND_INVALID;
	return lend(c, &terms);
}

int call_donate(struct call *c)
{
	const struct loan_terms terms = {c->arg[2], (u32)c->arg[3], true};

	if (c->arg[3] & ~(u64)LEND_LEND_KEEP)
		return LEND_INVALID;
	return lend(c, &terms);
}

int call_refuse(struct call *c)
{
	int status;

	if (!call_slots_valid(c, c->arg[0], 1))
		return LEND_INVALID;
	ledger_lock(c->l);
	status = loan_refuse(c->l, c->vm, (u32)c->arg[0]);
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
	return LEND_SUCCESS;
}

/* Is the slot still lent under the loan of the call? */
static bool is_part(const struct call *c, u32 slot)
{
	const struct slot *s = &c->vm->slots[slot];

	return s->state == LEND_SLOT_LENT && loan_handle(c->l, s->loan) == c->arg[0];
}

static int ended(struct call *c, int status)
{
	ledger_lock(c->l);
	if (status == CALL_AGAIN) {
		c->vm->undone = c->arg[0];
		c->vm->undone_deadline = c->arg[1];
	} else if (c->vm->undone == c->arg[0]) {
		c->vm->undone = 0;
	}
	ledger_unlock(c->l);
	return status;
}

/* step for the loan's slots: what is back at its front needs no lock to be passed over. */
static int for_lent_slots(struct call *c, const struct loan *loan, call_step step)
{
	u32 slot = loan->owner_slot, end = slot + loan->nr_slots;

	while (slot < end && c->vm->slots[slot].state != LEND_SLOT_LENT)
		slot++;
	return call_for_slots(c, slot, end - slot, step);
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
	if (!status && found && found->nr_adopted && !(found->flags & LEND_FLAG_REVOCABLE))
		status = LEND_DENIED;
	if (!status && found) {
		/* A repeat does not count the time anew. */
		bool again = c->vm->undone == c->arg[0] && c->vm->undone_deadline == c->arg[1];

		loan_recall(c->l, found, again ? 0 : c->arg[1]);
		loan = *found;
	}
	ledger_unlock(c->l);
	if (status)
		return status;
	if (loan.deadline != LEND_NO_DEADLINE)
		c->l->host->expire_at(loan.deadline);
	status = for_lent_slots(c, &loan, step_recall);
	return ended(c, status == LEND_SUCCESS && c->result[0] ? LEND_PENDING : status);
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
	status = for_lent_slots(c, &loan, step_take);
	if (!status)
		status = for_lent_slots(c, &loan, step_wait);
	return ended(c, status);
}
