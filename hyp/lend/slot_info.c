/* SPDX-License-Identifier: BSD-2-Clause */
/* LEND_SLOT_INFO: what a VM is told of a slot, derived from the records at the moment of asking. */
#include "hyp/lend/ledger.h"
#include "hyp/lend/loan.h"

/* What the block of a slot adds to its flags. */
static u32 block_flags(const struct ledger *l, const struct lend_vm *vm, const struct slot *s)
{
	const struct block *b = &l->blocks[s->block];

	if (s->block == LEND_NONE)
		return 0;
	return (b->state == BLOCK_SCRUBBING ? LEND_FLAG_BUSY : 0) |
	       (b->owner == vm->id ? LEND_FLAG_OWN : 0);
}

/* EXPIRED is the loan's, so it is the same for all slots of a run. */
static u32 run_length(const struct ledger *l, const struct lend_vm *vm, u32 slot)
{
	const struct slot *s = &vm->slots[slot];
	u32 max = (u32)min_u64(LEND_RUN_MAX, vm->nr_slots - slot), n = 1;

	while (n < max && s[n].state == s->state && s[n].loan == s->loan &&
	       s[n].flags == s->flags && block_flags(l, vm, &s[n]) == block_flags(l, vm, s))
		n++;
	return n;
}

static u64 time_left(const struct ledger *l, const struct slot *s)
{
	u64 deadline, now;

	if (s->loan == LEND_NONE || !l->loans[s->loan].recalled)
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
	u32 flags = s->flags | block_flags(l, vm, s);
	bool has_peer = s->loan != LEND_NONE || s->state == LEND_SLOT_REVOKED;
	u8 peer = has_peer ? s->peer : LEND_NO_PEER;

	x[2] = time_left(l, s);
	if (x[2] == 0)
		flags |= LEND_FLAG_EXPIRED;
	x[0] = s->state | (u64)peer << 8 | (u64)flags << 16 | (u64)run_length(l, vm, slot) << 32;
	x[1] = s->loan != LEND_NONE ? loan_handle(l, s->loan) : 0;
	x[3] = s->generation;
}
