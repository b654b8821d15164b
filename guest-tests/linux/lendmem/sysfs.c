// SPDX-License-Identifier: GPL-2.0
/* What the device is and how it stands with the pool: its read-only files. */
#include <linux/sysfs.h>

#include "call.h"
#include "lendmem.h"

static ssize_t window_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct lendmem *lm = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%#llx-%#llx\n", (u64)lm->base, lendmem_window_end(lm) - 1);
}
static DEVICE_ATTR_RO(window);

static ssize_t mode_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct lendmem *lm = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%s\n", lendmem_mode_names[lm->mode]);
}
static DEVICE_ATTR_RO(mode);

/* The hypervisor's ABI. */
static ssize_t version_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct lendmem_result res;
	int ret = lendmem_call(LEND_VERSION, 0, 0, 0, 0, &res);

	return ret ?: sysfs_emit(buf, "%llu.%llu\n", res.x1 >> 16, res.x1 & 0xffff);
}
static DEVICE_ATTR_RO(version);

static ssize_t block_cost_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", lendmem_block_cost(dev_get_drvdata(dev)));
}
static DEVICE_ATTR_RO(block_cost);

static ssize_t wanted_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", lendmem_wanted(dev_get_drvdata(dev)));
}
static DEVICE_ATTR_RO(wanted);

/* A number that stays as it was at probe. */
#define FIXED(_name, _format) \
	static ssize_t _name##_show(struct device *dev, struct device_attribute *attr, char *buf) \
	{ \
		const struct lendmem *lm = dev_get_drvdata(dev); \
\
		return sysfs_emit(buf, _format "\n", lm->_name); \
	} \
	static DEVICE_ATTR_RO(_name)

/* One that the hypervisor is asked for. */
#define POOL(_name, _member) \
	static ssize_t _name##_show(struct device *dev, struct device_attribute *attr, char *buf) \
	{ \
		struct lendmem_pool pool; \
		int ret = lendmem_call_pool(&pool); \
\
		return ret ?: sysfs_emit(buf, "%u\n", pool._member); \
	} \
	static DEVICE_ATTR_RO(_name)

FIXED(block_size, "%llu");
FIXED(linux_block_size, "%llu");
FIXED(nr_slots, "%u");
FIXED(vm, "%u");
POOL(pool_held, held);
POOL(pool_free, free);
POOL(quota, quota);
POOL(own_slots, nr_own);
POOL(pool_slots, nr_promised);

static struct attribute *lendmem_attrs[] = {
	&dev_attr_window.attr,	   &dev_attr_block_size.attr, &dev_attr_linux_block_size.attr,
	&dev_attr_nr_slots.attr,   &dev_attr_vm.attr,	      &dev_attr_mode.attr,
	&dev_attr_version.attr,	   &dev_attr_block_cost.attr, &dev_attr_wanted.attr,
	&dev_attr_pool_held.attr,  &dev_attr_pool_free.attr,  &dev_attr_quota.attr,
	&dev_attr_pool_slots.attr, &dev_attr_own_slots.attr,  NULL,
};

static const struct attribute_group lendmem_group = {.attrs = lendmem_attrs};

const struct attribute_group *lendmem_groups[] = {
	&lendmem_group, &lendmem_command_group, &lendmem_map_group, &lendmem_counter_group, NULL,
};
