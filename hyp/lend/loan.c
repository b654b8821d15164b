/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/lend/loan.h"
#include "hyp/lend/events.h"
#include "hyp/lib/assert.h"

u64 loan_handle(const struct ledger *l, u32 loan)
{
	return (u64)l->loans[loan].generation << 32 | (loan + 1);
}

static struct loan *find(struct ledger *l, u64 handle)
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

	/* One per block, and the blocks of this one are in no other. */
	assert(index != LEND_NONE);
	l->loan_free = l->loans[index].link;
	l->loans[index].in_use = true;
	l->loans[index].recalled = false;
	l->loans[index].offer_read = false;
	l->loans[index].deadline = LEND_NO_DEADLINE;
	return index;
}

void loan_free(struct ledger *l, u32 loan)
{
	l->loans[loan].in_use = false;
	l->loans[loan].generation++;
	l->loans[loan].link = l->loan_free;
	l->loan_free = loan;
}

static int check_own_slot(const struct lend_vm *vm, u32 slot)
{
	const struct slot *s = &vm->slots[slot];

	switch (s->state) {
	case LEND_SLOT_STANDBY:
		if (!slot_is_own(vm, slot))
			return LEND_DENIED;
		return s->busy ? LEND_BUSY : 0;
	case LEND_SLOT_OFFERED:
	case LEND_SLOT_BORROWED:
		return LEND_DENIED; /* no lending on */
	default:
		return LEND_BAD_STATE;
	}
}

static bool are_empty(const struct lend_vm *vm, u64 slot, u32 n)
{
	for (u64 i = slot; i < slot + n; i++)
		if (vm->slots[i].state != LEND_SLOT_EMPTY || vm->slots[i].busy)
			return false;
	return true;
}

/* The lowest n empty slots in a row, aligned to the largest power of two in n. */
static u32 find_slots(struct lend_vm *vm, u32 n)
{
	u32 align = (u32)BIT(31 - __builtin_clz(n));

	/* A busy slot is passed over only for now. */
	while (vm->first_empty < vm->nr_slots &&
	       vm->slots[vm->first_empty].state != LEND_SLOT_EMPTY)
		vm->first_empty++;
	for (u64 slot = ALIGN_UP(vm->first_empty, align); slot + n <= vm->nr_slots; slot += align)
		if (are_empty(vm, slot, n))
			return (u32)slot;
	return LEND_NONE;
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

int loan_lend(struct ledger *l, struct lend_vm *vm, u32 slot, u32 n, u64 peer, u32 flags,
	      u64 *handle)
{
	struct lend_vm *to;
	struct loan *loan;
	u32 index, first;
	int err;

	if (peer >= l->nr_vms)
		return LEND_NO_SUCH_VM;
	if (!(vm->lend_to & BIT(peer)))
		return LEND_DENIED;
	to = &l->vm[peer];
	if (!to->running)
		return LEND_NO_SUCH_VM;
	for (u32 i = slot; i < slot + n; i++) {
		err = check_own_slot(vm, i);
		if (err)
			return err;
	}
	if (to->offers_unread & BIT(vm->id))
		return LEND_BUSY;
	first = find_slots(to, n);
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
	loan->flags = LEND_TO_SLOT_FLAGS(flags);
	for (u32 i = 0; i < n; i++) {
		struct block *b = &l->blocks[vm->slots[slot + i].block];

		block_move(b, BLOCK_STANDBY, BLOCK_OFFERED);
		b->holder = to->id;
		b->holder_slot = first + i;
		b->loan = index;
		to->slots[first + i].block = vm->slots[slot + i].block;
		event_drop(l, vm, slot + i); /* both may hold some of a loan before */
		event_drop(l, to, first + i);
		enter(vm, slot + i, LEND_SLOT_LENT, to->id, index, loan->flags);
		enter(to, first + i, LEND_SLOT_OFFERED, vm->id, index, loan->flags);
	}
	event_note(l, to, first, LEND_EVENT_OFFER);
	*handle = loan_handle(l, index);
	return 0;
}

void loan_block_back(struct ledger *l, struct block *b, bool tell)
{
	struct lend_vm *owner = &l->vm[b->owner];
	struct slot *s = &owner->slots[b->owner_slot];
	u32 loan = b->loan;

	b->holder = LEND_POOL;
	b->loan = LEND_NONE;
	if (tell)
		event_note(l, owner, b->owner_slot, LEND_EVENT_RETURNED);
	s->loan = LEND_NONE;
	s->flags = 0;
	slot_move(owner, b->owner_slot, LEND_SLOT_STANDBY);
	if (--l->loans[loan].nr_out == 0)
		loan_free(l, loan);
}

void loan_withdraw(struct ledger *l, struct block *b, bool tell)
{
	struct lend_vm *borrower = &l->vm[b->holder];
	struct slot *s = &borrower->slots[b->holder_slot];

	/*
	 * Who has read of the offer is told that it is gone. Who has not will find the slot empty: the
	 * event stays, or lending and withdrawing in turn would raise his interrupt without end.
	 */
	if (l->loans[b->loan].offer_read)
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
	loan_block_back(l, b, tell);
}

static void recall(struct ledger *l, struct lend_vm *borrower, u32 slot)
{
	struct slot *s = &borrower->slots[slot];

	s->flags |= LEND_FLAG_RECALLED;
	s->generation++;
	event_note(l, borrower, slot, LEND_EVENT_RECALL);
}

/* A repeat never shortens a deadline, nor takes it away. */
static void set_deadline(struct ledger *l, struct loan *loan, u64 deadline)
{
	u64 now = l->host->now();

	if (!deadline)
		return;
	deadline = max_u64(deadline, l->vm[loan->borrower].min_recall_ns);
	deadline = deadline < LEND_NO_DEADLINE - now ? now + deadline : LEND_NO_DEADLINE;
	if (loan->deadline == LEND_NO_DEADLINE || deadline > loan->deadline)
		loan->deadline = deadline;
}

int loan_reclaim(struct ledger *l, struct lend_vm *vm, u64 handle, u64 deadline, u32 *out,
		 u32 *coming)
{
	struct loan *loan = find(l, handle);
	bool again;
	u32 index, first, n;

	*out = 0;
	*coming = LEND_NONE;
	if (!loan)
		return LEND_BAD_STATE;
	if (loan->owner != vm->id)
		return LEND_DENIED;
	set_deadline(l, loan, deadline);
	again = loan->recalled;
	loan->recalled = true;

	/* The record may end with its last block: what the loop needs is taken out first. */
	index = (u32)(loan - l->loans);
	first = loan->owner_slot;
	n = loan->nr_slots;
	for (u32 slot = first; slot < first + n; slot++) {
		struct slot *s = &vm->slots[slot];
		struct block *b;

		if (s->state != LEND_SLOT_LENT || s->loan != index)
			continue;
		b = &l->blocks[s->block];
		s->flags |= LEND_FLAG_RECALLED;
		if (b->state == BLOCK_BORROWED) {
			if (!again)
				recall(l, &l->vm[b->holder], b->holder_slot);
		} else if (b->state == BLOCK_OFFERED || b->next != BLOCK_STANDBY) {
			loan_withdraw(l, b, false);
		}
		if (s->state != LEND_SLOT_LENT)
			continue;
		++*out;
		if (b->state == BLOCK_SCRUBBING)
			*coming = s->block;
	}
	return *out ? LEND_PENDING : LEND_SUCCESS;
}
