/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/lend/recall.h"
#include "hyp/lend/events.h"
#include "hyp/lend/expire.h"
#include "hyp/lend/loan.h"

/* A repeat never shortens a deadline, nor takes it away. */
void loan_recall(struct ledger *l, struct loan *loan, u64 deadline)
{
	u64 now = l->host->now();

	loan->recalled = true;
	if (!deadline || loan_expired(l, loan))
		return; /* what has passed has passed */
	deadline = max_u64(deadline, l->vm[loan->borrower].min_recall_ns);
	deadline = min_u64(deadline, LEND_NO_DEADLINE - 1 - now) + now;
	if (loan->deadline == LEND_NO_DEADLINE || deadline > loan->deadline)
		expiry_set(l, (u32)(loan - l->loans), deadline);
}

static void mark_recalled(struct lend_vm *vm, u32 slot)
{
	vm->slots[slot].flags |= LEND_FLAG_RECALLED;
	vm->slots[slot].generation++;
}

/* What its borrower does not have yet, or not any more, does not go to it again. */
static void take_back_offer(struct ledger *l, struct block *b)
{
	if (b->state == BLOCK_OFFERED || (b->state == BLOCK_SCRUBBING && b->next != BLOCK_STANDBY))
		loan_withdraw(l, b, false);
}

int loan_recall_slot(struct ledger *l, struct lend_vm *vm, u32 slot)
{
	struct slot *s = &vm->slots[slot];
	struct block *b = &l->blocks[s->block];

	if (!(s->flags & LEND_FLAG_RECALLED))
		mark_recalled(vm, slot);
	if (b->state == BLOCK_BORROWED) {
		struct lend_vm *borrower = &l->vm[b->holder];

		if (borrower->slots[b->holder_slot].flags & LEND_FLAG_RECALLED)
			return STEP_DONE;
		mark_recalled(borrower, b->holder_slot);
		event_note(l, borrower, b->holder_slot, LEND_EVENT_RECALL);
		if (loan_expired(l, &l->loans[s->loan])) {
			/* Retrieved since the loan was recalled: who told of the end saw an offer. */
			event_note(l, vm, slot, LEND_EVENT_EXPIRED);
			event_note(l, borrower, b->holder_slot, LEND_EVENT_EXPIRED);
		}
		return STEP_DONE;
	}
	take_back_offer(l, b);
	return b->state == BLOCK_SCRUBBING ? STEP_SCRUB : STEP_DONE;
}

void loan_revoke_slot(struct ledger *l, struct lend_vm *vm, u32 slot)
{
	struct block *b = &l->blocks[vm->slots[slot].block];

	take_back_offer(l, b); /* a recall that was never repeated did not come so far */
	if (b->state != BLOCK_BORROWED)
		return;
	vm->slots[slot].generation++; /* BUSY from now on */
	slot_take_away(l, &l->vm[b->holder], b->holder_slot, BLOCK_STANDBY, TAKE_BY_FORCE);
}

bool loan_is_coming(const struct ledger *l, const struct lend_vm *vm, u32 slot)
{
	return l->blocks[vm->slots[slot].block].state == BLOCK_SCRUBBING;
}
