/* SPDX-License-Identifier: BSD-2-Clause */
/* PSCI 1.1 as guests see it (Arm DEN0022F). */
#ifndef HYP_VM_PSCI_GUEST_H
#define HYP_VM_PSCI_GUEST_H

#include "hyp/vm/vm.h"

/* The call in x[0] to x[3], whatever it is; the result goes to x[0]. CPU_OFF and the like do not return. */
void psci_guest_call(struct vcpu *v, u64 x[4]);

#endif
