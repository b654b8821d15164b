/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules of lending.md §4, over ledger, slots, loans, event lists and stage-2 tables together. They
 * hold whenever nobody has ledger->lock. For tests: after every step on the host, after every call in debug
 * builds on the target. Needs no memory of its own; its time grows with blocks times VMs.
 */
#ifndef LEND_CHECK_H
#define LEND_CHECK_H

#include "hyp/lend/ledger.h"

/* A rule that does not hold, as written there, and where; LEND_NONE for what does not matter. */
struct lend_fault {
	const char *rule;
	u32 vm, slot, block, loan;
};

/* False with the first broken rule in *fault. Caller holds l->lock; takes each stage2->lock. */
bool lend_check(struct ledger *l, struct lend_fault *fault);

#endif
