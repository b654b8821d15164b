/* SPDX-License-Identifier: BSD-2-Clause */
/* Boot memory of a VM: filling it for the first or the next life. */
#ifndef HYP_VM_LOAD_H
#define HYP_VM_LOAD_H

#include "hyp/vm/vm.h"

/*
 * Where the parts of a VM lie in its boot memory. False with a line in why when they do not fit:
 * checked at boot, so that vm_load() cannot fail later.
 */
struct vm_layout {
	u64 kernel; /* IPAs */
	u64 entry;
	u64 ramdisk; /* 0 without one */
	u64 fdt;
};
bool vm_layout(const struct bundle_vm *config, struct vm_layout *out, char why[DT_WHY_SIZE]);

/*
 * Copies kernel and ramdisk, writes a fresh FDT, sets the boot vCPU's entry. No vCPU of the VM runs.
 * Calls serve() between chunks.
 */
void vm_load(struct vm *vm, void (*serve)(void));

#endif
