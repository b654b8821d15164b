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

/* LEND_LEND of n own STANDBY slots, checked here wholly. 0 and *handle, or a LEND_* error. */
int loan_lend(struct ledger *l, struct lend_vm *vm, u32 slot, u32 n, u64 peer, u32 flags,
	      u64 *handle);

/*
 * LEND_RECLAIM: LEND_SUCCESS, LEND_PENDING or an error. deadline: ns from now. *out: blocks not back;
 * *coming: one of them that is SCRUBBING on its way back, or LEND_NONE.
 */
int loan_reclaim(struct ledger *l, struct lend_vm *vm, u64 handle, u64 deadline, u32 *out,
		 u32 *coming);

/*
 * b, STANDBY again and not mapped, is back with its owner: the owner's slot reads STANDBY, the loan is
 * one block smaller or ends. tell: with the event RETURNED.
 */
void loan_block_back(struct ledger *l, struct block *b, bool tell);

/* An OFFERED block, or one on its way to or from the borrower, goes back; the borrower's slot is EMPTY. */
void loan_withdraw(struct ledger *l, struct block *b, bool tell);

/* The record goes back to the free ones; no slot names it any more. */
void loan_free(struct ledger *l, u32 loan);

#endif
