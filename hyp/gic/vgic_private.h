/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the virtual GIC share. Callers hold the vgic's lock.
 *
 * Every change of an interrupt's state is bracketed: choice before, change, vgic_changed(): whoever
 * would fill its list registers differently is kicked, and nobody else.
 */
#ifndef HYP_GIC_VGIC_PRIVATE_H
#define HYP_GIC_VGIC_PRIVATE_H

#include "hyp/gic/vgic.h"

#define VGIC_IROUTER_IRM BIT(31)

/* Where an interrupt is to be, as its state stands. */
struct vgic_choice {
	struct vgic_cpu *cpu; /* NULL: in nobody's list register */
	u64 lr; /* the list register's value */
	bool again; /* pending once more, beyond what the list register holds already */
};

/* c is ignored for SPIs. intid < VGIC_NR_INTIDS. */
struct vgic_irq *vgic_find(struct vgic *g, struct vgic_cpu *c, u32 intid);
bool vgic_irq_pending(const struct vgic_irq *irq);

/* The common case: nothing that could be delivered, whatever is enabled. */
static inline bool vgic_irq_quiet(const struct vgic_irq *irq)
{
	return !irq->loud;
}

struct vgic_choice vgic_choose(struct vgic *g, struct vgic_cpu *c, u32 intid);
void vgic_changed(struct vgic *g, struct vgic_cpu *c, u32 intid, struct vgic_choice before);

/* Gives the physical interrupt of a hw one back, if it is held. */
void vgic_release_phys(struct vgic_cpu *c, struct vgic_irq *irq);

/* Writes GICD_IROUTER of an SPI, and so chooses its vCPU anew. */
void vgic_set_irouter(struct vgic *g, u32 intid, u64 irouter);

/* GICR_WAKER.ProcessorSleep is !awake: interrupts for "one of many" are routed anew. */
void vgic_set_awake(struct vgic_cpu *c, bool awake);

#endif
