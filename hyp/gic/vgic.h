/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtual GICv3 of a VM: distributor, redistributors and what its list registers should hold.
 * Pure: it knows no system register. vgic_hw.h moves list registers between the CPU and here.
 *
 * State of an interrupt is in struct vgic_irq, except while it sits in a list register of a vCPU
 * that runs: then the CPU may change pending and active by itself. vgic_fold() brings that back,
 * vgic_fill() decides anew. Both run on the vCPU's own CPU, at traps that concern interrupts only:
 * a hypercall does not touch a list register.
 *
 * Where a register access needs the live state of another vCPU's list registers, vgic_hw.c holds
 * that vCPU at EL2 first (fold, wait, fill); here all state is simply current.
 *
 * Seen by guests: one security state (DS = 1), ARE fixed to 1, no LPIs, no ITS, 32 priorities,
 * INTIDs 0 to VGIC_NR_INTIDS - 1. Registers of QEMU's virt that are left out read as zero and
 * ignore writes, as the architecture says of reserved ones.
 *
 * Source: Arm GICv3/v4 (IHI 0069) chapters 4, 6, 12.
 */
#ifndef HYP_GIC_VGIC_H
#define HYP_GIC_VGIC_H

#include "hyp/cpu/lock.h"
#include "hyp/lib/types.h"

#define VGIC_NR_INTIDS 96
#define VGIC_NR_PRIVATE 32
#define VGIC_NR_SGIS 16
#define VGIC_NR_SPIS (VGIC_NR_INTIDS - VGIC_NR_PRIVATE)
#define VGIC_MAX_LRS 16
#define VGIC_MAX_CPUS 64
#define VGIC_NOWHERE 0xff

struct vgic_irq {
	u8 priority; /* the upper 5 bits count */
	u8 target; /* vCPU index, SPIs: from irouter; VGIC_NOWHERE: no such vCPU */
	u8 where; /* vCPU in whose list register it is now, or VGIC_NOWHERE */
	u8 active_on; /* while active: the vCPU that took it and will end it */
	bool group1;
	bool enabled;
	bool edge; /* from ICFGR; SGIs are always edge */
	bool hw; /* timers: the list register names the physical interrupt, see vgic_set_line() */
	union {
		struct {
			/* Pending by an edge, an SGI or a write to ISPENDR. */
			bool latch;
			/* The latch went into the list register's pending bit, and comes back from it. */
			bool lent;
			/* Level of the input line; hw: the physical interrupt is active on our account. */
			bool line;
			bool active;
		};
		u32 loud; /* all four: one look, at each interrupt whenever list registers are filled */
	};
	u16 phys; /* hw: its physical INTID */
	u64 irouter; /* SPIs */
};

struct vgic;

struct vgic_cpu {
	struct vgic *vgic;
	u32 index; /* vCPU number in its VM */
	u64 mpidr; /* affinity fields */
	u32 nr_lrs; /* of the physical CPU interface */
	bool awake; /* GICR_WAKER: ProcessorSleep clear */
	struct vgic_irq irq[VGIC_NR_PRIVATE];
	u64 lr[VGIC_MAX_LRS]; /* ICH_LR<n>_EL2: filled, to be loaded; or read back, to be folded */
	u32 nr_used; /* the first nr_used of lr[] are filled; only they need be read back */
	/*
	 * What found no list register, and the maintenance it takes to be served in time:
	 * overflow: anything: ICH_HCR_EL2.LRENPIE and TDIR (some may be active, ended by EOIcount or DIR).
	 * pending_overflow: pending ones, with every list register pending: NPIE as well. Not otherwise:
	 * a list register that is only active would make NPIE or UIE fire without end.
	 */
	bool overflow;
	bool pending_overflow;
};

struct vgic {
	spinlock_t lock; /* guards all of it, the vgic_cpus included */
	u32 nr_cpus;
	struct vgic_cpu *cpu[VGIC_MAX_CPUS];
	bool enable_group0, enable_group1; /* GICD_CTLR */
	struct vgic_irq spi[VGIC_NR_SPIS];
	/*
	 * Tells a vCPU that vgic_fill() may decide differently now. Called under the lock, also for the
	 * caller's own vCPU (which then folds and refills before it returns to the guest), and perhaps
	 * more than once.
	 */
	void (*kick)(struct vgic_cpu *cpu);
};

/*
 * List registers as the architecture lays them out (ICH_LR<n>_EL2). An active or pending one with HW
 * deactivates VGIC_LR_PHYS when the guest ends it; without HW, EOI asks for a maintenance interrupt then.
 */
