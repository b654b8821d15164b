/* SPDX-License-Identifier: BSD-2-Clause */
/* Boot memory of a VM: filling it for the first or the next life. */
#ifndef HYP_VM_LOAD_H
#define HYP_VM_LOAD_H

#include "dt/guest_fdt.h"
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
 * Where a VM's FDTs are built: each VM has its own, so that none waits for another. Used by who loads
 * the VM, when no vCPU of it is on, and by the one LEND_MAP that may be under way (map.c).
 */
struct vm_fdt {
	u8 buffer[GUEST_FDT_MAX_SIZE] __attribute__((aligned(8)));
	struct guest_ranges listed; /* the blocks in an adopt map */
	struct guest_ranges marked; /* those of them that this call marked */
	bool busy;
};

/* What the VM's FDT is written from, seeds aside. */
struct guest_fdt_args vm_fdt_args(const struct vm *vm, void (*serve)(void));

/* guest_write() in chunks, with serve() after each. False: some of it is no memory. */
bool vm_copy_in(struct vm *vm, ipa_t ipa, const void *src, u64 size, void (*serve)(void));

/*
 * Copies kernel and ramdisk, writes a fresh FDT, sets the boot vCPU's entry. No vCPU of the VM runs.
 * Calls serve() between chunks.
 */
void vm_load(struct vm *vm, void (*serve)(void));

#endif
