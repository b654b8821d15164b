/* SPDX-License-Identifier: BSD-2-Clause */
/* The list registers of a vCPU: what goes into them, and what comes back. */
#include "hyp/gic/vgic.h"
#include "hyp/gic/vgic_private.h"
#include "hyp/lib/assert.h"
#include "hyp/lib/string.h"

/* An end or a drop on c may be what another vCPU waited for. */
static void hand_on(struct vgic_cpu *c, u32 intid)
{
	struct vgic_choice choice = vgic_choose(c->vgic, c, intid);

	if (choice.cpu && choice.cpu != c)
		c->vgic->kick(choice.cpu);
}

static void fold_one(struct vgic_cpu *c, u64 lr)
{
	u32 intid = VGIC_LR_INTID(lr);
	struct vgic_irq *irq = vgic_find(c->vgic, c, intid);
	bool was_active = irq->active;
	bool pending = lr & VGIC_LR_PENDING;

	irq->where = VGIC_NOWHERE;
	irq->latch |= irq->lent && pending;
	irq->lent = false;
	irq->active = lr & VGIC_LR_ACTIVE;
	if (irq->active) {
		irq->active_on = c->index;
	} else if (irq->hw && lr & VGIC_LR_HW) {
		irq->line = pending; /* or else its end has deactivated the physical one */
	} else if (was_active || !pending) {
		vgic_release_phys(c, irq);
	}
	hand_on(c, intid);
}

/* The one that an EOI without list register ends: of those active on c, the highest priority. */
static void end_unlisted(struct vgic_cpu *c)
{
	struct vgic_irq *best = NULL;
	u32 best_intid = 0;

	for (u32 intid = 0; intid < VGIC_NR_INTIDS; intid++) {
		struct vgic_irq *irq = vgic_find(c->vgic, c, intid);

		if (irq->active && irq->active_on == c->index && irq->where == VGIC_NOWHERE &&
		    (!best || irq->priority < best->priority)) {
			best = irq;
			best_intid = intid;
		}
	}
	if (!best)
		return;
	best->active = false;
	vgic_release_phys(c, best);
	hand_on(c, best_intid);
}

void vgic_fold(struct vgic_cpu *c, u32 eoi_count)
{
	/* Before the list registers give theirs back: an EOI found those. */
	while (eoi_count--)
		end_unlisted(c);
	for (u32 i = 0; i < c->nr_used; i++)
		fold_one(c, c->lr[i]);
	c->nr_used = 0;
}

/* Pending before active; then the smaller priority value, then the smaller INTID. */
static u64 rank(u64 lr)
{
	return (lr & VGIC_LR_ACTIVE) | VGIC_LR_PRIORITY(lr) << 32 | VGIC_LR_INTID(lr);
}

/* Inserts by rank; who is worst goes without when all are used. */
static void insert(struct vgic_cpu *c, u64 lr)
{
	u32 i;

	for (i = 0; i < c->nr_used; i++) {
		if (rank(lr) < rank(c->lr[i])) {
			u64 worse = c->lr[i];

			c->lr[i] = lr;
			lr = worse;
		}
	}
	if (i < c->nr_lrs) {
		c->lr[c->nr_used++] = lr;
		return;
	}
	c->overflow = true;
	if (!(lr & VGIC_LR_ACTIVE))
		c->pending_overflow = true;
}

/* The common case is quiet; and what another vCPU has stays there until folded. */
static void insert_loud(struct vgic_cpu *c, const struct vgic_irq *irqs, u32 first, u32 nr)
{
#pragma GCC unroll 8
	for (u32 i = 0; i < nr; i++) {
		struct vgic_choice choice;

		if (vgic_irq_quiet(&irqs[i]) || irqs[i].where != VGIC_NOWHERE)
			continue;
		choice = vgic_choose(c->vgic, c, first + i);
		if (choice.cpu == c)
			insert(c, choice.lr);
	}
}

void vgic_fill(struct vgic_cpu *c)
{
	struct vgic *g = c->vgic;

	assert(c->nr_used == 0);
	memset(c->lr, 0, sizeof(c->lr));
	c->overflow = false;
	c->pending_overflow = false;
	insert_loud(c, c->irq, 0, VGIC_NR_PRIVATE);
	insert_loud(c, g->spi, VGIC_NR_PRIVATE, VGIC_NR_SPIS);
	for (u32 i = 0; i < c->nr_used; i++) {
		struct vgic_irq *irq = vgic_find(g, c, VGIC_LR_INTID(c->lr[i]));

		irq->where = c->index;
		if (c->lr[i] & VGIC_LR_PENDING) {
			irq->lent = irq->latch;
			irq->latch = false;
		}
	}
}

void vgic_deactivate(struct vgic_cpu *c, u32 intid)
{
	struct vgic_choice before;
	struct vgic_irq *irq;

	if (intid >= VGIC_NR_INTIDS)
		return;
	irq = vgic_find(c->vgic, c, intid);
	if (!irq->active || irq->where != VGIC_NOWHERE)
		return;
	before = vgic_choose(c->vgic, c, intid);
	irq->active = false;
	vgic_release_phys(c, irq);
	vgic_changed(c->vgic, c, intid, before);
}
