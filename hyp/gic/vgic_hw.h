/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtual CPU interface: moves list registers between the CPU a vCPU is pinned to and vgic.h.
 *
 * They stay loaded while the vCPU is on, also through traps. Whoever needs the live state of other
 * vCPUs' list registers holds those vCPUs: each folds its own at EL2, says so, and waits until it is let go.
 * One holder at a time; who waits to become it lets itself be held meanwhile, so there is no deadlock.
 */
#ifndef HYP_GIC_VGIC_HW_H
#define HYP_GIC_VGIC_HW_H

#include "hyp/cpu/percpu.h"
#include "hyp/gic/vgic.h"

struct vgic_hw_cpu {
	struct vgic_cpu state; /* first: a vgic_cpu is the vgic_hw_cpu around it */
	struct vgic_hw *hw;
	struct cpu *cpu;
	bool loaded; /* list registers live on the CPU: only that CPU changes it */
	bool held; /* folded until nobody holds any more; changes under the vgic's lock */
	bool refill; /* kicked by its own CPU: to be refilled before the guest goes on */
};

struct vgic_hw {
	struct vgic g;
	struct vgic_hw_cpu *holder; /* changes under g.lock */
};

/*
 * Wiring of a VM, once: vcpus are nr of them, each with cpu, state.index and state.mpidr set. p names the
 * physical timer interrupts.
 */
void vgic_hw_init(struct vgic_hw *hw, struct vgic_hw_cpu *vcpus[], u32 nr,
		  const struct platform *p);

/* All on the vCPU's own CPU; no lock held. */
void vgic_hw_power_on(struct vgic_hw_cpu *c); /* reset private state, start delivering */
void vgic_hw_power_off(struct vgic_hw_cpu *c); /* stop delivering; list registers are folded */
void vgic_hw_refill(struct vgic_hw_cpu *c); /* fold, look at the timers, fill */
void vgic_hw_serve(struct vgic_hw_cpu *c); /* at a kick: let a holder hold us, then refill */

/*
 * Physical interrupt phys was acknowledged, and its priority dropped. True: it is a timer of the guest's,
 * which now has it pending and will deactivate it. False: it is not, or the vCPU is off.
 */
bool vgic_hw_timer(struct vgic_hw_cpu *c, u32 phys);

/*
 * Brackets around an access to the VM's vgic by a vCPU: own list registers folded, lock held; with hold,
 * all others' too.
 */
void vgic_hw_begin(struct vgic_hw_cpu *c, bool hold);
void vgic_hw_end(struct vgic_hw_cpu *c, bool hold);

/* Input lines of devices; any CPU, no lock held. */
void vgic_hw_set_line(struct vgic_hw *hw, u32 intid, bool level);

/* Whether a vCPU in CPU_SUSPEND has to wake. On its own CPU. */
bool vgic_hw_has_pending(struct vgic_hw_cpu *c);

#endif
