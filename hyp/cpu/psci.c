/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/cpu/psci.h"
#include "hyp/cpu/barrier.h"

static enum psci_conduit conduit;

void psci_init(enum psci_conduit how)
{
	conduit = how;
}

/* SMCCC 1.0 lets the callee change x4 to x17. */
#define CALL(insn)                                                                                 \
	__asm__ volatile(insn                                                                      \
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)                                  \
			 :                                                                         \
			 : "memory", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",      \
			   "x13", "x14", "x15", "x16", "x17")

static s64 call(u64 fn, u64 a1, u64 a2, u64 a3)
{
	register u64 x0 __asm__("x0") = fn;
	register u64 x1 __asm__("x1") = a1;
	register u64 x2 __asm__("x2") = a2;
	register u64 x3 __asm__("x3") = a3;

	if (conduit == PSCI_SMC)
		CALL("smc #0");
	else if (conduit == PSCI_HVC)
		CALL("hvc #0");
	else
		x0 = (u64)PSCI_NOT_SUPPORTED;
	return (s64)x0;
}

s32 psci_cpu_on(u64 mpidr, paddr_t entry, u64 context)
{
	return (s32)call(PSCI_CPU_ON | SMCCC_64BIT, mpidr, entry.pa, context);
}

_Noreturn void psci_system_off(void)
{
	call(PSCI_SYSTEM_OFF, 0, 0, 0);
	for (;;)
		wfi();
}