#define VGIC_LR_PENDING BIT(62)
#define VGIC_LR_ACTIVE BIT(63)
#define VGIC_LR_STATE (VGIC_LR_PENDING | VGIC_LR_ACTIVE)
#define VGIC_LR_HW BIT(61)
#define VGIC_LR_GROUP1 BIT(60)
#define VGIC_LR_EOI BIT(41)
#define VGIC_LR_PRIORITY_SHIFT 48
#define VGIC_LR_PHYS_SHIFT 32
#define VGIC_LR_PRIORITY(lr) FIELD(lr, 55, 48)
#define VGIC_LR_PHYS(lr) FIELD(lr, 44, 32)
#define VGIC_LR_INTID(lr) FIELD(lr, 31, 0)

/*
 * Power-on state; caller holds g->lock, no vCPU concerned runs. What is wiring stays as the caller set
 * it, in memory that was zero at first: cpu[], nr_cpus, kick; vgic, index, mpidr, nr_lrs; hw and phys.
 * Input lines are low: a device that still asserts one drives it again. Physical interrupts held for
 * the guest are given back. vgic_reset_cpu() is for private interrupts, list registers and WAKER of one
 * vCPU (folded, or lr[] as read back); SPIs that were in its list registers return to the distributor.
 */
void vgic_reset(struct vgic *g);
void vgic_reset_cpu(struct vgic_cpu *c);

/*
 * Inputs; caller holds g->lock. c is NULL for SPIs.
 * vgic_set_line(): level of an input line; where the guest configured it as edge-triggered, its rise
 * counts. High, for a hw one: its physical interrupt, acknowledged and not deactivated by EL2, becomes
 * pending here as intid; the guest's deactivation deactivates the physical one (ICH_LR.HW). c is folded,
 * so that the end of the last one, without which it could not fire, is known. Low is not for those:
 * vgic_drop_hw(): the physical line was found low: if intid is pending and not active, nor in a list
 * register, it is forgotten and the physical interrupt deactivated, so that the next one can fire.
 */
void vgic_set_line(struct vgic *g, struct vgic_cpu *c, u32 intid, bool level);
void vgic_drop_hw(struct vgic_cpu *c, u32 intid);

/*
 * ICC_SGI1R_EL1, ICC_SGI0R_EL1 or ICC_ASGI1R_EL1 was written by c with value: target list, range
 * selector, IRM. group1: true for SGI1R, which reaches SGIs of both groups (one security state, and
 * guests that leave IGROUPR0 alone); false for the other two, which reach those of group 0 only.
 * Caller holds the lock.
 */
void vgic_send_sgi(struct vgic_cpu *c, u64 value, bool group1);

/*
 * List registers. Caller holds the lock, on c's own CPU. Each fill is followed by one fold.
 * vgic_fold(): takes c->lr[] as read from the CPU and eoi_count (ICH_HCR_EL2.EOIcount; 0 while
 * ICH_VMCR_EL2.VEOIM is set: then an EOI without list register is only a priority drop) into the state.
 * vgic_fill(): writes c->lr[] anew, packed from 0: first what is pending and deliverable, then what is
 * active, each by priority; sets the overflow flags when not all fit. Those active without a list
 * register are ended by EOIcount, the highest priority first, as the architecture nests them. A level
 * interrupt without hw gets LR.EOI so that its end is seen (line still high: it becomes pending again).
 * Unused list registers are 0.
 */
void vgic_fold(struct vgic_cpu *c, u32 eoi_count);
void vgic_fill(struct vgic_cpu *c);

/*
 * ICC_DIR_EL1 written by c (any intid), trapped while active interrupts overflow. Caller holds the
 * lock, folded. An SPI in another vCPU's list register is left to that one.
 */
void vgic_deactivate(struct vgic_cpu *c, u32 intid);

/*
 * Is anything deliverable for c, were it to ask? For WFI-like waits of a vCPU in CPU_SUSPEND. Caller
 * holds the lock. c is folded (filled again or not): what it took since the last fold counts still.
 */
bool vgic_has_pending(struct vgic_cpu *c);

/*
 * Deactivates physical interrupt phys of c's CPU, because the guest ended or lost a hw interrupt
 * otherwise than through a list register: called under the lock by fold, register writes, drops and
 * resets, perhaps on another CPU, perhaps for one that is not active any more. vgic_hw.c sets it.
 */
extern void (*vgic_deactivate_phys)(struct vgic_cpu *c, u32 phys);

/*
 * Register accesses, of the redistributor of c, or of the distributor where c is NULL; caller holds the
 * lock and everything concerned is folded. offset from the first frame's base; size 1, 2, 4 or 8 bytes, aligned. False: no such register for this size, the access is a fault
 * (only misaligned or wrongly sized ones; reserved ones are RAZ/WI).
 */
bool vgic_access(struct vgic *g, struct vgic_cpu *c, u32 offset, u32 size, bool write, u64 *value);

/*
 * Does an access there need the vCPUs concerned held (all of the VM, or the redistributor's)? Pending
 * and active state does, as list registers may own it; and ICENABLER: once the write is done and RWP
 * reads 0, the interrupt must not be taken any more.
 */
bool vgic_needs_hold(const struct vgic_cpu *c, u32 offset);

#endif
