/* SPDX-License-Identifier: BSD-2-Clause */
/* The lending hypercalls as guests make them: registers in, registers out (abi.h has the layouts). */
#ifndef HYP_LEND_CALLS_H
#define HYP_LEND_CALLS_H

#include "hyp/lend/ledger.h"

enum lend_outcome {
	LEND_CALL_DONE, /* results are in the registers */
	LEND_CALL_AGAIN, /* an interrupt is pending: nothing written, make the call anew after it */
	LEND_CALL_UNKNOWN, /* no function of ours */
};

/*
 * The call in x[0] (function) to x[7], made by a vCPU of vm; SMC32 or SMC64 by its bit. On
 * LEND_CALL_DONE x[0] to x[7] hold status and results. Caller holds no lock.
 */
enum lend_outcome lend_call(struct ledger *l, struct lend_vm *vm, u64 x[8]);

/*
 * Debug builds (make DEBUG=1) check all rules of lending.md §4 after each call, and panic over a broken one:
 * guest-tests/host/lend_check.c. Caller holds no lock.
 */
#ifdef LEND_CHECK
void lend_check_all(struct ledger *l);
#else
static inline void lend_check_all(struct ledger *l)
{
	(void)l;
}
#endif

#endif
