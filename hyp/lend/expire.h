/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deadlines of recalls: a heap of loans, the earliest first. EXPIRED itself is no state, it is a deadline
 * in the past; here both sides get the event of it. Some CPU has a timer set to the first deadline or
 * earlier: whoever sets one does so on its own CPU (lend_host.expire_at), and lend_expire() says when next.
 */
#ifndef HYP_LEND_EXPIRE_H
#define HYP_LEND_EXPIRE_H

#include "hyp/lend/ledger.h"

/* Caller holds ledger->lock. A new or a later deadline; one that is LEND_NO_DEADLINE is not kept. */
void expiry_set(struct ledger *l, u32 loan, u64 deadline);
void expiry_remove(struct ledger *l, u32 loan);

/* Is the loan recalled, and its deadline over? */
bool loan_expired(const struct ledger *l, const struct loan *loan);

/*
 * Notes EXPIRED for what is due, a bounded piece of it. Returns when it wants to be called again, in ns of
 * now(); LEND_NO_DEADLINE: never. Takes the lock.
 */
u64 lend_expire(struct ledger *l);

#endif
