/* SPDX-License-Identifier: BSD-2-Clause */
#include <libfdt.h>
#include "dt/prop.h"
#include "hyp/lib/error.h"
#include "hyp/lib/print.h"
#include "hyp/lib/string.h"

static bool printable(char c)
{
	return c >= ' ' && c <= '~';
}

int dt_check(const void *fdt, size_t size)
{
	/* Before version 16 a root may lack its name, which fdt_check_full() of libfdt 1.6.1 needs. */
	if (size >= FDT_V1_SIZE && fdt_magic(fdt) == FDT_MAGIC && fdt_version(fdt) < 16)
		return -FDT_ERR_BADVERSION;
	return fdt_check_full(fdt, size);
}

bool dt_refuse(const struct dt_node *node, const char *fmt, ...)
{
	char path[DT_WHY_SIZE / 2];
	char *why = node->why;
	size_t at;
	va_list ap;

	if (node->offset < 0)
		print_format(path, sizeof(path), "%s", node->tree);
	else if (fdt_get_path(node->fdt, node->offset, path, sizeof(path)) < 0)
		print_format(path, sizeof(path), ".../%s", dt_name(node));
	at = print_format(why, DT_WHY_SIZE, "%s: ", path);
	va_start(ap, fmt);
	print_vformat(why + at, DT_WHY_SIZE - at, fmt, ap);
	va_end(ap);
	/* Names come from the tree: nothing in them may reach the console as a control. */
	for (; *why; why++)
		if (!printable(*why))
			*why = '?';
	return false;
}

const char *dt_name(const struct dt_node *node)
{
	const char *name = fdt_get_name(node->fdt, node->offset, NULL);

	return name ? name : "?";
}

bool dt_next_child(const struct dt_node *parent, struct dt_node *child)
{
	int next = child->fdt ? fdt_next_subnode(parent->fdt, child->offset)
			      : fdt_first_subnode(parent->fdt, parent->offset);

	*child = *parent;
	child->offset = next;
	return next >= 0;
}

bool dt_child(const struct dt_node *parent, const char *name, struct dt_node *child)
{
	child->fdt = NULL;
	while (dt_next_child(parent, child))
		if (!strcmp(dt_name(child), name))
			return true;
	return false;
}

bool dt_compatible(const struct dt_node *root, const char *compatible, struct dt_node *node)
{
	*node = *root;
	do
		node->offset = fdt_node_offset_by_compatible(node->fdt, node->offset, compatible);
	while (node->offset >= 0 && !dt_enabled(node));
	return node->offset >= 0;
}

bool dt_enabled(const struct dt_node *node)
{
	u32 size;
	const char *status = dt_find(node, "status", &size);

	return !status || fdt_stringlist_contains(status, (int)size, "okay") ||
	       fdt_stringlist_contains(status, (int)size, "ok");
}

const void *dt_find(const struct dt_node *node, const char *name, u32 *size)
{
	return fdt_getprop(node->fdt, node->offset, name, (int *)size);
}

const void *dt_need(const struct dt_node *node, const char *name, u32 *size)
{
	const void *data = dt_find(node, name, size);

	if (!data)
		dt_refuse(node, "%s: missing", name);
	return data;
}

bool dt_number(const struct dt_node *node, const char *name, u32 nr_cells, u64 *value)
{
	u32 size;
	const void *cells = dt_need(node, name, &size);

	if (!cells)
		return false;
	if (!nr_cells)
		nr_cells = size == 4 ? 1 : 2;
	if (size != nr_cells * 4)
		return dt_refuse(node, "%s: %u bytes long, should be %u", name, size, nr_cells * 4);
	*value = dt_cells(cells, nr_cells);
	return true;
}

bool dt_string(const struct dt_node *node, const char *name, const char **value)
{
	u32 size, len = 0;
	const char *text = *value = dt_need(node, name, &size);

	if (!text)
		return false;
	while (len < size && printable(text[len]))
		len++;
	return (size && len == size - 1 && !text[len]) ||
	       dt_refuse(node, "%s: not one string of printable characters", name);
}

u64 dt_cells(const void *cells, u32 nr_cells)
{
	const u8 *p = cells;
	u64 value = 0;

	for (u32 i = 0; i < nr_cells * 4; i++)
		value = value << 8 | p[i];
	return value;
}

int dt_reg(const struct dt_node *node, u32 index, struct phys_range *range)
{
	int bus = fdt_parent_offset(node->fdt, node->offset);
	int address_cells = fdt_address_cells(node->fdt, bus);
	int size_cells = fdt_size_cells(node->fdt, bus);
	u32 size, entry;
	const u8 *reg = dt_find(node, "reg", &size);
	int len;

	if (!reg)
		return ERR_NOENT;
	entry = (u32)(address_cells + size_cells) * 4;
	if (address_cells < 1 || address_cells > 2 || size_cells < 1 || size_cells > 2 ||
	    size % entry)
		return ERR_INVAL;
	if (index >= size / entry)
		return ERR_NOENT;
	for (; bus > 0; bus = fdt_parent_offset(node->fdt, bus))
		if (!fdt_getprop(node->fdt, bus, "ranges", &len) || len)
			return ERR_INVAL;
	reg += index * entry;
	range->base = dt_cells(reg, (u32)address_cells);
	range->size = dt_cells(reg + address_cells * 4, (u32)size_cells);
	return range->base + range->size < range->base ? ERR_INVAL : OK;
}
