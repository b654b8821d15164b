/* SPDX-License-Identifier: BSD-2-Clause */
/* Room in a VM's window for what it is offered. Caller holds ledger->lock. */
#ifndef HYP_LEND_WINDOW_H
#define HYP_LEND_WINDOW_H

#include "hyp/lend/ledger.h"

/*
 * The first of the lowest n (1 to LEND_CALL_MAX) EMPTY slots in a row, aligned to the largest power of
 * two in n, or LEND_NONE.
 */
u32 window_find(const struct lend_vm *vm, u32 n);

#endif
