/* SPDX-License-Identifier: BSD-2-Clause */
/* One lending call on its way: inside of hyp/lend, between calls.c and the files that have a call's body. */
#ifndef HYP_LEND_CALL_H
#define HYP_LEND_CALL_H

#include "hyp/lend/ledger.h"

#define CALL_MAX_ARGS 4
#define CALL_NR_RESULTS 4

/* No status of the ABI: the call goes back to the guest undone. */
#define CALL_AGAIN 0x7fffffff

struct call {
	struct ledger *l;
	struct lend_vm *vm; /* the caller */
	u8 scrubs; /* the VM on whose busy list AGAIN leaves something: the caller, or its loan's borrower */
	u64 arg[CALL_MAX_ARGS];
	u64 result[CALL_NR_RESULTS]; /* x1 to x4 */
};

/* Slots [slot, slot + n) are in the window, and not too many for one call. */
bool call_slots_valid(const struct call *c, u64 slot, u64 n);

/* The calls over n slots (call_slots.c): a status, or CALL_AGAIN. No lock held. */
int call_retrieve(struct call *c);
int call_relinquish(struct call *c);
int call_relinquish_all(struct call *c);
int call_reclaim(struct call *c);
int call_revoke(struct call *c);

#endif
