// SPDX-License-Identifier: BSD-2-Clause
#include <libfdt.h>
#include "dt/prop.h"
#include "hyp/lib/error.h"

/* One step up: from an address on the bus to one of its parent's. */
static int translate(const void *fdt, int bus, int parent, struct phys_range *range)
{
	const int bus_cells = fdt_address_cells(fdt, bus), size_cells = fdt_size_cells(fdt, bus);
	const int parent_cells = fdt_address_cells(fdt, parent);
	int len, entry;
	const u8 *ranges = fdt_getprop(fdt, bus, "ranges", &len);

	if (!ranges)
		return ERR_INVAL;
	if (!len)
		return OK;
	if (bus_cells < 1 || bus_cells > 2 || parent_cells < 1 || parent_cells > 2 ||
	    size_cells < 1 || size_cells > 2)
		return ERR_INVAL;
	entry = (bus_cells + parent_cells + size_cells) * 4;
	for (; len >= entry; len -= entry, ranges += entry) {
		const u64 from = dt_cells(ranges, bus_cells);
		const u64 to = dt_cells(ranges + bus_cells * 4, parent_cells);
		const u64 size = dt_cells(ranges + (bus_cells + parent_cells) * 4, size_cells);

		if (range->base < from || range->base - from >= size ||
		    range->size > size - (range->base - from))
			continue;
		range->base = to + (range->base - from);
		return range->base + range->size >= range->base ? OK : ERR_INVAL;
	}
	return ERR_INVAL;
}

int dt_reg(const void *fdt, int node, u32 index, struct phys_range *range)
{
	int bus = fdt_parent_offset(fdt, node), parent, len, err;
	int address_cells, size_cells, entry;
	const u8 *reg = fdt_getprop(fdt, node, "reg", &len);

	if (bus < 0 || !reg)
		return ERR_NOENT;
	address_cells = fdt_address_cells(fdt, bus);
	size_cells = fdt_size_cells(fdt, bus);
	if (address_cells < 1 || address_cells > 2 || size_cells < 1 || size_cells > 2)
		return ERR_INVAL;
	entry = (address_cells + size_cells) * 4;
	if (len % entry)
		return ERR_INVAL;
	if (index >= (u32)(len / entry))
		return ERR_NOENT;
	reg += index * (u32)entry;
	range->base = dt_cells(reg, address_cells);
	range->size = dt_cells(reg + address_cells * 4, size_cells);
	if (range->base + range->size < range->base)
		return ERR_INVAL;
	for (; (parent = fdt_parent_offset(fdt, bus)) >= 0; bus = parent) {
		err = translate(fdt, bus, parent, range);
		if (err)
			return err;
	}
	return OK;
}
