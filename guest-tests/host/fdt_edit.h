/* SPDX-License-Identifier: BSD-2-Clause */
/* Device trees for the host tests: built and changed with libfdt, where every failure ends the test. */
#ifndef HOST_FDT_EDIT_H
#define HOST_FDT_EDIT_H

#include <libfdt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FDT_EDIT_SIZE 0x10000

/* A property's value as bytes. */
struct value {
	const void *data;
	size_t size;
};

#define STR(s) ((struct value){s, sizeof(s)}) /* "a\0b" is a list of two */
#define BYTES(s) ((struct value){s, sizeof(s) - 1})
#define NOTHING ((struct value){"", 0})
#define U32(...)                                                                                   \
	fdt_edit_u32((const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}))
#define U64(...)                                                                                   \
	fdt_edit_u64((const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}))

/* Values of this form live until the 64th one after them. */
static inline uint8_t *fdt_edit_room(void)
{
	static uint8_t room[64][256];
	static unsigned next;

	return room[next++ % 64];
}

static inline struct value fdt_edit_u32(const uint32_t *cells, size_t size)
{
	uint8_t *bytes = fdt_edit_room();

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(cells[i / 4] >> (24 - i % 4 * 8));
	return (struct value){bytes, size};
}

static inline struct value fdt_edit_u64(const uint64_t *numbers, size_t size)
{
	uint8_t *bytes = fdt_edit_room();

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(numbers[i / 8] >> (56 - i % 8 * 8));
	return (struct value){bytes, size};
}

static inline int fdt_edit_must(int result)
{
	if (result < 0) {
		fprintf(stderr, "libfdt: %s\n", fdt_strerror(result));
		abort();
	}
	return result;
}

/* An empty tree with room. */
static inline void *fdt_edit_new(void)
{
	void *fdt = malloc(FDT_EDIT_SIZE);

	fdt_edit_must(fdt_create_empty_tree(fdt, FDT_EDIT_SIZE));
	return fdt;
}

/* Sets a property, adding the path's last node where it is not there yet. */
static inline void set(void *fdt, const char *path, const char *name, struct value value)
{
	const char *last = strrchr(path, '/');
	int node = fdt_path_offset(fdt, path);

	if (node < 0) {
		node = fdt_edit_must(
			fdt_path_offset_namelen(fdt, path, last == path ? 1 : (int)(last - path)));
		node = fdt_edit_must(fdt_add_subnode(fdt, node, last + 1));
	}
	if (name)
		fdt_edit_must(fdt_setprop(fdt, node, name, value.data, (int)value.size));
}

static inline void drop(void *fdt, const char *path, const char *name)
{
	const int node = fdt_edit_must(fdt_path_offset(fdt, path));

	fdt_edit_must(name ? fdt_delprop(fdt, node, name) : fdt_del_node(fdt, node));
}

/* A copy of exactly as many bytes as the tree has, for the address sanitizer to watch the end of. */
static inline void *fdt_edit_packed(const void *fdt, size_t *size)
{
	void *copy = malloc(FDT_EDIT_SIZE), *exact;

	fdt_edit_must(fdt_open_into(fdt, copy, FDT_EDIT_SIZE));
	fdt_edit_must(fdt_pack(copy));
	*size = fdt_totalsize(copy);
	exact = malloc(*size);
	memcpy(exact, copy, *size);
	free(copy);
	return exact;
}

#endif
