// SPDX-License-Identifier: BSD-2-Clause
#include <libfdt.h>
#include "dt/prop.h"
#include "hyp/lib/print.h"
#include "hyp/lib/string.h"

static bool printable(char c)
{
	return c >= ' ' && c <= '~';
}

/* "<what>: <text>". Names come from the tree: nothing in them may reach the console as a control. */
static void write_why(char *why, const char *what, const char *fmt, va_list ap)
{
	const size_t at = print_format(why, DT_WHY_SIZE, "%s: ", what);

	if (at < DT_WHY_SIZE)
		print_vformat(why + at, DT_WHY_SIZE - at, fmt, ap);
	for (; *why; why++)
		if (!printable(*why))
			*why = '?';
}

bool dt_refuse(const struct dt_node *node, const char *fmt, ...)
{
	char path[DT_WHY_SIZE / 2];
	va_list ap;

	if (fdt_get_path(node->fdt, node->offset, path, sizeof(path)) < 0)
		print_format(path, sizeof(path), ".../%s", dt_name(node));
	va_start(ap, fmt);
	write_why(node->why, path, fmt, ap);
	va_end(ap);
	return false;
}

bool dt_refuse_whole(char *why, const char *what, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_why(why, what, fmt, ap);
	va_end(ap);
	return false;
}

const char *dt_name(const struct dt_node *node)
{
	const char *name = fdt_get_name(node->fdt, node->offset, NULL);

	return name ? name : "?";
}

bool dt_child(const struct dt_node *parent, const char *name, struct dt_node *child)
{
	*child = *parent;
	for (child->offset = fdt_first_subnode(parent->fdt, parent->offset); child->offset >= 0;
	     child->offset = fdt_next_subnode(parent->fdt, child->offset))
		if (!strcmp(dt_name(child), name))
			return true;
	return false;
}

bool dt_find(const struct dt_node *node, const char *name, struct dt_prop *prop)
{
	int size;

	prop->name = name;
	prop->data = fdt_getprop(node->fdt, node->offset, name, &size);
	prop->size = prop->data ? (u32)size : 0;
	return prop->data;
}

bool dt_need(const struct dt_node *node, const char *name, struct dt_prop *prop)
{
	return dt_find(node, name, prop) || dt_refuse(node, "%s: missing", name);
}

static bool has_size(const struct dt_node *node, const struct dt_prop *prop, u32 size)
{
	return prop->size == size ||
	       dt_refuse(node, "%s: %u bytes long, should be %u", prop->name, prop->size, size);
}

bool dt_u32(const struct dt_node *node, const struct dt_prop *prop, u32 *value)
{
	if (!has_size(node, prop, 4))
		return false;
	*value = (u32)dt_cells(prop->data, 1);
	return true;
}

bool dt_u64(const struct dt_node *node, const struct dt_prop *prop, u64 *value)
{
	if (!has_size(node, prop, 8))
		return false;
	*value = dt_cells(prop->data, 2);
	return true;
}

bool dt_number(const struct dt_node *node, const struct dt_prop *prop, u64 *value)
{
	if (prop->size != 4 && !has_size(node, prop, 8))
		return false;
	*value = dt_cells(prop->data, prop->size / 4);
	return true;
}

bool dt_flag(const struct dt_node *node, const struct dt_prop *prop, bool *value)
{
	*value = true;
	return !prop->size || dt_refuse(node, "%s: is a flag and takes no value", prop->name);
}

bool dt_string(const struct dt_node *node, const struct dt_prop *prop, const char **value)
{
	const char *text = prop->data;
	u32 len = 0;

	while (len < prop->size && printable(text[len]))
		len++;
	*value = text;
	return (prop->size && len == prop->size - 1 && !text[len]) ||
	       dt_refuse(node, "%s: not one string of printable characters", prop->name);
}

u64 dt_cells(const void *cells, u32 nr_cells)
{
	const u8 *p = cells;
	u64 value = 0;

	for (u32 i = 0; i < nr_cells * 4; i++)
		value = value << 8 | p[i];
	return value;
}

bool dt_enabled(const void *fdt, int node)
{
	int len;
	const char *status = fdt_getprop(fdt, node, "status", &len);

	return !status || fdt_stringlist_contains(status, len, "okay") ||
	       fdt_stringlist_contains(status, len, "ok");
}
