/* SPDX-License-Identifier: BSD-2-Clause */
/* Ballooning by target: how many of the pool's blocks a VM is to hold; its driver moves towards that. */
#ifndef HYP_LEND_TARGET_H
#define HYP_LEND_TARGET_H

#include "hyp/lend/ledger.h"

/*
 * Sets the target of VM id vm and tells it, behind all rights (LEND_TARGET of a manager, the monitor).
 * LEND_SUCCESS, LEND_NO_SUCH_VM, or LEND_INVALID for more blocks than it has promised slots. Takes the lock.
 */
int lend_set_target(struct ledger *l, u64 vm, u64 blocks);

#endif
