// SPDX-License-Identifier: BSD-2-Clause
#include <libfdt.h>
#include "dt/platform_private.h"
#include "hyp/lib/error.h"

#define GICR_STRIDE 0x20000

static const char *const gics[] = {"arm,gic-v3"};

/* Types in the first cell of an interrupt (binding arm,gic-v3), and the INTIDs they stand for. */
static const struct {
	u32 first;
	u32 nr;
} types[] = {
	{32, 988}, /* 0: SPI */
	{16, 16}, /* 1: PPI */
};

/* The INTID of the node's interrupt: entry index of its interrupts, in cells as the GIC has them. */
static bool read_interrupt(const struct dt_node *node, u32 cells, u32 index, u32 *intid)
{
	struct dt_prop prop;
	const u8 *entry;
	u64 type, nr;

	if (!dt_need(node, "interrupts", &prop))
		return false;
	if (prop.size % (cells * 4) || index >= prop.size / (cells * 4))
		return dt_refuse(node, "interrupts: no entry %u of %u cells", index, cells);
	entry = (const u8 *)prop.data + index * cells * 4;
	type = dt_cells(entry, 1);
	nr = dt_cells(entry + 4, 1);
	if (type >= ARRAY_SIZE(types) || nr >= types[type].nr)
		return dt_refuse(node, "interrupts: entry %u is neither SPI nor PPI", index);
	*intid = types[type].first + (u32)nr;
	return true;
}

bool platform_read_gic(const struct dt_node *root, struct platform *p)
{
	struct dt_node gic = *root;
	struct dt_prop prop;
	u32 nr = 1;
	u64 stride = GICR_STRIDE;

	gic.offset = platform_find(root->fdt, gics, ARRAY_SIZE(gics));
	if (gic.offset < 0)
		return true;
	if (dt_find(&gic, "#redistributor-regions", &prop) && !dt_u32(&gic, &prop, &nr))
		return false;
	if (!nr || nr > PLATFORM_MAX_GICR)
		return dt_refuse(&gic, "#redistributor-regions: %u, should be 1 to %u", nr,
				 PLATFORM_MAX_GICR);
	if (dt_find(&gic, "redistributor-stride", &prop) && !dt_number(&gic, &prop, &stride))
		return false;
	if (stride != GICR_STRIDE)
		return dt_refuse(&gic, "redistributor-stride: only 0x20000 is supported");
	if (dt_reg(gic.fdt, gic.offset, 0, &p->gicd) || !p->gicd.size)
		return dt_refuse(&gic, "reg: no usable distributor");
	for (u32 i = 0; i < nr; i++)
		if (dt_reg(gic.fdt, gic.offset, 1 + i, &p->gicr[i]) || !p->gicr[i].size)
			return dt_refuse(&gic, "reg: no usable redistributor region %u", i);
	p->nr_gicr = nr;
	p->has_gicv3 = true;
	return true;
}

/*
 * Where one of the timer's interrupts stands: with interrupt-names wherever the name is, else at its
 * fixed place. Too large for any property when the name is missing.
 */
static u32 timer_index(const struct dt_node *timer, const char *name, u32 place)
{
	int index;

	if (!fdt_getprop(timer->fdt, timer->offset, "interrupt-names", NULL))
		return place;
	index = fdt_stringlist_search(timer->fdt, timer->offset, "interrupt-names", name);
	return index < 0 ? UINT16_MAX : (u32)index;
}

static bool read_timer(const struct dt_node *root, u32 cells, struct platform *p)
{
	static const char *const compatible[] = {"arm,armv8-timer", "arm,armv7-timer"};
	struct dt_node timer = *root;

	timer.offset = platform_find(root->fdt, compatible, ARRAY_SIZE(compatible));
	if (timer.offset < 0)
		return dt_refuse_whole(root->why, HOST_FDT, "no timer node");
	return read_interrupt(&timer, cells, timer_index(&timer, "phys", 1),
			      &p->timer_phys_intid) &&
	       read_interrupt(&timer, cells, timer_index(&timer, "virt", 2),
			      &p->timer_virt_intid) &&
	       read_interrupt(&timer, cells, timer_index(&timer, "hyp-phys", 3),
			      &p->timer_hyp_intid);
}

bool platform_read_interrupts(const struct dt_node *root, struct platform *p)
{
	struct dt_node gic = *root, uart = *root;
	struct dt_prop prop;
	u32 cells;

	if (!p->has_gicv3)
		return true;
	gic.offset = platform_find(root->fdt, gics, ARRAY_SIZE(gics));
	uart.offset = platform_find_uart(root->fdt);
	if (!dt_need(&gic, "#interrupt-cells", &prop) || !dt_u32(&gic, &prop, &cells))
		return false;
	if (cells < 3 || cells > 4)
		return dt_refuse(&gic, "#interrupt-cells: should be 3 or 4");
	return read_interrupt(&gic, cells, 0, &p->maintenance_intid) &&
	       read_interrupt(&uart, cells, 0, &p->uart_intid) && read_timer(root, cells, p);
}
