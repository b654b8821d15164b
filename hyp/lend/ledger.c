/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/lend/ledger.h"
#include "hyp/lend/adopt.h"
#include "hyp/lend/events.h"
#include "hyp/lend/loan.h"
#include "hyp/lend/poison.h"
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
	for (; raise; raise &= raise - 1)
		l->host->raise((u8)__builtin_ctz(raise));
}

void block_move(struct block *b, enum block_state expected, enum block_state state)
{
	assert(b->state == expected);
	b->state = (u8)state;
}

static void note_empty(struct lend_vm *vm, u32 slot)
{
	const struct slot *s = &vm->slots[slot];
	u32 word = slot / 64;

	vm->empty[word] &= ~BIT(slot % 64);
	if (s->state == LEND_SLOT_EMPTY && !s->busy)
		vm->empty[word] |= BIT(slot % 64);
	vm->some_empty[word / 64] &= ~BIT(word % 64);
	if (vm->empty[word])
		vm->some_empty[word / 64] |= BIT(word % 64);
}

void slot_move(struct lend_vm *vm, u32 slot, u8 state)
{
	struct slot *s = &vm->slots[slot];
	bool changes = s->state == LEND_SLOT_EMPTY || state == LEND_SLOT_EMPTY;

	s->state = state;
	s->generation++;
	if (changes)
		note_empty(vm, slot);
}

void slot_set_busy(struct lend_vm *vm, u32 slot, bool busy)
{
	vm->slots[slot].busy = busy;
	vm->slots[slot].generation++;
	note_empty(vm, slot);
}

void slot_vacate(struct lend_vm *vm, u32 slot)
{
	struct slot *s = &vm->slots[slot];

	s->block = LEND_NONE;
	s->loan = LEND_NONE;
	s->flags = 0;
	slot_move(vm, slot, LEND_SLOT_EMPTY);
}

void list_add(struct ledger *l, u32 *head, struct block *b)
{
	u32 index = (u32)(b - l->blocks);

	if (*head == LEND_NONE)
		b->prev = b->link = *head = index;
	b->link = *head;
	b->prev = l->blocks[*head].prev;
	l->blocks[b->prev].link = index;
	l->blocks[b->link].prev = index;
}

void list_remove(struct ledger *l, u32 *head, struct block *b)
{
	l->blocks[b->prev].link = b->link;
	l->blocks[b->link].prev = b->prev;
	if (*head == (u32)(b - l->blocks))
		*head = b->link == *head ? LEND_NONE : b->link;
}

/* One that found the pool empty does not ask again and again: it is told, once. */
static void tell_waiting(struct ledger *l)
{
	for (u32 id = 0, waiting = l->wants_pool; waiting; id++, waiting >>= 1) {
		struct lend_vm *vm = &l->vm[id];

		if (!(waiting & 1) || vm->nr_pool_held >= vm->target)
			continue;
		l->wants_pool &= (u32)~BIT(id);
		event_note_vm(l, vm, LEND_EVENT_POOL, LEND_NO_PEER);
	}
}

void pool_put(struct ledger *l, struct block *b)
{
	b->state = BLOCK_FREE;
	b->owner = LEND_POOL;
	b->holder = LEND_POOL;
	b->flags &= (u8)~BLOCK_OWN_DATA;
	b->loan = LEND_NONE;
	list_add(l, &l->free_head, b);
	l->free_head = (u32)(b - l->blocks); /* the next to be taken */
	l->nr_free++;
	tell_waiting(l);
}

struct block *pool_take(struct ledger *l)
{
	struct block *b;

	if (l->free_head == LEND_NONE)
		return NULL;
	b = &l->blocks[l->free_head];
	list_remove(l, &l->free_head, b);
	l->nr_free--;
	return b;
}

void block_scrub(struct ledger *l, struct block *b, enum block_state next, bool keep)
{
	b->state = BLOCK_SCRUBBING;
	b->next = (u8)next;
	b->scrub_claimed = 0;
	b->scrub_done = 0;
	if (keep)
		b->flags |= BLOCK_CLEAN_ONLY | BLOCK_OWN_DATA;
	b->finisher = b->holder;
	list_add(l, &l->vm[b->finisher].busy_head, b);
	slot_set_busy(&l->vm[b->holder], b->holder_slot, true);
}

void block_finish_by(struct ledger *l, struct block *b, u8 vm)
{
	list_remove(l, &l->vm[b->finisher].busy_head, b);
	b->finisher = vm;
	list_add(l, &l->vm[vm].busy_head, b);
}

