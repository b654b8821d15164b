// SPDX-License-Identifier: BSD-2-Clause
#include <libfdt.h>
#include "dt/hash.h"
#include "dt/platform_private.h"
#include "hyp/lib/error.h"
#include "hyp/lib/string.h"

static bool add_ram(const struct dt_node *node, struct platform *p, struct phys_range range)
{
	u32 at = p->nr_ram;

	if (p->nr_ram == PLATFORM_MAX_RAM)
		return dt_refuse(node, "reg: more than %u ranges of RAM", PLATFORM_MAX_RAM);
	for (; at && p->ram[at - 1].base > range.base; at--)
		p->ram[at] = p->ram[at - 1];
	p->ram[at] = range;
	p->nr_ram++;
	for (u32 i = 1; i < p->nr_ram; i++)
		if (ranges_overlap(p->ram[i - 1].base, p->ram[i - 1].size, p->ram[i].base,
				   p->ram[i].size))
			return dt_refuse(node, "reg: RAM at 0x%llx is listed twice",
					 (unsigned long long)p->ram[i].base);
	return true;
}

static bool add_reserved(const struct dt_node *node, struct platform *p, struct phys_range range)
{
	if (p->nr_reserved == PLATFORM_MAX_RESERVED)
		return dt_refuse(node, "more than %u reserved ranges", PLATFORM_MAX_RESERVED);
	p->reserved[p->nr_reserved++] = range;
	return true;
}

/* Hands every range of the node's reg that is not empty to add(). */
static bool read_ranges(const struct dt_node *node, struct platform *p,
			bool (*add)(const struct dt_node *, struct platform *, struct phys_range))
{
	struct phys_range range;
	int err;

	for (u32 i = 0; (err = dt_reg(node->fdt, node->offset, i, &range)) == OK; i++)
		if (range.size && !add(node, p, range))
			return false;
	return err == ERR_NOENT || dt_refuse(node, "reg: malformed");
}

bool platform_read_ram(const struct dt_node *root, struct platform *p)
{
	struct dt_node node = *root;

	node.offset = -1;
	while ((node.offset = fdt_node_offset_by_prop_value(node.fdt, node.offset, "device_type",
							    "memory", sizeof("memory"))) >= 0)
		if (dt_enabled(node.fdt, node.offset) && !read_ranges(&node, p, add_ram))
			return false;
	return p->nr_ram || dt_refuse_whole(root->why, HOST_FDT, "no memory node");
}

bool platform_read_reserved(const struct dt_node *root, struct platform *p)
{
	const int nr = fdt_num_mem_rsv(root->fdt);
	struct dt_node parent, node = *root;

	for (int i = 0; i < nr; i++) {
		struct phys_range range;

		if (fdt_get_mem_rsv(root->fdt, i, &range.base, &range.size) ||
		    range.base + range.size < range.base)
			return dt_refuse_whole(root->why, HOST_FDT, "malformed memory reservation");
		if (range.size && !add_reserved(root, p, range))
			return false;
	}
	if (!dt_child(root, "reserved-memory", &parent))
		return true;
	for (node.offset = fdt_first_subnode(node.fdt, parent.offset); node.offset >= 0;
	     node.offset = fdt_next_subnode(node.fdt, node.offset))
		if (dt_enabled(node.fdt, node.offset) && !read_ranges(&node, p, add_reserved))
			return false;
	return true;
}

bool platform_read_bundle(const struct dt_node *root, struct platform *p)
{
	struct dt_node chosen;
	struct dt_prop start_prop, end_prop;
	u64 start, end;

	if (!dt_child(root, "chosen", &chosen) ||
	    !dt_find(&chosen, "linux,initrd-start", &start_prop))
		return true;
	if (!dt_need(&chosen, "linux,initrd-end", &end_prop) ||
	    !dt_number(&chosen, &start_prop, &start) || !dt_number(&chosen, &end_prop, &end))
		return false;
	if (end < start)
		return dt_refuse(&chosen, "linux,initrd-end: before linux,initrd-start");
	p->bundle = (struct phys_range){start, end - start};
	return true;
}

void platform_read_seed(const struct dt_node *root, struct platform *p)
{
	static const char *const names[] = {"kaslr-seed", "rng-seed"};
	u8 digest[SHA256_SIZE];
	struct dt_node chosen;
	struct sha256 hash;

	if (!dt_child(root, "chosen", &chosen))
		return;
	sha256_begin(&hash);
	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		struct dt_prop prop;

		if (dt_find(&chosen, names[i], &prop))
			sha256_update(&hash, prop.data, prop.size);
	}
	if (!hash.size)
		return;
	sha256_finish(&hash, digest);
	p->seed = dt_cells(digest, 2);
}
