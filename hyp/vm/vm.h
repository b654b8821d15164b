/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual machines and their vCPUs. A vCPU is pinned to one physical CPU for life; a VM exists from boot
 * to power-off of the machine and can be stopped, reset and started again.
 *
 *	VM	OFF -> STARTING -> RUNNING -> STOPPING -> OFF, or -> RUNNING after a reset
 *	vCPU	OFF -> ON_PENDING (CPU_ON accepted) -> ON -> OFF
 *
 * Who moves a VM to STOPPING or STARTING names the vCPU whose CPU finishes the job (vm_finish()): waits until
 * all vCPUs are down, settles the VM's loans, and loads it or leaves it OFF. vm->lock guards both kinds of
 * state and what belongs to them.
 */
#ifndef HYP_VM_VM_H
#define HYP_VM_VM_H

#include "dt/bundle.h"
#include "hyp/cpu/lock.h"
#include "hyp/cpu/percpu.h"
#include "hyp/cpu/timer.h"
#include "hyp/dev/pl011.h"
#include "hyp/gic/vgic_hw.h"
#include "hyp/lend/ledger.h"
#include "hyp/lib/types.h"
#include "stage2/stage2.h"

enum vm_state {
	VM_OFF,
	VM_STARTING,
	VM_RUNNING,
	VM_STOPPING,
};

enum vcpu_state {
	VCPU_OFF,
	VCPU_ON_PENDING,
	VCPU_ON,
};

struct vcpu {
	struct vgic_hw_cpu gic;
	struct vm *vm;
	struct cpu *cpu;
	u32 index;
	enum vcpu_state state; /* vm->lock */
	struct timer flush; /* of a prompt that this vCPU wrote (serial.c) */
	bool written_since;
	u32 postponed;
	u64 entry; /* IPA of the next start, from CPU_ON or the bundle; AArch32: bit 0 for T32 */
	u64 context[3]; /* x0 to x2 for it */
};

struct vm {
	u32 id;
	const struct bundle_vm *config;
	spinlock_t lock;
	enum vm_state state;
	bool run_next; /* STARTING, STOPPING: RUNNING comes next; a stop meanwhile takes that back */
	struct vcpu *finisher; /* STARTING, STOPPING: on whose CPU; NULL at boot: on the caller's */
	u32 nr_holders; /* see vm_hold() */
	u32 nr_vcpus;
	struct vcpu *vcpus;
	struct s2 s2;
	struct vgic_hw gic;
	spinlock_t uart_lock; /* before vgic and console in the order, after all others */
	struct pl011 uart;
	struct lend_vm *lend;
	struct vm_fdt *fdt; /* load.h */
	paddr_t boot_memory;
};

extern struct platform platform;
extern struct vm vms[BUNDLE_MAX_VMS];
extern u32 nr_vms;
extern struct ledger ledger;

/* Is the VM's EL1, and with it all of the VM, AArch32? */
static inline bool vm_is_arm32(const struct vm *vm)
{
	return vm->config->kernel.arm32;
}

static inline struct vcpu *this_vcpu(void)
{
	return this_cpu()->vcpu;
}

/*
 * vCPU life, on its own CPU. vcpu_run() never returns: it waits, serving interrupts, until the vCPU
 * is turned on, and enters the guest; for a CPU's start, and for a vCPU that went off, whose EL2
 * stack it gives up.
 */
_Noreturn void vcpu_run(struct cpu *cpu);

/* Does vCPU have to leave the guest for good because its VM is stopping? */
static inline bool vcpu_must_stop(const struct vcpu *v)
{
	return __atomic_load_n(&v->vm->state, __ATOMIC_ACQUIRE) != VM_RUNNING;
}

/* On the CPU of a vCPU that is off: what is left to do of a stop or start of its VM, if it is to do that. */
void vm_finish(struct vcpu *self);

/* The calling CPU's vCPU goes off: CPU_OFF, or because its VM stops. Its EL2 stack is given up. */
_Noreturn void vcpu_leave(struct vcpu *v);

/*
 * Ends the VM that the caller's vCPU belongs to: SYSTEM_OFF, SYSTEM_RESET, a crash. Does not return. Of
 * several requests the first counts, but that off wins over reset.
 */
_Noreturn void vm_stop(struct vcpu *self, bool reset);

/* The guest brought itself into a state we cannot go on from: one line, then as its bundle node says. */
_Noreturn void vm_crash(struct vcpu *self, const char *why, u64 value);

/* The calling CPU's vCPU leaves its guest for good and is OFF on return. */
void vcpu_down(struct vcpu *v);

/* A guest's first instruction: x0 to x2, where, PSTATE (hyp/trap/vectors.S). */
_Noreturn void guest_start(u64 x0, u64 x1, u64 x2, u64 elr, u64 spsr);

/* Puts the VM's PL011 between console and interrupt; once, before it starts. */
void serial_init(struct vm *vm);

/* Serves all physical interrupts that wait for this CPU; for EL2's safe points. No lock held. */
void cpu_serve_interrupts(void);

#endif
