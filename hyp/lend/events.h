/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events: no queue, one pending bit per slot and kind, and per VM for what concerns no slot. Slots with
 * bits are linked in the order of coming, so that the next one is found in constant time and memory
 * is bounded by the window. One level-triggered virtual interrupt stands while any bit does; the truth is
 * always in SLOT_INFO and INFO. Caller holds ledger->lock, save for lend_events_pending().
 */
#ifndef HYP_LEND_EVENTS_H
#define HYP_LEND_EVENTS_H

#include "hyp/lend/ledger.h"

/* A VM that is off is told nothing: its next life has other slots and peers. */
void event_note(struct ledger *l, struct lend_vm *vm, u32 slot, u32 kind);
void event_note_vm(struct ledger *l, struct lend_vm *vm, u32 kind, u8 peer);

/* Forgets what is pending of a slot whose matter is settled, or of no slot at all. */
void event_drop(struct ledger *l, struct lend_vm *vm, u32 slot);
void event_drop_vm(struct ledger *l, struct lend_vm *vm);

/* LEND_EVENT_NEXT: x1 and x2 of abi.h. */
void event_next(struct ledger *l, struct lend_vm *vm, u64 x[2]);

/* Should the VM's event line be high? Needs no lock: the last caller of raise() sees the last change. */
bool lend_events_pending(const struct lend_vm *vm);

#endif
