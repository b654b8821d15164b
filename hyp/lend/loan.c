/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/lend/loan.h"
#include "hyp/lend/events.h"
#include "hyp/lend/expire.h"
#include "hyp/lend/window.h"
#include "hyp/lib/assert.h"

u64 loan_handle(const struct ledger *l, u32 loan)
{
	return (u64)l->loans[loan].generation << 32 | (loan + 1);
}

struct loan *loan_find(struct ledger *l, u64 handle)
{
	u64 index = (handle & 0xffffffff) - 1;

	if (index >= l->nr_blocks || !l->loans[index].in_use ||
	    loan_handle(l, (u32)index) != handle)
		return NULL;
	return &l->loans[index];
}

static u32 loan_new(struct ledger *l)
{
	u32 index = l->loan_free;
	struct loan *loan = &l->loans[index];

	/* One per block, and the blocks of this one are in no other. */
	assert(index != LEND_NONE);
	l->loan_free = loan->link;
	loan->in_use = true;
	loan->recalled = false;
	loan->offer_read = false;
	loan->nr_adopted = 0;
	loan->deadline = LEND_NO_DEADLINE;
	return index;
}

void loan_shrink(struct ledger *l, struct block *b)
{
	u32 index = b->loan;
	struct loan *loan = &l->loans[index];

	b->loan = LEND_NONE;
	if (--loan->nr_out)
		return;
	expiry_remove(l, index);
	loan->in_use = false;
	loan->generation++;
	loan->link = l->loan_free;
	l->loan_free = index;
}

/* 0, STEP_SCRUB or an error. */
static int check_own_slot(const struct ledger *l, const struct lend_vm *vm, u32 slot)
{
	const struct slot *s = &vm->slots[slot];

	switch (s->state) {
	case LEND_SLOT_STANDBY:
		if (!slot_is_own(l, vm, slot))
			return LEND_DENIED;
		if (!s->busy)
			return 0;
		/* Given up, and soon clean; or being retrieved by another vCPU. */
		return l->blocks[s->block].next == BLOCK_STANDBY ? STEP_SCRUB : LEND_BUSY;
	case LEND_SLOT_OFFERED:
	case LEND_SLOT_BORROWED:
		return LEND_DENIED; /* no lending on */
	default:
		return LEND_BAD_STATE;
	}
}

/* All slots are looked at before one of them is waited for. */
static int check_own_slots(const struct ledger *l, const struct lend_vm *vm, u32 slot, u32 n,
			   u32 *busy)
{
	int status = 0;

	for (u32 i = slot; i < slot + n; i++) {
		int err = check_own_slot(l, vm, i);

		if (err < 0)
			return err;
		if (err == STEP_SCRUB) {
			*busy = vm->slots[i].block;
			status = STEP_SCRUB;
		}
	}
	return status;
}

/* The terms of a loan stand in the same order in LEND's flags and in a slot's. */
#define LEND_TO_SLOT_FLAGS(flags) ((u8)((flags) * (LEND_FLAG_REVOCABLE / LEND_LEND_REVOCABLE)))
_Static_assert(LEND_TO_SLOT_FLAGS(LEND_LEND_REVOCABLE) == LEND_FLAG_REVOCABLE &&
		       LEND_TO_SLOT_FLAGS(LEND_LEND_KEEP) == LEND_FLAG_KEEP &&
		       LEND_TO_SLOT_FLAGS(LEND_LEND_ADOPTABLE) == LEND_FLAG_ADOPTABLE,
	       "abi.h");

static void enter(struct lend_vm *vm, u32 slot, u8 state, u8 peer, u32 loan, u8 flags)
{
	struct slot *s = &vm->slots[slot];

	s->peer = peer;
	s->loan = loan;
	s->flags = flags;
	slot_move(vm, slot, state);
}

