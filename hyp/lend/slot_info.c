/* SPDX-License-Identifier: BSD-2-Clause */
/* LEND_SLOT_INFO: what a VM is told of a slot, derived from the records at the moment of asking. */
#include "hyp/lend/ledger.h"
#include "hyp/lend/loan.h"

static bool has_loan(const struct slot *s)
{
	return s->loan != LEND_NONE;
}

static u32 flags_of(const struct ledger *l, const struct lend_vm *vm, u32 slot)
{
	const struct slot *s = &vm->slots[slot];
	const struct block *b = s->block == LEND_NONE ? NULL : &l->blocks[s->block];
	u32 flags = s->flags;

	if (b && b->state == BLOCK_SCRUBBING)
		flags |= LEND_FLAG_BUSY;
	if (b && b->owner == vm->id)
		flags |= LEND_FLAG_OWN;
	if (has_loan(s)) {
		const struct loan *loan = &l->loans[s->loan];

		if (loan->recalled && l->host->now() >= loan->deadline)
			flags |= LEND_FLAG_EXPIRED;
	}
	return flags;
}

static u32 run_length(const struct ledger *l, const struct lend_vm *vm, u32 slot, u32 flags)
{
	const struct slot *s = &vm->slots[slot];
	u32 n = 1;

	while (n < LEND_RUN_MAX && slot + n < vm->nr_slots &&
	       vm->slots[slot + n].state == s->state && vm->slots[slot + n].loan == s->loan &&
	       flags_of(l, vm, slot + n) == flags)
		n++;
	return n;
}

static u64 time_left(const struct ledger *l, const struct slot *s)
{
	u64 deadline, now;

	if (!has_loan(s) || !l->loans[s->loan].recalled)
		return LEND_NO_DEADLINE;
	deadline = l->loans[s->loan].deadline;
	now = l->host->now();
	if (deadline == LEND_NO_DEADLINE)
		return LEND_NO_DEADLINE;
	return now < deadline ? deadline - now : 0;
}

void ledger_slot_info(const struct ledger *l, const struct lend_vm *vm, u32 slot, u64 x[4])
{
	const struct slot *s = &vm->slots[slot];
	u32 flags = flags_of(l, vm, slot);
	u8 peer = has_loan(s) ? s->peer : LEND_NO_PEER;

	x[0] = s->state | (u64)peer << 8 | (u64)flags << 16 |
	       (u64)run_length(l, vm, slot, flags) << 32;
	x[1] = has_loan(s) ? loan_handle(l, s->loan) : 0;
	x[2] = time_left(l, s);
	x[3] = s->generation;
}
