/* SPDX-License-Identifier: BSD-2-Clause */
/* The rule checker in a debug build of the hypervisor: after every call, on the machine itself. */
#include "guest-tests/host/lend_check.h"
#include "hyp/lend/calls.h"
#include "hyp/lib/assert.h"

void lend_check_all(struct ledger *l)
{
	struct lend_fault f;
	bool ok;

	ledger_lock(l);
	ok = lend_check(l, &f);
	ledger_unlock(l);
	if (!ok)
		panic("rule broken: %s (vm %d, slot %d, block %d, loan %d)", f.rule, (int)f.vm,
		      (int)f.slot, (int)f.block, (int)f.loan);
}
