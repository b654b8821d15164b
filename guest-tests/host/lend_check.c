/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest-tests/host/lend_check.h"
#include "hyp/lend/scrub.h"

#define RULE(x)                                                                                    \
	do {                                                                                       \
		if (!(x))                                                                          \
			return #x;                                                                 \
	} while (0)

#define LOAN_FLAGS (LEND_FLAG_REVOCABLE | LEND_FLAG_KEEP | LEND_FLAG_ADOPTABLE)

struct view {
	const struct ledger *l;
	const struct block *b;
	u32 block;
	const struct slot *owner, *holder; /* slots that the block names, NULL without one */
};

static bool is_vm_slot(const struct ledger *l, u8 vm, u32 slot)
{
	return vm < l->nr_vms && slot < l->vm[vm].nr_slots;
}

static const char *pooled(const struct view *v)
{
	RULE(v->b->owner == LEND_POOL && v->b->holder == LEND_POOL);
	RULE(v->b->loan == LEND_NONE);
	RULE(!(v->b->flags & (u8) ~(u8)BLOCK_DIRTY));
	return NULL;
}

static const char *with_owner_only(const struct view *v)
{
	RULE(v->owner && v->owner->state == LEND_SLOT_STANDBY && v->owner->block == v->block);
	RULE(v->b->holder == LEND_POOL && v->b->loan == LEND_NONE);
	RULE(!v->owner->busy);
	RULE(!(v->b->flags & (BLOCK_CLEAN_ONLY | BLOCK_BAD)));
	RULE(v->b->flags & BLOCK_DIRTY || !(v->b->flags & BLOCK_OWN_DATA));
	return NULL;
}

/* Owner's side of a block that is away; the borrower's slot may have let go of it already. */
static const char *away(const struct view *v)
{
	const struct loan *loan;

	RULE(v->owner && v->owner->state == LEND_SLOT_LENT && v->owner->block == v->block);
	RULE(!v->owner->busy);
	RULE(v->b->loan < v->l->nr_blocks && v->owner->loan == v->b->loan);
	loan = &v->l->loans[v->b->loan];
	RULE(loan->in_use && loan->owner == v->b->owner && loan->borrower == v->b->holder);
	RULE(v->b->owner_slot - loan->owner_slot < loan->nr_slots);
	RULE(v->b->holder_slot - loan->borrower_slot == v->b->owner_slot - loan->owner_slot);
	RULE(v->owner->peer == v->b->holder);
	return NULL;
}

static const char *on_loan(const struct view *v, u8 slot_state)
{
	const char *broken = away(v);

	if (broken)
		return broken;
	RULE(v->holder && v->holder->state == slot_state && v->holder->block == v->block);
	RULE(v->holder->loan == v->b->loan && v->holder->peer == v->b->owner);
	return NULL;
}

static const char *offered(const struct view *v)
{
	RULE(v->holder && !v->holder->busy);
	RULE(!(v->b->flags & (BLOCK_CLEAN_ONLY | BLOCK_BAD)));
	return on_loan(v, LEND_SLOT_OFFERED);
}

static const char *held(const struct view *v)
{
	RULE(v->holder && v->holder->state == LEND_SLOT_HELD && v->holder->block == v->block);
	RULE(!v->holder->busy && v->b->loan == LEND_NONE);
	RULE((v->b->flags & (u8)~BLOCK_BAD) == BLOCK_DIRTY);
	if (v->b->owner != LEND_POOL)
		RULE(v->owner == v->holder);
	return NULL;
}

static const char *borrowed(const struct view *v)
{
	RULE(v->holder && !v->holder->busy && (v->b->flags & (u8)~BLOCK_BAD) == BLOCK_DIRTY);
	RULE(!v->l->loans[v->b->loan].donated);
	return on_loan(v, LEND_SLOT_BORROWED);
}

static const char *leaving_for_pool(const struct view *v)
{
	const struct lend_vm *vm = &v->l->vm[v->b->holder];

	RULE(v->b->owner == LEND_POOL && v->b->loan == LEND_NONE);
	RULE(v->holder->state == LEND_SLOT_REVOKED ||
	     v->holder->state == (slot_is_promise(vm, v->b->holder_slot) ? LEND_SLOT_STANDBY
									 : LEND_SLOT_EMPTY));
	return NULL;
}

static const char *leaving_for_owner(const struct view *v)
{
	if (v->owner != v->holder) {
		RULE(v->holder->state == LEND_SLOT_EMPTY || v->holder->state == LEND_SLOT_REVOKED);
		return away(v);
	}
	RULE(v->owner->state == LEND_SLOT_STANDBY && v->b->loan == LEND_NONE);
	return NULL;
}

