/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest-tests/bare/bare.h"
#include "hyp/lend/abi.h"

#define CALL(conduit)                                                                              \
	register u64 r0 __asm__("x0") = fn;                                                        \
	register u64 r1 __asm__("x1") = x1;                                                        \
	register u64 r2 __asm__("x2") = x2;                                                        \
	register u64 r3 __asm__("x3") = x3;                                                        \
	register u64 r4 __asm__("x4") = x4;                                                        \
	__asm__ volatile(conduit " #0"                                                             \
			 : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r4)                        \
			 :                                                                         \
			 : "memory");                                                              \
	return (struct smccc)                                                                      \
	{                                                                                          \
		{                                                                                  \
			r0, r1, r2, r3, r4                                                         \
		}                                                                                  \
	}

struct smccc hvc(u64 fn, u64 x1, u64 x2, u64 x3, u64 x4)
{
	CALL("hvc");
}

struct smccc smc(u64 fn, u64 x1, u64 x2, u64 x3, u64 x4)
{
	CALL("smc");
}

#define CALL_ALL(conduit)                                                                          \
	register u64 r0 __asm__("x0") = x[0];                                                      \
	register u64 r1 __asm__("x1") = x[1];                                                      \
	register u64 r2 __asm__("x2") = x[2];                                                      \
	register u64 r3 __asm__("x3") = x[3];                                                      \
	register u64 r4 __asm__("x4") = x[4];                                                      \
	register u64 r5 __asm__("x5") = x[5];                                                      \
	register u64 r6 __asm__("x6") = x[6];                                                      \
	register u64 r7 __asm__("x7") = x[7];                                                      \
	__asm__ volatile(conduit " #0"                                                             \
			 : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6),   \
			   "+r"(r7)                                                                \
			 :                                                                         \
			 : "memory");                                                              \
	x[0] = r0;                                                                                 \
	x[1] = r1;                                                                                 \
	x[2] = r2;                                                                                 \
	x[3] = r3;                                                                                 \
	x[4] = r4;                                                                                 \
	x[5] = r5;                                                                                 \
	x[6] = r6;                                                                                 \
	x[7] = r7

void hvc_all(u64 x[8])
{
	CALL_ALL("hvc");
}

void smc_all(u64 x[8])
{
	CALL_ALL("smc");
}

s32 psci(u32 fn, u64 x1, u64 x2, u64 x3)
{
	return (s32)hvc(fn, x1, x2, x3, 0).x[0];
}

void system_off(void)
{
	hvc(PSCI_SYSTEM_OFF, 0, 0, 0, 0);
	for (;;)
		wfi();
}

bool is_lendvisor(void)
{
	struct smccc uid = hvc(LEND_FN_UID, 0, 0, 0, 0);

	return (u32)uid.x[0] == LEND_UID_0 && (u32)uid.x[1] == LEND_UID_1 &&
	       (u32)uid.x[2] == LEND_UID_2 && (u32)uid.x[3] == LEND_UID_3;
}
