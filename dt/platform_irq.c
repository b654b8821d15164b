/* SPDX-License-Identifier: BSD-2-Clause */
#include <libfdt.h>
#include "dt/platform_private.h"

#define GICR_STRIDE 0x20000

/* Types in the first cell of an interrupt (binding arm,gic-v3), and the INTIDs they stand for. */
static const struct {
	u32 first;
	u32 nr;
} types[] = {
	{32, 988}, /* 0: SPI */
	{16, 16}, /* 1: PPI */
};

/* The INTID of the node's interrupt: entry index of its interrupts, in cells as the GIC has them. */
static bool read_interrupt(const struct dt_node *node, u64 cells, u32 index, u32 *intid)
{
	u32 size;
	const u8 *entry = dt_need(node, "interrupts", &size);
	u64 type, nr;

	if (!entry)
		return false;
	if (size % (cells * 4) || index >= size / (cells * 4))
		return dt_refuse(node, "interrupts: no entry %u of %u cells", index, (u32)cells);
	entry += index * cells * 4;
	type = dt_cells(entry, 1);
	nr = dt_cells(entry + 4, 1);
	if (type >= ARRAY_SIZE(types) || nr >= types[type].nr)
		return dt_refuse(node, "interrupts: entry %u is neither SPI nor PPI", index);
	*intid = types[type].first + (u32)nr;
	return true;
}

/*
 * One of the timer's interrupts: with interrupt-names wherever the name is, else at its fixed place.
 * An index too large for any property when the name is missing.
 */
static bool read_timer(const struct dt_node *timer, u64 cells, const char *name, u32 place,
		       u32 *intid)
{
	if (dt_find(timer, "interrupt-names", NULL)) {
		int index =
			fdt_stringlist_search(timer->fdt, timer->offset, "interrupt-names", name);

		place = index < 0 ? UINT16_MAX : (u32)index;
	}
	return read_interrupt(timer, cells, place, intid);
}

static bool read_registers(const struct dt_node *gic, struct platform *p)
{
	u64 nr = 1, stride = GICR_STRIDE;

	if (dt_find(gic, "#redistributor-regions", NULL) &&
	    !dt_number(gic, "#redistributor-regions", 1, &nr))
		return false;
	if (!nr || nr > PLATFORM_MAX_GICR)
		return dt_refuse(gic, "#redistributor-regions: %u, should be 1 to %u", (u32)nr,
				 PLATFORM_MAX_GICR);
	if (dt_find(gic, "redistributor-stride", NULL) &&
	    !dt_number(gic, "redistributor-stride", 0, &stride))
		return false;
	if (stride != GICR_STRIDE)
		return dt_refuse(gic, "redistributor-stride: only 0x20000 is supported");
	if (dt_reg(gic, 0, &p->gicd) || !p->gicd.size)
		return dt_refuse(gic, "reg: no usable distributor");
	for (; p->nr_gicr < nr; p->nr_gicr++) {
		struct phys_range *region = &p->gicr[p->nr_gicr];

		if (dt_reg(gic, 1 + p->nr_gicr, region) || !region->size)
			return dt_refuse(gic, "reg: no usable redistributor region %u", p->nr_gicr);
	}
	return true;
}

bool platform_read_gic(const struct dt_node *root, struct platform *p)
{
	struct dt_node gic, timer, uart;
	u64 cells;

	p->has_gicv3 = dt_compatible(root, "arm,gic-v3", &gic);
	if (!p->has_gicv3)
		return true;
	if (!read_registers(&gic, p) || !dt_number(&gic, "#interrupt-cells", 1, &cells))
		return false;
	if (cells < 3 || cells > 4)
		return dt_refuse(&gic, "#interrupt-cells: should be 3 or 4");
	platform_find_uart(root, &uart);
	if (!dt_compatible(root, "arm,armv8-timer", &timer))
		return dt_refuse(&timer, "no timer node");
	return read_interrupt(&gic, cells, 0, &p->maintenance_intid) &&
	       read_interrupt(&uart, cells, 0, &p->uart_intid) &&
	       read_timer(&timer, cells, "phys", 1, &p->timer_phys_intid) &&
	       read_timer(&timer, cells, "virt", 2, &p->timer_virt_intid) &&
	       read_timer(&timer, cells, "hyp-phys", 3, &p->timer_hyp_intid);
}
