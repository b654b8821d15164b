/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Register tables of the virtual distributor and redistributors. Two kinds of rows: registers that
 * hold one field for each of many interrupts, the same in GICD and in the SGI frame of a
 * redistributor, and all others.
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
#define GICD_IROUTER_MASK 0x80ffffffULL /* IRM, Aff2 to Aff0; no Aff3 (GICD_TYPER.A3V = 0) */
#define GICR_TYPER_LAST BIT(4)
#define GICR_WAKER_PROCESSOR_SLEEP BIT(1)
#define GICR_WAKER_CHILDREN_ASLEEP BIT(2)
#define SGI_FRAME 0x10000
#define IIDR_ARM 0x43b
#define PRIORITY_MASK 0xf8

/* One field per interrupt. */
struct irq_reg {
	u16 first, end; /* offsets, for INTID 0 on */
	u8 bits; /* of the field */
	bool bytes; /* byte accesses are allowed too */
	bool ones; /* writing zeros changes nothing */
	bool hold; /* see vgic_dist_needs_hold() */
	u8 (*get)(const struct vgic_irq *irq);
	/* c: whose private interrupt it is, NULL for SPIs. */
	void (*set)(struct vgic_cpu *c, u32 intid, struct vgic_irq *irq, u8 value);
};

static u8 get_group(const struct vgic_irq *irq)
{
	return irq->group1;
}

static void set_group(struct vgic_cpu *c, u32 intid, struct vgic_irq *irq, u8 value)
{
	(void)c, (void)intid;
	irq->group1 = value;
}

static u8 get_enabled(const struct vgic_irq *irq)
{
	return irq->enabled;
}

static void set_enabled(struct vgic_cpu *c, u32 intid, struct vgic_irq *irq, u8 value)
{
	(void)c, (void)intid, (void)value;
	irq->enabled = true;
}

static void clear_enabled(struct vgic_cpu *c, u32 intid, struct vgic_irq *irq, u8 value)
{
	(void)c, (void)intid, (void)value;
	irq->enabled = false;
}

static u8 get_pending(const struct vgic_irq *irq)
{
	return vgic_irq_pending(irq);
}

static void set_pending(struct vgic_cpu *c, u32 intid, struct vgic_irq *irq, u8 value)
{
	(void)c, (void)intid, (void)value;
	irq->latch = true;
}

static void clear_pending(struct vgic_cpu *c, u32 intid, struct vgic_irq *irq, u8 value)
{
	(void)intid, (void)value;
	irq->latch = false;
	/* If the physical line is high still, it fires again at once: a level's pending state stays. */
	if (!irq->active)
		vgic_release_phys(c, irq);
}

static u8 get_active(const struct vgic_irq *irq)
{
	return irq->active;
}

static void set_active(struct vgic_cpu *c, u32 intid, struct vgic_irq *irq, u8 value)
{
	(void)value;
	if (!irq->active)
		irq->active_on = intid < VGIC_NR_PRIVATE ? c->index : irq->target;
	irq->active = true;
}

static void clear_active(struct vgic_cpu *c, u32 intid, struct vgic_irq *irq, u8 value)
{
	(void)intid, (void)value;
	if (irq->active)
		vgic_end(c, irq);
}

static u8 get_priority(const struct vgic_irq *irq)
{
	return irq->priority;
}

static void set_priority(struct vgic_cpu *c, u32 intid, struct vgic_irq *irq, u8 value)
{
	(void)c, (void)intid;
	irq->priority = value & PRIORITY_MASK;
}

static u8 get_config(const struct vgic_irq *irq)
{
	return irq->edge ? 2 : 0;
}

static void set_config(struct vgic_cpu *c, u32 intid, struct vgic_irq *irq, u8 value)
{
	(void)c;
	/* SGIs are edges for good, and the timers behind hw are levels. */
	if (intid >= 16 && !irq->hw)
		irq->edge = value & 2;
}

static const struct irq_reg irq_regs[] = {
	/* IGROUPR */
	{0x080, 0x100, 1, .get = get_group, .set = set_group},
	/* ISENABLER, ICENABLER */
	{0x100, 0x180, 1, .ones = true, .get = get_enabled, .set = set_enabled},
	{0x180, 0x200, 1, .ones = true, .hold = true, .get = get_enabled, .set = clear_enabled},
	/* ISPENDR, ICPENDR */
	{0x200, 0x280, 1, .ones = true, .hold = true, .get = get_pending, .set = set_pending},
	{0x280, 0x300, 1, .ones = true, .hold = true, .get = get_pending, .set = clear_pending},
	/* ISACTIVER, ICACTIVER */
	{0x300, 0x380, 1, .ones = true, .hold = true, .get = get_active, .set = set_active},
	{0x380, 0x400, 1, .ones = true, .hold = true, .get = get_active, .set = clear_active},
	/* IPRIORITYR */
	{0x400, 0x800, 8, .bytes = true, .get = get_priority, .set = set_priority},
	/* ICFGR */
	{0xc00, 0xd00, 2, .get = get_config, .set = set_config},
};

