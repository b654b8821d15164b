/* SPDX-License-Identifier: BSD-2-Clause */
/* SMCCC calls, by HVC and SMC, and PSCI 1.1 (DEN0022) by HVC. */
#ifndef BARE_PSCI_H
#define BARE_PSCI_H

#include "hyp/lib/types.h"

#define PSCI_VERSION 0x84000000u
#define PSCI_CPU_SUSPEND 0xc4000001u
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_CPU_ON 0xc4000003u
#define PSCI_CPU_ON_32 0x84000003u
#define PSCI_AFFINITY_INFO 0xc4000004u
#define PSCI_AFFINITY_INFO_32 0x84000004u
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u
#define PSCI_FEATURES 0x8400000au
#define SMCCC_VERSION 0x80000000u

#define PSCI_SUCCESS 0
#define PSCI_NOT_SUPPORTED (-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_ALREADY_ON (-4)
#define PSCI_AFFINITY_ON 0
#define PSCI_AFFINITY_OFF 1

struct smccc {
	u64 x[5]; /* x0 to x4 */
};

struct smccc hvc(u64 fn, u64 x1, u64 x2, u64 x3, u64 x4);
struct smccc smc(u64 fn, u64 x1, u64 x2, u64 x3, u64 x4);

/* The same with x0 to x7, in and out, as SMC32 calls with wide values need them. */
void hvc_all(u64 x[8]);
void smc_all(u64 x[8]);

/* x0 as PSCI means it: 32 bits, signed. */
s32 psci(u32 fn, u64 x1, u64 x2, u64 x3);

_Noreturn void system_off(void);

#endif
