/* SPDX-License-Identifier: BSD-2-Clause */
/* Making the VMs of a bundle out of physical memory, once, at boot. */
#ifndef HYP_VM_CREATE_H
#define HYP_VM_CREATE_H

#include "boot/physmem.h"
#include "dt/bundle.h"
#include "hyp/vm/vm.h"

/* Memory of the hypervisor's own: zeroed, never given back. NULL: there is none left. */
void *hyp_alloc(struct physmem *m, u64 size, u64 align);

/*
 * All VMs of the bundle: records, tables, boot memory; then all whole blocks that are left become the
 * ledger's, and each VM gets its own. False, with one line in why, when the machine has too little.
 */
bool vms_create(const struct bundle *bundle, struct physmem *m, char why[DT_WHY_SIZE]);

#endif