static const char *coming_to_be_held(const struct view *v)
{
	RULE(v->holder->state == LEND_SLOT_STANDBY && v->b->loan == LEND_NONE);
	RULE(!(v->b->flags & BLOCK_CLEAN_ONLY));
	if (v->b->owner == LEND_POOL)
		RULE(slot_is_promise(&v->l->vm[v->b->holder], v->b->holder_slot));
	else
		RULE(v->owner == v->holder);
	return NULL;
}

static const char *scrubbing(const struct view *v)
{
	RULE(v->holder && v->holder->busy && v->holder->block == v->block);
	RULE(v->b->finisher == v->b->holder || v->b->finisher == v->b->owner ||
	     v->b->owner == LEND_POOL);
	RULE(v->b->scrub_done <= v->b->scrub_claimed && v->b->scrub_claimed <= v->l->nr_chunks);
	RULE(v->b->scrub_done < v->l->nr_chunks);
	switch ((enum block_state)v->b->next) {
	case BLOCK_FREE:
		return leaving_for_pool(v);
	case BLOCK_STANDBY:
		return leaving_for_owner(v);
	case BLOCK_HELD:
		return coming_to_be_held(v);
	case BLOCK_OFFERED:
	case BLOCK_BORROWED:
		return on_loan(v, LEND_SLOT_OFFERED);
	default:
		return "a SCRUBBING block is on its way to a state";
	}
}

static const char *poisoned(const struct view *v)
{
	RULE(v->b->owner == LEND_POOL && v->b->holder == LEND_POOL && v->b->loan == LEND_NONE);
	RULE(v->b->flags & BLOCK_BAD);
	return NULL;
}

static const char *(*const block_rules[])(const struct view *v) = {
	[BLOCK_FREE] = pooled,       [BLOCK_STANDBY] = with_owner_only,
	[BLOCK_OFFERED] = offered,   [BLOCK_HELD] = held,
	[BLOCK_BORROWED] = borrowed, [BLOCK_SCRUBBING] = scrubbing,
	[BLOCK_POISONED] = poisoned,
};

static const char *check_block(const struct ledger *l, u32 block)
{
	const struct block *b = &l->blocks[block];
	struct view v = {l, b, block, NULL, NULL};

	RULE(b->state < ARRAY_SIZE(block_rules));
	RULE(IS_ALIGNED(b->pa.pa, l->block_size));
	RULE(b->owner == LEND_POOL || is_vm_slot(l, b->owner, b->owner_slot));
	RULE(b->holder == LEND_POOL || is_vm_slot(l, b->holder, b->holder_slot));
	if (b->owner != LEND_POOL)
		v.owner = &l->vm[b->owner].slots[b->owner_slot];
	if (b->holder != LEND_POOL)
		v.holder = &l->vm[b->holder].slots[b->holder_slot];
	return block_rules[b->state](&v);
}

/* With its block agreeing (check_block), what is left to say of a slot alone. */
static const char *check_slot(const struct ledger *l, const struct lend_vm *vm, u32 slot)
{
	const struct slot *s = &vm->slots[slot];
	const struct block *b = s->block == LEND_NONE ? NULL : &l->blocks[s->block];
	bool with_loan = s->state == LEND_SLOT_OFFERED || s->state == LEND_SLOT_BORROWED ||
			 s->state == LEND_SLOT_LENT;

	RULE(s->block == LEND_NONE || s->block < l->nr_blocks);
	if (s->busy)
		RULE(b && b->state == BLOCK_SCRUBBING && b->holder == vm->id &&
		     b->holder_slot == slot);
	else if (b)
		RULE((b->owner == vm->id && b->owner_slot == slot) ||
		     (b->holder == vm->id && b->holder_slot == slot));
	if (s->state == LEND_SLOT_HELD)
		RULE(b && b->state == BLOCK_HELD && b->holder == vm->id);
	if (s->state == LEND_SLOT_BORROWED)
		RULE(b && b->state == BLOCK_BORROWED && b->holder == vm->id);
	if (s->state == LEND_SLOT_LENT)
		RULE(slot_is_own(l, vm, slot));
	if (s->state == LEND_SLOT_OFFERED)
		RULE(b && b->owner != vm->id);
	if (s->state == LEND_SLOT_EMPTY || s->state == LEND_SLOT_REVOKED)
		RULE(!b || s->busy);
	if (s->state == LEND_SLOT_EMPTY)
		RULE(!vm->running || !slot_is_promise(vm, slot));
	if (s->state == LEND_SLOT_STANDBY)
		RULE(slot_is_own(l, vm, slot) || (slot_is_promise(vm, slot) && (!b || s->busy)));
	if (slot < vm->all_next) /* a RELINQUISH_ALL under way is past it */
		RULE(s->flags & LEND_FLAG_ADOPTED ||
		     (s->state != LEND_SLOT_HELD && s->state != LEND_SLOT_BORROWED));
	RULE(!(vm->some_empty[slot / 4096] >> slot / 64 % 64 & 1) == !vm->empty[slot / 64]);
	RULE(!(vm->empty[slot / 64] >> slot % 64 & 1) ==
	     !(s->state == LEND_SLOT_EMPTY && !s->busy));
	if (s->flags & LEND_FLAG_ADOPTED)
		RULE(s->state == LEND_SLOT_HELD || s->flags & LEND_FLAG_ADOPTABLE);
	if (!with_loan) {
		RULE(s->loan == LEND_NONE && !(s->flags & (u8)~LEND_FLAG_ADOPTED));
		return NULL;
	}
	RULE(s->loan < l->nr_blocks && l->loans[s->loan].in_use);
	RULE((s->flags & LOAN_FLAGS) == l->loans[s->loan].flags);
	RULE(!(s->flags & (u8) ~(LOAN_FLAGS | LEND_FLAG_RECALLED | LEND_FLAG_ADOPTED)));
	RULE(!(s->flags & LEND_FLAG_RECALLED) || l->loans[s->loan].recalled);
	return NULL;
}

