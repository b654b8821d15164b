/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/lend/ledger.h"
#include "hyp/lend/events.h"
#include "hyp/lend/loan.h"
#include "hyp/lib/assert.h"

void ledger_lock(struct ledger *l)
{
	spin_lock(&l->lock);
}

void ledger_unlock(struct ledger *l)
{
	u32 raise = l->raise;

	l->raise = 0;
	spin_unlock(&l->lock);
	for (u8 id = 0; raise; id++, raise >>= 1)
		if (raise & 1)
			l->host->raise(id);
}

void block_move(struct block *b, enum block_state expected, enum block_state state)
{
	assert(b->state == expected);
	b->state = (u8)state;
}

void slot_move(struct lend_vm *vm, u32 slot, u8 state)
{
	vm->slots[slot].state = state;
	vm->slots[slot].generation++;
	if (state == LEND_SLOT_EMPTY && slot < vm->first_empty)
		vm->first_empty = slot;
}

void pool_put(struct ledger *l, struct block *b)
{
	b->state = BLOCK_FREE;
	b->owner = LEND_POOL;
	b->holder = LEND_POOL;
	b->flags &= (u8)~BLOCK_OWN_DATA;
	b->loan = LEND_NONE;
	b->link = l->free_head;
	l->free_head = (u32)(b - l->blocks);
	l->nr_free++;
}

struct block *pool_take(struct ledger *l)
{
	struct block *b;

	if (l->free_head == LEND_NONE)
		return NULL;
	b = &l->blocks[l->free_head];
	l->free_head = b->link;
	l->nr_free--;
	return b;
}

static struct slot *holder_slot(struct ledger *l, const struct block *b)
{
	return &l->vm[b->holder].slots[b->holder_slot];
}

void block_scrub(struct ledger *l, struct block *b, enum block_state next, bool keep)
{
	b->state = BLOCK_SCRUBBING;
	b->next = (u8)next;
	b->scrub_claimed = 0;
	b->scrub_done = 0;
	if (keep)
		b->flags |= BLOCK_CLEAN_ONLY | BLOCK_OWN_DATA;
	holder_slot(l, b)->busy = true;
}

/* The block becomes the VM's to use: the one place where a block is mapped. */
static void grant(struct ledger *l, struct lend_vm *vm, u32 slot, struct block *b)
{
	bool borrowed = b->owner != LEND_POOL && b->owner != vm->id;

	spin_lock(&vm->s2->lock);
	s2_map(vm->s2, slot_ipa(l, vm, slot), b->pa, l->block_size);
	spin_unlock(&vm->s2->lock);
	b->state = borrowed ? BLOCK_BORROWED : BLOCK_HELD;
	b->holder = vm->id;
	b->holder_slot = slot;
	b->flags = BLOCK_DIRTY; /* from now on, for all we know */
	slot_move(vm, slot, borrowed ? LEND_SLOT_BORROWED : LEND_SLOT_HELD);
	vm->nr_retrieved++;
}

void block_arrive(struct ledger *l, struct block *b)
{
	struct lend_vm *holder = &l->vm[b->holder];
	struct slot *s = holder_slot(l, b);

	if (b->flags & BLOCK_CLEAN_ONLY)
		b->flags &= (u8)~BLOCK_CLEAN_ONLY; /* OWN_DATA stands unless a reset took it back */
	else
		b->flags = 0;
	s->busy = false;
	switch ((enum block_state)b->next) {
	case BLOCK_HELD:
	case BLOCK_BORROWED:
		grant(l, holder, b->holder_slot, b);
		return;
	case BLOCK_OFFERED:
		block_move(b, BLOCK_SCRUBBING, BLOCK_OFFERED);
		return;
	case BLOCK_STANDBY:
		block_move(b, BLOCK_SCRUBBING, BLOCK_STANDBY);
		if (b->holder != b->owner) {
			s->block = LEND_NONE;
			loan_block_back(l, b, true);
		}
		b->holder = LEND_POOL;
		return;
	default:
		s->block = LEND_NONE;
		holder->nr_pool_held--; /* not before, or quotas would not bound what is SCRUBBING */
		pool_put(l, b);
		return;
	}
}

/* Nothing to be seen at the slot any more: the zero page, or an abort where the VM wants that. */
static void hide(struct ledger *l, struct lend_vm *vm, u32 slot)
{
	spin_lock(&vm->s2->lock);
	if (vm->absent_abort)
		s2_unmap(vm->s2, slot_ipa(l, vm, slot), l->block_size, S2_ABSENT_EMPTY);
	else
		s2_zero(vm->s2, slot_ipa(l, vm, slot), l->block_size);
	spin_unlock(&vm->s2->lock);
}

/* The state of a slot whose block has left for next. */
static u8 slot_state_without(const struct lend_vm *vm, u32 slot, enum block_state next)
{
	if (next == BLOCK_OFFERED)
		return LEND_SLOT_OFFERED;
	return slot_is_own(vm, slot) || slot_is_promise(vm, slot) ? LEND_SLOT_STANDBY
								  : LEND_SLOT_EMPTY;
}

