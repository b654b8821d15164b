/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/lend/events.h"
#include "hyp/lend/loan.h"

static void link(struct lend_vm *vm, u32 slot)
{
	struct slot *s = &vm->slots[slot];

	s->event_prev = vm->event_tail;
	s->event_next = LEND_NONE;
	if (vm->event_tail == LEND_NONE)
		vm->event_head = slot;
	else
		vm->slots[vm->event_tail].event_next = slot;
	vm->event_tail = slot;
}

static void unlink(struct lend_vm *vm, u32 slot)
{
	struct slot *s = &vm->slots[slot];

	if (s->event_prev == LEND_NONE)
		vm->event_head = s->event_next;
	else
		vm->slots[s->event_prev].event_next = s->event_next;
	if (s->event_next == LEND_NONE)
		vm->event_tail = s->event_prev;
	else
		vm->slots[s->event_next].event_prev = s->event_prev;
}

static void changed(struct ledger *l, const struct lend_vm *vm)
{
	l->raise |= (u32)BIT(vm->id);
}

void event_note(struct ledger *l, struct lend_vm *vm, u32 slot, u32 kind)
{
	struct slot *s = &vm->slots[slot];

	if (!vm->running)
		return;
	if (!s->events)
		link(vm, slot);
	s->events |= (u16)BIT(kind);
	if (kind == LEND_EVENT_OFFER)
		vm->offers_unread |= (u32)BIT(s->peer);
	changed(l, vm);
}

void event_note_vm(struct ledger *l, struct lend_vm *vm, u32 kind, u8 peer)
{
	if (!vm->running)
		return;
	vm->vm_events |= (u32)BIT(kind);
	if (kind == LEND_EVENT_PEER_GONE)
		vm->peers_gone |= (u32)BIT(peer);
	changed(l, vm);
}

/* A bit is gone; so is the slot's place in the list with its last one. */
static void clear(struct ledger *l, struct lend_vm *vm, u32 slot, u16 bits)
{
	struct slot *s = &vm->slots[slot];

	if (!(s->events & bits))
		return;
	if (s->events & bits & BIT(LEND_EVENT_OFFER))
		vm->offers_unread &= (u32)~BIT(s->peer);
	s->events &= (u16)~bits;
	if (!s->events)
		unlink(vm, slot);
	changed(l, vm);
}

void event_drop(struct ledger *l, struct lend_vm *vm, u32 slot)
{
	clear(l, vm, slot, 0xffff);
}

void event_drop_vm(struct ledger *l, struct lend_vm *vm)
{
	vm->vm_events = 0;
	vm->peers_gone = 0;
	changed(l, vm);
}

static u64 result(u32 kind, u8 peer, u32 slot)
{
	return kind | (u64)peer << 8 | (u64)slot << 32;
}

/* PEER_GONE stands for one VM at a time; the others do not wait behind it. */
static u64 next_without_slot(struct ledger *l, struct lend_vm *vm)
{
	u32 kind = (u32)__builtin_ctz(vm->vm_events);
	u8 peer = LEND_NO_PEER;

	if (kind == LEND_EVENT_PEER_GONE) {
		peer = (u8)__builtin_ctz(vm->peers_gone);
		vm->peers_gone &= vm->peers_gone - 1;
	}
	if (!vm->peers_gone || kind != LEND_EVENT_PEER_GONE)
		vm->vm_events &= (u32)~BIT(kind);
	changed(l, vm);
	return result(kind, peer, 0);
}

void event_next(struct ledger *l, struct lend_vm *vm, u64 x[2])
{
	u32 slot = vm->event_head;
	struct slot *s;
	u32 kind;

	x[0] = LEND_EVENT_NONE;
	x[1] = 0;
	if (slot == LEND_NONE) {
		if (vm->vm_events)
			x[0] = next_without_slot(l, vm);
		return;
	}
	s = &vm->slots[slot];
	kind = (u32)__builtin_ctz(s->events);
	x[0] = result(kind, s->peer, slot);
	x[1] = s->loan == LEND_NONE ? 0 : loan_handle(l, s->loan);
	if (kind == LEND_EVENT_OFFER && s->loan != LEND_NONE)
		l->loans[s->loan].offer_read = true;
	clear(l, vm, slot, (u16)BIT(kind));
}

bool lend_events_pending(const struct lend_vm *vm)
{
	return __atomic_load_n(&vm->event_head, __ATOMIC_ACQUIRE) != LEND_NONE ||
	       __atomic_load_n(&vm->vm_events, __ATOMIC_ACQUIRE);
}
