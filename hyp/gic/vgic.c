/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/gic/vgic.h"
#include "hyp/gic/vgic_private.h"
#include "hyp/lib/assert.h"
#include "hyp/lib/string.h"

#define SGI_IRM BIT(40)

void (*vgic_deactivate_phys)(struct vgic_cpu *c, u32 phys);

struct vgic_irq *vgic_find(struct vgic *g, struct vgic_cpu *c, u32 intid)
{
	assert(intid < VGIC_NR_INTIDS);
	return intid < VGIC_NR_PRIVATE ? &c->irq[intid] : &g->spi[intid - VGIC_NR_PRIVATE];
}

bool vgic_irq_pending(const struct vgic_irq *irq)
{
	/* A held physical interrupt says nothing of its line once it is active: it fires again after. */
	bool level = irq->hw ? irq->line && !irq->active : irq->line && !irq->edge;

	return irq->latch || irq->lent || level;
}

struct vgic_choice vgic_choose(struct vgic *g, struct vgic_cpu *c, u32 intid)
{
	const struct vgic_irq *irq = vgic_find(g, c, intid);
	struct vgic_choice choice = {.again = irq->latch && irq->lent};
	bool pending = vgic_irq_pending(irq);
	bool group_enabled = irq->group1 ? g->enable_group1 : g->enable_group0;
	/* cppcheck-suppress nullPointer ; c is NULL for an SPI only */
	u8 target = intid < VGIC_NR_PRIVATE ? c->index : irq->target;
	u8 cpu = irq->active ? irq->active_on : target;
	u64 state = irq->active ? VGIC_LR_ACTIVE : 0;

	/* What is active on one vCPU is delivered to another one only after its end. */
	if (pending && irq->enabled && group_enabled && cpu == target)
		state |= VGIC_LR_PENDING;
	if (!state || cpu == VGIC_NOWHERE)
		return choice;

	choice.cpu = g->cpu[cpu];
	choice.lr = state | (u64)irq->priority << VGIC_LR_PRIORITY_SHIFT | intid;
	if (irq->group1)
		choice.lr |= VGIC_LR_GROUP1;
	/*
	 * The architecture forbids HW with pending and active. And wherever more may follow the end,
	 * which is not in the list register already, we want to see the end.
	 */
	if (irq->hw && irq->line && state != VGIC_LR_STATE)
		choice.lr |= VGIC_LR_HW | (u64)irq->phys << VGIC_LR_PHYS_SHIFT;
	else if (!irq->edge || (pending && !(state & VGIC_LR_PENDING)))
		choice.lr |= VGIC_LR_EOI;
	return choice;
}

void vgic_changed(struct vgic *g, struct vgic_cpu *c, u32 intid, struct vgic_choice before)
{
	const struct vgic_irq *irq = vgic_find(g, c, intid);
	struct vgic_choice after = vgic_choose(g, c, intid);

	if (before.cpu == after.cpu && before.lr == after.lr && before.again == after.again)
		return;
	/* The vCPU that has it in a list register comes first; its fold tells the next one. */
	if (irq->where != VGIC_NOWHERE) {
		g->kick(g->cpu[irq->where]);
		return;
	}
	if (before.cpu)
		g->kick(before.cpu);
	if (after.cpu && after.cpu != before.cpu)
		g->kick(after.cpu);
}

void vgic_release_phys(struct vgic_cpu *c, struct vgic_irq *irq)
{
	if (!irq->hw || !irq->line)
		return;
	irq->line = false;
	vgic_deactivate_phys(c, irq->phys);
}

/* Which vCPU an SPI with this GICD_IROUTER goes to now; VGIC_NOWHERE if there is none. */
static u8 route(const struct vgic *g, u64 irouter)
{
	for (u32 i = 0; i < g->nr_cpus; i++) {
		if (irouter & VGIC_IROUTER_IRM ? g->cpu[i]->awake : g->cpu[i]->mpidr == irouter)
			return i;
	}
	/* One of many, and nobody is awake: the boot CPU's wake-up. */
	return irouter & VGIC_IROUTER_IRM ? 0 : VGIC_NOWHERE;
}

