// SPDX-License-Identifier: BSD-2-Clause
#include <libfdt.h>
#include "dt/platform_private.h"
#include "hyp/lib/string.h"

#define HOST_FDT_MAX_SIZE MIB(2) /* the arm64 boot protocol's limit, and ours where nobody tells */

static const char *const uarts[] = {"arm,pl011"};

int platform_find(const void *fdt, const char *const *compatible, u32 nr)
{
	for (u32 i = 0; i < nr; i++) {
		int node = -1;

		while ((node = fdt_node_offset_by_compatible(fdt, node, compatible[i])) >= 0)
			if (dt_enabled(fdt, node))
				return node;
	}
	return -1;
}

/* A string that ends within its property, or NULL. */
static const char *string_at(const void *fdt, int node, const char *name)
{
	int len;
	const char *s = fdt_getprop(fdt, node, name, &len);

	return s && len > 0 && strnlen(s, (size_t)len) < (size_t)len ? s : NULL;
}

/* The node that "/path:options" or "alias:options" names. Aliases of aliases are not followed. */
static int find_stdout(const void *fdt)
{
	const char *path = string_at(fdt, fdt_path_offset(fdt, "/chosen"), "stdout-path");
	char alias[32];
	const char *colon;
	size_t len;

	if (!path)
		return -1;
	colon = strchr(path, ':');
	len = colon ? (size_t)(colon - path) : strlen(path);
	if (*path != '/') {
		if (len >= sizeof(alias))
			return -1;
		memcpy(alias, path, len);
		alias[len] = '\0';
		path = string_at(fdt, fdt_path_offset(fdt, "/aliases"), alias);
		if (!path || *path != '/')
			return -1;
		len = strlen(path);
	}
	return fdt_path_offset_namelen(fdt, path, (int)len);
}

int platform_find_uart(const void *fdt)
{
	const int node = find_stdout(fdt);

	if (node >= 0 && !fdt_node_check_compatible(fdt, node, uarts[0]) && dt_enabled(fdt, node))
		return node;
	return platform_find(fdt, uarts, ARRAY_SIZE(uarts));
}

static bool read_uart(const struct dt_node *root, struct platform *p)
{
	struct dt_node uart = *root;
	struct phys_range range;

	uart.offset = platform_find_uart(root->fdt);
	if (uart.offset < 0)
		return dt_refuse_whole(root->why, HOST_FDT, "no PL011 UART");
	if (dt_reg(uart.fdt, uart.offset, 0, &range) || !range.size)
		return dt_refuse(&uart, "reg: no usable address");
	p->uart_base = range.base;
	p->uart_size = range.size;
	return true;
}

void platform_read_early(const void *fdt, struct platform *p)
{
	char why[DT_WHY_SIZE];
	const struct dt_node root = {fdt, 0, why};

	memset(p, 0, sizeof(*p));
	if (!fdt || fdt_check_header(fdt) || fdt_totalsize(fdt) > HOST_FDT_MAX_SIZE ||
	    fdt_check_full(fdt, fdt_totalsize(fdt)))
		return;
	read_uart(&root, p);
	platform_read_psci(&root, p);
}

bool platform_read(const void *fdt, size_t fdt_size, struct platform *p, char why[DT_WHY_SIZE])
{
	static bool (*const steps[])(const struct dt_node *root, struct platform *p) = {
		platform_read_ram,  platform_read_reserved,   platform_read_cpus,
		platform_read_psci, platform_read_bundle,     read_uart,
		platform_read_gic,  platform_read_interrupts,
	};
	const struct dt_node root = {fdt, 0, why};
	int err;

	memset(p, 0, sizeof(*p));
	why[0] = '\0';
	err = fdt_check_full(fdt, fdt_size);
	if (err)
		return dt_refuse_whole(why, HOST_FDT, "%s", fdt_strerror(err));
	for (u32 i = 0; i < ARRAY_SIZE(steps); i++)
		if (!steps[i](&root, p))
			return false;
	platform_read_seed(&root, p);
	return true;
}
