/* SPDX-License-Identifier: BSD-2-Clause */
#include <libfdt.h>
#include "dt/bundle_private.h"
#include "dt/guest_fdt.h"
#include "hyp/lib/string.h"

/* The property is there and has one of two values. */
static bool check_word(const struct dt_node *node, const char *name, const char *a, const char *b)
{
	const char *word;

	if (!dt_string(node, name, &word))
		return false;
	return !strcmp(word, a) || !strcmp(word, b) ||
	       dt_refuse(node, "%s: \"%s\" is not supported here", name, word);
}

static bool read_data(const struct dt_node *node, struct bundle_image *image)
{
	static const char *const external[] = {"data-offset", "data-position", "data-size"};
	u32 size;

	for (u32 i = 0; i < ARRAY_SIZE(external); i++)
		if (dt_find(node, external[i], NULL))
			return dt_refuse(node, "%s: external data (mkimage -E) is not supported",
					 external[i]);
	image->data = dt_need(node, "data", &size);
	if (!image->data)
		return false;
	image->size = size;
	return size || dt_refuse(node, "data: empty");
}

bool bundle_read_hash_node(const struct dt_node *node, enum hash_algo *algo, const u8 **value)
{
	const char *name;
	u32 size;

	if (!dt_string(node, "algo", &name))
		return false;
	*algo = hash_by_name(name);
	if (*algo == HASH_NR_ALGOS)
		return dt_refuse(node, "algo: \"%s\" is not supported (crc32 and sha256 are)",
				 name);
	*value = dt_need(node, "value", &size);
	if (!*value)
		return false;
	return size == hash_size(*algo) ||
	       dt_refuse(node, "value: %u bytes long, should be %zu", size, hash_size(*algo));
}

/* At least one hash, and nothing else: a signature or a cipher would silently not be honoured. */
static bool check_hash_nodes(const struct dt_node *node)
{
	struct dt_node child = {0};
	enum hash_algo algo;
	const u8 *value;

	while (dt_next_child(node, &child)) {
		const char *name = dt_name(&child);

		if (strncmp(name, "hash", 4) || (name[4] && name[4] != '-' && name[4] != '@'))
			return dt_refuse(&child, "only hash nodes are supported in an image");
		if (!bundle_read_hash_node(&child, &algo, &value))
			return false;
	}
	return fdt_first_subnode(node->fdt, node->offset) >= 0 || dt_refuse(node, "no hash node");
}

/* The image that the property role of a VM's node names. Its type must be the role too. */
static bool read_image(const struct dt_node *vm, const struct dt_node *images, const char *role,
		       struct dt_node *node, struct bundle_image *image)
{
	const char *name, *arch;

	if (!dt_string(vm, role, &name))
		return false;
	if (!dt_child(images, name, node))
		return dt_refuse(vm, "%s: there is no /images/%s", role, name);
	image->node = node->offset;
	if (!check_word(node, "type", role, role) || !check_word(node, "arch", "arm64", "arm"))
		return false;
	if (dt_find(node, "compression", NULL) && !check_word(node, "compression", "none", "none"))
		return false;
	image->arm32 = dt_string(node, "arch", &arch) && !strcmp(arch, "arm");
	return read_data(node, image) && check_hash_nodes(node);
}

/* The arm64 Linux boot protocol: a magic number at offset 56 of a header of 64 bytes. */
static bool has_linux_header(const struct bundle_image *image)
{
	return image->size >= 64 && !memcmp((const u8 *)image->data + 56, "ARM\x64", 4);
}

static bool read_kernel(const struct dt_node *node, const struct dt_node *images,
			struct bundle_vm *vm)
{
	u64 ram_end = GUEST_RAM_BASE + vm->boot_memory;
	struct bundle_image *kernel = &vm->kernel;
	struct dt_node image;

	if (!read_image(node, images, "kernel", &image, kernel))
		return false;
	if (has_linux_header(kernel))
		return !kernel->arm32 ||
		       dt_refuse(&image, "arch: \"arm\", but the data is for arm64");
	kernel->has_load = true;
	if (!dt_find(&image, "load", NULL) || !dt_find(&image, "entry", NULL))
		return dt_refuse(&image, "without the arm64 Linux header it needs load and entry");
	if (!dt_number(&image, "load", 0, &kernel->load) ||
	    !dt_number(&image, "entry", 0, &kernel->entry))
		return false;
	if (kernel->load < GUEST_RAM_BASE || kernel->load >= ram_end ||
	    kernel->size > ram_end - kernel->load)
		return dt_refuse(&image, "load: not in the boot memory of %s", vm->name);
	if (kernel->entry % 4 || kernel->entry < kernel->load ||
	    kernel->entry - kernel->load >= kernel->size)
		return dt_refuse(&image, "entry: not an instruction inside the image");
	return true;
}

bool bundle_read_images(const struct dt_node *node, const struct dt_node *images,
			struct bundle_vm *vm)
{
	struct dt_node image;

	return read_kernel(node, images, vm) &&
	       (!dt_find(node, "ramdisk", NULL) ||
		read_image(node, images, "ramdisk", &image, &vm->ramdisk));
}
