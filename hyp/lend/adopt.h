/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ADOPTED slots: listed as plain memory in an FDT that LEND_MAP wrote for a next kernel without our driver
 * (lending.md §8), so their holder cannot relinquish nor their owner recall them. Caller holds ledger->lock.
 */
#ifndef HYP_LEND_ADOPT_H
#define HYP_LEND_ADOPT_H

#include "hyp/lend/ledger.h"

/* An own block that is HELD, or a BORROWED one whose loan allows it. */
bool slot_adoptable(const struct ledger *l, const struct lend_vm *vm, u32 slot);

/* Sets the mark of an adoptable slot, or takes it away; what is so already stays so. */
void slot_set_adopted(struct ledger *l, struct lend_vm *vm, u32 slot, bool adopted);

#endif
