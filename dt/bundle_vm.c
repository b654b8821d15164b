// SPDX-License-Identifier: BSD-2-Clause
#include <libfdt.h>
#include "dt/bundle_private.h"
#include "dt/guest_fdt.h"
#include "hyp/lib/print.h"
#include "hyp/lib/string.h"

enum kind {
	U32,
	U64,
	FLAG,
	TEXT, /* into bootargs */
	MODE, /* one of the row's words; its number is an enum vm_mode */
	EITHER, /* the second of the row's two words: a bool */
	LATER, /* read by a step of its own */
	IGNORED,
};

static const char *const modes[] = {
	[VM_MODE_STANDBY] = "standby",
	[VM_MODE_DYNAMIC] = "dynamic",
	[VM_MODE_VIRTIO_MEM] = "virtio-mem",
	NULL,
};
static const char *const absents[] = {"zero", "abort", NULL};
static const char *const crashes[] = {"stop", "reset", NULL};

#define VM(member) offsetof(struct bundle_vm, member)

/* All that may stand in a VM's node (docs/bundle.md). */
static const struct row {
	const char *name;
	enum kind kind;
	size_t field; /* offset in struct bundle_vm */
	const char *const *words;
} rows[] = {
	{"description", IGNORED, 0, NULL},
	{"phandle", IGNORED, 0, NULL},
	{"kernel", LATER, 0, NULL},
	{"ramdisk", LATER, 0, NULL},
	{"bootargs", TEXT, VM(bootargs), NULL},
	{"lendvisor,cpus", U32, VM(cpus), NULL},
	{"lendvisor,boot-memory", U64, VM(boot_memory), NULL},
	{"lendvisor,owned-memory", U64, VM(owned_memory), NULL},
	{"lendvisor,pool-slots", U32, VM(pool_slots), NULL},
	{"lendvisor,window", LATER, 0, NULL},
	{"lendvisor,quota", U32, VM(quota), NULL},
	{"lendvisor,mode", MODE, VM(mode), modes},
	{"lendvisor,min-recall", U64, VM(min_recall_ns), NULL},
	{"lendvisor,lend-to", LATER, 0, NULL},
	{"lendvisor,manager", FLAG, VM(manager), NULL},
	{"lendvisor,absent", EITHER, VM(absent_abort), absents},
	{"lendvisor,on-crash", EITHER, VM(reset_on_crash), crashes},
	{"lendvisor,scrub-boot-memory", FLAG, VM(scrub_boot_memory), NULL},
};

static const struct row *find_row(const char *name)
{
	for (const struct row *row = rows; row < rows + ARRAY_SIZE(rows); row++)
		if (!strcmp(row->name, name))
			return row;
	return NULL;
}

static bool read_choice(const struct dt_node *node, const struct row *row,
			const struct dt_prop *prop, u32 *choice)
{
	const char *word;

	if (!dt_string(node, prop, &word))
		return false;
	for (*choice = 0; row->words[*choice]; (*choice)++)
		if (!strcmp(word, row->words[*choice]))
			return true;
	return dt_refuse(node, "%s: \"%s\" is none of its values", prop->name, word);
}

static bool read_bootargs(const struct dt_node *node, const struct dt_prop *prop, char *bootargs)
{
	const char *text;

	if (!dt_string(node, prop, &text))
		return false;
	if (prop->size > BUNDLE_BOOTARGS_SIZE)
		return dt_refuse(node, "bootargs: %u characters, %u are the most", prop->size - 1,
				 BUNDLE_BOOTARGS_SIZE - 1);
	memcpy(bootargs, text, prop->size);
	return true;
}

static bool read_row(const struct dt_node *node, const struct row *row, const struct dt_prop *prop,
		     struct bundle_vm *vm)
{
	void *field = (u8 *)vm + row->field;
	u32 choice;

	switch (row->kind) {
	case U32:
		return dt_u32(node, prop, field);
	case U64:
		return dt_u64(node, prop, field);
	case FLAG:
		return dt_flag(node, prop, field);
	case TEXT:
		return read_bootargs(node, prop, field);
	case MODE:
		if (!read_choice(node, row, prop, &choice))
			return false;
		*(enum vm_mode *)field = choice;
		return true;
	case EITHER:
		if (!read_choice(node, row, prop, &choice))
			return false;
		*(bool *)field = choice;
		return true;
	case LATER:
	case IGNORED:
		return true;
	}
	return false;
}

