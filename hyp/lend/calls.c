/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/lend/calls.h"
#include "hyp/lend/events.h"
#include "hyp/lend/loan.h"
#include "hyp/lend/scrub.h"

#define MAX_ARGS 4
#define NR_RESULTS 4

/* AGAIN is no status of the ABI: the call goes back to the guest undone. */
#define AGAIN 0x7fffffff

struct call {
	struct ledger *l;
	struct lend_vm *vm;
	u64 arg[MAX_ARGS];
	u64 result[NR_RESULTS]; /* x1 to x4 */
};

static int call_version(struct call *c)
{
	c->result[0] = LEND_ABI_MAJOR << 16 | LEND_ABI_MINOR;
	c->result[1] = LEND_FEATURE_KEEP | LEND_FEATURE_DEADLINE;
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

static bool slots_valid(const struct call *c, u64 slot, u64 n)
{
	return n > 0 && n <= LEND_CALL_MAX && slot < c->vm->nr_slots && n <= c->vm->nr_slots - slot;
}

static int call_slot_info(struct call *c)
{
	if (!slots_valid(c, c->arg[0], 1))
		return LEND_INVALID;
	ledger_lock(c->l);
	ledger_slot_info(c->l, c->vm, (u32)c->arg[0], c->result);
	ledger_unlock(c->l);
	return LEND_SUCCESS;
}

static int step_retrieve(struct call *c, u32 slot)
{
	return ledger_retrieve(c->l, c->vm, slot);
}

static int step_relinquish(struct call *c, u32 slot)
{
	return ledger_relinquish(c->l, c->vm, slot, (u32)c->arg[2]);
}

/*
 * Takes effect slot by slot. A call that was interrupted begins anew with the first slot: what is
 * done already changes nothing the second time.
 */
static int for_each_slot(struct call *c, int (*step)(struct call *c, u32 slot))
{
	u32 slot = (u32)c->arg[0], end = slot + (u32)c->arg[1];
	bool changed = false;

	while (slot < end) {
		const struct slot *s = &c->vm->slots[slot];
		u32 block, before;
		int status;

		/* Only after something new, or a guest with many interrupts would never get on. */
		if (changed && c->l->host->interrupt_pending())
			return AGAIN;
		ledger_lock(c->l);
		before = s->generation;
		status = step(c, slot);
		changed |= s->generation != before;
		block = s->block;
		ledger_unlock(c->l);
		if (status < 0)
			return status;
		if (status == STEP_SCRUB) {
			if (!lend_scrub(c->l, block))
				return AGAIN;
			changed = true;
			continue;
		}
		slot++;
		c->result[0]++;
	}
	return LEND_SUCCESS;
}

static int check_retrieve(const struct call *c)
{
	u32 needed = 0;

	for (u64 i = c->arg[0]; i < c->arg[0] + c->arg[1]; i++) {
		int err = ledger_retrieve_check(c->vm, (u32)i, &needed);

		if (err)
			return err;
	}
	if (needed && c->vm->nr_pool_held + needed > c->vm->quota)
		return LEND_DENIED;
	return needed > c->l->nr_free ? LEND_NO_MEMORY : LEND_SUCCESS;
}

/* The slots that are there already: a call that was interrupted may have put them there. */
static u64 nr_retrieved(const struct call *c)
{
	u64 n = 0;

	while (n < c->arg[1] && (c->vm->slots[c->arg[0] + n].state == LEND_SLOT_HELD ||
				 c->vm->slots[c->arg[0] + n].state == LEND_SLOT_BORROWED))
		n++;
	return n;
}

static int call_retrieve(struct call *c)
{
	int err;

	if (!slots_valid(c, c->arg[0], c->arg[1]))
		return LEND_INVALID;
	ledger_lock(c->l);
	err = check_retrieve(c);
	if (err)
		c->result[0] = nr_retrieved(c);
	ledger_unlock(c->l);
	return err ? err : for_each_slot(c, step_retrieve);
}

static int check_relinquish(const struct call *c)
{
	for (u64 i = c->arg[0]; i < c->arg[0] + c->arg[1]; i++) {
		int err = ledger_relinquish_check(c->l, c->vm, (u32)i, (u32)c->arg[2]);

		if (err)
			return err;
	}
	return LEND_SUCCESS;
}

static int call_relinquish(struct call *c)
{
	int err;

	if (c->arg[2] & ~(u64)(LEND_RELINQUISH_KEEP | LEND_RELINQUISH_KEEP_OFFER))
		return LEND_INVALID;
	if (!slots_valid(c, c->arg[0], c->arg[1]))
		return LEND_INVALID;
	ledger_lock(c->l);
	err = check_relinquish(c);
	ledger_unlock(c->l);
	return err ? err : for_each_slot(c, step_relinquish);
}

static int call_lend(struct call *c)
{
	int err;

	if (c->arg[3] & ~(u64)(LEND_LEND_REVOCABLE | LEND_LEND_KEEP | LEND_LEND_ADOPTABLE))
		return LEND_INVALID;
	if (!slots_valid(c, c->arg[0], c->arg[1]))
		return LEND_INVALID;
	ledger_lock(c->l);
	err = loan_lend(c->l, c->vm, (u32)c->arg[0], (u32)c->arg[1], c->arg[2], (u32)c->arg[3],
			&c->result[0]);
	ledger_unlock(c->l);
	return err;
}

static int call_reclaim(struct call *c)
{
	u32 out, coming;
	int status;

	ledger_lock(c->l);
	status = loan_reclaim(c->l, c->vm, c->arg[0], c->arg[1], &out, &coming);
	ledger_unlock(c->l);
	/* The borrower may never get on with what it began to scrub: its owner does, block by block. */
	if (coming != LEND_NONE && lend_scrub(c->l, coming))
		status = --out ? LEND_PENDING : LEND_SUCCESS;
	c->result[0] = out;
	return status;
}

static int call_event_next(struct call *c)
{
	ledger_lock(c->l);
	event_next(c->l, c->vm, c->result);
	ledger_unlock(c->l);
	return LEND_SUCCESS;
}

/* A row per function of abi.h; none: NOT_SUPPORTED. wide: BIT(i) for an argument of 64 bits. */
static const struct {
	int (*handler)(struct call *c);
	u32 nr_args, wide;
} calls[LEND_NR_FN] = {
	[LEND_VERSION - LEND_FN(0)] = {call_version, 0, 0},
	[LEND_INFO - LEND_FN(0)] = {call_info, 1, 0},
	[LEND_SLOT_INFO - LEND_FN(0)] = {call_slot_info, 1, 0},
	[LEND_RETRIEVE - LEND_FN(0)] = {call_retrieve, 2, 0},
	[LEND_RELINQUISH - LEND_FN(0)] = {call_relinquish, 3, 0},
	[LEND_LEND - LEND_FN(0)] = {call_lend, 4, 0},
	[LEND_RECLAIM - LEND_FN(0)] = {call_reclaim, 2, 3},
	[LEND_EVENT_NEXT - LEND_FN(0)] = {call_event_next, 0, 0},
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
	x[0] = smc64 ? (u64)(s64)status : (u32)status;
	for (u32 i = 0; i < NR_RESULTS; i++) {
		if (smc64) {
			x[1 + i] = c->result[i];
			continue;
		}
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
	if (!calls[index].handler)
		status = LEND_NOT_SUPPORTED;
	else if (read_args(&c, x, calls[index].nr_args, calls[index].wide, smc64))
		status = calls[index].handler(&c);
	if (status == AGAIN)
		return LEND_CALL_AGAIN;
	write_results(&c, x, status, smc64);
	return LEND_CALL_DONE;
}
