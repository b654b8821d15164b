/* SPDX-License-Identifier: BSD-2-Clause */
/* vCPUs going on and off; for hyp/vm alone. */
#ifndef HYP_VM_VCPU_H
#define HYP_VM_VCPU_H

#include "hyp/vm/vm.h"

/* The guest's first instruction (hyp/trap/vectors.S). */
_Noreturn void guest_start(u64 x0, u64 elr, u64 spsr);

/* The calling CPU's vCPU leaves its guest for good and is OFF on return. */
void vcpu_down(struct vcpu *v);

#endif
