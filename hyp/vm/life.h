/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting VMs. Their end is vm_stop() in vm.h. */
#ifndef HYP_VM_LIFE_H
#define HYP_VM_LIFE_H

#include "hyp/vm/vm.h"

/* Loads a VM that has no running vCPU, and turns its first vCPU on. Serves interrupts meanwhile. */
void vm_start(struct vm *vm);

/* All VMs, at boot, in order. */
void vm_start_all(void);

/* Sets the event line of VM id from what is pending (struct lend_host.raise). */
void lend_raise(u8 id);

#endif
