// SPDX-License-Identifier: GPL-2.0
#include <linux/arm-smccc.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/printk.h>

#include "call.h"
#include "lendmem_trace.h"

/* By -status. What a kernel person reads in the errno of a failed write or onlining. */
static const int status_errno[] = {
	[0] = 0,
	[-LEND_NOT_SUPPORTED] = -EOPNOTSUPP,
	[-LEND_INVALID] = -EINVAL,
	[-LEND_DENIED] = -EPERM,
	[-LEND_BAD_STATE] = -ENXIO,
	[-LEND_BUSY] = -EBUSY,
	[-LEND_NO_MEMORY] = -ENOMEM,
	[-LEND_NO_SLOT] = -ENOSPC,
	[-LEND_NO_SUCH_VM] = -EHOSTDOWN,
};

/* The same as a sentence's end; by errno, since that is what goes round in the driver. */
static const struct {
	int err;
	const char *words;
} words[] = {
	{EOPNOTSUPP, "the hypervisor has no such call"},
	{EINVAL, "an argument is out of range"},
	{EPERM,
	 "there is no right to it, the quota is used up, or it is marked for the next kernel"},
	{ENXIO, "it is in no state for this"},
	{EBUSY, "it is busy, or the peer has not read the last offer"},
	{ENOMEM, "there is no memory for it"},
	{E2BIG, "the blocks lie in more places than a map can list"},
	{ENOSPC, "the peer has no free slots in a row"},
	{EHOSTDOWN, "there is no such VM, or it does not run"},
	{EINTR, "it was interrupted"},
	{EIO, "the memory is gone"},
	{ESHUTDOWN, "the driver gives its memory back"},
	{EPROTO, "the answer is none that the driver knows"},
	{EEXIST, "something else is at that address"},
};

const char *lendmem_words(int err)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (words[i].err == -err)
			return words[i].words;
	}
	return "for a reason the driver has no words for";
}

static const char *const state_names[] = {
	[LEND_SLOT_EMPTY] = "empty",	   [LEND_SLOT_STANDBY] = "standby",
	[LEND_SLOT_OFFERED] = "offered",   [LEND_SLOT_HELD] = "held",
	[LEND_SLOT_BORROWED] = "borrowed", [LEND_SLOT_LENT] = "lent",
	[LEND_SLOT_REVOKED] = "revoked",
};

const char *lendmem_state_name(u32 state)
{
	return state < ARRAY_SIZE(state_names) ? state_names[state] : "unknown";
}

/* Needs SMCCC 1.1 by PSCI; without it the conduit is NONE, and there is nobody to ask. */
static bool smccc(const struct arm_smccc_1_2_regs *args, struct arm_smccc_1_2_regs *res)
{
	switch (arm_smccc_1_1_get_conduit()) {
	case SMCCC_CONDUIT_HVC:
		arm_smccc_1_2_hvc(args, res);
		return true;
	case SMCCC_CONDUIT_SMC:
		arm_smccc_1_2_smc(args, res);
		return true;
	default:
		return false;
	}
}

int lendmem_call(u32 function, u64 x1, u64 x2, u64 x3, u64 x4, struct lendmem_result *res)
{
	struct arm_smccc_1_2_regs args = {
		.a0 = function | LEND_SMC64,
		.a1 = x1,
		.a2 = x2,
		.a3 = x3,
		.a4 = x4,
	};
	struct arm_smccc_1_2_regs regs = {};
	u64 began = 0;
	s64 status;

	if (trace_lendmem_call_enabled())
		began = ktime_get_ns();
	if (!smccc(&args, &regs))
		return -ENODEV;
	status = (s64)regs.a0;
	if (trace_lendmem_call_enabled())
		trace_lendmem_call(function, x1, x2, x3, status, ktime_get_ns() - began);
	if (res) {
		res->status = status;
		res->x1 = regs.a1;
		res->x2 = regs.a2;
		res->x3 = regs.a3;
		res->x4 = regs.a4;
	}
	if (status >= 0)
		return 0;
	/* A code that a later ABI added. */
	if (-status >= ARRAY_SIZE(status_errno))
		return -EPROTO;
	return status_errno[-status];
}

int lendmem_call_discover(void)
{
	struct arm_smccc_1_2_regs args = {.a0 = LEND_FN_UID};
	struct arm_smccc_1_2_regs uid = {};
	struct lendmem_result res;

	if (!smccc(&args, &uid) || lower_32_bits(uid.a0) != LEND_UID_0 ||
	    lower_32_bits(uid.a1) != LEND_UID_1 || lower_32_bits(uid.a2) != LEND_UID_2 ||
	    lower_32_bits(uid.a3) != LEND_UID_3)
		return -ENODEV;
	if (lendmem_call(LEND_VERSION, 0, 0, 0, 0, &res))
		return -ENODEV;
	/* A later minor only adds calls. */
	if (res.x1 >> 16 != LEND_ABI_MAJOR) {
		pr_err("lendmem: the hypervisor's ABI is %llu.%llu, this module's %u.%u\n",
		       res.x1 >> 16, res.x1 & 0xffff, LEND_ABI_MAJOR, LEND_ABI_MINOR);
		return -EPROTONOSUPPORT;
	}
	return 0;
}

int lendmem_call_info(struct lendmem_info *info)
{
	struct lendmem_result res;
	int ret;

	ret = lendmem_call(LEND_INFO, LEND_INFO_WINDOW, 0, 0, 0, &res);
	if (ret)
		return ret;
	info->base = res.x1;
	info->block_size = res.x2;
	info->nr_slots = lower_32_bits(res.x3);
	info->vm = upper_32_bits(res.x3);
	return 0;
}

int lendmem_call_pool(struct lendmem_pool *pool)
{
	struct lendmem_result res;
	int ret;

	ret = lendmem_call(LEND_INFO, LEND_INFO_POOL, 0, 0, 0, &res);
	if (ret)
		return ret;
	pool->target = lower_32_bits(res.x1);
	pool->held = upper_32_bits(res.x1);
	pool->quota = lower_32_bits(res.x2);
	pool->free = upper_32_bits(res.x2);
	pool->nr_own = lower_32_bits(res.x3);
	pool->nr_promised = upper_32_bits(res.x3);
	return 0;
}

int lendmem_call_slot_info(u32 slot, struct lendmem_slot_info *info)
{
	struct lendmem_result res;
	int ret;

	ret = lendmem_call(LEND_SLOT_INFO, slot, 0, 0, 0, &res);
	if (ret)
		return ret;
	info->state = LEND_SLOT_STATE(res.x1);
	info->peer = LEND_SLOT_PEER(res.x1);
	info->flags = LEND_SLOT_FLAGS(res.x1);
	info->run = LEND_SLOT_RUN(res.x1);
	info->loan = res.x2;
	info->deadline = res.x3;
	info->generation = lower_32_bits(res.x4);
	return 0;
}
