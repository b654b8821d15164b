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

/* A node being read. All zero: none yet. */
struct dt_node {
	const void *fdt;
	int offset; /* negative: there is no such node, and a refusal is of the tree as a whole */
	char *why; /* DT_WHY_SIZE bytes; written when something is refused */
	const char *tree; /* what a refusal calls the tree as a whole */
};

/* Is fdt, of at most size bytes, a whole and sound tree? 0, or libfdt's error. */
int dt_check(const void *fdt, size_t size);

/* Writes "<path of the node>: <text>" into why and returns false, for use in a return statement. */
bool dt_refuse(const struct dt_node *node, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The node's name with its unit address. Never NULL. */
const char *dt_name(const struct dt_node *node);

/* Each child in turn, from a child that is none yet on. False: there is no more. */
bool dt_next_child(const struct dt_node *parent, struct dt_node *child);

/* The child of exactly this name (libfdt's own search takes "a@1" for "a"). False: there is none. */
bool dt_child(const struct dt_node *parent, const char *name, struct dt_node *child);

/* The tree's first enabled node that is compatible with this. False: there is none. */
bool dt_compatible(const struct dt_node *root, const char *compatible, struct dt_node *node);

/* Its status says so, or there is none. */
bool dt_enabled(const struct dt_node *node);

/* A property's value and its size in bytes (may be NULL). NULL: the node has no such property. */
const void *dt_find(const struct dt_node *node, const char *name, u32 *size);

/* The same for a property that has to be there: refused where it is not. */
const void *dt_need(const struct dt_node *node, const char *name, u32 *size);

/*
 * A property that has to be there, as one number of nr_cells cells (0: 1 or 2, both are legal) or as
 * one string of printable ASCII. False with the reason in why when it is not exactly that.
 */
bool dt_number(const struct dt_node *node, const char *name, u32 nr_cells, u64 *value);
bool dt_string(const struct dt_node *node, const char *name, const char **value);

/* nr_cells (0 to 2) 32-bit cells as one number. */
u64 dt_cells(const void *cells, u32 nr_cells);

/*
 * Entry index of the node's reg, as a CPU's physical address: all buses above hand addresses on as they
 * are. ERR_NOENT: no such entry. ERR_INVAL: malformed, wraps, or on a bus that translates.
 */
int dt_reg(const struct dt_node *node, u32 index, struct phys_range *range);

#endif
