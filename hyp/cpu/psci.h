/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PSCI function identifiers and results (Arm DEN0022F), and the calls made to the firmware below.
 * The PSCI that guests see is hyp/vm/psci_guest.c.
 */
#ifndef HYP_CPU_PSCI_H
#define HYP_CPU_PSCI_H

#include "dt/platform.h"
#include "hyp/lib/types.h"

#define PSCI_VERSION 0x84000000u
#define PSCI_CPU_SUSPEND 0x84000001u
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_CPU_ON 0x84000003u
#define PSCI_AFFINITY_INFO 0x84000004u
#define PSCI_MIGRATE_INFO_TYPE 0x84000006u
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u
#define PSCI_FEATURES 0x8400000au
#define SMCCC_64BIT 0x40000000u /* set in the SMC64 form of a function identifier */

#define SMCCC_VERSION 0x80000000u
#define SMCCC_ARCH_FEATURES 0x80000001u
#define SMCCC_NOT_SUPPORTED (-1)

#define PSCI_SUCCESS 0
#define PSCI_NOT_SUPPORTED (-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_ALREADY_ON (-4)
#define PSCI_INVALID_ADDRESS (-9)

#define PSCI_AFFINITY_ON 0
#define PSCI_AFFINITY_OFF 1
#define PSCI_AFFINITY_ON_PENDING 2

/* How the firmware is called; PSCI_NONE leaves only waiting for ever. */
void psci_init(enum psci_conduit conduit);

s32 psci_cpu_on(u64 mpidr, paddr_t entry, u64 context);
_Noreturn void psci_system_off(void);

#endif
