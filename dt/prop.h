/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Strict reading of device-tree nodes, for all readers of this room: exact names, exact lengths, and
 * one line naming node and reason when something is refused. Pure. The tree passed fdt_check_full().
 * Source: Devicetree Specification 0.4, 2.2 and 2.3.
 */
#ifndef DT_PROP_H
#define DT_PROP_H

#include "dt/platform.h"
#include "hyp/lib/types.h"

/* A node being read. */
struct dt_node {
	const void *fdt;
	int offset;
	char *why; /* DT_WHY_SIZE bytes; written when something is refused */
};

struct dt_prop {
	const char *name;
	const void *data;
	u32 size; /* bytes */
};

/* Writes "<path of the node>: <text>" into why and returns false, for use in a return statement. */
bool dt_refuse(const struct dt_node *node, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The same without a node: what stands for it. */
bool dt_refuse_whole(char *why, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The node's name with its unit address. Never NULL. */
const char *dt_name(const struct dt_node *node);

/* The child of exactly this name (libfdt's own search takes "a@1" for "a"). False: there is none. */
bool dt_child(const struct dt_node *parent, const char *name, struct dt_node *child);

/* False: the node has no such property. */
bool dt_find(const struct dt_node *node, const char *name, struct dt_prop *prop);

/*
 * A property's value. False with the reason in why when it is not exactly one u32, one u64, one
 * number of either size, nothing at all, one string of printable ASCII.
 */
bool dt_u32(const struct dt_node *node, const struct dt_prop *prop, u32 *value);
bool dt_u64(const struct dt_node *node, const struct dt_prop *prop, u64 *value);
bool dt_number(const struct dt_node *node, const struct dt_prop *prop, u64 *value);
bool dt_flag(const struct dt_node *node, const struct dt_prop *prop, bool *value);
bool dt_string(const struct dt_node *node, const struct dt_prop *prop, const char **value);

/* The same for a property that has to be there. */
bool dt_need(const struct dt_node *node, const char *name, struct dt_prop *prop);

/* nr_cells (0 to 2) 32-bit cells as one number. */
u64 dt_cells(const void *cells, u32 nr_cells);

/* Its status says so, or there is none. */
bool dt_enabled(const void *fdt, int node);

/*
 * Entry index of the node's reg, as a CPU's physical address: through the ranges of every bus above.
 * ERR_NOENT: no such entry. ERR_INVAL: malformed, wraps, or not translated by a bus.
 */
int dt_reg(const void *fdt, int node, u32 index, struct phys_range *range);

#endif
