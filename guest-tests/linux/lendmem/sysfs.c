// SPDX-License-Identifier: GPL-2.0
/* The device's own files: what it is, and what a person or a script wants of it. */
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/time64.h>

#include "lendmem.h"

static const struct {
	const char *name;
	u32 bit;
} lend_flags[] = {
	{"revocable", LEND_LEND_REVOCABLE},
	{"keep", LEND_LEND_KEEP},
	{"adoptable", LEND_LEND_ADOPTABLE},
};

static ssize_t window_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct lendmem *lm = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%#llx-%#llx\n", (u64)lm->base, lendmem_window_end(lm) - 1);
}
static DEVICE_ATTR_RO(window);

static ssize_t block_size_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct lendmem *lm = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%llu\n", lm->block_size);
}
static DEVICE_ATTR_RO(block_size);

static ssize_t nr_slots_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct lendmem *lm = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", lm->nr_slots);
}
static DEVICE_ATTR_RO(nr_slots);

static int parse_lend_flags(char *text, u32 *flags)
{
	char *name;
	int i;

	*flags = 0;
	while ((name = strsep(&text, ", \n"))) {
		if (!*name)
			continue;
		for (i = 0; i < ARRAY_SIZE(lend_flags); i++) {
			if (!strcmp(name, lend_flags[i].name))
				break;
		}
		if (i == ARRAY_SIZE(lend_flags))
			return -EINVAL;
		*flags |= lend_flags[i].bit;
	}
	return 0;
}

/* "SLOT PEER [FLAG...]". The write returns when the block is on offer to the peer. */
static ssize_t lend_store(struct device *dev, struct device_attribute *attr, const char *buf,
			  size_t count)
{
	struct lendmem *lm = dev_get_drvdata(dev);
	u32 slot, peer, flags;
	char name[64], *rest;
	int ret, used = 0;

	if (sscanf(buf, "%u %63s%n", &slot, name, &used) != 2)
		return -EINVAL;
	rest = kstrdup(buf + used, GFP_KERNEL);
	if (!rest)
		return -ENOMEM;
	ret = parse_lend_flags(rest, &flags);
	kfree(rest);
	if (!ret)
		ret = lendmem_peer_id(lm, name, &peer);
	if (!ret)
		ret = lendmem_lend(lm, slot, 1, peer, flags, false);
	return ret ?: count;
}
static DEVICE_ATTR_WO(lend);

/* "LOAN [MS]": handle, deadline. The write returns at once; the slot's state tells the rest. */
static ssize_t reclaim_store(struct device *dev, struct device_attribute *attr, const char *buf,
			     size_t count)
{
	u64 loan, deadline_ms = 0;
	int ret;

	if (sscanf(buf, "%llx %llu", &loan, &deadline_ms) < 1)
		return -EINVAL;
	if (deadline_ms > U64_MAX / NSEC_PER_MSEC)
		return -EINVAL;
	ret = lendmem_reclaim(dev_get_drvdata(dev), loan, deadline_ms * NSEC_PER_MSEC);
	return ret ?: count;
}
static DEVICE_ATTR_WO(reclaim);

static struct attribute *lendmem_attrs[] = {
	&dev_attr_window.attr, &dev_attr_block_size.attr, &dev_attr_nr_slots.attr,
	&dev_attr_lend.attr,   &dev_attr_reclaim.attr,    NULL,
};

static const struct attribute_group lendmem_group = {.attrs = lendmem_attrs};
const struct attribute_group *lendmem_groups[] = {&lendmem_group, NULL};
