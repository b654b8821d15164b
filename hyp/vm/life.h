/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting VMs, and ending them from outside. A VM's own way to its end is vm_stop() in vm.h. */
#ifndef HYP_VM_LIFE_H
#define HYP_VM_LIFE_H

#include "hyp/vm/vm.h"

/* All VMs, at boot, in order; each has its blocks. Serves interrupts meanwhile. */
void vm_start_all(void);

/*
 * From any CPU, whatever the VM is doing: it goes off, or is reset. Returns at once; a CPU of the VM does
 * it, and logs when it is done. False: it is not running, or on its way to what was asked for already. A
 * stop is taken while the VM resets or starts, too.
 */
bool vm_request_stop(struct vm *vm, bool reset);

/* The watchdog, from any CPU: like vm_crash(). */
bool vm_request_crash(struct vm *vm, const char *why);

/*
 * From any CPU: a VM that is OFF takes its owned memory from the pool and starts from its bundle; without
 * enough there it stays off, with a line. Returns at once; false: it is not off.
 */
bool vm_start_again(struct vm *vm);

/*
 * Between the two a running VM does not get past STOPPING, so a lending call can be made for it as if a
 * vCPU of its own did. Short; false: it does not run.
 */
bool vm_hold(struct vm *vm);
void vm_release(struct vm *vm);

/* Sets the event line of VM id from what is pending (struct lend_host.raise). */
void lend_raise(u8 id);

#endif
