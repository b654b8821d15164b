/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/lend/expire.h"
#include "hyp/lend/events.h"

/* Slots told at a time, two events each. */
#define SLOTS_AT_ONCE 64

static u64 deadline_at(const struct ledger *l, u32 place)
{
	return l->loans[l->loans[place].by_deadline].deadline;
}

static void put(struct ledger *l, u32 place, u32 loan)
{
	l->loans[place].by_deadline = loan;
	l->loans[loan].place = place;
}

static void sift_up(struct ledger *l, u32 place, u32 loan)
{
	while (place && deadline_at(l, (place - 1) / 2) > l->loans[loan].deadline) {
		put(l, place, l->loans[(place - 1) / 2].by_deadline);
		place = (place - 1) / 2;
	}
	put(l, place, loan);
}

static void sift_down(struct ledger *l, u32 place, u32 loan)
{
	for (;;) {
		u32 child = 2 * place + 1;

		if (child + 1 < l->nr_deadlines &&
		    deadline_at(l, child + 1) < deadline_at(l, child))
			child++;
		if (child >= l->nr_deadlines || deadline_at(l, child) >= l->loans[loan].deadline)
			break;
		put(l, place, l->loans[child].by_deadline);
		place = child;
	}
	put(l, place, loan);
}

void expiry_remove(struct ledger *l, u32 loan)
{
	u32 place = l->loans[loan].place, last;

	if (place == LEND_NONE)
		return;
	l->loans[loan].place = LEND_NONE;
	last = l->loans[--l->nr_deadlines].by_deadline;
	if (place == l->nr_deadlines)
		return;
	sift_up(l, place, last);
	sift_down(l, l->loans[last].place, last);
}

void expiry_set(struct ledger *l, u32 loan, u64 deadline)
{
	expiry_remove(l, loan);
	l->loans[loan].deadline = deadline;
	l->loans[loan].nr_told = 0;
	if (deadline != LEND_NO_DEADLINE)
		sift_up(l, l->nr_deadlines++, loan);
}

bool loan_expired(const struct ledger *l, const struct loan *loan)
{
	return loan->deadline != LEND_NO_DEADLINE && l->host->now() >= loan->deadline;
}

static void tell_slot(struct ledger *l, u32 loan, u32 i)
{
	struct lend_vm *owner = &l->vm[l->loans[loan].owner];
	u32 slot = l->loans[loan].owner_slot + i;
	const struct slot *s = &owner->slots[slot];
	const struct block *b;

	if (s->state != LEND_SLOT_LENT || s->loan != loan)
		return; /* back already */
	b = &l->blocks[s->block];
	if (b->state != BLOCK_BORROWED)
		return; /* on its way */
	event_note(l, owner, slot, LEND_EVENT_EXPIRED);
	event_note(l, &l->vm[b->holder], b->holder_slot, LEND_EVENT_EXPIRED);
}

u64 lend_expire(struct ledger *l)
{
	u64 next = LEND_NO_DEADLINE;

	ledger_lock(l);
	if (l->nr_deadlines && deadline_at(l, 0) <= l->host->now()) {
		u32 loan = l->loans[0].by_deadline;

		for (u32 i = 0;
		     i < SLOTS_AT_ONCE && l->loans[loan].nr_told < l->loans[loan].nr_slots; i++)
			tell_slot(l, loan, l->loans[loan].nr_told++);
		if (l->loans[loan].nr_told == l->loans[loan].nr_slots)
			expiry_remove(l, loan);
	}
	if (l->nr_deadlines)
		next = deadline_at(l, 0);
	ledger_unlock(l);
	return next;
}
