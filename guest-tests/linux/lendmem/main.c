// SPDX-License-Identifier: GPL-2.0
#include <generated/utsrelease.h>
#include <linux/bitmap.h>
#include <linux/crash_dump.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/string.h>
#include <linux/utsname.h>

#include "call.h"
#include "lendmem.h"

static char *mode;
module_param(mode, charp, 0444);
MODULE_PARM_DESC(mode, "standby or dynamic; the device tree's if not given");

static bool clean;
module_param(clean, bool, 0444);
MODULE_PARM_DESC(clean, "give back what the last kernel left");

const char *const lendmem_mode_names[] = {
	[LENDMEM_STANDBY] = "standby",
	[LENDMEM_DYNAMIC] = "dynamic",
};

static int read_mode(struct lendmem *lm)
{
	const char *name = lendmem_mode_names[LENDMEM_STANDBY];
	int nr;

	of_property_read_string(lm->dev->of_node, "lendvisor,mode", &name);
	if (mode)
		name = mode;
	nr = match_string(lendmem_mode_names, ARRAY_SIZE(lendmem_mode_names), name);
	if (nr < 0)
		return dev_err_probe(lm->dev, -EINVAL, "mode \"%s\" is not known\n", name);
	lm->mode = nr;
	return 0;
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
	lm->linux_block_size = memory_block_size_bytes();
	lm->unit_size = max(lm->block_size, lm->linux_block_size);
	lm->slots_per_unit = lm->unit_size / lm->block_size;
	lm->blocks_per_unit = lm->unit_size / lm->linux_block_size;
	lm->nr_units = DIV_ROUND_UP(lm->nr_slots, lm->slots_per_unit);
	return 0;
}

static int check_window(struct lendmem *lm)
{
	struct range range = mhp_get_pluggable_range(true);
	u64 end = lendmem_window_end(lm);

	if (!IS_ALIGNED(lm->base, lm->unit_size) || !IS_ALIGNED(end, lm->unit_size))
		return dev_err_probe(lm->dev, -EINVAL,
				     "window %#llx-%#llx is not made of whole %llu MiB\n",
				     (u64)lm->base, end - 1, lm->unit_size >> 20);
	if (lm->mode == LENDMEM_STANDBY && lm->blocks_per_unit > 1)
		return dev_err_probe(
			lm->dev, -EOPNOTSUPP,
			"slots of %llu MiB are more than one memory block of %llu MiB: only mode dynamic can have them\n",
			lm->block_size >> 20, lm->linux_block_size >> 20);
	if (lm->base < range.start || end - 1 > range.end)
		return dev_err_probe(lm->dev, -ERANGE,
				     "window %#llx-%#llx is outside %#llx-%#llx\n", (u64)lm->base,
				     end - 1, range.start, range.end);
	return 0;
}

static int allocate(struct lendmem *lm)
{
	struct device *dev = lm->dev;

	lm->slots = devm_kcalloc(dev, lm->nr_slots, sizeof(*lm->slots), GFP_KERNEL);
	lm->units = devm_kcalloc(dev, lm->nr_units, sizeof(*lm->units), GFP_KERNEL);
	lm->dirty = devm_bitmap_zalloc(dev, lm->nr_units, GFP_KERNEL);
	lm->retry = devm_bitmap_zalloc(dev, lm->nr_units, GFP_KERNEL);
	lm->leaving = devm_bitmap_zalloc(dev, lm->nr_units, GFP_KERNEL);
	lm->urgent = devm_bitmap_zalloc(dev, lm->nr_units, GFP_KERNEL);
	lm->gone = devm_bitmap_zalloc(dev, lm->nr_units, GFP_KERNEL);
	if (!lm->slots || !lm->units || !lm->dirty || !lm->retry || !lm->leaving || !lm->urgent ||
	    !lm->gone)
		return -ENOMEM;
	lendmem_units_init(lm);
	return 0;
}

/*
 * Nothing is in use here: each unit that is holds a reference to the module. The notifier refuses
 * onlining from now on. What the last kernel left and this one did not use goes back as well.
 */
