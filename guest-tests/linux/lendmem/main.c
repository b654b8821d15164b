// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/crash_dump.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>

#include "call.h"
#include "lendmem.h"

static int check_mode(struct device *dev)
{
	const char *mode = "standby";

	of_property_read_string(dev->of_node, "lendvisor,mode", &mode);
	if (!strcmp(mode, "standby"))
		return 0;
	return dev_err_probe(dev, -EOPNOTSUPP, "mode \"%s\" is not supported\n", mode);
}

/* The window as the hypervisor states it now; the device tree has to say the same. */
static int read_window(struct platform_device *pdev, struct lendmem *lm)
{
	struct device *dev = &pdev->dev;
	struct lendmem_info info;
	struct resource *res;
	int ret;

	ret = lendmem_call_info(&info);
	if (ret)
		return dev_err_probe(dev, ret, "the hypervisor tells nothing\n");
	if (!info.nr_slots || !info.block_size)
		return dev_err_probe(dev, -ENODEV, "this VM has no window\n");
	res = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	if (!res || res->start != info.base ||
	    resource_size(res) != info.nr_slots * info.block_size)
		return dev_err_probe(dev, -EINVAL, "window %pR is not the hypervisor's\n", res);
	lm->base = info.base;
	lm->block_size = info.block_size;
	lm->nr_slots = info.nr_slots;
	lm->vm = info.vm;
	lm->linux_block_size = info.block_size;
	lm->unit_size = info.block_size;
	lm->slots_per_unit = 1;
	lm->blocks_per_unit = 1;
	lm->nr_units = info.nr_slots;
	return 0;
}

static int check_window(struct lendmem *lm)
{
	u64 linux_block = memory_block_size_bytes();
	struct range range = mhp_get_pluggable_range(true);
	u64 end = lendmem_window_end(lm) - 1;

	if (lm->block_size != linux_block)
		return dev_err_probe(
			lm->dev, -EINVAL,
			"slots of %llu MiB do not fit Linux memory blocks of %llu MiB\n",
			lm->block_size >> 20, linux_block >> 20);
	if (lm->base < range.start || end > range.end)
		return dev_err_probe(lm->dev, -ERANGE,
				     "window %#llx-%#llx is outside %#llx-%#llx\n", (u64)lm->base,
				     end, range.start, range.end);
	return 0;
}

/*
 * No block can be online here: each of those holds a reference to the module. The notifier refuses
 * onlining from now on.
 */
static void remove_blocks(void *data)
{
	struct lendmem *lm = data;
	u32 slot;
	int ret;

	WRITE_ONCE(lm->stopping, true);
	mutex_lock(&lm->work_lock);
	for (slot = 0; slot < lm->nr_slots; slot++) {
		ret = lendmem_block_remove(lm, slot);
		if (ret)
			dev_crit(lm->dev, "slot %u: memory%lu is left behind: %pe\n", slot,
				 lendmem_block_id(lm, slot), ERR_PTR(ret));
	}
	mutex_unlock(&lm->work_lock);
}

static void add_blocks(struct lendmem *lm)
{
	u32 slot, nr_blocks = 0;

	mutex_lock(&lm->work_lock);
	for (slot = 0; slot < lm->nr_slots; slot++) {
		/* What fails is tried again by the worker, and said there. */
		if (lendmem_reconcile(lm, slot))
			lendmem_mark(lm, slot, 1);
		nr_blocks += lm->units[slot].added;
	}
	mutex_unlock(&lm->work_lock);
	dev_info(lm->dev, "%u slots of %llu MiB, %u standby memory blocks\n", lm->nr_slots,
		 lm->block_size >> 20, nr_blocks);
}

static int lendmem_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct lendmem *lm;
	int ret, irq;

	/* The memory of the kernel that crashed is what is to be dumped: touch nothing. */
	if (is_kdump_kernel()) {
		dev_info(dev, "nothing is added in a crash kernel\n");
		return -ENODEV;
	}
	ret = lendmem_call_discover();
	if (ret)
		return dev_err_probe(dev, ret, "no lendvisor here\n");
	ret = check_mode(dev);
	if (ret)
		return ret;
	irq = platform_get_irq(pdev, 0);
	if (irq < 0)
		return irq;

	lm = devm_kzalloc(dev, sizeof(*lm), GFP_KERNEL);
	if (!lm)
		return -ENOMEM;
	lm->dev = dev;
	mutex_init(&lm->work_lock);
	init_waitqueue_head(&lm->wait);
	platform_set_drvdata(pdev, lm);
	ret = read_window(pdev, lm);
	if (ret)
		return ret;
	ret = check_window(lm);
	if (ret)
		return ret;
	lm->slots = devm_kcalloc(dev, lm->nr_slots, sizeof(*lm->slots), GFP_KERNEL);
	lm->units = devm_kcalloc(dev, lm->nr_units, sizeof(*lm->units), GFP_KERNEL);
	lm->dirty = devm_bitmap_zalloc(dev, lm->nr_slots, GFP_KERNEL);
	lm->retry = devm_bitmap_zalloc(dev, lm->nr_slots, GFP_KERNEL);
	if (!lm->slots || !lm->units || !lm->dirty || !lm->retry)
		return -ENOMEM;

	/* Undone in reverse order: interrupt, worker, blocks, notifiers, files. */
	ret = lendmem_slots_init(lm);
	if (ret)
		return ret;
	ret = lendmem_notifier_init(lm);
	if (ret)
		return ret;
	ret = devm_add_action_or_reset(dev, remove_blocks, lm);
	if (ret)
		return ret;
	ret = lendmem_worker_init(lm);
	if (ret)
		return ret;
	ret = lendmem_event_init(lm, irq);
	if (ret)
		return ret;
	/* Last, since nothing may fail once there are blocks. */
	add_blocks(lm);
	return 0;
}

static const struct of_device_id lendmem_of_match[] = {{.compatible = "lendvisor,lendmem"}, {}};
MODULE_DEVICE_TABLE(of, lendmem_of_match);

/*
 * No shutdown action: a kernel that is about to kexec or reboot runs in this memory to its last
 * instruction. No unbinding: it could not be refused while memory is online, an unload can.
 */
static struct platform_driver lendmem_driver = {
	.probe = lendmem_probe,
	.driver =
		{
			.name = "lendmem",
			.of_match_table = lendmem_of_match,
			.dev_groups = lendmem_groups,
			.suppress_bind_attrs = true,
		},
};
module_platform_driver(lendmem_driver);

MODULE_DESCRIPTION("Memory blocks that lendvisor lends between VMs");
MODULE_LICENSE("GPL");
