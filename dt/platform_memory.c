/* SPDX-License-Identifier: BSD-2-Clause */
#include <libfdt.h>
#include "dt/platform_private.h"
#include "hyp/lib/error.h"

static bool add_ram(const struct dt_node *node, struct platform *p, struct phys_range range)
{
	u32 at = p->nr_ram;

	if (p->nr_ram == PLATFORM_MAX_RAM)
		return dt_refuse(node, "reg: more than %u ranges of RAM", PLATFORM_MAX_RAM);
	for (u32 i = 0; i < p->nr_ram; i++)
		if (ranges_overlap(p->ram[i].base, p->ram[i].size, range.base, range.size))
			return dt_refuse(node, "reg: RAM at 0x%llx is listed twice",
					 (unsigned long long)max_u64(p->ram[i].base, range.base));
	for (; at && p->ram[at - 1].base > range.base; at--)
		p->ram[at] = p->ram[at - 1];
	p->ram[at] = range;
	p->nr_ram++;
	return true;
}

static bool add_reserved(const struct dt_node *node, struct platform *p, struct phys_range range)
{
	if (p->nr_reserved == PLATFORM_MAX_RESERVED)
		return dt_refuse(node, "more than %u reserved ranges", PLATFORM_MAX_RESERVED);
	p->reserved[p->nr_reserved++] = range;
	return true;
}

/* Hands every range of an enabled node's reg that is not empty to add(). */
static bool read_ranges(const struct dt_node *node, struct platform *p,
			bool (*add)(const struct dt_node *, struct platform *, struct phys_range))
{
	struct phys_range range;
	int err;

	if (!dt_enabled(node))
		return true;
	for (u32 i = 0; (err = dt_reg(node, i, &range)) == OK; i++)
		if (range.size && !add(node, p, range))
			return false;
	return err == ERR_NOENT || dt_refuse(node, "reg: malformed");
}

bool platform_read_ram(const struct dt_node *root, struct platform *p)
{
	struct dt_node node = *root;

	while ((node.offset = fdt_node_offset_by_prop_value(node.fdt, node.offset, "device_type",
							    "memory", sizeof("memory"))) >= 0)
		if (!read_ranges(&node, p, add_ram))
			return false;
	return p->nr_ram || dt_refuse(&node, "no memory node");
}

bool platform_read_reserved(const struct dt_node *root, struct platform *p)
{
	struct dt_node tree = *root, parent, node = {0};
	struct phys_range range;

	tree.offset = -1;
	for (int i = 0; i < fdt_num_mem_rsv(root->fdt); i++) {
		if (fdt_get_mem_rsv(root->fdt, i, &range.base, &range.size) ||
		    range.base + range.size < range.base)
			return dt_refuse(&tree, "malformed memory reservation");
		if (range.size && !add_reserved(root, p, range))
			return false;
	}
	if (!dt_child(root, "reserved-memory", &parent))
		return true;
	while (dt_next_child(&parent, &node))
		if (!read_ranges(&node, p, add_reserved))
			return false;
	return true;
}
