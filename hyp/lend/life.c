/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/lend/life.h"
#include "hyp/lend/events.h"
#include "hyp/lend/loan.h"
#include "hyp/lend/scrub.h"
#include "hyp/lib/assert.h"

void ledger_init(struct ledger *l, const struct lend_host *host, u64 block_size,
		 struct block *blocks, struct loan *loans)
{
	*l = (struct ledger){
		.host = host,
		.block_size = block_size,
		.nr_chunks = (u32)(block_size / SCRUB_CHUNK),
		.blocks = blocks,
		.loans = loans,
		.free_head = LEND_NONE,
		.loan_free = LEND_NONE,
	};
}

void ledger_add_block(struct ledger *l, paddr_t pa)
{
	u32 index = l->nr_blocks++;

	assert(!index || pa.pa < l->blocks[index - 1].pa.pa);
	l->blocks[index] = (struct block){.pa = pa, .flags = BLOCK_DIRTY};
	pool_put(l, &l->blocks[index]);
	l->loans[index] = (struct loan){
		.generation = 1,
		.link = l->loan_free,
		.place = LEND_NONE,
	};
	l->loan_free = index;
}

struct lend_vm *ledger_add_vm(struct ledger *l)
{
	struct lend_vm *vm = &l->vm[l->nr_vms];

	assert(l->nr_vms < LEND_MAX_VMS);
	*vm = (struct lend_vm){
		.id = (u8)l->nr_vms++,
		.busy_head = LEND_NONE,
		.event_head = LEND_NONE,
		.event_tail = LEND_NONE,
	};
	return vm;
}

/* The slot with its block; all of it but its generation, which counts on over the VM's lives. */
static bool slot_start(struct ledger *l, struct lend_vm *vm, u32 slot)
{
	struct slot *s = &vm->slots[slot];
	struct block *b = slot < vm->nr_own ? pool_take(l) : NULL;
	bool given = slot < vm->nr_own + vm->nr_promised;

	if (slot < vm->nr_own && !b)
		return false;
	assert(!s->busy && !s->events);
	*s = (struct slot){.generation = s->generation,
			   .peer = LEND_NO_PEER,
			   .block = LEND_NONE,
			   .loan = LEND_NONE};
	if (b) {
		block_move(b, BLOCK_FREE, BLOCK_STANDBY);
		b->owner = vm->id;
		b->owner_slot = slot;
		s->block = (u32)(b - l->blocks);
	}
	slot_move(vm, slot, given ? LEND_SLOT_STANDBY : LEND_SLOT_EMPTY);
	return true;
}

bool lend_vm_start(struct ledger *l, struct lend_vm *vm, void (*serve)(void))
{
	bool enough = l->nr_free >= vm->nr_own;

	for (u32 slot = 0; enough && slot < vm->nr_slots; slot++) {
		ledger_lock(l);
		enough = slot_start(l, vm, slot);
		ledger_unlock(l);
		serve();
	}
	ledger_lock(l);
	vm->target = vm->nr_promised;
	vm->running = enough;
	ledger_unlock(l);
	return enough;
}

/* A block that is SCRUBBING on its way into this slot, or was kept on offer to it, turns round. */
static void redirect(struct ledger *l, struct lend_vm *vm, struct block *b)
{
	if (b->owner == vm->id) {
		b->next = BLOCK_STANDBY;
		b->flags &= (u8)~BLOCK_OWN_DATA; /* not for the VM's next life */
	} else if (b->owner == LEND_POOL) {
		b->next = BLOCK_FREE;
	} else if (b->next != BLOCK_STANDBY) {
		loan_withdraw(l, b, true);
	}
}