void block_grant(struct ledger *l, struct lend_vm *vm, u32 slot, struct block *b)
{
	bool borrowed;

	b->holder = vm->id;
	b->holder_slot = slot;
	if (b->loan != LEND_NONE && l->loans[b->loan].donated)
		loan_take_over(l, b);
	borrowed = b->loan != LEND_NONE;
	spin_lock(&vm->s2->lock);
	s2_map(vm->s2, slot_ipa(l, vm, slot), b->pa, l->block_size);
	spin_unlock(&vm->s2->lock);
	b->state = borrowed ? BLOCK_BORROWED : BLOCK_HELD;
	b->flags = BLOCK_DIRTY; /* from now on, for all we know */
	slot_move(vm, slot, borrowed ? LEND_SLOT_BORROWED : LEND_SLOT_HELD);
	vm->nr_retrieved++;
	vm->all_next = (u32)min_u64(vm->all_next, slot);
}

void block_arrive(struct ledger *l, struct block *b)
{
	struct lend_vm *holder = &l->vm[b->holder];
	struct slot *s = &holder->slots[b->holder_slot];

	if (b->flags & BLOCK_CLEAN_ONLY)
		b->flags &= (u8)~BLOCK_CLEAN_ONLY; /* OWN_DATA stands unless a reset took it back */
	else
		b->flags &= BLOCK_BAD;
	list_remove(l, &l->vm[b->finisher].busy_head, b);
	slot_set_busy(holder, b->holder_slot, false);
	if (b->flags & BLOCK_BAD) {
		block_retire(l, b);
		return;
	}
	switch ((enum block_state)b->next) {
	case BLOCK_HELD:
	case BLOCK_BORROWED:
		block_grant(l, holder, b->holder_slot, b);
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

/* Nothing to be seen at the slot any more: the zero page, or an abort where the VM wants or earned that. */
static void hide(struct ledger *l, struct lend_vm *vm, u32 slot, bool revoked)
{
	ipa_t ipa = slot_ipa(l, vm, slot);

	spin_lock(&vm->s2->lock);
	if (revoked)
		s2_unmap(vm->s2, ipa, l->block_size, S2_ABSENT_REVOKED);
	else if (vm->absent_abort)
		s2_unmap(vm->s2, ipa, l->block_size, S2_ABSENT_EMPTY);
	else
		s2_zero(vm->s2, ipa, l->block_size);
	spin_unlock(&vm->s2->lock);
}

/* The state of a slot whose block leaves for next. */
static u8 state_without(const struct ledger *l, const struct lend_vm *vm, u32 slot,
			enum block_state next)
{
	if (next == BLOCK_OFFERED)
		return LEND_SLOT_OFFERED;
	return slot_is_own(l, vm, slot) || slot_is_promise(vm, slot) ? LEND_SLOT_STANDBY
								     : LEND_SLOT_EMPTY;
}

void slot_take_away(struct ledger *l, struct lend_vm *vm, u32 slot, enum block_state next,
		    enum take how)
{
	struct slot *s = &vm->slots[slot];
	struct block *b = &l->blocks[s->block];
	bool revoked = how == TAKE_BY_FORCE;

	assert(b->state == BLOCK_HELD || b->state == BLOCK_BORROWED);
	hide(l, vm, slot, revoked);
	slot_set_adopted(l, vm, slot, false);
	slot_move(vm, slot, revoked ? LEND_SLOT_REVOKED : state_without(l, vm, slot, next));
	if (next != BLOCK_OFFERED) {
		event_drop(l, vm, slot); /* a recall that was not read is answered */
		s->loan = LEND_NONE;
		s->flags = 0;
	}
	if (revoked)
		event_note(l, vm, slot, LEND_EVENT_REVOKED);
	vm->nr_given_up++;
	if (b->flags & BLOCK_BAD)
		block_retire(l, b); /* nobody is to see it again: no need to scrub it */
	else
		block_scrub(l, b, next, how == TAKE_KEPT);
	if (revoked && b->state == BLOCK_SCRUBBING)
		block_finish_by(l, b, b->owner); /* it is he who wants it */
}

void slot_acknowledge(struct ledger *l, struct lend_vm *vm, u32 slot)
{
	hide(l, vm, slot, false);
	event_drop(l, vm, slot);
	slot_move(vm, slot, LEND_SLOT_EMPTY);
}
