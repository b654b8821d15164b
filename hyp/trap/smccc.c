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

static u64 arch_call(u32 fn, u32 asked)
{
	bool known = asked == SMCCC_VERSION || asked == SMCCC_ARCH_FEATURES;

	if (fn == SMCCC_VERSION)
		return SMCCC_1_2;
	return fn == SMCCC_ARCH_FEATURES && known ? 0 : NOT_SUPPORTED;
}

static void vendor_query(u64 *x)
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
	}
}

static bool vendor_call(struct lend_vm *vm, u64 *x)
{
	enum lend_outcome outcome = lend_call(&ledger, vm, x);

	if (outcome == LEND_CALL_UNKNOWN)
		vendor_query(x);
	return outcome != LEND_CALL_AGAIN;
}

/* False: nothing was changed, the guest makes the call again once its interrupts are served. */
static bool call(struct trap *t)
{
	u64 *x = t->frame->x;
	u32 fn = (u32)x[0];

	/* No SMC64 from AArch32, whatever the range (SMCCC 1.2, 2.6). */
	if (vm_is_arm32(t->vcpu->vm) && fn & SMCCC_64BIT)
		x[0] = NOT_SUPPORTED;
	else if (SMCCC_RANGE(fn) == RANGE_VENDOR_HYP)
		return vendor_call(t->vcpu->vm->lend, x);
	else if (SMCCC_RANGE(fn) == RANGE_STANDARD)
		psci_guest_call(t->vcpu, x);
	else
		x[0] = SMCCC_RANGE(fn) == RANGE_ARCH ? arch_call(fn, (u32)x[1]) : NOT_SUPPORTED;
	return true;
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