/* Any other register. Those of 8 bytes may be accessed by halves. */
struct plain_reg {
	u32 first, end;
	u8 width; /* bytes */
	/* index: which of the registers from first on. Without write, writes are ignored. */
	u64 (*read)(struct vgic *g, struct vgic_cpu *c, u32 index);
	void (*write)(struct vgic *g, struct vgic_cpu *c, u32 index, u64 value);
};

static u64 dist_read_ctlr(struct vgic *g, struct vgic_cpu *c, u32 index)
{
	(void)c, (void)index;
	return GICD_CTLR_DS | GICD_CTLR_ARE | (g->enable_group0 ? GICD_CTLR_ENABLE_GRP0 : 0) |
	       (g->enable_group1 ? GICD_CTLR_ENABLE_GRP1 : 0);
}

static void set_groups(struct vgic *g, u64 ctlr)
{
	g->enable_group0 = ctlr & GICD_CTLR_ENABLE_GRP0;
	g->enable_group1 = ctlr & GICD_CTLR_ENABLE_GRP1;
}

static void set_groups_for(struct vgic *g, struct vgic_cpu *c, u32 intid, u64 old, u64 new)
{
	struct vgic_choice before;

	set_groups(g, old);
	before = vgic_choose(g, c, intid);
	set_groups(g, new);
	vgic_changed(g, c, intid, before);
}

static void dist_write_ctlr(struct vgic *g, struct vgic_cpu *c, u32 index, u64 value)
{
	u64 old = dist_read_ctlr(g, c, index);

	for (u32 i = 0; i < g->nr_cpus; i++)
		for (u32 intid = 0; intid < VGIC_NR_PRIVATE; intid++)
			set_groups_for(g, g->cpu[i], intid, old, value);
	for (u32 intid = VGIC_NR_PRIVATE; intid < VGIC_NR_INTIDS; intid++)
		set_groups_for(g, NULL, intid, old, value);
}

static u64 dist_read_typer(struct vgic *g, struct vgic_cpu *c, u32 index)
{
	(void)g, (void)c, (void)index;
	return GICD_TYPER_ITLINES | GICD_TYPER_IDBITS | GICD_TYPER_RSS;
}

static u64 read_iidr(struct vgic *g, struct vgic_cpu *c, u32 index)
{
	(void)g, (void)c, (void)index;
	return IIDR_ARM;
}

static u64 dist_read_irouter(struct vgic *g, struct vgic_cpu *c, u32 index)
{
	(void)c;
	return g->spi[index].irouter;
}

static void dist_write_irouter(struct vgic *g, struct vgic_cpu *c, u32 index, u64 value)
{
	u32 intid = VGIC_NR_PRIVATE + index;
	struct vgic_choice before = vgic_choose(g, c, intid);

	g->spi[index].irouter = value & GICD_IROUTER_MASK;
	g->spi[index].target = vgic_route(g, g->spi[index].irouter);
	vgic_changed(g, c, intid, before);
}

/* PIDR4 to PIDR7, PIDR0 to PIDR3, CIDR0 to CIDR3: a GICv3 of Arm; PIDR0 tells the frames apart. */
static u64 read_id(struct vgic *g, struct vgic_cpu *c, u32 index)
{
	static const u8 id[] = {0x44, 0, 0, 0, 0x92, 0xb4, 0x3b, 0, 0x0d, 0xf0, 0x05, 0xb1};

	(void)g;
	return c && index == 4 ? 0x93 : id[index];
}

static u64 redist_read_typer(struct vgic *g, struct vgic_cpu *c, u32 index)
{
	u64 affinity = FIELD(c->mpidr, 39, 32) << 24 | FIELD(c->mpidr, 23, 0);

	(void)index;
	return affinity << 32 | (u64)c->index << 8 |
	       (c->index == g->nr_cpus - 1 ? GICR_TYPER_LAST : 0);
}

static u64 redist_read_waker(struct vgic *g, struct vgic_cpu *c, u32 index)
{
	(void)g, (void)index;
	return c->awake ? 0 : GICR_WAKER_PROCESSOR_SLEEP | GICR_WAKER_CHILDREN_ASLEEP;
}

static void redist_write_waker(struct vgic *g, struct vgic_cpu *c, u32 index, u64 value)
{
	(void)g, (void)index;
	vgic_set_awake(c, !(value & GICR_WAKER_PROCESSOR_SLEEP));
}

static const struct plain_reg dist_regs[] = {
	{0x0000, 0x0004, 4, dist_read_ctlr, dist_write_ctlr},
	{0x0004, 0x0008, 4, dist_read_typer, NULL},
	{0x0008, 0x000c, 4, read_iidr, NULL},
	{0x6100, 0x6100 + 8 * VGIC_NR_SPIS, 8, dist_read_irouter, dist_write_irouter},
	{0xffd0, 0x10000, 4, read_id, NULL},
};