/* The slots of both sides, and the blocks between them. */
static void enter_slots(struct ledger *l, u32 index)
{
	const struct loan *loan = &l->loans[index];
	struct lend_vm *from = &l->vm[loan->owner], *to = &l->vm[loan->borrower];

	for (u32 i = 0; i < loan->nr_slots; i++) {
		u32 own = loan->owner_slot + i, slot = loan->borrower_slot + i;
		struct block *b = &l->blocks[from->slots[own].block];

		block_move(b, BLOCK_STANDBY, BLOCK_OFFERED);
		b->holder = to->id;
		b->holder_slot = slot;
		b->loan = index;
		to->slots[slot].block = from->slots[own].block;
		event_drop(l, from, own); /* both may hold some of a loan before */
		event_drop(l, to, slot);
		enter(from, own, LEND_SLOT_LENT, to->id, index, loan->flags);
		enter(to, slot, LEND_SLOT_OFFERED, from->id, index, loan->flags);
	}
}

int loan_lend(struct ledger *l, struct lend_vm *vm, u32 slot, u32 n, const struct loan_terms *terms,
	      u64 *handle, u32 *busy)
{
	struct lend_vm *to;
	struct loan *loan;
	u32 index, first;
	int status;

	if (terms->to >= l->nr_vms)
		return LEND_NO_SUCH_VM;
	if (!(vm->lend_to & BIT(terms->to)))
		return LEND_DENIED;
	to = &l->vm[terms->to];
	if (!to->running)
		return LEND_NO_SUCH_VM;
	status = check_own_slots(l, vm, slot, n, busy);
	if (status)
		return status;
	if (to->offers_unread & BIT(vm->id))
		return LEND_BUSY;
	first = window_find(to, n);
	if (first == LEND_NONE)
		return LEND_NO_SLOT;

	index = loan_new(l);
	loan = &l->loans[index];
	loan->owner = vm->id;
	loan->borrower = to->id;
	loan->owner_slot = slot;
	loan->borrower_slot = first;
	loan->nr_slots = n;
	loan->nr_out = n;
	loan->flags = LEND_TO_SLOT_FLAGS(terms->flags);
	loan->donated = terms->donate;
	enter_slots(l, index);
	event_note(l, to, first, LEND_EVENT_OFFER);
	*handle = loan_handle(l, index);
	return 0;
}

void loan_block_back(struct ledger *l, struct block *b, bool tell)
{
	struct lend_vm *owner = &l->vm[b->owner];
	struct slot *s = &owner->slots[b->owner_slot];

	b->holder = LEND_POOL;
	if (tell)
		event_note(l, owner, b->owner_slot, LEND_EVENT_RETURNED);
	s->loan = LEND_NONE;
	s->flags = 0;
	slot_move(owner, b->owner_slot, LEND_SLOT_STANDBY);
	loan_shrink(l, b);
}

void loan_take_over(struct ledger *l, struct block *b)
{
	struct slot *s = &l->vm[b->holder].slots[b->holder_slot];

	slot_vacate(&l->vm[b->owner], b->owner_slot);
	b->owner = b->holder;
	b->owner_slot = b->holder_slot;
	s->loan = LEND_NONE;
	s->flags = 0;
	loan_shrink(l, b);
}

void loan_withdraw(struct ledger *l, struct block *b, bool by_borrower)
{
	struct lend_vm *borrower = &l->vm[b->holder];
	struct slot *s = &borrower->slots[b->holder_slot];

	/*
	 * Who has read of the offer is told that it is gone. Who has not will find the slot empty: the
	 * event stays, or lending and withdrawing in turn would raise his interrupt without end.
	 */
	if (!by_borrower && l->loans[b->loan].offer_read)
		event_note(l, borrower, b->holder_slot, LEND_EVENT_RECALL);
	s->loan = LEND_NONE;
	s->flags = 0;
	slot_move(borrower, b->holder_slot, LEND_SLOT_EMPTY);
	if (b->state == BLOCK_SCRUBBING) {
		b->next = BLOCK_STANDBY; /* the slot stays busy until it is clean */
		return;
	}
	block_move(b, BLOCK_OFFERED, BLOCK_STANDBY);
	s->block = LEND_NONE;
	loan_block_back(l, b, by_borrower);
}

int loan_refuse(struct ledger *l, struct lend_vm *vm, u32 slot)
{
	struct slot *s = &vm->slots[slot];

	if (s->state != LEND_SLOT_OFFERED)
		return LEND_BAD_STATE;
	event_drop(l, vm, slot);
	loan_withdraw(l, &l->blocks[s->block], true);
	return LEND_SUCCESS;
}
