/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of the virtual distributor and redistributors, a row each: those that hold one field for
 * each of many interrupts, the same in GICD and in the SGI frame of a redistributor, and all others.
 *
 * Source: IHI 0069, 12.8 (distributor), 12.10 and 12.11 (redistributor), with GICD_CTLR.DS = 1.
 */
#include "hyp/gic/vgic.h"
#include "hyp/gic/vgic_private.h"

#define GICD_CTLR_ENABLE_GRP0 BIT(0)
#define GICD_CTLR_ENABLE_GRP1 BIT(1)
#define GICD_CTLR_ARE BIT(4)
#define GICD_CTLR_DS BIT(6)
#define GICD_TYPER_ITLINES (VGIC_NR_INTIDS / 32 - 1)
#define GICD_TYPER_IDBITS (9 << 19) /* 10 bits */
#define GICD_TYPER_RSS BIT(26) /* SGIs reach Aff0 up to 255 */
#define GICD_ICENABLER 0x180
#define GICD_IPRIORITYR 0x400
#define GICD_IROUTER_MASK 0x80ffffffULL /* IRM, Aff2 to Aff0; no Aff3 (GICD_TYPER.A3V = 0) */
#define GICR_TYPER_LAST BIT(4)
#define GICR_WAKER_PROCESSOR_SLEEP BIT(1)
#define GICR_WAKER_CHILDREN_ASLEEP BIT(2)
#define SGI_FRAME 0x10000
#define IIDR_ARM 0x43b
#define PRIORITY_MASK 0xf8

/* The distributor's frame, a redistributor's two; what ones do that are written to fields. */
#define DIST BIT(0)
#define REDIST BIT(1)
#define SGI BIT(2)
#define SET BIT(3)
#define CLEAR BIT(4)

enum reg_id {
	/* Of each interrupt: */
	GROUP,
	ENABLED,
	PENDING,
	ACTIVE,
	PRIORITY,
	CONFIG,
	/* All others: */
	CTLR,
	DIST_TYPER,
	IROUTER,
	REDIST_TYPER,
	WAKER,
	IIDR,
	ID,
};

/* GICR_CTLR is not there: no LPIs, and nothing is ever under way. */
static const struct reg {
	u8 flags; /* frames; SET, CLEAR */
	u8 bits; /* of an interrupt's field (in bytes, it can be accessed alone), or of a register */
	u32 first, end; /* offsets; fields: for INTID 0 on */
	enum reg_id id;
} regs[] = {
	{DIST, 32, 0x0000, 0x0004, CTLR},
	{DIST, 32, 0x0004, 0x0008, DIST_TYPER},
	{DIST, 32, 0x0008, 0x000c, IIDR},
	{REDIST, 32, 0x0004, 0x0008, IIDR},
	{REDIST, 64, 0x0008, 0x0010, REDIST_TYPER},
	{REDIST, 32, 0x0014, 0x0018, WAKER},
	{DIST | SGI, 1, 0x0080, 0x0100, GROUP},
	{DIST | SGI | SET, 1, 0x0100, 0x0180, ENABLED},
	{DIST | SGI | CLEAR, 1, GICD_ICENABLER, 0x0200, ENABLED},
	{DIST | SGI | SET, 1, 0x0200, 0x0280, PENDING},
	{DIST | SGI | CLEAR, 1, 0x0280, 0x0300, PENDING},
	{DIST | SGI | SET, 1, 0x0300, 0x0380, ACTIVE},
	{DIST | SGI | CLEAR, 1, 0x0380, 0x0400, ACTIVE},
	{DIST | SGI, 8, GICD_IPRIORITYR, 0x0800, PRIORITY},
	{DIST | SGI, 2, 0x0c00, 0x0d00, CONFIG},
	{DIST, 64, 0x6100, 0x6100 + 8 * VGIC_NR_SPIS, IROUTER},
	{DIST | REDIST, 32, 0xffd0, 0x10000, ID},
};

/* One access, to the redistributor of c, or to the distributor where c is NULL. */
struct access {
	struct vgic *g;
	struct vgic_cpu *c;
	u32 offset, size;
	bool write;
	u64 *value;
};

static u8 get_field(const struct vgic_irq *irq, enum reg_id id)
{
	switch (id) {
	case GROUP:
		return irq->group1;
	case ENABLED:
		return irq->enabled;
	case PENDING:
		return vgic_irq_pending(irq);
	case ACTIVE:
		return irq->active;
	case PRIORITY:
		return irq->priority;
	default: /* CONFIG */
		return irq->edge ? 2 : 0;
	}
}

static void set_field(const struct access *a, u32 intid, enum reg_id id, u8 value)
{
	struct vgic_irq *irq = vgic_find(a->g, a->c, intid);
	struct vgic_choice before = vgic_choose(a->g, a->c, intid);

	switch (id) {
	case GROUP:
		irq->group1 = value;
		break;
	case ENABLED:
		irq->enabled = value;
		break;
	case PENDING:
		irq->latch = value;
		/* A physical line that is high still fires again at once: a level stays pending. */
		if (!value && !irq->active)
			vgic_release_phys(a->c, irq);
		break;
	case ACTIVE:
		if (!irq->active)
			irq->active_on = a->c ? a->c->index : irq->target;
		else if (!value)
			vgic_release_phys(a->c, irq);
		irq->active = value;
		break;
	case PRIORITY:
		irq->priority = value & PRIORITY_MASK;
		break;
	default: /* CONFIG; SGIs are edges for good, and the timers behind hw are levels */
		if (intid >= VGIC_NR_SGIS && !irq->hw)
			irq->edge = value & 2;
	}
	vgic_changed(a->g, a->c, intid, before);
}