/* GICR_CTLR is all zero: no LPIs, and nothing is ever under way. */
static const struct plain_reg redist_regs[] = {
	{0x0004, 0x0008, 4, read_iidr, NULL},
	{0x0008, 0x0010, 8, redist_read_typer, NULL},
	{0x0014, 0x0018, 4, redist_read_waker, redist_write_waker},
	{0xffd0, 0x10000, 4, read_id, NULL},
};

struct plain_table {
	const struct plain_reg *regs;
	size_t nr;
};

static const struct plain_table dist_table = {dist_regs, ARRAY_SIZE(dist_regs)};
static const struct plain_table redist_table = {redist_regs, ARRAY_SIZE(redist_regs)};

static const struct irq_reg *find_irq_reg(u32 offset)
{
	for (size_t i = 0; i < ARRAY_SIZE(irq_regs); i++)
		if (offset >= irq_regs[i].first && offset < irq_regs[i].end)
			return &irq_regs[i];
	return NULL;
}

static const struct plain_reg *find_plain_reg(const struct plain_table *t, u32 offset)
{
	for (size_t i = 0; i < t->nr; i++)
		if (offset >= t->regs[i].first && offset < t->regs[i].end)
			return &t->regs[i];
	return NULL;
}

/* One access, to the redistributor of c, or to the distributor where c is NULL. */
struct access {
	struct vgic *g;
	struct vgic_cpu *c;
	u32 offset, size;
	bool write;
	u64 *value;
};

/* The distributor's fields of private interrupts, and those of INTIDs that are not there, read as 0. */
static bool has_field(const struct access *a, u32 intid)
{
	return a->c ? intid < VGIC_NR_PRIVATE : intid >= VGIC_NR_PRIVATE && intid < VGIC_NR_INTIDS;
}

static bool access_irqs(const struct access *a, const struct irq_reg *r, u32 offset)
{
	u32 first = (offset - r->first) * 8 / r->bits;
	u64 value = a->write ? *a->value : 0;

	if (a->size != 4 && !(a->size == 1 && r->bytes))
		return false;
	for (u32 i = 0; i < a->size * 8 / r->bits; i++) {
		u8 field = FIELD(value, (i + 1) * r->bits - 1, i * r->bits);
		struct vgic_choice before;
		struct vgic_irq *irq;

		if (!has_field(a, first + i))
			continue;
		irq = vgic_find(a->g, a->c, first + i);
		if (!a->write) {
			value |= (u64)r->get(irq) << (i * r->bits);
		} else if (field || !r->ones) {
			before = vgic_choose(a->g, a->c, first + i);
			r->set(a->c, first + i, irq, field);
			vgic_changed(a->g, a->c, first + i, before);
		}
	}
	*a->value = value;
	return true;
}

static bool access_plain(const struct access *a, const struct plain_reg *r)
{
	u32 index = (a->offset - r->first) / r->width;
	u32 shift = a->offset % r->width * 8;
	u64 mask = (a->size == 8 ? ~0ULL : BIT(a->size * 8) - 1) << shift;
	u64 old;

	if (a->size < 4 || a->size > r->width)
		return false;
	old = r->read(a->g, a->c, index);
	if (!a->write)
		*a->value = (old & mask) >> shift;
	else if (r->write)
		r->write(a->g, a->c, index, (old & ~mask) | (*a->value << shift & mask));
	return true;
}

static bool access(const struct access *a)
{
	/* Below the SGI frame this wraps around, to where no row is. */
	u32 irq_offset = a->c ? a->offset - SGI_FRAME : a->offset;
	const struct irq_reg *irq_reg = find_irq_reg(irq_offset);
	const struct plain_reg *plain =
		find_plain_reg(a->c ? &redist_table : &dist_table, a->offset);

	if (!is_power_of_two(a->size) || a->size > 8 || !IS_ALIGNED(a->offset, a->size))
		return false;
	if (irq_reg)
		return access_irqs(a, irq_reg, irq_offset);
	if (plain)
		return access_plain(a, plain);
	if (!a->write)
		*a->value = 0;
	return true;
}

bool vgic_dist_read(struct vgic *g, u32 offset, u32 size, u64 *value)
{
	return access(&(struct access){g, NULL, offset, size, false, value});
}

bool vgic_dist_write(struct vgic *g, u32 offset, u32 size, u64 value)
{
	return access(&(struct access){g, NULL, offset, size, true, &value});
}

bool vgic_redist_read(struct vgic *g, struct vgic_cpu *c, u32 offset, u32 size, u64 *value)
{
	return access(&(struct access){g, c, offset, size, false, value});
}

bool vgic_redist_write(struct vgic *g, struct vgic_cpu *c, u32 offset, u32 size, u64 value)
{
	return access(&(struct access){g, c, offset, size, true, &value});
}

bool vgic_dist_needs_hold(u32 offset)
{
	const struct irq_reg *r = find_irq_reg(offset);

	return r && r->hold;
}

bool vgic_redist_needs_hold(u32 offset)
{
	return vgic_dist_needs_hold(offset - SGI_FRAME);
}
