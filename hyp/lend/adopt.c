/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/lend/adopt.h"

bool slot_adoptable(const struct ledger *l, const struct lend_vm *vm, u32 slot)
{
	const struct slot *s = &vm->slots[slot];

	if (s->state == LEND_SLOT_BORROWED)
		return s->flags & LEND_FLAG_ADOPTABLE;
	return s->state == LEND_SLOT_HELD && slot_is_own(l, vm, slot);
}

void slot_set_adopted(struct ledger *l, struct lend_vm *vm, u32 slot, bool adopted)
{
	struct slot *s = &vm->slots[slot];

	if (adopted == !!(s->flags & LEND_FLAG_ADOPTED))
		return;
	s->flags ^= LEND_FLAG_ADOPTED;
	s->generation++;
	if (s->loan != LEND_NONE)
		l->loans[s->loan].nr_adopted += adopted ? 1 : (u32)-1;
	vm->all_next = (u32)min_u64(vm->all_next, slot); /* RELINQUISH_ALL may want it now */
}
