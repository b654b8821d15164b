// SPDX-License-Identifier: BSD-2-Clause
#include <libfdt.h>
#include "dt/bundle_private.h"
#include "hyp/lib/print.h"
#include "hyp/lib/string.h"

#define BUNDLE "bundle" /* stands for the node where there is none to name */
#define BLOCK_SIZE_DEFAULT MIB(128)

/* Structure only. Without /configurations it is somebody's ramdisk: U-Boot hands over such, too. */
static bool read_frame(const void *fit, size_t size, const struct dt_node *root,
		       struct dt_node *configurations, struct dt_node *images)
{
	const int err = fdt_check_full(fit, size);

	if (err == -FDT_ERR_TRUNCATED && size >= FDT_V1_SIZE && fdt_magic(fit) == FDT_MAGIC)
		return dt_refuse_whole(root->why, BUNDLE,
				       "cut short: %u bytes by its header, %zu here",
				       fdt_totalsize(fit), size);
	if (err == -FDT_ERR_BADMAGIC || err == -FDT_ERR_TRUNCATED ||
	    (!err && !dt_child(root, "configurations", configurations)))
		return dt_refuse_whole(
			root->why, BUNDLE,
			"no FIT image with /configurations (for U-Boot wrap it: mkimage "
			"-A arm64 -O linux -T ramdisk -C none -d vms.itb vms.uimg)");
	if (err)
		return dt_refuse_whole(root->why, BUNDLE, "malformed FIT image: %s",
				       fdt_strerror(err));
	return dt_child(root, "images", images) ||
	       dt_refuse_whole(root->why, BUNDLE, "a FIT image without /images");
}

static bool check_block_size(const struct dt_node *node, const struct dt_prop *prop,
			     u64 *block_size)
{
	if (!dt_u64(node, prop, block_size))
		return false;
	return (is_power_of_two(*block_size) && *block_size >= MIB(2) && *block_size <= GIB(1)) ||
	       dt_refuse(node, "block-size: not a power of two from 2 MiB to 1 GiB");
}

static bool read_globals(const struct dt_node *root, u64 *block_size)
{
	struct dt_node node;
	int at;

	*block_size = BLOCK_SIZE_DEFAULT;
	if (!dt_child(root, "lendvisor", &node))
		return true;
	fdt_for_each_property_offset(at, node.fdt, node.offset)
	{
		struct dt_prop prop;
		int size;

		prop.data = fdt_getprop_by_offset(node.fdt, at, &prop.name, &size);
		prop.size = (u32)size;
		if (!strcmp(prop.name, "block-size")) {
			if (!check_block_size(&node, &prop, block_size))
				return false;
		} else if (strcmp(prop.name, "description")) {
			return dt_refuse(&node, "%s: unknown property", prop.name);
		}
	}
	return fdt_first_subnode(node.fdt, node.offset) < 0 ||
	       dt_refuse(&node, "has a subnode, and none is known");
}

static bool read_name(const struct dt_node *node, const struct bundle *b, struct bundle_vm *vm)
{
	const char *name = dt_name(node);
	size_t len = 0;

	for (; name[len]; len++) {
		const char c = name[len];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '_' || c == '-'))
			return dt_refuse(node, "a VM's name has letters, digits, '_' and '-' only");
	}
	if (!len || len >= sizeof(vm->name))
		return dt_refuse(node, "a VM's name has 1 to %zu characters", sizeof(vm->name) - 1);
	for (const struct bundle_vm *other = b->vm; other < vm; other++)
		if (!strcmp(other->name, name))
			return dt_refuse(node, "a second VM of this name");
	memcpy(vm->name, name, len);
	return true;
}

static bool find_vm(const struct bundle *b, const char *name, u32 *vm)
{
	for (*vm = 0; *vm < b->nr_vms; (*vm)++)
		if (!strcmp(b->vm[*vm].name, name))
			return true;
	return false;
}

/* One row of lend-to names after another: each a VM, none twice, not the lender itself. */
static bool read_lend_to(const struct dt_node *node, const struct bundle *b, u32 lender,
			 u32 *lend_to)
{
	static const char name[] = "lendvisor,lend-to";
	struct dt_prop prop;
	const char *at, *end;
	u32 peer;

	if (!dt_find(node, name, &prop))
		return true;
	at = prop.data;
	end = at + prop.size;
	if (at == end || end[-1])
		return dt_refuse(node, "%s: not a list of strings", name);
	for (; at < end; at += strlen(at) + 1) {
		if (!find_vm(b, at, &peer))
			return dt_refuse(node, "%s: there is no VM \"%s\"", name, at);
		if (peer == lender)
			return dt_refuse(node, "%s: names the VM itself", name);
		if (*lend_to & BIT(peer))
			return dt_refuse(node, "%s: names \"%s\" twice", name, at);
		*lend_to |= (u32)BIT(peer);
	}
	return true;
}

static bool read_vms(const struct dt_node *configurations, const struct dt_node *images,
		     const struct bundle_limits *limits, u32 nr_cpus, struct bundle *b)
{
	struct dt_node node = *configurations;
	u32 free_cpus = nr_cpus;

	for (node.offset = fdt_first_subnode(node.fdt, node.offset); node.offset >= 0;
	     node.offset = fdt_next_subnode(node.fdt, node.offset)) {
		struct bundle_vm *vm = &b->vm[b->nr_vms];

		if (b->nr_vms == BUNDLE_MAX_VMS)
			return dt_refuse(&node, "more than %u VMs", BUNDLE_MAX_VMS);
		if (!read_name(&node, b, vm) || !bundle_read_vm(&node, images, limits, vm))
			return false;
		if (vm->cpus > free_cpus)
			return dt_refuse(&node,
					 "lendvisor,cpus: %u asked for, %u of %u CPUs are left",
					 vm->cpus, free_cpus, nr_cpus);
		free_cpus -= vm->cpus;
		b->nr_vms++;
	}
	return b->nr_vms || dt_refuse(configurations, "no VM");
}

static bool read_peers(const struct dt_node *configurations, struct bundle *b)
{
	struct dt_node node = *configurations;
	u32 vm = 0;

	for (node.offset = fdt_first_subnode(node.fdt, node.offset); node.offset >= 0;
	     node.offset = fdt_next_subnode(node.fdt, node.offset), vm++)
		if (!read_lend_to(&node, b, vm, &b->vm[vm].lend_to))
			return false;
	return true;
}

bool bundle_read(const void *fit, size_t size, u32 nr_cpus, u32 ipa_bits, struct bundle *b,
		 char why[DT_WHY_SIZE])
{
	const struct dt_node root = {fit, 0, why};
	struct dt_node configurations, images;
	struct bundle_limits limits = {.ipa_end = BIT(ipa_bits)};

	memset(b, 0, sizeof(*b));
	why[0] = '\0';
	if (!read_frame(fit, size, &root, &configurations, &images) ||
	    !read_globals(&root, &b->block_size))
		return false;
	limits.block_size = b->block_size;
	return read_vms(&configurations, &images, &limits, nr_cpus, b) &&
	       read_peers(&configurations, b);
}
