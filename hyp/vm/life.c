/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a VM's life, and the beginning of its next one. */
#include "hyp/cpu/psci.h"
#include "hyp/dev/console.h"
#include "hyp/lend/life.h"
#include "hyp/lib/print.h"
#include "hyp/vm/guest_memory.h"
#include "hyp/vm/life.h"
#include "hyp/vm/load.h"
#include "dt/guest_fdt.h"

static u32 nr_running;

/* Nobody can turn a vCPU on any more: the VM is STOPPING. */
static bool all_vcpus_off(struct vm *vm)
{
	bool off = true;

	spin_lock(&vm->lock);
	for (u32 i = 0; i < vm->nr_vcpus; i++) {
		if (vm->vcpus[i].state == VCPU_ON_PENDING)
			vm->vcpus[i].state = VCPU_OFF;
		off &= vm->vcpus[i].state == VCPU_OFF;
	}
	spin_unlock(&vm->lock);
	return off;
}

static void reset_devices(struct vm *vm)
{
	spin_lock(&vm->uart_lock);
	pl011_reset(&vm->uart);
	spin_unlock(&vm->uart_lock);
	spin_lock(&vm->gic.g.lock);
	vgic_reset(&vm->gic.g);
	spin_unlock(&vm->gic.g.lock);
}

void vm_start(struct vm *vm)
{
	reset_devices(vm);
	vm_load(vm, cpu_serve_interrupts);
	lend_raise((u8)vm->id); /* the line of events that survive a reset: recalls, new offers */
	spin_lock(&vm->lock);
	vm->state = VM_RUNNING;
	vm->vcpus[0].state = VCPU_ON_PENDING;
	spin_unlock(&vm->lock);
	cpu_kick(vm->vcpus[0].cpu);
}

static void scrub_boot_memory(struct vm *vm)
{
	for (u64 done = 0; done < vm->config->boot_memory; done += KIB(256)) {
		guest_zero(vm, IPA(GUEST_RAM_BASE + done), KIB(256));
		cpu_serve_interrupts();
	}
}

static void finish_reset(struct vm *vm)
{
	lend_vm_reset(&ledger, vm->lend, cpu_serve_interrupts);
	lend_vm_scrub(&ledger, vm->lend, cpu_serve_interrupts);
	if (vm->config->scrub_boot_memory)
		scrub_boot_memory(vm);
	log_line("%s: reset", vm->config->name);
	vm_start(vm);
}

static void finish_off(struct vm *vm)
{
	lend_vm_off(&ledger, vm->lend, cpu_serve_interrupts);
	lend_vm_scrub(&ledger, vm->lend, cpu_serve_interrupts);
	spin_lock(&vm->lock);
	vm->state = VM_OFF;
	spin_unlock(&vm->lock);
	console_flush_partial(vm->id);
	log_line("%s: off", vm->config->name);
	if (__atomic_sub_fetch(&nr_running, 1, __ATOMIC_ACQ_REL) == 0) {
		masked_report();
		log_line("all VMs are off");
		psci_system_off();
	}
}

_Noreturn void vm_stop(struct vcpu *self, bool reset)
{
	struct vm *vm = self->vm;
	bool first;

	spin_lock(&vm->lock);
	first = vm->state == VM_RUNNING;
	if (first) {
		vm->reset_wanted = reset;
		__atomic_store_n(&vm->state, VM_STOPPING, __ATOMIC_RELEASE);
	}
	spin_unlock(&vm->lock);
	if (!first)
		vcpu_leave(self);
	vcpu_down(self);
	for (u32 i = 0; i < vm->nr_vcpus; i++)
		cpu_kick(vm->vcpus[i].cpu);
	while (!all_vcpus_off(vm))
		cpu_serve_interrupts();
	if (vm->reset_wanted)
		finish_reset(vm);
	else
		finish_off(vm);
	vcpu_run(self->cpu);
}

_Noreturn void vm_crash(struct vcpu *self, const char *why, u64 value)
{
	log_line("%s: vCPU %u: %s (0x%llx): %s", self->vm->config->name, self->index, why,
		 (unsigned long long)value, self->vm->config->reset_on_crash ? "reset" : "stopped");
	vm_stop(self, self->vm->config->reset_on_crash);
}

void vm_start_all(void)
{
	nr_running = nr_vms;
	for (u32 i = 0; i < nr_vms; i++)
		vm_start(&vms[i]);
}
