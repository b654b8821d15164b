/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How an owner gets a loan back: by asking (RECLAIM) and, of a REVOCABLE loan past its deadline, by force
 * (REVOKE). Both go slot by slot over the owner's side. Caller holds ledger->lock.
 */
#ifndef HYP_LEND_RECALL_H
#define HYP_LEND_RECALL_H

#include "hyp/lend/ledger.h"

/* LEND_RECLAIM: the loan is recalled, by deadline (ns from now, 0: none). Its slots follow, one by one. */
void loan_recall(struct ledger *l, struct loan *loan, u64 deadline);

/*
 * One LENT slot of a recalled loan: an offer comes back at once, of a borrowed block the borrower is told.
 * STEP_SCRUB: it comes back when it is clean.
 */
int loan_recall_slot(struct ledger *l, struct lend_vm *vm, u32 slot);

/* LEND_REVOKE: takes the block of one LENT slot from its borrower by force, if he has it still. */
void loan_revoke_slot(struct ledger *l, struct lend_vm *vm, u32 slot);

/* Is the block of a LENT slot SCRUBBING on its way back? */
bool loan_is_coming(const struct ledger *l, const struct lend_vm *vm, u32 slot);

#endif
