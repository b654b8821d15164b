/* SPDX-License-Identifier: BSD-2-Clause */
/* Bad memory: a block that is reported bad goes out of use for good, at once or when its holder gives it up. */
#ifndef HYP_LEND_POISON_H
#define HYP_LEND_POISON_H

#include "hyp/lend/ledger.h"

/*
 * The block that holds pa is bad. LEND_SUCCESS: it is POISONED; LEND_PENDING: it is mapped, or a CPU is
 * busy scrubbing it, and retires with the end of that; LEND_INVALID: pa is in no block; LEND_BAD_STATE:
 * that was known. Takes the lock.
 */
int lend_poison(struct ledger *l, paddr_t pa);

/*
 * b, which nobody maps, scrubs or finds on a list, becomes POISONED. The slots that named it lose it and
 * get the event: EMPTY, but a promise stands, and so does REVOKED. Caller holds ledger->lock.
 */
void block_retire(struct ledger *l, struct block *b);

#endif