/* Rules 1, 4 and 8: the slot's whole range is its block, or what a VM finds where nothing is. */
static const char *check_tables(const struct ledger *l, const struct lend_vm *vm, u32 slot)
{
	const struct slot *s = &vm->slots[slot];
	bool mapped = s->state == LEND_SLOT_HELD || s->state == LEND_SLOT_BORROWED;
	u64 ipa = slot_ipa(l, vm, slot).ipa, step = min_u64(l->block_size, GIB(1));

	for (u64 at = 0; at < l->block_size; at += step) {
		struct s2_entry e = s2_walk(vm->s2, IPA(ipa + at));

		step = PAGE_SIZE << (9 * (3 - e.level));
		if (mapped) {
			RULE(e.kind == S2_MEMORY && e.pa.pa == l->blocks[s->block].pa.pa + at);
			continue;
		}
		RULE(e.kind != S2_MEMORY);
		if (s->state == LEND_SLOT_REVOKED)
			RULE(e.kind == S2_INVALID && e.absent == S2_ABSENT_REVOKED);
		else if (vm->absent_abort)
			RULE(e.kind == S2_INVALID && e.absent == S2_ABSENT_EMPTY);
		else
			RULE(e.kind == S2_ZERO);
	}
	return NULL;
}

static const char *check_events(const struct lend_vm *vm)
{
	u32 prev = LEND_NONE, listed = 0, with_events = 0, unread = 0;

	for (u32 i = vm->event_head; i != LEND_NONE; i = vm->slots[i].event_next) {
		RULE(i < vm->nr_slots && vm->slots[i].events && vm->slots[i].event_prev == prev);
		RULE(++listed <= vm->nr_slots);
		prev = i;
	}
	RULE(vm->event_tail == prev);
	for (u32 i = 0; i < vm->nr_slots; i++) {
		with_events += vm->slots[i].events != 0;
		if (vm->slots[i].events & BIT(LEND_EVENT_OFFER))
			unread |= (u32)BIT(vm->slots[i].peer);
	}
	RULE(listed == with_events);
	RULE(vm->offers_unread == unread);
	RULE(!(vm->vm_events & BIT(LEND_EVENT_PEER_GONE)) == !vm->peers_gone);
	return NULL;
}

/* A ring of blocks, each once, there and back. */
static const char *check_ring(const struct ledger *l, u32 head, u32 *listed)
{
	u32 i = head;

	*listed = 0;
	if (head == LEND_NONE)
		return NULL;
	do {
		u32 next = l->blocks[i].link;

		RULE(next < l->nr_blocks && l->blocks[next].prev == i);
		RULE(++*listed <= l->nr_blocks);
		i = next;
	} while (i != head);
	return NULL;
}

/* The busy list holds what is SCRUBBING and the VM's to finish. */
static const char *check_busy(const struct ledger *l, const struct lend_vm *vm)
{
	u32 listed, busy = 0;
	const char *broken = check_ring(l, vm->busy_head, &listed);

	if (broken)
		return broken;
	RULE(vm->busy_head == LEND_NONE || (l->blocks[vm->busy_head].state == BLOCK_SCRUBBING &&
					    l->blocks[vm->busy_head].finisher == vm->id));
	for (u32 i = 0; i < l->nr_blocks; i++)
		busy += l->blocks[i].state == BLOCK_SCRUBBING && l->blocks[i].finisher == vm->id;
	RULE(listed == busy);
	return NULL;
}

