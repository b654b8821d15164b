/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/lend/retrieve.h"

/* Nobody retrieves an offer that its owner is taking back, between one slot of the loan and the next. */
static bool is_withdrawn(const struct ledger *l, const struct slot *s)
{
	return s->state == LEND_SLOT_OFFERED && !s->busy && l->loans[s->loan].recalled;
}

int ledger_retrieve_check(const struct ledger *l, const struct lend_vm *vm, u32 slot,
			  u32 *pool_needed)
{
	const struct slot *s = &vm->slots[slot];

	switch (s->state) {
	case LEND_SLOT_STANDBY:
		*pool_needed += s->block == LEND_NONE; /* else own, or on its way already */
		return STEP_DONE;
	case LEND_SLOT_OFFERED:
	case LEND_SLOT_HELD:
	case LEND_SLOT_BORROWED:
		return is_withdrawn(l, s) ? LEND_BAD_STATE : STEP_DONE;
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
	if (!b) {
		l->wants_pool |= (u32)BIT(vm->id);
		return LEND_NO_MEMORY;
	}
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

	if (slot_is_mapped(s))
		return STEP_DONE;
	if ((s->state != LEND_SLOT_STANDBY && s->state != LEND_SLOT_OFFERED) || is_withdrawn(l, s))
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
	block_grant(l, vm, slot, b);
	return STEP_DONE;
}

int ledger_relinquish_check(const struct ledger *l, const struct lend_vm *vm, u32 slot, u32 flags)
{
	const struct slot *s = &vm->slots[slot];

	if (s->flags & LEND_FLAG_ADOPTED)
		return LEND_DENIED; /* a kernel that knows nothing of lending may be using it */
	if (!(flags & LEND_RELINQUISH_KEEP))
		return STEP_DONE;
	if (s->state == LEND_SLOT_HELD)
		return slot_is_own(l, vm, slot) ? STEP_DONE : LEND_DENIED;
	if (s->state == LEND_SLOT_BORROWED)
		return l->loans[s->loan].flags & LEND_FLAG_KEEP ? STEP_DONE : LEND_DENIED;
	return STEP_DONE;
}

int ledger_relinquish(struct ledger *l, struct lend_vm *vm, u32 slot, u32 flags)
{
	struct slot *s = &vm->slots[slot];
	enum take how = flags & LEND_RELINQUISH_KEEP ? TAKE_KEPT : TAKE_GIVEN;
	enum block_state next = BLOCK_STANDBY;
	int err = ledger_relinquish_check(l, vm, slot, flags);

	if (err)
		return err;
	if (s->state == LEND_SLOT_REVOKED)
		slot_acknowledge(l, vm, slot);
	/* Being retrieved by another vCPU; or given up, or taken, and not scrubbed yet. */
	if (s->busy)
		return slot_is_coming(l, s) ? STEP_DONE : STEP_SCRUB;
	switch (s->state) {
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
	slot_take_away(l, vm, slot, next, how);
	return s->busy ? STEP_SCRUB : STEP_DONE; /* a bad block retires at once */
}
