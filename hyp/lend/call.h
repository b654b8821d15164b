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
	u64 arg[CALL_MAX_ARGS];
	u64 result[CALL_NR_RESULTS]; /* x1 to x4 */
};

/* Slots [slot, slot + n) are in the window, and not too many for one call. */
bool call_slots_valid(const struct call *c, u64 slot, u64 n);

/* One slot, under the lock: STEP_DONE, STEP_SCRUB (then again when it is done), or an error. */
typedef int (*call_step)(struct call *c, u32 slot);

/* step for n slots, each to its end, in order: LEND_SUCCESS, the first error, or CALL_AGAIN. No lock held. */
int call_for_slots(struct call *c, u32 slot, u32 n, call_step step);

/* Bodies of calls: a status, or CALL_AGAIN. No lock held. call_slots.c: */
int call_retrieve(struct call *c);
int call_relinquish(struct call *c);
int call_relinquish_all(struct call *c);
/* call_loans.c: */
int call_lend(struct call *c);
int call_donate(struct call *c);
int call_refuse(struct call *c);
int call_reclaim(struct call *c);
int call_revoke(struct call *c);

#endif
