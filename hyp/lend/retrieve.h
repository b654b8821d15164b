/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The holder's steps: RETRIEVE (online) and RELINQUISH (offline) of one slot. The *_check() functions
 * change nothing. Caller holds ledger->lock.
 */
#ifndef HYP_LEND_RETRIEVE_H
#define HYP_LEND_RETRIEVE_H

#include "hyp/lend/ledger.h"

/* Adds to *pool_needed the blocks that the step would take from the pool. */
int ledger_retrieve_check(const struct ledger *l, const struct lend_vm *vm, u32 slot,
			  u32 *pool_needed);
int ledger_retrieve(struct ledger *l, struct lend_vm *vm, u32 slot);

int ledger_relinquish_check(const struct ledger *l, const struct lend_vm *vm, u32 slot, u32 flags);
int ledger_relinquish(struct ledger *l, struct lend_vm *vm, u32 slot, u32 flags);

#endif
