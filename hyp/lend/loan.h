/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loans: one or more blocks of one owner in slots of one borrower, under one handle. A loan's record is
 * found from each slot of either side and lives until its last block is back. Caller holds ledger->lock.
 */
#ifndef HYP_LEND_LOAN_H
#define HYP_LEND_LOAN_H

#include "hyp/lend/ledger.h"

/* A handle is never 0, and never names a later loan: generation << 32 | index + 1. */
u64 loan_handle(const struct ledger *l, u32 loan);

/* The loan of a handle, or NULL. */
struct loan *loan_find(struct ledger *l, u64 handle);

/*
 * LEND_LEND and LEND_DONATE of n own STANDBY slots, checked here wholly: 0 and *handle, or a LEND_*
 * error; or STEP_SCRUB and *busy, a block of them that is still SCRUBBING.
 */
struct loan_terms {
	u64 to; /* VM id */
	u32 flags; /* LEND_LEND_* */
	bool donate;
};
int loan_lend(struct ledger *l, struct lend_vm *vm, u32 slot, u32 n, const struct loan_terms *terms,
	      u64 *handle, u32 *busy);

/* LEND_REFUSE: the offer at a slot of vm goes back to its owner, who is told. */
int loan_refuse(struct ledger *l, struct lend_vm *vm, u32 slot);

/*
 * b, STANDBY again and not mapped, is back with its owner: the owner's slot reads STANDBY, the loan is
 * one block smaller or ends. tell: with the event RETURNED.
 */
void loan_block_back(struct ledger *l, struct block *b, bool tell);

/* b, donated, is being retrieved: its holder owns it from now on, the giver's slot is EMPTY. */
void loan_take_over(struct ledger *l, struct block *b);

/*
 * An OFFERED block, or one on its way to or from the borrower, goes back; the borrower's slot is EMPTY.
 * by_borrower: the owner gets RETURNED; else a borrower who read of the offer gets RECALL.
 */
void loan_withdraw(struct ledger *l, struct block *b, bool by_borrower);

/* b is in no loan any more, which ends with its last block; no slot names it then. */
void loan_shrink(struct ledger *l, struct block *b);

#endif
