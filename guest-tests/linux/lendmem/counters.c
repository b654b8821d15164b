// SPDX-License-Identifier: GPL-2.0
/* counters/ below the device's directory: the hypervisor's, and the driver's own since its load. */
#include <linux/sysfs.h>

#include "call.h"
#include "lendmem.h"

/* The one of the hypervisor's that comes in @reg. */
#define HYPERVISOR_COUNTER(_name, _reg) \
	static ssize_t _name##_show(struct device *dev, struct device_attribute *attr, char *buf) \
	{ \
		struct lendmem_result res; \
		int ret = lendmem_call(LEND_INFO, LEND_INFO_COUNTERS, 0, 0, 0, &res); \
\
		return ret ?: sysfs_emit(buf, "%llu\n", res._reg); \
	} \
	static DEVICE_ATTR_RO(_name)

#define DRIVER_COUNTER(_name) \
	static ssize_t _name##_show(struct device *dev, struct device_attribute *attr, char *buf) \
	{ \
		const struct lendmem *lm = dev_get_drvdata(dev); \
\
		return sysfs_emit(buf, "%llu\n", (u64)READ_ONCE(lm->counters._name)); \
	} \
	static DEVICE_ATTR_RO(_name)

HYPERVISOR_COUNTER(retrieved, x1);
HYPERVISOR_COUNTER(relinquished, x2);
HYPERVISOR_COUNTER(aborts, x3);
DRIVER_COUNTER(add_failed);
DRIVER_COUNTER(offline_failed);
DRIVER_COUNTER(retrieve_failed);
DRIVER_COUNTER(last_retrieve_us);
DRIVER_COUNTER(last_relinquish_us);
DRIVER_COUNTER(last_offline_us);
DRIVER_COUNTER(kept);

static struct attribute *counter_attrs[] = {
	&dev_attr_retrieved.attr,
	&dev_attr_relinquished.attr,
	&dev_attr_aborts.attr,
	&dev_attr_add_failed.attr,
	&dev_attr_offline_failed.attr,
	&dev_attr_retrieve_failed.attr,
	&dev_attr_last_retrieve_us.attr,
	&dev_attr_last_relinquish_us.attr,
	&dev_attr_last_offline_us.attr,
	&dev_attr_kept.attr,
	NULL,
};

const struct attribute_group lendmem_counter_group = {
	.name = "counters",
	.attrs = counter_attrs,
};
