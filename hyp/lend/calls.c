/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/lend/calls.h"
#include "hyp/lend/call.h"
#include "hyp/lend/events.h"
#include "hyp/lend/target.h"

static int call_version(struct call *c)
{
	c->result[0] = LEND_ABI_MAJOR << 16 | LEND_ABI_MINOR;
	c->result[1] = LEND_FEATURE_KEEP | LEND_FEATURE_DEADLINE | LEND_FEATURE_DONATE |
		       LEND_FEATURE_REFUSE | LEND_FEATURE_REVOKE | LEND_FEATURE_TARGET |
		       LEND_FEATURE_MAP | LEND_FEATURE_RELINQUISH_ALL;
	return LEND_SUCCESS;
}

static int call_info(struct call *c)
{
	const struct lend_vm *vm = c->vm;
	const u64 pages[][3] = {
		[LEND_INFO_WINDOW] = {vm->nr_slots ? vm->window.ipa : 0, c->l->block_size,
				      vm->nr_slots | (u64)vm->id << 32},
		[LEND_INFO_POOL] = {vm->target | (u64)vm->nr_pool_held << 32,
				    vm->quota | (u64)c->l->nr_free << 32,
				    vm->nr_own | (u64)vm->nr_promised << 32},
		[LEND_INFO_COUNTERS] = {vm->nr_retrieved, vm->nr_given_up, vm->nr_aborts},
	};

	if (c->arg[0] >= ARRAY_SIZE(pages))
		return LEND_INVALID;
	for (u32 i = 0; i < ARRAY_SIZE(pages[0]); i++)
		c->result[i] = pages[c->arg[0]][i];
	return LEND_SUCCESS;
}

bool call_slots_valid(const struct call *c, u64 slot, u64 n)
{
	return n > 0 && n <= LEND_CALL_MAX && slot < c->vm->nr_slots && n <= c->vm->nr_slots - slot;
}

static int call_slot_info(struct call *c)
{
	if (!call_slots_valid(c, c->arg[0], 1))
		return LEND_INVALID;
	ledger_lock(c->l);
	ledger_slot_info(c->l, c->vm, (u32)c->arg[0], c->result);
	ledger_unlock(c->l);
	return LEND_SUCCESS;
}

static int call_target(struct call *c)
{
	return c->vm->manager ? lend_set_target(c->l, c->arg[0], c->arg[1]) : LEND_DENIED;
}

static int call_map(struct call *c)
{
	if (c->arg[2] > LEND_MAP_ADOPT)
		return LEND_INVALID;
	return c->l->host->write_map(c->vm->id, IPA(c->arg[0]), c->arg[1],
				     c->arg[2] == LEND_MAP_ADOPT, &c->result[0]);
}

static int call_event_next(struct call *c)
{
	ledger_lock(c->l);
	event_next(c->l, c->vm, c->result);
	ledger_unlock(c->l);
	return LEND_SUCCESS;
}

/* A row per function of abi.h. wide: BIT(i) for an argument of 64 bits. */
static const struct {
	int (*handler)(struct call *c);
	u32 nr_args, wide;
} calls[LEND_NR_FN] = {
	[LEND_VERSION - LEND_FN(0)] = {call_version, 0, 0},
	[LEND_INFO - LEND_FN(0)] = {call_info, 1, 0},
	[LEND_SLOT_INFO - LEND_FN(0)] = {call_slot_info, 1, 0},
	[LEND_RETRIEVE - LEND_FN(0)] = {call_retrieve, 2, 0},
	[LEND_RELINQUISH - LEND_FN(0)] = {call_relinquish, 3, 0},
	[LEND_RELINQUISH_ALL - LEND_FN(0)] = {call_relinquish_all, 0, 0},
	[LEND_REFUSE - LEND_FN(0)] = {call_refuse, 1, 0},
	[LEND_LEND - LEND_FN(0)] = {call_lend, 4, 0},
	[LEND_DONATE - LEND_FN(0)] = {call_donate, 4, 0},
	[LEND_RECLAIM - LEND_FN(0)] = {call_reclaim, 2, 3},
	[LEND_REVOKE - LEND_FN(0)] = {call_revoke, 1, 1},
	[LEND_EVENT_NEXT - LEND_FN(0)] = {call_event_next, 0, 0},
	[LEND_TARGET - LEND_FN(0)] = {call_target, 2, 0},
	[LEND_MAP - LEND_FN(0)] = {call_map, 3, 1},
};

/* False: a 32-bit argument has more bits than that. */
static bool read_args(struct call *c, const u64 x[8], u32 nr, u32 wide, bool smc64)
{
	u32 reg = 1;

	for (u32 i = 0; i < nr; i++) {
		bool is_wide = wide & BIT(i);

		if (smc64) {
			c->arg[i] = x[reg++];
			if (!is_wide && c->arg[i] >> 32)
				return false;
			continue;
		}
		c->arg[i] = (u32)x[reg++];
		if (is_wide)
			c->arg[i] |= (u64)(u32)x[reg++] << 32;
	}
	return true;
}

static void write_results(const struct call *c, u64 x[8], int status, bool smc64)
{
	if (smc64) {
		x[0] = (u64)(s64)status;
		for (u32 i = 0; i < CALL_NR_RESULTS; i++)
			x[1 + i] = c->result[i];
		return;
	}
	x[0] = (u32)status;
	for (u32 i = 0; i < CALL_NR_RESULTS; i++) {
		x[1 + 2 * i] = (u32)c->result[i];
		if (2 + 2 * i < 8)
			x[2 + 2 * i] = c->result[i] >> 32;
	}
}

enum lend_outcome lend_call(struct ledger *l, struct lend_vm *vm, u64 x[8])
{
	struct call c = {.l = l, .vm = vm};
	bool smc64 = x[0] & LEND_SMC64;
	u32 index = ((u32)x[0] & ~LEND_SMC64) - LEND_FN(0);
	int status = LEND_INVALID;

	if (index >= LEND_NR_FN)
		return LEND_CALL_UNKNOWN;
	if (read_args(&c, x, calls[index].nr_args, calls[index].wide, smc64))
		status = calls[index].handler(&c);
	lend_check_all(l);
	if (status == CALL_AGAIN) {
		l->host->scrub_later(vm->id);
		return LEND_CALL_AGAIN;
	}
	write_results(&c, x, status, smc64);
	return LEND_CALL_DONE;
}