/* One slot of a VM that is down: whatever it holds or was offered goes where it belongs. */
static void slot_clear(struct ledger *l, struct lend_vm *vm, u32 slot)
{
	struct slot *s = &vm->slots[slot];
	struct block *b = s->block == LEND_NONE ? NULL : &l->blocks[s->block];

	if (s->state == LEND_SLOT_REVOKED)
		slot_acknowledge(l, vm, slot);
	if (s->busy) {
		redirect(l, vm, b);
		block_finish_by(l, b, vm->id); /* before this VM runs again */
		return;
	}
	switch (s->state) {
	case LEND_SLOT_HELD:
		slot_take_away(l, vm, slot, b->owner == LEND_POOL ? BLOCK_FREE : BLOCK_STANDBY,
			       TAKE_GIVEN);
		break;
	case LEND_SLOT_BORROWED:
		slot_take_away(l, vm, slot, BLOCK_STANDBY, TAKE_GIVEN);
		break;
	case LEND_SLOT_OFFERED:
		loan_withdraw(l, b, true);
		break;
	case LEND_SLOT_STANDBY:
	case LEND_SLOT_LENT:
		if (b)
			b->flags &= (u8)~BLOCK_OWN_DATA; /* nobody may see it now */
		break;
	default:
		break;
	}
}

void lend_vm_reset(struct ledger *l, struct lend_vm *vm, void (*serve)(void))
{
	ledger_lock(l);
	event_drop_vm(l, vm);
	l->wants_pool &= (u32)~BIT(vm->id);
	vm->all_next = 0;
	vm->all_done = 0;
	vm->undone = 0;
	ledger_unlock(l);
	/* What comes for a slot behind this is for the next life. */
	for (u32 slot = 0; slot < vm->nr_slots; slot++) {
		ledger_lock(l);
		slot_clear(l, vm, slot);
		event_drop(l, vm, slot);
		ledger_unlock(l);
		serve();
	}
}

/* The loan of this block is over because its owner is: the pool owns it, a borrower keeps it. */
static void orphan(struct ledger *l, struct lend_vm *owner, struct block *b)
{
	struct lend_vm *holder = &l->vm[b->holder];

	b->owner = LEND_POOL;
	holder->nr_pool_held++;
	if (b->state == BLOCK_BORROWED) {
		struct slot *s = &holder->slots[b->holder_slot];

		block_move(b, BLOCK_BORROWED, BLOCK_HELD);
		event_drop(l, holder, b->holder_slot);
		if (s->flags & LEND_FLAG_ADOPTED)
			l->loans[b->loan].nr_adopted--;
		s->loan = LEND_NONE;
		s->flags &=
			LEND_FLAG_ADOPTED; /* its next kernel may be using it, whosesoever it is */
		slot_move(holder, b->holder_slot, LEND_SLOT_HELD);
		event_note_vm(l, holder, LEND_EVENT_PEER_GONE, owner->id);
	} else {
		b->next = BLOCK_FREE;
	}
	loan_shrink(l, b);
}

/* A slot of a VM that ends: its block goes to the pool, now or when it is clean. */
static void slot_give_up(struct ledger *l, struct lend_vm *vm, u32 slot)
{
	struct slot *s = &vm->slots[slot];
	struct block *b = s->block == LEND_NONE ? NULL : &l->blocks[s->block];

	if (!b || b->owner != vm->id)
		return;
	/* What is still being retrieved is an offer, too. */
	if (b->state == BLOCK_OFFERED ||
	    (b->state == BLOCK_SCRUBBING && s->state == LEND_SLOT_LENT && b->next != BLOCK_STANDBY))
		loan_withdraw(l, b, false);
	if (b->state == BLOCK_STANDBY) {
		pool_put(l, b);
	} else if (s->state == LEND_SLOT_LENT) {
		orphan(l, vm, b);
	} else {
		b->next = BLOCK_FREE; /* SCRUBBING, out of this very slot */
		b->owner = LEND_POOL;
		vm->nr_pool_held++;
		slot_move(vm, slot, LEND_SLOT_EMPTY);
		return;
	}
	slot_vacate(vm, slot);
}

void lend_vm_off(struct ledger *l, struct lend_vm *vm, void (*serve)(void))
{
	ledger_lock(l);
	vm->running = false; /* nobody lends to it from here on */
	ledger_unlock(l);
	lend_vm_reset(l, vm, serve);
	for (u32 slot = 0; slot < vm->nr_slots; slot++) {
		ledger_lock(l);
		slot_give_up(l, vm, slot);
		event_drop(l, vm, slot);
		ledger_unlock(l);
		serve();
	}
}

void lend_vm_scrub(struct ledger *l, struct lend_vm *vm, void (*serve)(void))
{
	while (lend_scrub_some(l, vm))
		serve();
}
