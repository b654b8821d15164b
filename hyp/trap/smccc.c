/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls by HVC and SMC, alike: SMCCC 1.2 (Arm DEN0028). */
#include "hyp/cpu/psci.h"
#include "hyp/lend/calls.h"
#include "hyp/trap/trap.h"
#include "hyp/vm/psci_guest.h"

#define SMCCC_1_2 0x10002
#define NOT_SUPPORTED ((u64)(s64)SMCCC_NOT_SUPPORTED)

/* Owner and range of a function identifier, its SMC64 bit aside. */
#define SMCCC_RANGE(fn) ((fn)&0xbf000000u)
#define RANGE_ARCH 0x80000000u
#define RANGE_STANDARD 0x84000000u
#define RANGE_VENDOR_HYP 0x86000000u

static bool is_arch_function(u32 fn)
{
	return fn == SMCCC_VERSION || fn == SMCCC_ARCH_FEATURES;
}

static bool arch_call(struct trap *t)
{
	u64 *x = t->frame->x;

	if ((u32)x[0] == SMCCC_VERSION)
		x[0] = SMCCC_1_2;
	else if ((u32)x[0] == SMCCC_ARCH_FEATURES && is_arch_function((u32)x[1]))
		x[0] = 0;
	else
		x[0] = NOT_SUPPORTED;
	return true;
}

static bool standard_call(struct trap *t)
{
	if (psci_guest_has((u32)t->frame->x[0]))
		psci_guest_call(t->vcpu, t->frame->x);
	else
		t->frame->x[0] = NOT_SUPPORTED;
	return true;
}

static bool vendor_query(u64 *x)
{
	switch ((u32)x[0]) {
	case LEND_FN_CALL_COUNT:
		x[0] = LEND_NR_FN + 3;
		break;
	case LEND_FN_UID:
		x[0] = LEND_UID_0;
		x[1] = LEND_UID_1;
		x[2] = LEND_UID_2;
		x[3] = LEND_UID_3;
		break;
	case LEND_FN_REVISION:
		x[0] = LEND_ABI_MAJOR;
		x[1] = LEND_ABI_MINOR;
		break;
	default:
		x[0] = NOT_SUPPORTED;
		break;
	}
	return true;
}

static bool vendor_call(struct trap *t)
{
	enum lend_outcome outcome = lend_call(&ledger, t->vcpu->vm->lend, t->frame->x);

	if (outcome == LEND_CALL_UNKNOWN)
		return vendor_query(t->frame->x);
	return outcome != LEND_CALL_AGAIN;
}

/* False: nothing was changed, the guest makes the call again once its interrupts are served. */
static bool call(struct trap *t)
{
	/* No SMC64 from AArch32, whatever the range (SMCCC 1.2, 2.6). */
	if (vm_is_arm32(t->vcpu->vm) && t->frame->x[0] & SMCCC_64BIT) {
		t->frame->x[0] = NOT_SUPPORTED;
		return true;
	}
	switch (SMCCC_RANGE((u32)t->frame->x[0])) {
	case RANGE_ARCH:
		return arch_call(t);
	case RANGE_STANDARD:
		return standard_call(t);
	case RANGE_VENDOR_HYP:
		return vendor_call(t);
	default:
		t->frame->x[0] = NOT_SUPPORTED;
		return true;
	}
}

/* ELR is behind an HVC when it is taken, and at an SMC that was trapped. */
void trap_hvc(struct trap *t)
{
	if (!call(t))
		t->frame->elr -= 4;
}

void trap_smc(struct trap *t)
{
	if (call(t))
		trap_skip(t);
}
