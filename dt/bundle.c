/* SPDX-License-Identifier: BSD-2-Clause */
#include <libfdt.h>
#include "dt/bundle_private.h"
#include "hyp/lib/string.h"

/* Structure only. Without /configurations it is somebody's ramdisk: U-Boot hands over such, too. */
static bool read_frame(const struct dt_node *root, size_t size, struct dt_node *configurations,
		       struct dt_node *images)
{
	struct dt_node tree = *root;
	int err = dt_check(root->fdt, size);

	tree.offset = -1;
	if (err == -FDT_ERR_TRUNCATED && size >= FDT_V1_SIZE && fdt_magic(root->fdt) == FDT_MAGIC)
		return dt_refuse(&tree, "cut short: %u bytes by its header, %zu here",
				 fdt_totalsize(root->fdt), size);
	if (err == -FDT_ERR_BADMAGIC || err == -FDT_ERR_TRUNCATED ||
	    (!err && !dt_child(root, "configurations", configurations)))
		return dt_refuse(&tree,
				 "no FIT image with /configurations (for U-Boot wrap it: mkimage "
				 "-A arm64 -O linux -T ramdisk -C none -d vms.itb vms.uimg)");
	if (err)
		return dt_refuse(&tree, "malformed FIT image: %s", fdt_strerror(err));
	return dt_child(root, "images", images) || dt_refuse(&tree, "a FIT image without /images");
}

static bool read_block_size(const struct dt_node *root, struct bundle *b)
{
	struct dt_node node;

	b->block_size = MIB(128);
	if (dt_child(root, "lendvisor", &node) && !bundle_read_globals(&node, b))
		return false;
	return (is_power_of_two(b->block_size) && b->block_size >= MIB(2) &&
		b->block_size <= GIB(1)) ||
	       dt_refuse(&node, "block-size: not a power of two from 2 MiB to 1 GiB");
}

static bool find_vm(const struct bundle *b, const char *name, u32 *vm)
{
	for (*vm = 0; *vm < b->nr_vms; (*vm)++)
		if (!strcmp(b->vm[*vm].name, name))
			return true;
	return false;
}

static bool read_name(const struct dt_node *node, const struct bundle *b, struct bundle_vm *vm)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-";
	/* Tags and log files of others: a VM could not be told from them. */
	static const char *const reserved[] = {"lendvisor", "pool", "monitor", "raw", "firmware"};
	const char *name = dt_name(node);
	size_t len = 0;
	u32 other;

	while (name[len] && memchr(allowed, name[len], sizeof(allowed)))
		len++;
	if (name[len])
		return dt_refuse(node, "a VM's name has letters, digits, '_' and '-' only");
	if (!len || len >= sizeof(vm->name))
		return dt_refuse(node, "a VM's name has 1 to %zu characters", sizeof(vm->name) - 1);
	for (u32 i = 0; i < ARRAY_SIZE(reserved); i++)
		if (!strcmp(name, reserved[i]))
			return dt_refuse(node, "this name is taken: it stands for no VM");
	if (find_vm(b, name, &other))
		return dt_refuse(node, "a second VM of this name");
	memcpy(vm->name, name, len);
	return true;
}

/* The names in lend-to: each a VM, none twice, not the lender itself. */
static bool read_lend_to(const struct dt_node *node, const struct bundle *b, u32 lender,
			 u32 *lend_to)
{
	static const char name[] = "lendvisor,lend-to";
	u32 size, peer;
	const char *at = dt_find(node, name, &size), *end;

	if (!at)
		return true;
	end = at + size;
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

static bool read_vms(const struct dt_node *configurations, const struct bundle_limits *limits,
		     u32 nr_cpus, struct bundle *b)
{
	struct dt_node node = {0};
	u32 free_cpus = nr_cpus;

	while (dt_next_child(configurations, &node)) {
		struct bundle_vm *vm = &b->vm[b->nr_vms];

		if (b->nr_vms == BUNDLE_MAX_VMS)
			return dt_refuse(&node, "more than %u VMs", BUNDLE_MAX_VMS);
		if (!read_name(&node, b, vm) || !bundle_read_vm(&node, limits, vm))
			return false;
		if (vm->cpus > free_cpus)
			return dt_refuse(&node,
					 "lendvisor,cpus: %u asked for, %u of %u CPUs are left",
					 vm->cpus, free_cpus, nr_cpus);
		free_cpus -= vm->cpus;
		b->nr_vms++;
	}
	node.fdt = NULL;
	for (u32 vm = 0; dt_next_child(configurations, &node); vm++)
		if (!read_lend_to(&node, b, vm, &b->vm[vm].lend_to))
			return false;
	return b->nr_vms || dt_refuse(configurations, "no VM");
}

bool bundle_read(const void *fit, size_t size, u32 nr_cpus, u32 ipa_bits, struct bundle *b,
		 char why[DT_WHY_SIZE])
{
	struct dt_node root = {fit, 0, why, BUNDLE}, configurations;
	struct bundle_limits limits = {.ipa_end = BIT(ipa_bits)};

	memset(b, 0, sizeof(*b));
	why[0] = '\0';
	if (!read_frame(&root, size, &configurations, &limits.images) || !read_block_size(&root, b))
		return false;
	limits.block_size = b->block_size;
	return read_vms(&configurations, &limits, nr_cpus, b);
}
