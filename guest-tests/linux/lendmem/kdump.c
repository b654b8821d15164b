// SPDX-License-Identifier: GPL-2.0
/*
 * In a crash kernel the memory of the one that crashed is what is to be dumped: nothing is added and
 * nothing given back. What is not there any more, or never was, reads as zeros in /proc/vmcore.
 *
 * A slot taken by force aborts on any access until that is acknowledged; then it reads as zeros. So
 * it is acknowledged by who dumps, and by who panics: the crash kernel may have no driver.
 */
#include <linux/crash_dump.h>
#include <linux/panic_notifier.h>
#include <linux/pfn.h>

#include "call.h"
#include "lendmem.h"

static bool present(const struct lendmem_slot_info *info)
{
	return info->state == LEND_SLOT_HELD || info->state == LEND_SLOT_BORROWED;
}

/* Asked for each page, since blocks may be taken away while the dump is read. */
static bool pfn_is_ram(struct vmcore_cb *cb, unsigned long pfn)
{
	const struct lendmem *lm = container_of(cb, struct lendmem, vmcore_cb);
	struct lendmem_slot_info info;
	u64 address = PFN_PHYS(pfn);

	if (address < lm->base || address >= lendmem_window_end(lm))
		return true;
	return !lendmem_call_slot_info((address - lm->base) / lm->block_size, &info) &&
	       present(&info);
}

/* Of the slots: how many can be read. */
static u32 acknowledge_revoked(struct lendmem *lm)
{
	struct lendmem_slot_info info;
	u32 slot, nr = 0;

	for (slot = 0; slot < lm->nr_slots; slot++) {
		if (lendmem_call_slot_info(slot, &info))
			continue;
		if (info.state == LEND_SLOT_REVOKED)
			lendmem_call(LEND_RELINQUISH, slot, 1, 0, 0, NULL);
		nr += present(&info);
	}
	return nr;
}

static void kdump_exit(void *data)
{
	struct lendmem *lm = data;

	unregister_vmcore_cb(&lm->vmcore_cb);
}

int lendmem_kdump_init(struct lendmem *lm)
{
	u32 nr = acknowledge_revoked(lm);

	lm->vmcore_cb.pfn_is_ram = pfn_is_ram;
	register_vmcore_cb(&lm->vmcore_cb);
	dev_info(lm->dev, "crash kernel: %u slots can be read, nothing is added or given back\n",
		 nr);
	return devm_add_action_or_reset(lm->dev, kdump_exit, lm);
}

/* From here on nobody uses the memory: that it is gone need not be seen any more. */
static int at_panic(struct notifier_block *nb, unsigned long event, void *message)
{
	acknowledge_revoked(container_of(nb, struct lendmem, panic_nb));
	return NOTIFY_DONE;
}

static void panic_exit(void *data)
{
	struct lendmem *lm = data;

	atomic_notifier_chain_unregister(&panic_notifier_list, &lm->panic_nb);
}

int lendmem_panic_init(struct lendmem *lm)
{
	lm->panic_nb.notifier_call = at_panic;
	atomic_notifier_chain_register(&panic_notifier_list, &lm->panic_nb);
	return devm_add_action_or_reset(lm->dev, panic_exit, lm);
}

umode_t lendmem_file_mode(const struct attribute *attr)
{
	return is_kdump_kernel() ? attr->mode & 0444 : attr->mode;
}

umode_t lendmem_file_is_visible(struct kobject *kobj, struct attribute *attr, int n)
{
	return lendmem_file_mode(attr);
}
