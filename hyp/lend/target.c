/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/lend/target.h"
#include "hyp/lend/events.h"

static int set_target(struct ledger *l, struct lend_vm *vm, u64 blocks)
{
	if (!vm->running)
		return LEND_NO_SUCH_VM;
	if (blocks > vm->nr_promised)
		return LEND_INVALID;
	vm->target = (u32)blocks;
	event_note_vm(l, vm, LEND_EVENT_TARGET, LEND_NO_PEER);
	return LEND_SUCCESS;
}

int lend_set_target(struct ledger *l, u64 vm, u64 blocks)
{
	int status;

	if (vm >= l->nr_vms)
		return LEND_NO_SUCH_VM;
	ledger_lock(l);
	status = set_target(l, &l->vm[vm], blocks);
	ledger_unlock(l);
	return status;
}