static bool access_fields(const struct access *a, const struct reg *r)
{
	u32 intid = (a->offset - r->first) * 8 / r->bits;

	if (a->size != 4 && !(a->size == 1 && r->bits == 8))
		return false;
	for (u32 shift = 0; shift < a->size * 8; shift += r->bits, intid++) {
		u8 field = FIELD(*a->value, shift + r->bits - 1, shift);

		/* GICD's of private interrupts, and those of INTIDs that are not there, read as 0. */
		if (intid >= VGIC_NR_INTIDS || (intid < VGIC_NR_PRIVATE) != (a->c != NULL))
			continue;
		if (!a->write)
			*a->value |= (u64)get_field(vgic_find(a->g, a->c, intid), r->id) << shift;
		else if (field || !(r->flags & (SET | CLEAR)))
			set_field(a, intid, r->id, r->flags & CLEAR ? 0 : field);
	}
	return true;
}

static void set_groups(struct vgic *g, u64 ctlr)
{
	g->enable_group0 = ctlr & GICD_CTLR_ENABLE_GRP0;
	g->enable_group1 = ctlr & GICD_CTLR_ENABLE_GRP1;
}

/* Who need not look again is not kicked; most interrupts are quiet. SPIs: with vCPU 0. */
static void write_ctlr(struct vgic *g, u64 old, u64 value)
{
	for (u32 i = 0; i < g->nr_cpus; i++) {
		u32 end = i ? VGIC_NR_PRIVATE : VGIC_NR_INTIDS;

		for (u32 intid = 0; intid < end; intid++) {
			struct vgic_choice before;

			if (vgic_irq_quiet(vgic_find(g, g->cpu[i], intid)))
				continue;
			set_groups(g, old);
			before = vgic_choose(g, g->cpu[i], intid);
			set_groups(g, value);
			vgic_changed(g, g->cpu[i], intid, before);
		}
	}
	set_groups(g, value);
}

/* index: which of the registers of the row. */
static u64 read_reg(const struct access *a, enum reg_id id, u32 index)
{
	/* PIDR4 to PIDR7, PIDR0 to PIDR3, CIDR0 to CIDR3: a GICv3 of Arm. */
	static const u8 ids[] = {0x44, 0, 0, 0, 0x92, 0xb4, 0x3b, 0, 0x0d, 0xf0, 0x05, 0xb1};
	const struct vgic *g = a->g;
	const struct vgic_cpu *c = a->c;

	switch (id) {
	case CTLR:
		return GICD_CTLR_DS | GICD_CTLR_ARE |
		       (g->enable_group0 ? GICD_CTLR_ENABLE_GRP0 : 0) |
		       (g->enable_group1 ? GICD_CTLR_ENABLE_GRP1 : 0);
	case DIST_TYPER:
		return GICD_TYPER_ITLINES | GICD_TYPER_IDBITS | GICD_TYPER_RSS;
	case IROUTER:
		return g->spi[index].irouter;
	case REDIST_TYPER:
		return FIELD(c->mpidr, 39, 32) << 56 | FIELD(c->mpidr, 23, 0) << 32 |
		       (u64)c->index << 8 | (c->index == g->nr_cpus - 1 ? GICR_TYPER_LAST : 0);
	case WAKER:
		return c->awake ? 0 : GICR_WAKER_PROCESSOR_SLEEP | GICR_WAKER_CHILDREN_ASLEEP;
	case IIDR:
		return IIDR_ARM;
	default: /* ID; PIDR0 tells the frames apart */
		return c && index == 4 ? 0x93 : ids[index];
	}
}

/* Those of 8 bytes may be accessed by halves. What has no case here ignores writes. */
static bool access_reg(const struct access *a, const struct reg *r)
{
	u32 index = (a->offset - r->first) * 8 / r->bits;
	u32 shift = a->offset * 8 % r->bits;
	u64 mask = ~0ULL >> (64 - a->size * 8) << shift;
	u64 old = read_reg(a, r->id, index), value = (old & ~mask) | (*a->value << shift & mask);

	if (a->size < 4 || a->size * 8 > r->bits)
		return false;
	if (!a->write)
		*a->value = (old & mask) >> shift;
	else if (r->id == CTLR)
		write_ctlr(a->g, old, value);
	else if (r->id == IROUTER)
		vgic_set_irouter(a->g, VGIC_NR_PRIVATE + index, value & GICD_IROUTER_MASK);
	else if (r->id == WAKER)
		vgic_set_awake(a->c, !(value & GICR_WAKER_PROCESSOR_SLEEP));
	return true;
}

bool vgic_access(struct vgic *g, struct vgic_cpu *c, u32 offset, u32 size, bool write, u64 *value)
{
	struct access a = {g, c, offset, size, write, value};
	u8 frame = !a.c ? DIST : a.offset < SGI_FRAME ? REDIST : SGI;

	if (!a.write)
		*a.value = 0;
	if (frame == SGI)
		a.offset -= SGI_FRAME;
	if (!is_power_of_two(a.size) || a.size > 8 || !IS_ALIGNED(a.offset, a.size))
		return false;
	for (const struct reg *r = regs; r < regs + ARRAY_SIZE(regs); r++)
		if (r->flags & frame && a.offset >= r->first && a.offset < r->end)
			return r->bits < 32 ? access_fields(&a, r) : access_reg(&a, r);
	return true;
}

/* Below the SGI frame of a redistributor this wraps around, far above. */
bool vgic_needs_hold(const struct vgic_cpu *c, u32 offset)
{
	offset -= c ? SGI_FRAME : 0;
	return offset >= GICD_ICENABLER && offset < GICD_IPRIORITYR;
}