void vgic_set_irouter(struct vgic *g, u32 intid, u64 irouter)
{
	struct vgic_irq *irq = vgic_find(g, NULL, intid);
	struct vgic_choice before = vgic_choose(g, NULL, intid);

	irq->irouter = irouter;
	irq->target = route(g, irouter);
	vgic_changed(g, NULL, intid, before);
}

void vgic_set_awake(struct vgic_cpu *c, bool awake)
{
	c->awake = awake;
	for (u32 i = 0; i < VGIC_NR_SPIS; i++)
		if (c->vgic->spi[i].irouter & VGIC_IROUTER_IRM)
			vgic_set_irouter(c->vgic, VGIC_NR_PRIVATE + i, c->vgic->spi[i].irouter);
}

void vgic_set_line(struct vgic *g, struct vgic_cpu *c, u32 intid, bool level)
{
	struct vgic_irq *irq = vgic_find(g, c, intid);
	struct vgic_choice before = vgic_choose(g, c, intid);

	assert(level || !irq->hw);
	if (irq->edge && level && !irq->line)
		irq->latch = true;
	irq->line = level;
	vgic_changed(g, c, intid, before);
}

void vgic_drop_hw(struct vgic_cpu *c, u32 intid)
{
	struct vgic_irq *irq = vgic_find(c->vgic, c, intid);
	struct vgic_choice before = vgic_choose(c->vgic, c, intid);

	if (irq->active || irq->where != VGIC_NOWHERE)
		return;
	vgic_release_phys(c, irq);
	vgic_changed(c->vgic, c, intid, before);
}

static bool sgi_names(const struct vgic_cpu *sender, const struct vgic_cpu *c, u64 value)
{
	u64 cluster =
		FIELD(value, 55, 48) << 32 | FIELD(value, 39, 32) << 16 | FIELD(value, 23, 16) << 8;
	u64 aff0 = FIELD(c->mpidr, 7, 0);

	if (value & SGI_IRM)
		return c != sender;
	return (c->mpidr & ~0xffULL) == cluster && aff0 >> 4 == FIELD(value, 47, 44) &&
	       (value & BIT(aff0 & 15));
}

void vgic_send_sgi(struct vgic_cpu *c, u64 value, bool group1)
{
	struct vgic *g = c->vgic;
	u32 intid = FIELD(value, 27, 24);

	for (u32 i = 0; i < g->nr_cpus; i++) {
		struct vgic_cpu *to = g->cpu[i];
		struct vgic_irq *irq = vgic_find(g, to, intid);
		struct vgic_choice before = vgic_choose(g, to, intid);

		if (!sgi_names(c, to, value) || (irq->group1 && !group1))
			continue;
		irq->latch = true;
		vgic_changed(g, to, intid, before);
	}
}

bool vgic_has_pending(struct vgic_cpu *c)
{
	for (u32 intid = 0; intid < VGIC_NR_INTIDS; intid++) {
		struct vgic_choice choice = vgic_choose(c->vgic, c, intid);

		if (choice.cpu == c && (choice.lr & VGIC_LR_STATE) == VGIC_LR_PENDING)
			return true;
	}
	return false;
}

static void reset_irq(struct vgic_irq *irq, bool edge)
{
	*irq = (struct vgic_irq){
		.where = VGIC_NOWHERE,
		.edge = edge,
		.hw = irq->hw,
		.phys = irq->phys,
	};
}

void vgic_reset_cpu(struct vgic_cpu *c)
{
	vgic_fold(c, 0);
	for (u32 intid = 0; intid < VGIC_NR_PRIVATE; intid++) {
		vgic_release_phys(c, &c->irq[intid]);
		reset_irq(&c->irq[intid], intid < VGIC_NR_SGIS);
	}
	memset(c->lr, 0, sizeof(c->lr));
	c->overflow = false;
	c->pending_overflow = false;
	vgic_set_awake(c, false);
}

void vgic_reset(struct vgic *g)
{
	g->enable_group0 = false;
	g->enable_group1 = false;
	for (u32 i = 0; i < VGIC_NR_SPIS; i++)
		reset_irq(&g->spi[i], false);
	for (u32 i = 0; i < g->nr_cpus; i++) {
		/* What the list registers hold belongs to the time before. */
		g->cpu[i]->nr_used = 0;
		vgic_reset_cpu(g->cpu[i]);
	}
}
