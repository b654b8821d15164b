/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Just enough of a flattened devicetree (devicetree specification 0.4, chapter 5), written apart from
 * libfdt so that the hypervisor's FDT is read by other eyes.
 */
#ifndef BARE_FDT_H
#define BARE_FDT_H

#include "hyp/lib/types.h"

struct fdt_node {
	const u32 *inside; /* the tokens after its name; NULL: no such node */
	const char *name;
};

/* The blob given at entry. */
extern const void *fdt;

bool fdt_valid(const void *blob);
u32 fdt_size(const void *blob);

/* The nth node, at any depth, with this name left of '@'. */
struct fdt_node fdt_find(const char *name, u32 nth);

/* A property's value, length in bytes; NULL without. */
const void *fdt_prop(struct fdt_node node, const char *name, u32 *length);

/* Big-endian words of a property: the index-th 32- or 64-bit one. 0 where there is none. */
u32 fdt_u32(struct fdt_node node, const char *name, u32 index);
u64 fdt_u64(struct fdt_node node, const char *name, u32 index);

/* Do both trees say the same, in the same order, nodes and properties aside whose name skip() knows? */
bool fdt_same(const void *a, const void *b, bool (*skip)(const char *name));

/* Boot memory, from /memory. */
u64 ram_base(void);
u64 ram_size(void);

#endif