static const char *check_vm(const struct ledger *l, const struct lend_vm *vm)
{
	u32 pool_held = 0, promised = 0;
	const char *broken;

	for (u32 i = 0; i < l->nr_blocks; i++) {
		const struct block *b = &l->blocks[i];
		bool held = b->owner == LEND_POOL && b->holder == vm->id;

		pool_held += held;
		promised += held && slot_is_promise(vm, b->holder_slot);
	}
	RULE(vm->nr_pool_held == pool_held);
	RULE(promised <= vm->quota); /* what came with a lender's end is not bounded */
	RULE(vm->target <= vm->nr_promised);
	broken = check_busy(l, vm);
	return broken ? broken : check_events(vm);
}

static const char *check_loan(const struct ledger *l, u32 index)
{
	const struct loan *loan = &l->loans[index];
	const struct lend_vm *owner;
	u32 out = 0, adopted = 0;

	if (!loan->in_use) {
		RULE(loan->place == LEND_NONE);
		return NULL;
	}
	RULE(loan->owner < l->nr_vms && loan->borrower < l->nr_vms);
	RULE(loan->owner != loan->borrower);
	owner = &l->vm[loan->owner];
	RULE((u64)loan->owner_slot + loan->nr_slots <= owner->nr_slots);
	RULE((u64)loan->borrower_slot + loan->nr_slots <= l->vm[loan->borrower].nr_slots);
	for (u32 i = 0; i < owner->nr_slots; i++)
		out += owner->slots[i].state == LEND_SLOT_LENT && owner->slots[i].loan == index;
	RULE(out == loan->nr_out && out > 0);
	for (u32 i = 0; i < loan->nr_slots; i++) {
		const struct slot *s = &l->vm[loan->borrower].slots[loan->borrower_slot + i];

		adopted += s->loan == index && s->flags & LEND_FLAG_ADOPTED;
	}
	RULE(adopted == loan->nr_adopted);
	RULE(loan->recalled || loan->deadline == LEND_NO_DEADLINE);
	if (loan->place != LEND_NONE)
		RULE(loan->place < l->nr_deadlines && l->loans[loan->place].by_deadline == index &&
		     loan->deadline != LEND_NO_DEADLINE);
	else
		RULE(loan->deadline == LEND_NO_DEADLINE || loan->nr_told == loan->nr_slots);
	return NULL;
}

/* Deadlines: a heap, each loan in it once. */
static const char *check_deadlines(const struct ledger *l)
{
	for (u32 i = 0; i < l->nr_deadlines; i++) {
		const struct loan *loan = &l->loans[l->loans[i].by_deadline];

		RULE(l->loans[i].by_deadline < l->nr_blocks && loan->in_use && loan->place == i);
		RULE(!i || l->loans[l->loans[(i - 1) / 2].by_deadline].deadline <= loan->deadline);
	}
	return NULL;
}

/* Free blocks and free loans are on their lists, each once, and nothing else is. */
static const char *check_lists(const struct ledger *l)
{
	u32 listed, loans_listed = 0, unused = 0, free = 0;
	const char *broken = check_ring(l, l->free_head, &listed);

	if (broken)
		return broken;
	RULE(l->free_head == LEND_NONE || l->blocks[l->free_head].state == BLOCK_FREE);
	for (u32 i = l->loan_free; i != LEND_NONE; i = l->loans[i].link) {
		RULE(i < l->nr_blocks && !l->loans[i].in_use);
		RULE(++loans_listed <= l->nr_blocks);
	}
	for (u32 i = 0; i < l->nr_blocks; i++) {
		free += l->blocks[i].state == BLOCK_FREE;
		unused += !l->loans[i].in_use;
	}
	RULE(listed == free && l->nr_free == free);
	RULE(loans_listed == unused);
	return check_deadlines(l);
}

static const char *check_window(const struct ledger *l, struct lend_vm *vm, struct lend_fault *at)
{
	const char *broken = NULL;

	spin_lock(&vm->s2->lock);
	for (at->slot = 0; at->slot < vm->nr_slots; at->slot++) {
		broken = check_slot(l, vm, at->slot);
		if (!broken)
			broken = check_tables(l, vm, at->slot);
		if (broken)
			break;
	}
	spin_unlock(&vm->s2->lock);
	return broken;
}

bool lend_check(struct ledger *l, struct lend_fault *at)
{
	*at = (struct lend_fault){NULL, LEND_NONE, LEND_NONE, LEND_NONE, LEND_NONE};
	at->rule = check_lists(l);
	for (u32 i = 0; !at->rule && i < l->nr_blocks; i++) {
		at->block = i;
		at->rule = check_block(l, i);
	}
	for (u32 i = 0; !at->rule && i < l->nr_vms; i++) {
		at->block = LEND_NONE;
		at->vm = i;
		at->rule = check_window(l, &l->vm[i], at);
		if (!at->rule)
			at->rule = check_vm(l, &l->vm[i]);
	}
	for (u32 i = 0; !at->rule && i < l->nr_blocks; i++) {
		at->loan = i;
		at->rule = check_loan(l, i);
	}
	return !at->rule;
}
