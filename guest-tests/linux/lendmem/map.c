// SPDX-License-Identifier: GPL-2.0
/*
 * The FDT for the kernel that this one is going to kexec to: `map` reads it, `adopt` chooses of which
 * kind it is. The hypervisor writes it anew; adopting marks the slots that it lists, and these stay
 * with this VM until the marks are taken back. Looking marks nothing.
 */
#include <linux/crash_dump.h>
#include <linux/io.h>
#include <linux/of.h>
#include <linux/of_fdt.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "call.h"
#include "lendmem.h"
#include "parse.h"

/* Long enough for any, says docs/abi.md. In one piece, as kmalloc() gives it. */
#define MAP_SIZE 0x10000

static int nr_adopted(const struct lendmem *lm, u32 *nr)
{
	struct lendmem_slot_info info;
	u32 slot;
	int ret;

	*nr = 0;
	for (slot = 0; slot < lm->nr_slots; slot += max(info.run, 1U)) {
		ret = lendmem_call_slot_info(slot, &info);
		if (ret)
			return ret;
		if (info.flags & LEND_FLAG_ADOPTED)
			*nr += max(info.run, 1U);
	}
	return 0;
}

static u32 nr_slots_in(const struct lendmem *lm, const struct device_node *memory)
{
	u64 base, size;
	u32 nr = 0;
	int i = 0;

	while (!of_property_read_u64_index(memory, "reg", i++, &base) &&
	       !of_property_read_u64_index(memory, "reg", i++, &size)) {
		if (base >= lm->base && base < lendmem_window_end(lm))
			nr += size / lm->block_size;
	}
	return nr;
}

/* By the FDT itself: a slot that was revoked since the hypervisor listed it has no mark any more. */
static int count_listed(struct lendmem *lm)
{
	struct device_node *root, *node;
	void *nodes = of_fdt_unflatten_tree(lm->map.fdt, NULL, &root);

	if (!nodes)
		return -ENOMEM;
	lm->map.nr_listed = 0;
	for_each_child_of_node(root, node) {
		if (of_node_name_eq(node, "memory"))
			lm->map.nr_listed += nr_slots_in(lm, node);
	}
	kfree(nodes);
	return 0;
}

/* The caller holds map.lock. A call that is refused has marked nothing; what was written before holds. */
static int write_map(struct lendmem *lm, u32 mode)
{
	struct lendmem_map *map = &lm->map;
	struct lendmem_result res;
	int ret;

	if (!map->fdt)
		map->fdt = devm_kmalloc(lm->dev, MAP_SIZE, GFP_KERNEL);
	if (!map->fdt)
		return -ENOMEM;
	ret = lendmem_call(LEND_MAP, virt_to_phys(map->fdt), MAP_SIZE, mode, 0, &res);
	/* It is the blocks that are too many, in too many places. */
	if (ret == -ENOMEM)
		return -E2BIG;
	/* -EINVAL: the buffer itself was taken by force, when some of it was written. */
	if (!ret || ret == -EINVAL)
		map->size = 0;
	if (!ret)
		ret = count_listed(lm);
	if (ret)
		return ret;
	map->size = res.x1;
	return 0;
}

int lendmem_runs_in_window(struct lendmem *lm)
{
	u32 unit;

	for (unit = 0; unit < lm->nr_units; unit++) {
		if (lm->units[unit].is_boot_memory) {
			dev_warn(lm->dev, "slot %u is memory that this kernel was booted with\n",
				 lendmem_first_slot(lm, unit));
			return -EBUSY;
		}
	}
	return 0;
}

struct adopt_job {
	struct lendmem_job job;
	bool on;
};

/*
 * By the worker, so that it takes no block away meanwhile. Of a person's offlining that is half done the
 * hypervisor refuses the end: the notifier says so, and the slot is marked and held.
 */
static int adopt(struct lendmem *lm, struct lendmem_job *job)
{
	struct adopt_job *a = container_of(job, struct adopt_job, job);
	int ret = 0;

	mutex_lock(&lm->map.lock);
	/* Without its mark it could be recalled, and cannot be given back. */
	if (!a->on)
		ret = lendmem_runs_in_window(lm);
	if (!ret)
		ret = write_map(lm, a->on ? LEND_MAP_ADOPT : LEND_MAP_BOOT);
	if (ret)
		dev_warn(lm->dev, "no map for the next kernel: %s\n", lendmem_words(ret));
	else if (a->on)
		dev_info(lm->dev, "%u slots are marked for the next kernel, and stay\n",
			 lm->map.nr_listed);
	mutex_unlock(&lm->map.lock);
	/* What the kernel before had adopted is ours to use again; recalls and targets are heard again. */
	lendmem_mark(lm, 0, lm->nr_slots);
	lendmem_mark_target(lm);
	return ret;
}

static ssize_t adopt_store(struct device *dev, struct device_attribute *attr, const char *buf,
			   size_t count)
{
	struct adopt_job a = {.job.run = adopt};
	int ret;

	ret = lendmem_parse_switch(buf, &a.on);
	if (!ret)
		ret = lendmem_do(dev_get_drvdata(dev), &a.job);
	return ret ?: count;
}

static ssize_t adopt_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	u32 nr;
	int ret = nr_adopted(dev_get_drvdata(dev), &nr);

	return ret ?: sysfs_emit(buf, "%u\n", !!nr);
}
static DEVICE_ATTR_RW(adopt);

/* The caller holds map.lock. Is what was written before still right, or can it be written unasked? */
static int map_for_reader(struct lendmem *lm)
{
	struct lendmem_map *map = &lm->map;
	u32 nr;
	int ret;

	ret = nr_adopted(lm, &nr);
	if (ret)
		return ret;
	if (map->size && nr != map->nr_listed) {
		dev_warn(lm->dev, "the map lists %u slots, %u are left: write adopt again\n",
			 map->nr_listed, nr);
		return -ESTALE;
	}
	if (map->size)
		return 0;
	if (nr) {
		dev_warn(lm->dev, "%u slots are marked, by no map of this kernel: write adopt\n",
			 nr);
		return -ENODATA;
	}
	return write_map(lm, LEND_MAP_BOOT);
}

static ssize_t map_read(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			char *buf, loff_t pos, size_t count)
{
	struct lendmem *lm = dev_get_drvdata(kobj_to_dev(kobj));
	ssize_t ret = 0;

	mutex_lock(&lm->map.lock);
	if (!pos)
		ret = map_for_reader(lm);
	if (!ret)
		ret = memory_read_from_buffer(buf, count, &pos, lm->map.fdt, lm->map.size);
	mutex_unlock(&lm->map.lock);
	return ret;
}
static BIN_ATTR_ADMIN_RO(map, 0);

/* There is no next kernel for a crash kernel to care for. */
static umode_t map_is_visible(struct kobject *kobj, struct bin_attribute *attr, int n)
{
	return is_kdump_kernel() ? 0 : attr->attr.mode;
}

static struct attribute *map_attrs[] = {&dev_attr_adopt.attr, NULL};
static struct bin_attribute *map_bin_attrs[] = {&bin_attr_map, NULL};

const struct attribute_group lendmem_map_group = {
	.attrs = map_attrs,
	.bin_attrs = map_bin_attrs,
	.is_visible = lendmem_file_is_visible,
	.is_bin_visible = map_is_visible,
};
