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

/* Nobody can turn a vCPU on any more: the VM is STOPPING or STARTING. */
static bool all_quiet(struct vm *vm)
{
	bool quiet;

	spin_lock(&vm->lock);
	quiet = vm->nr_holders == 0;
	for (u32 i = 0; i < vm->nr_vcpus; i++) {
		if (vm->vcpus[i].state == VCPU_ON_PENDING)
			vm->vcpus[i].state = VCPU_OFF;
		quiet &= vm->vcpus[i].state == VCPU_OFF;
	}
	spin_unlock(&vm->lock);
	return quiet;
}

static void kick_all(const struct vm *vm)
{
	for (u32 i = 0; i < vm->nr_vcpus; i++)
		cpu_kick(vm->vcpus[i].cpu);
}

bool vm_hold(struct vm *vm)
{
	bool running;

	spin_lock(&vm->lock);
	running = vm->state == VM_RUNNING;
	vm->nr_holders += running;
	spin_unlock(&vm->lock);
	return running;
}

void vm_release(struct vm *vm)
{
	spin_lock(&vm->lock);
	vm->nr_holders--;
	spin_unlock(&vm->lock);
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

/* Between two looks at the interrupts: some 17,000 instructions. */
#define BOOT_SCRUB_CHUNK KIB(64)

static void scrub_boot_memory(struct vm *vm)
{
	for (u64 done = 0; done < vm->config->boot_memory; done += BOOT_SCRUB_CHUNK) {
		guest_zero(vm, IPA(GUEST_RAM_BASE + done), BOOT_SCRUB_CHUNK);
		cpu_serve_interrupts();
	}
}

/* Loads the VM and turns its first vCPU on. False: it was asked to stop meanwhile. */
static bool run(struct vm *vm)
{
	bool go;

	reset_devices(vm);
	vm_load(vm, cpu_serve_interrupts);
	lend_raise((u8)vm->id); /* the line of events that survive a reset: recalls, new offers */
	spin_lock(&vm->lock);
	go = vm->run_next;
	if (go) {
		vm->finisher = NULL;
		vm->state = VM_RUNNING;
		vm->vcpus[0].state = VCPU_ON_PENDING;
	}
	spin_unlock(&vm->lock);
	if (go)
		cpu_kick(vm->vcpus[0].cpu);
	return go;
}

static bool reset(struct vm *vm)
{
	lend_vm_reset(&ledger, vm->lend, cpu_serve_interrupts);
	lend_vm_scrub(&ledger, vm->lend, cpu_serve_interrupts);
	if (vm->config->scrub_boot_memory)
		scrub_boot_memory(vm);
	log_line("%s: reset", vm->config->name);
	return run(vm);
}

static bool start(struct vm *vm)
{
	if (!lend_vm_start(&ledger, vm->lend, cpu_serve_interrupts)) {
		log_line(
			"%s: start refused: lendvisor,owned-memory: %u blocks, and the pool has %u",
			vm->config->name, vm->lend->nr_own, ledger.nr_free);
		return false;
	}
	if (vm->config->scrub_boot_memory)
		scrub_boot_memory(vm);
	log_line("%s: started", vm->config->name);
	return run(vm);
}

static void off(struct vm *vm)
{
	lend_vm_off(&ledger, vm->lend, cpu_serve_interrupts);
	lend_vm_scrub(&ledger, vm->lend, cpu_serve_interrupts);
	console_flush_partial(vm->id);
	spin_lock(&vm->lock);
	log_line("%s: off", vm->config->name); /* before a start can tell of the next life */
	vm->finisher = NULL;
	vm->state = VM_OFF;
	spin_unlock(&vm->lock);
	if (__atomic_sub_fetch(&nr_running, 1, __ATOMIC_ACQ_REL) == 0) {
		masked_report();
		log_line("all VMs are off");
		psci_system_off();
	}
}

void vm_finish(struct vcpu *self)
{
	struct vm *vm = self->vm;
	bool runs = false;

	if (__atomic_load_n(&vm->finisher, __ATOMIC_ACQUIRE) != self)
		return;
	while (!all_quiet(vm))
		cpu_serve_interrupts();
	if (vm->state == VM_STARTING)
		runs = start(vm);
	else if (vm->run_next)
		runs = reset(vm);
	if (!runs)
		off(vm);
}

/* False: this is not a moment for it. Off wins over what was to come next, whoever asked for that. */
static bool request(struct vm *vm, bool run_next, struct vcpu *finisher)
{
	bool first, taken;

	spin_lock(&vm->lock);
	first = vm->state == VM_RUNNING;
	taken = first || (vm->state != VM_OFF && vm->run_next && !run_next);
	if (taken)
		vm->run_next = run_next;
	if (first) {
		__atomic_store_n(&vm->state, VM_STOPPING, __ATOMIC_RELEASE);
		__atomic_store_n(&vm->finisher, finisher, __ATOMIC_RELEASE);
	}
	spin_unlock(&vm->lock);
	if (first)
		kick_all(vm);
	return taken;
}

_Noreturn void vm_stop(struct vcpu *self, bool reset)
{
	request(self->vm, reset, self);
	vcpu_leave(self); /* and on to vm_finish(), here or where it was asked for first */
}

bool vm_request_stop(struct vm *vm, bool reset)
{
	return request(vm, reset, &vm->vcpus[0]);
}

static const char *after_crash(const struct vm *vm)
{
	return vm->config->reset_on_crash ? "reset" : "stopped";
}

bool vm_request_crash(struct vm *vm, const char *why)
{
	bool taken;

	if (!vm_hold(vm))
		return false;
	taken = vm_request_stop(vm, vm->config->reset_on_crash);
	if (taken)
		log_line("%s: %s: %s", vm->config->name, why, after_crash(vm));
	vm_release(vm); /* and not before: the end's own line comes after ours */
	return taken;
}

/* The first vCPU's line is enough. */
_Noreturn void vm_crash(struct vcpu *self, const char *why, u64 value)
{
	struct vm *vm = self->vm;

	if (request(vm, vm->config->reset_on_crash, self))
		log_line("%s: vCPU %u: %s (0x%llx): %s", vm->config->name, self->index, why,
			 (unsigned long long)value, after_crash(vm));
	vcpu_leave(self);
}

/* Caller holds vm->lock, or is alone at boot. */
static void begin_start(struct vm *vm, struct vcpu *finisher)
{
	vm->run_next = true;
	vm->state = VM_STARTING;
	__atomic_store_n(&vm->finisher, finisher, __ATOMIC_RELEASE);
	__atomic_add_fetch(&nr_running, 1, __ATOMIC_ACQ_REL);
}

bool vm_start_again(struct vm *vm)
{
	bool is_off;

	spin_lock(&vm->lock);
	is_off = vm->state == VM_OFF;
	if (is_off)
		begin_start(vm, &vm->vcpus[0]);
	spin_unlock(&vm->lock);
	if (is_off)
		cpu_kick(vm->vcpus[0].cpu);
	return is_off;
}

void vm_start_all(void)
{
	for (u32 i = 0; i < nr_vms; i++)
		begin_start(&vms[i], NULL);
	for (u32 i = 0; i < nr_vms; i++)
		if (!run(&vms[i]))
			off(&vms[i]);
}
