/* SPDX-License-Identifier: BSD-2-Clause */
#include <libfdt.h>
#include "dt/bundle_private.h"
#include "hyp/lib/string.h"

enum kind {
	NUMBER, /* a u32 or u64, as the field is */
	FLAG, /* a bool */
	WORD, /* one of the row's words; the field, an enum or a bool, gets its number */
	TEXT, /* a char array */
	ELSEWHERE, /* read by a step of its own, or for people */
};

struct row {
	const char *name; /* NULL ends a table */
	enum kind kind;
	size_t field; /* offset in what is read */
	size_t size; /* of the field */
	const char *const *words;
};

const char *const vm_mode_names[] = {
	[VM_MODE_STANDBY] = "standby",
	[VM_MODE_DYNAMIC] = "dynamic",
	[VM_MODE_VIRTIO_MEM] = "virtio-mem",
	NULL,
};
static const char *const absents[] = {"zero", "abort", NULL};
static const char *const crashes[] = {"stop", "reset", NULL};
static const char *const revokeds[] = {"abort", "crash", NULL};

#define FIELD_OF(type, member) offsetof(type, member), sizeof(((type *)NULL)->member)
#define VM(member) FIELD_OF(struct bundle_vm, member)

/* All that may stand in these nodes (docs/bundle.md). */
static const struct row vm_rows[] = {
	{"description", ELSEWHERE, 0, 0, NULL},
	{"phandle", ELSEWHERE, 0, 0, NULL},
	{"kernel", ELSEWHERE, 0, 0, NULL},
	{"ramdisk", ELSEWHERE, 0, 0, NULL},
	{"bootargs", TEXT, VM(bootargs), NULL},
	{"lendvisor,cpus", NUMBER, VM(cpus), NULL},
	{"lendvisor,boot-memory", NUMBER, VM(boot_memory), NULL},
	{"lendvisor,owned-memory", NUMBER, VM(owned_memory), NULL},
	{"lendvisor,pool-slots", NUMBER, VM(pool_slots), NULL},
	{"lendvisor,window", ELSEWHERE, 0, 0, NULL},
	{"lendvisor,quota", NUMBER, VM(quota), NULL},
	{"lendvisor,mode", WORD, VM(mode), vm_mode_names},
	{"lendvisor,min-recall", NUMBER, VM(min_recall_ns), NULL},
	{"lendvisor,lend-to", ELSEWHERE, 0, 0, NULL},
	{"lendvisor,manager", FLAG, VM(manager), NULL},
	{"lendvisor,absent", WORD, VM(absent_abort), absents},
	{"lendvisor,on-crash", WORD, VM(reset_on_crash), crashes},
	{"lendvisor,on-revoked", WORD, VM(crash_on_revoked), revokeds},
	{"lendvisor,scrub-boot-memory", FLAG, VM(scrub_boot_memory), NULL},
	{NULL, ELSEWHERE, 0, 0, NULL},
};
static const struct row global_rows[] = {
	{"description", ELSEWHERE, 0, 0, NULL},
	{"block-size", NUMBER, FIELD_OF(struct bundle, block_size), NULL},
	{NULL, ELSEWHERE, 0, 0, NULL},
};

static bool read_flag(const struct dt_node *node, const char *name, u64 *flag)
{
	u32 size;

	*flag = dt_find(node, name, &size) != NULL;
	return !size || dt_refuse(node, "%s: is a flag and takes no value", name);
}

static bool read_text(const struct dt_node *node, const struct row *row, char *field)
{
	const char *text;
	size_t len;

	if (!dt_string(node, row->name, &text))
		return false;
	len = strlen(text);
	if (len >= row->size)
		return dt_refuse(node, "%s: %zu characters, %zu are the most", row->name, len,
				 row->size - 1);
	memcpy(field, text, len);
	return true;
}

/* The number of the row's word. */
static bool read_word(const struct dt_node *node, const struct row *row, u64 *number)
{
	const char *word;

	if (!dt_string(node, row->name, &word))
		return false;
	for (*number = 0; row->words[*number]; (*number)++)
		if (!strcmp(word, row->words[*number]))
			return true;
	return dt_refuse(node, "%s: \"%s\" is none of its values", row->name, word);
}

static bool read_row(const struct dt_node *node, const struct row *row, void *field)
{
	u64 number = 0;
	bool ok = true;

	if (row->kind == TEXT)
		return read_text(node, row, field);
	if (row->kind == NUMBER)
		ok = dt_number(node, row->name, (u32)row->size / 4, &number);
	if (row->kind == FLAG)
		ok = read_flag(node, row->name, &number);
	if (row->kind == WORD)
		ok = read_word(node, row, &number);
	memcpy(field, &number, row->size); /* little-endian, as arm64 and the host are */
	return ok;
}

/* Every property has a row, each once, and there are no subnodes. */
static bool read_table(const struct dt_node *node, const struct row *rows, void *into)
{
	u64 seen = 0;
	int at;

	fdt_for_each_property_offset(at, node->fdt, node->offset)
	{
		const struct row *row = rows;
		const char *name;

		fdt_getprop_by_offset(node->fdt, at, &name, NULL);
		while (row->name && strcmp(row->name, name))
			row++;
		if (!row->name)
			return dt_refuse(node, "%s: unknown property", name);
		if (seen & BIT(row - rows))
			return dt_refuse(node, "%s: stands here twice", name);
		seen |= BIT(row - rows);
		if (!read_row(node, row, (u8 *)into + row->field))
			return false;
	}
	return fdt_first_subnode(node->fdt, node->offset) < 0 ||
	       dt_refuse(node, "has a subnode, and none is known");
}

bool bundle_read_globals(const struct dt_node *node, struct bundle *b)
{
	return read_table(node, global_rows, b);
}

bool bundle_read_rows(const struct dt_node *node, struct bundle_vm *vm)
{
	return read_table(node, vm_rows, vm);
}
