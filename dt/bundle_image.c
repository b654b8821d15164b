// SPDX-License-Identifier: BSD-2-Clause
#include <libfdt.h>
#include "dt/bundle_private.h"
#include "hyp/lib/string.h"

/* The property has one of two values, or is not there although it may be left out. */
static bool check_word(const struct dt_node *node, const char *name, bool needed, const char *a,
		       const char *b)
{
	struct dt_prop prop;
	const char *word;

	if (!dt_find(node, name, &prop))
		return !needed || dt_need(node, name, &prop);
	if (!dt_string(node, &prop, &word))
		return false;
	return !strcmp(word, a) || !strcmp(word, b) ||
	       dt_refuse(node, "%s: \"%s\" is not supported here", name, word);
}

static bool read_data(const struct dt_node *node, struct bundle_image *image)
{
	static const char *const external[] = {"data-offset", "data-position", "data-size"};
	struct dt_prop prop;

	for (u32 i = 0; i < ARRAY_SIZE(external); i++)
		if (dt_find(node, external[i], &prop))
			return dt_refuse(node, "%s: external data (mkimage -E) is not supported",
					 external[i]);
	if (!dt_need(node, "data", &prop))
		return false;
	image->data = prop.data;
	image->size = prop.size;
	return prop.size || dt_refuse(node, "data: empty");
}

static bool is_hash_node(const struct dt_node *node)
{
	const char *name = dt_name(node);

	return !strncmp(name, "hash", 4) && (!name[4] || name[4] == '-' || name[4] == '@');
}

bool bundle_read_hash_node(const struct dt_node *node, enum hash_algo *algo, const u8 **value)
{
	struct dt_prop prop;
	const char *name;

	if (!dt_need(node, "algo", &prop) || !dt_string(node, &prop, &name))
		return false;
	*algo = hash_by_name(name);
	if (*algo == HASH_NR_ALGOS)
		return dt_refuse(node, "algo: \"%s\" is not supported (crc32 and sha256 are)",
				 name);
	if (!dt_need(node, "value", &prop))
		return false;
	*value = prop.data;
	return prop.size == hash_size(*algo) ||
	       dt_refuse(node, "value: %u bytes long, should be %zu", prop.size, hash_size(*algo));
}

/* At least one hash, and nothing else: a signature or a cipher would silently not be honoured. */
static bool check_hash_nodes(const struct dt_node *node)
{
	struct dt_node child = *node;
	enum hash_algo algo;
	const u8 *value;
	u32 nr = 0;

	for (child.offset = fdt_first_subnode(node->fdt, node->offset); child.offset >= 0;
	     child.offset = fdt_next_subnode(node->fdt, child.offset), nr++) {
		if (!is_hash_node(&child))
			return dt_refuse(&child, "only hash nodes are supported in an image");
		if (!bundle_read_hash_node(&child, &algo, &value))
			return false;
	}
	return nr || dt_refuse(node, "no hash node");
}

bool bundle_read_image(const struct dt_node *vm, const struct dt_node *images, const char *role,
		       struct bundle_image *image)
{
	struct dt_node node;
	struct dt_prop prop;
	const char *name;

	if (!dt_need(vm, role, &prop) || !dt_string(vm, &prop, &name))
		return false;
	if (!dt_child(images, name, &node))
		return dt_refuse(vm, "%s: there is no /images/%s", role, name);
	image->node = node.offset;
	if (!check_word(&node, "type", true, role, role) ||
	    !check_word(&node, "arch", true, "arm64", "arm") ||
	    !check_word(&node, "compression", false, "none", "none") || !read_data(&node, image))
		return false;
	image->arm32 = dt_find(&node, "arch", &prop) && !strcmp(prop.data, "arm");
	return check_hash_nodes(&node);
}

bool bundle_read_place(const struct dt_node *images, struct bundle_image *image)
{
	const struct dt_node node = {images->fdt, image->node, images->why};
	struct dt_prop load, entry;

	if (!dt_find(&node, "load", &load) || !dt_find(&node, "entry", &entry))
		return dt_refuse(&node, "without the arm64 Linux header it needs load and entry");
	image->has_load = true;
	return dt_number(&node, &load, &image->load) && dt_number(&node, &entry, &image->entry);
}