static void remove_blocks(void *data)
{
	struct lendmem *lm = data;
	struct lendmem_unit_info info;
	u32 unit;
	int ret;

	WRITE_ONCE(lm->stopping, true);
	for (unit = 0; unit < lm->nr_units; unit++) {
		ret = lendmem_blocks_remove(lm, unit);
		if (ret) {
			dev_crit(lm->dev, "slot %u: memory%lu is left behind: %pe\n",
				 lendmem_first_slot(lm, unit),
				 lendmem_block_id(lm, lendmem_first_slot(lm, unit)), ERR_PTR(ret));
			continue;
		}
		if (!lendmem_unit_info(lm, unit, &info) && !(info.flags & LEND_FLAG_ADOPTED))
			lendmem_unit_relinquish(lm, unit, LENDMEM_PART_FOR_GOOD);
	}
}

/* What fails is tried again by the worker, and said there. */
static int begin(struct lendmem *lm, struct lendmem_job *job)
{
	u32 unit, nr_blocks = 0;

	for (unit = 0; unit < lm->nr_units; unit++) {
		/* Once there is no room for the struct pages, none of the others has any. */
		if (lm->reserve_backoff || lendmem_reconcile(lm, unit))
			lendmem_mark(lm, lendmem_first_slot(lm, unit), 1);
		nr_blocks += lm->units[unit].nr_added;
	}
	dev_info(lm->dev, "%s mode, %u slots of %llu MiB, %u memory blocks of %llu MiB\n",
		 lendmem_mode_names[lm->mode], lm->nr_slots, lm->block_size >> 20, nr_blocks,
		 lm->linux_block_size >> 20);
	return 0;
}

static void add_blocks(struct lendmem *lm)
{
	struct lendmem_job job = {.run = begin};
	int ret;

	if (clean && !lendmem_runs_in_window(lm)) {
		ret = lendmem_call(LEND_RELINQUISH_ALL, 0, 0, 0, 0, NULL);
		if (ret)
			dev_warn(lm->dev, "no clean start: %s\n", lendmem_words(ret));
	}
	if (lendmem_do(lm, &job))
		lendmem_mark(lm, 0, lm->nr_slots);
	lendmem_target_event(lm, false);
}

static int lendmem_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct lendmem *lm;
	int ret, irq;

	ret = lendmem_call_discover();
	if (ret)
		return dev_err_probe(dev, ret, "no lendvisor here\n");
	irq = platform_get_irq(pdev, 0);
	if (irq < 0)
		return irq;

	lm = devm_kzalloc(dev, sizeof(*lm), GFP_KERNEL);
	if (!lm)
		return -ENOMEM;
	lm->dev = dev;
	init_waitqueue_head(&lm->wait);
	mutex_init(&lm->map.lock);
	lendmem_job_init(lm);
	platform_set_drvdata(pdev, lm);
	ret = read_mode(lm);
	if (ret)
		return ret;
	ret = read_window(pdev, lm);
	if (ret)
		return ret;
	/* A crash kernel adds no blocks, so its own may be of any size. */
	if (!is_kdump_kernel())
		ret = check_window(lm);
	if (ret)
		return ret;
	ret = allocate(lm);
	if (ret)
		return ret;

	/* Undone in reverse order: interrupt, worker, blocks, notifiers, files. */
	ret = lendmem_slots_init(lm);
	if (ret)
		return ret;
	if (is_kdump_kernel())
		return lendmem_kdump_init(lm);
	ret = lendmem_panic_init(lm);
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
	.driver.name = "lendmem",
	.driver.of_match_table = lendmem_of_match,
	.driver.dev_groups = lendmem_groups,
	.driver.suppress_bind_attrs = true,
};

/*
 * The values of MEM_* moved within a stable series while symbol versions did not, so that a module
 * built for another kernel would load and take every event for another one.
 */
static bool built_for_this_kernel(void)
{
	const char *running = init_utsname()->release;

	if (!strcmp(running, UTS_RELEASE))
		return true;
	pr_err("lendmem: built for Linux %s, not for %s: build it anew\n", UTS_RELEASE, running);
	return false;
}

static int __init lendmem_module_init(void)
{
	return built_for_this_kernel() ? platform_driver_register(&lendmem_driver) : -ENOEXEC;
}
module_init(lendmem_module_init);

static void __exit lendmem_module_exit(void)
{
	platform_driver_unregister(&lendmem_driver);
}
module_exit(lendmem_module_exit);

MODULE_DESCRIPTION("Memory blocks that lendvisor lends between VMs");
MODULE_LICENSE("GPL");