static bool read_rows(const struct dt_node *node, struct bundle_vm *vm)
{
	u32 seen = 0;
	int at;

	fdt_for_each_property_offset(at, node->fdt, node->offset)
	{
		const struct row *row;
		struct dt_prop prop;
		int size;

		prop.data = fdt_getprop_by_offset(node->fdt, at, &prop.name, &size);
		prop.size = (u32)size;
		row = find_row(prop.name);
		if (!row)
			return dt_refuse(node, "%s: unknown property", prop.name);
		if (seen & BIT(row - rows))
			return dt_refuse(node, "%s: stands here twice", prop.name);
		seen |= (u32)BIT(row - rows);
		if (!read_row(node, row, &prop, vm))
			return false;
	}
	return fdt_first_subnode(node->fdt, node->offset) < 0 ||
	       dt_refuse(node, "has a subnode, and none is known");
}

static bool check_sizes(const struct dt_node *node, const struct bundle_limits *limits,
			const struct bundle_vm *vm)
{
	struct dt_prop prop;
	char size[24];

	if (!vm->cpus)
		return dt_refuse(node, "lendvisor,cpus: must not be 0");
	if (!dt_need(node, "lendvisor,boot-memory", &prop))
		return false;
	if (!vm->boot_memory || !IS_ALIGNED(vm->boot_memory, MIB(2)))
		return dt_refuse(node, "lendvisor,boot-memory: not a multiple of 2 MiB above 0");
	if (vm->boot_memory > limits->ipa_end - GUEST_RAM_BASE)
		return dt_refuse(node, "lendvisor,boot-memory: ends beyond a VM's addresses");
	if (!IS_ALIGNED(vm->owned_memory, limits->block_size))
		return dt_refuse(node, "lendvisor,owned-memory: not a multiple of block-size, %s",
				 print_size(size, limits->block_size));
	if (vm->owned_memory >= limits->ipa_end)
		return dt_refuse(node, "lendvisor,owned-memory: more than a VM's addresses");
	return true;
}

/* The arm64 Linux boot protocol: a magic number at offset 56 of a header of 64 bytes. */
static bool has_linux_header(const struct bundle_image *image)
{
	return image->size >= 64 && !memcmp((const u8 *)image->data + 56, "ARM\x64", 4);
}

static bool read_kernel(const struct dt_node *node, const struct dt_node *images,
			struct bundle_vm *vm)
{
	const u64 ram_end = GUEST_RAM_BASE + vm->boot_memory;
	struct bundle_image *kernel = &vm->kernel;
	struct dt_node image = *images;

	if (!bundle_read_image(node, images, "kernel", kernel))
		return false;
	image.offset = kernel->node;
	if (has_linux_header(kernel))
		return !kernel->arm32 ||
		       dt_refuse(&image, "arch: \"arm\", but the data is for arm64");
	if (!bundle_read_place(images, kernel))
		return false;
	if (kernel->load < GUEST_RAM_BASE || kernel->load >= ram_end ||
	    kernel->size > ram_end - kernel->load)
		return dt_refuse(&image, "load: not in the boot memory of %s", vm->name);
	if (kernel->entry % 4 || kernel->entry < kernel->load ||
	    kernel->entry - kernel->load >= kernel->size)
		return dt_refuse(&image, "entry: not an instruction inside the image");
	return true;
}

bool bundle_read_vm(const struct dt_node *node, const struct dt_node *images,
		    const struct bundle_limits *limits, struct bundle_vm *vm)
{
	struct dt_prop prop;

	vm->cpus = 1;
	if (!read_rows(node, vm) || !check_sizes(node, limits, vm) ||
	    !bundle_read_window(node, limits, vm))
		return false;
	if (!dt_find(node, "lendvisor,quota", &prop))
		vm->quota = vm->pool_slots;
	if (!read_kernel(node, images, vm))
		return false;
	return !dt_find(node, "ramdisk", &prop) ||
	       bundle_read_image(node, images, "ramdisk", &vm->ramdisk);
}
