/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/lend/poison.h"
#include "hyp/lend/events.h"
#include "hyp/lend/loan.h"

static void slot_lose(struct ledger *l, struct lend_vm *vm, u32 slot)
{
	struct slot *s = &vm->slots[slot];
	u8 state = s->state;

	slot_vacate(vm, slot);
	if (state == LEND_SLOT_REVOKED)
		slot_move(vm, slot, LEND_SLOT_REVOKED); /* still to be acknowledged */
	else if (slot_is_promise(vm, slot))
		slot_move(vm, slot, LEND_SLOT_STANDBY); /* of any block, not of this one */
	event_note(l, vm, slot, LEND_EVENT_POISONED);
}

void block_retire(struct ledger *l, struct block *b)
{
	u8 owner = b->owner;
	u32 owner_slot = b->owner_slot;

	if (b->loan != LEND_NONE)
		loan_shrink(l, b);
	if (b->holder != LEND_POOL) {
		if (owner == LEND_POOL)
			l->vm[b->holder].nr_pool_held--;
		slot_lose(l, &l->vm[b->holder], b->holder_slot);
	}
	if (owner != LEND_POOL && !(owner == b->holder && owner_slot == b->holder_slot))
		slot_lose(l, &l->vm[owner], owner_slot);
	b->owner = LEND_POOL;
	b->holder = LEND_POOL;
	b->flags = BLOCK_DIRTY | BLOCK_BAD;
	b->state = BLOCK_POISONED;
}

/* No further chunk is begun; the last one under way lets the block arrive, and so retire. */
static int stop_scrubbing(struct ledger *l, struct block *b)
{
	b->scrub_done += l->nr_chunks - b->scrub_claimed;
	b->scrub_claimed = l->nr_chunks;
	if (b->scrub_done < l->nr_chunks)
		return LEND_PENDING;
	block_arrive(l, b);
	return LEND_SUCCESS;
}

static int poison(struct ledger *l, struct block *b)
{
	if (b->flags & BLOCK_BAD)
		return LEND_BAD_STATE;
	b->flags |= BLOCK_BAD;
	switch ((enum block_state)b->state) {
	case BLOCK_HELD:
	case BLOCK_BORROWED:
		return LEND_PENDING;
	case BLOCK_SCRUBBING:
		return stop_scrubbing(l, b);
	case BLOCK_FREE:
		list_remove(l, &l->free_head, b);
		l->nr_free--;
		break;
	default:
		break;
	}
	block_retire(l, b);
	return LEND_SUCCESS;
}

/* The record of the block with pa in it; they stand in the order of their addresses, the highest first. */
static struct block *find(struct ledger *l, paddr_t pa)
{
	u32 low = 0, high = l->nr_blocks;

	while (low < high) {
		u32 middle = low + (high - low) / 2;
		struct block *b = &l->blocks[middle];

		if (pa.pa - b->pa.pa < l->block_size)
			return b;
		if (pa.pa < b->pa.pa)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

int lend_poison(struct ledger *l, paddr_t pa)
{
	struct block *b = find(l, pa);
	int status;

	if (!b)
		return LEND_INVALID;
	ledger_lock(l);
	status = poison(l, b);
	ledger_unlock(l);
	return status;
}
