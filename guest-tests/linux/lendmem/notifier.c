// SPDX-License-Identifier: GPL-2.0
/*
 * The heart of standby mode: onlining takes a block from the hypervisor, offlining gives it back.
 * All of this runs under the kernel's hotplug locks.
 */
#include <linux/log2.h>
#include <linux/memory.h>
#include <linux/minmax.h>
#include <linux/pfn.h>
#include <linux/suspend.h>

#include "call.h"
#include "lendmem.h"

/* Where actions are numbers: MEM_FINISH_OFFLINE, which not all of these kernels have. */
#define LAST_ACTION 7

static int take(struct lendmem *lm, u32 unit)
{
	struct lendmem_unit *u = &lm->units[unit];
	u32 slot = lendmem_first_slot(lm, unit);
	int ret = lendmem_unit_retrieve(lm, unit);

	if (!ret) {
		u->refused = 0;
		/* It may be more than is to be held. */
		lendmem_mark_target(lm);
		return 0;
	}
	/* Once, for there may be someone who tries again and again. */
	if (ret != u->refused)
		dev_warn(lm->dev, "slot %u: cannot be retrieved: %s\n", slot, lendmem_words(ret));
	u->refused = ret;
	/* What cannot be retrieved any more must not stay a block. */
	lendmem_mark(lm, slot, 1);
	return ret;
}

/*
 * A borrowed unit goes back to being on offer, so that one offline does not end the loan, unless its
 * owner wants it. Harmless where nothing was taken: a cancel follows our own refusal, too.
 */
static void give_up(struct lendmem *lm, u32 unit)
{
	struct lendmem_unit *u = &lm->units[unit];

	if (!u->granted)
		return;
	lendmem_unit_relinquish(lm, unit, READ_ONCE(u->parting));
	lendmem_unit_let_go(lm, unit);
	/* It may be one that can never be retrieved again: the thread sees. */
	lendmem_mark(lm, lendmem_first_slot(lm, unit), 1);
}

static int going_online(struct lendmem *lm, u32 first, u32 end)
{
	u32 unit;
	int ret;

	if (READ_ONCE(lm->stopping))
		return -ESHUTDOWN;
	if (lm->deaf)
		return -EPROTO;
	/* A kernel that onlines by default would take every block we merely announce. */
	if (READ_ONCE(lm->adder) == current)
		return -EAGAIN;
	for (unit = first; unit < end; unit++) {
		ret = take(lm, unit);
		if (ret)
			goto undo;
	}
	return 0;

undo:
	while (unit-- > first)
		give_up(lm, unit);
	return ret;
}

/* It is in the next kernel's map: it has to stay where it is. */
static bool adopted(struct lendmem *lm, u32 first, u32 end)
{
	struct lendmem_unit_info info;
	u32 unit;

	for (unit = first; unit < end; unit++) {
		if (!lendmem_unit_info(lm, unit, &info) && info.flags & LEND_FLAG_ADOPTED)
			return true;
	}
	return false;
}

/*
 * Some kernels have numbers for the actions, others a bit for each. The first that tells of an onlining is
 * none that the other kind has, so a module with headers of that kind knows before anything is touched.
 */
static bool is_known(unsigned long action)
{
	return is_power_of_2(MEM_GOING_ONLINE) ? is_power_of_2(action) : action <= LAST_ACTION;
}

static void deafen(struct lendmem *lm, u32 unit, const char *why)
{
	if (!lm->deaf)
		dev_crit(lm->dev, "slot %u: %s: no more blocks\n", lendmem_first_slot(lm, unit),
			 why);
	lm->deaf = true;
}

/* A block that is online and was not asked for has no memory. */
static void check_asked(struct lendmem *lm, u32 first, u32 end)
{
	u32 unit;

	for (unit = first; unit < end; unit++) {
		if (!lm->units[unit].granted)
			deafen(lm, unit, "online without having been asked for");
	}
}

/* In dynamic mode memory is there whenever a block is: little is to be done here. */
static int memory_callback(struct notifier_block *nb, unsigned long action, void *data)
{
	struct lendmem *lm = container_of(nb, struct lendmem, memory_nb);
	const struct memory_notify *range = data;
	u64 start = max_t(u64, PFN_PHYS(range->start_pfn), lm->base);
	u64 stop = min_t(u64, PFN_PHYS(range->start_pfn + range->nr_pages), lendmem_window_end(lm));
	u32 unit, first, end;

	if (start >= stop)
		return NOTIFY_DONE;
	first = (start - lm->base) / lm->unit_size;
	end = DIV_ROUND_UP(stop - lm->base, lm->unit_size);
	if (!is_known(action)) {
		deafen(lm, first, "a notification that the module was not built for");
		return notifier_from_errno(-EPROTO);
	}
	if (action == MEM_GOING_OFFLINE && adopted(lm, first, end))
		return notifier_from_errno(-EPERM);
	if (lm->mode != LENDMEM_STANDBY)
		return NOTIFY_DONE;

	switch (action) {
	case MEM_GOING_ONLINE:
		return notifier_from_errno(going_online(lm, first, end));
	case MEM_ONLINE:
		check_asked(lm, first, end);
		/* If that was the last one missing, growth is over. */
		lendmem_mark_target(lm);
		return NOTIFY_OK;
	case MEM_CANCEL_ONLINE:
	case MEM_OFFLINE:
		for (unit = first; unit < end; unit++)
			give_up(lm, unit);
		return NOTIFY_OK;
	default:
		return NOTIFY_DONE;
	}
}

/* An image of this memory would be restored into blocks that are somebody else's by then. */
static int pm_callback(struct notifier_block *nb, unsigned long action, void *data)
{
	struct lendmem *lm = container_of(nb, struct lendmem, pm_nb);

	if (action != PM_HIBERNATION_PREPARE && action != PM_RESTORE_PREPARE)
		return NOTIFY_DONE;
	dev_warn(lm->dev, "hibernation is not possible with lendable memory\n");
	return NOTIFY_BAD;
}

static void notifier_exit(void *data)
{
	struct lendmem *lm = data;

	unregister_pm_notifier(&lm->pm_nb);
	unregister_memory_notifier(&lm->memory_nb);
}

int lendmem_notifier_init(struct lendmem *lm)
{
	int ret;

	lm->memory_nb.notifier_call = memory_callback;
	lm->pm_nb.notifier_call = pm_callback;
	ret = register_memory_notifier(&lm->memory_nb);
	if (ret)
		return ret;
	ret = register_pm_notifier(&lm->pm_nb);
	if (ret) {
		unregister_memory_notifier(&lm->memory_nb);
		return ret;
	}
	/* To be held against the header the module was built with: the values moved within 6.12. */
	dev_dbg(lm->dev, "MEM_GOING_ONLINE %d MEM_CANCEL_ONLINE %d MEM_OFFLINE %d\n",
		MEM_GOING_ONLINE, MEM_CANCEL_ONLINE, MEM_OFFLINE);
	return devm_add_action_or_reset(lm->dev, notifier_exit, lm);
}