void slot_take_away(struct ledger *l, struct lend_vm *vm, u32 slot, enum block_state next,
		    bool keep)
{
	struct slot *s = &vm->slots[slot];
	struct block *b = &l->blocks[s->block];

	assert(b->state == BLOCK_HELD || b->state == BLOCK_BORROWED);
	hide(l, vm, slot);
	slot_move(vm, slot, slot_state_without(vm, slot, next));
	if (next != BLOCK_OFFERED) {
		event_drop(l, vm, slot); /* a recall that was not read is answered */
		s->loan = LEND_NONE;
		s->flags = 0;
	}
	vm->nr_given_up++;
	block_scrub(l, b, next, keep);
}

void slot_acknowledge(struct ledger *l, struct lend_vm *vm, u32 slot)
{
	struct slot *s = &vm->slots[slot];

	hide(l, vm, slot);
	s->loan = LEND_NONE;
	s->flags = 0;
	slot_move(vm, slot, LEND_SLOT_EMPTY);
}

int ledger_retrieve_check(const struct lend_vm *vm, u32 slot, u32 *pool_needed)
{
	const struct slot *s = &vm->slots[slot];

	switch (s->state) {
	case LEND_SLOT_STANDBY:
		*pool_needed += s->block == LEND_NONE; /* else own, or on its way already */
		return STEP_DONE;
	case LEND_SLOT_OFFERED:
	case LEND_SLOT_HELD:
	case LEND_SLOT_BORROWED:
		return STEP_DONE;
	default:
		return LEND_BAD_STATE;
	}
}

/* A block of the pool for a promise. */
static int reserve(struct ledger *l, struct lend_vm *vm, u32 slot)
{
	struct block *b;

	if (vm->nr_pool_held >= vm->quota)
		return LEND_DENIED;
	b = pool_take(l);
	if (!b)
		return LEND_NO_MEMORY;
	b->holder = vm->id;
	b->holder_slot = slot;
	vm->slots[slot].block = (u32)(b - l->blocks);
	vm->nr_pool_held++;
	return STEP_DONE;
}

/* Would the VM see contents that are not its own and that nobody meant it to see? */
static bool must_scrub(const struct ledger *l, const struct lend_vm *vm, const struct block *b)
{
	if (!(b->flags & BLOCK_DIRTY))
		return false;
	if (!(b->flags & BLOCK_OWN_DATA))
		return true;
	return b->owner != vm->id && !(l->loans[b->loan].flags & LEND_FLAG_KEEP);
}

int ledger_retrieve(struct ledger *l, struct lend_vm *vm, u32 slot)
{
	struct slot *s = &vm->slots[slot];
	struct block *b;
	int err;

	if (s->state == LEND_SLOT_HELD || s->state == LEND_SLOT_BORROWED)
		return STEP_DONE;
	if (s->state != LEND_SLOT_STANDBY && s->state != LEND_SLOT_OFFERED)
		return LEND_BAD_STATE;
	if (s->busy)
		return STEP_SCRUB;
	if (s->block == LEND_NONE) {
		err = reserve(l, vm, slot);
		if (err)
			return err;
	}
	b = &l->blocks[s->block];
	b->holder = vm->id;
	b->holder_slot = slot;
	if (must_scrub(l, vm, b)) {
		block_scrub(l, b, s->state == LEND_SLOT_OFFERED ? BLOCK_BORROWED : BLOCK_HELD,
			    false);
		return STEP_SCRUB;
	}
	grant(l, vm, slot, b);
	return STEP_DONE;
}

int ledger_relinquish_check(const struct ledger *l, const struct lend_vm *vm, u32 slot, u32 flags)
{
	const struct slot *s = &vm->slots[slot];

	if (!(flags & LEND_RELINQUISH_KEEP))
		return STEP_DONE;
	if (s->state == LEND_SLOT_HELD)
		return slot_is_own(vm, slot) ? STEP_DONE : LEND_DENIED;
	if (s->state == LEND_SLOT_BORROWED)
		return l->loans[s->loan].flags & LEND_FLAG_KEEP ? STEP_DONE : LEND_DENIED;
	return STEP_DONE;
}

int ledger_relinquish(struct ledger *l, struct lend_vm *vm, u32 slot, u32 flags)
{
	struct slot *s = &vm->slots[slot];
	bool keep = flags & LEND_RELINQUISH_KEEP;
	enum block_state next = BLOCK_STANDBY;
	int err = ledger_relinquish_check(l, vm, slot, flags);

	if (err)
		return err;
	if (s->busy) {
		u8 on_the_way = l->blocks[s->block].next;

		/* Ours, given up and not scrubbed yet; or being retrieved by another vCPU. */
		return on_the_way == BLOCK_HELD || on_the_way == BLOCK_BORROWED ? STEP_DONE
										: STEP_SCRUB;
	}
	switch (s->state) {
	case LEND_SLOT_REVOKED:
		slot_acknowledge(l, vm, slot);
		return STEP_DONE;
	case LEND_SLOT_HELD:
		if (l->blocks[s->block].owner == LEND_POOL)
			next = BLOCK_FREE;
		break;
	case LEND_SLOT_BORROWED:
		if ((flags & LEND_RELINQUISH_KEEP_OFFER) && !l->loans[s->loan].recalled)
			next = BLOCK_OFFERED;
		break;
	default:
		return STEP_DONE;
	}
	slot_take_away(l, vm, slot, next, keep);
	return STEP_SCRUB;
}
