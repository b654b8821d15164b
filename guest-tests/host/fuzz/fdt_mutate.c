/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mutations of device trees as trees: blind changes of bytes rarely leave one that a reader takes. Every
 * fourth mutation is blind, for the checks of structure.
 */
#include <libfdt.h>
#include <string.h>
#include "guest-tests/host/fuzz/fdt_mutate.h"
#include "guest-tests/host/fuzz/fuzz.h"

#define ROOM 0x10000
#define MAX_VALUE 0x800

static _Alignas(8) u8 tree[ROOM];
static u32 rng;

void fuzz_check_why(const char why[DT_WHY_SIZE])
{
	size_t len = strnlen(why, DT_WHY_SIZE);

	must(len && len < DT_WHY_SIZE);
	for (size_t i = 0; i < len; i++)
		must(why[i] >= ' ' && why[i] <= '~');
}

static u32 rnd(u32 n)
{
	rng = rng * 1664525 + 1013904223;
	return (rng >> 8) % n;
}

static int pick_node(void)
{
	int nr = 0, picked = 0;

	for (int node = 0; node >= 0; node = fdt_next_node(tree, node, NULL))
		if (!rnd((u32)++nr))
			picked = node;
	return picked;
}

/* A property of any node; negative: the node picked has none. */
static int pick_property(int *node)
{
	int at, nr = 0, picked = -1;

	*node = pick_node();
	fdt_for_each_property_offset(at, tree, *node)
	{
		if (!rnd((u32)++nr))
			picked = at;
	}
	return picked;
}

static void change_value(void)
{
	u8 value[MAX_VALUE];
	char name[64];
	int node, len, at = pick_property(&node);
	const char *property;
	const u8 *old;
	size_t size;

	if (at < 0)
		return;
	old = fdt_getprop_by_offset(tree, at, &property, &len);
	if (!old || len > MAX_VALUE)
		return;
	snprintf(name, sizeof(name), "%s", property);
	memcpy(value, old, (size_t)len);
	size = LLVMFuzzerMutate(value, (size_t)len, rnd(2) && len ? (size_t)len : MAX_VALUE);
	fdt_setprop(tree, node, name, value, (int)size);
}

/* Numbers at their edges, in the cells that a node has. */
static void change_cell(void)
{
	static const u32 edges[] = {0, 1, 2, 3, 4, 0x20000, 0x40000000, 0x80000000, 0xffffffff};
	int node, len, at = pick_property(&node);
	struct fdt_property *property;
	fdt32_t cell;

	if (at < 0)
		return;
	property = (struct fdt_property *)(uintptr_t)fdt_get_property_by_offset(tree, at, &len);
	if (!property || len < 4)
		return;
	cell = cpu_to_fdt32(edges[rnd(ARRAY_SIZE(edges))]);
	memcpy(property->data + 4 * rnd((u32)len / 4), &cell, sizeof(cell));
}

static void drop_property(void)
{
	int node, at = pick_property(&node);
	const char *name;

	if (at >= 0 && fdt_getprop_by_offset(tree, at, &name, NULL))
		fdt_delprop(tree, node, name);
}

/* The value of one property under the name of another, in any node. */
static void copy_property(void)
{
	u8 value[MAX_VALUE];
	char name[64];
	int node, len, at = pick_property(&node);
	const char *property;
	const u8 *old;

	if (at < 0 || !fdt_getprop_by_offset(tree, at, &property, NULL))
		return;
	snprintf(name, sizeof(name), "%s", property);
	if (rnd(2))
		at = pick_property(&node);
	if (at < 0)
		return;
	old = fdt_getprop_by_offset(tree, at, NULL, &len);
	if (!old || len > MAX_VALUE)
		return;
	memcpy(value, old, (size_t)len);
	fdt_setprop(tree, pick_node(), name, value, len);
}

static void rename_node(void)
{
	char name[64];
	int node = pick_node();
	const char *old = fdt_get_name(tree, node, NULL);
	size_t size;

	snprintf(name, sizeof(name) - 1, "%s", old ? old : "");
	size = LLVMFuzzerMutate((u8 *)name, strlen(name), sizeof(name) - 1);
	name[size] = '\0';
	fdt_set_name(tree, node, name);
}

static void drop_node(void)
{
	int node = pick_node();

	if (node)
		fdt_del_node(tree, node);
}

/* A node with its properties once more, with another name. */
static void copy_node(void)
{
	int from = pick_node(), parent = fdt_parent_offset(tree, from), copy, at;
	char name[64];

	if (parent < 0)
		return;
	snprintf(name, sizeof(name), "%.40s%c", fdt_get_name(tree, from, NULL),
		 '0' + (char)rnd(10));
	copy = fdt_add_subnode(tree, parent, name);
	if (copy < 0)
		return;
	/* It stands before the other now, and so at a known place. */
	for (from = fdt_next_subnode(tree, copy); from >= 0; from = fdt_next_subnode(tree, from))
		if (!strncmp(name, fdt_get_name(tree, from, NULL), strlen(name) - 1))
			break;
	if (from < 0)
		return;
	fdt_for_each_property_offset(at, tree, from)
	{
		u8 value[MAX_VALUE];
		const char *property;
		int len, size = (int)fdt_totalsize(tree);
		const u8 *old = fdt_getprop_by_offset(tree, at, &property, &len);

		if (!old || len > MAX_VALUE || rnd(8) == 0)
			continue;
		memcpy(value, old, (size_t)len);
		snprintf(name, sizeof(name), "%s", property);
		size = fdt_off_dt_strings(tree);
		if (fdt_setprop(tree, copy, name, value, len))
			return;
		/* What stands behind it moved. */
		at += (int)fdt_off_dt_strings(tree) - size;
	}
}

static void add_reservation(void)
{
	fdt_add_mem_rsv(tree, (u64)rng << rnd(32), (u64)rnd(1 << 20) << rnd(46));
}

/* libfdt 1.6.1 is not to be asked for trees before version 16: it follows a null pointer. */
static bool is_tree(const u8 *data, size_t size)
{
	return size >= sizeof(struct fdt_header) && size <= ROOM && fdt_version(data) >= 16 &&
	       !fdt_check_full(data, size);
}

size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size, unsigned int seed)
{
	static void (*const changes[])(void) = {
		change_value,  change_value,  change_cell,     change_cell,
		drop_property, copy_property, rename_node,     drop_node,
		copy_node,     copy_property, add_reservation,
	};

	rng = seed;
	if (!rnd(4) || !is_tree(data, size) || fdt_open_into(data, tree, ROOM))
		return LLVMFuzzerMutate(data, size, max_size);
	for (u32 i = rnd(4) + 1; i; i--)
		changes[rnd(ARRAY_SIZE(changes))]();
	if (fdt_pack(tree) || fdt_totalsize(tree) > max_size)
		return LLVMFuzzerMutate(data, size, max_size);
	memcpy(data, tree, fdt_totalsize(tree));
	return fdt_totalsize(tree);
}
