// SPDX-License-Identifier: GPL-2.0
/* Everything goes back that can, so that the module may be unloaded. */
#include <linux/bitmap.h>

#include "call.h"
#include "lendmem.h"

struct drain_job {
	struct lendmem_job job;
	bool on;
};

/* @nr_lost counts those that cannot come back: borrowed, and with their owner now. */
static int drain_unit(struct lendmem *lm, u32 unit, u32 *nr_lost)
{
	bool in_use = lm->units[unit].granted;
	struct lendmem_unit_info info;
	int ret;

	ret = lendmem_unit_info(lm, unit, &info);
	if (ret)
		return ret;
	/* With the map of a kernel that was booted with it: no business of ours. */
	if (info.flags & LEND_FLAG_ADOPTED && !lm->units[unit].nr_added)
		return 0;
	ret = lendmem_unit_withdraw(lm, unit, LENDMEM_PART_FOR_GOOD);
	if (ret) {
		if (!lendmem_ended(lm))
			lendmem_say_kept(lm, unit, ret);
		return ret;
	}
	lendmem_not_kept(lm, unit);
	if (info.state == LEND_SLOT_BORROWED)
		++*nr_lost;
	else if (in_use && info.state == LEND_SLOT_HELD)
		__set_bit(unit, lm->gone);
	if (info.state == LEND_SLOT_HELD || info.state == LEND_SLOT_BORROWED)
		lendmem_given_back(lm, unit);
	return 0;
}

/* What went comes back: in standby mode by the worker, offline; nobody but a person onlines it. */
static void come_back(struct lendmem *lm)
{
	unsigned long unit;
	int ret;

	if (lm->mode != LENDMEM_DYNAMIC)
		return;
	for_each_set_bit(unit, lm->gone, lm->nr_units) {
		ret = lendmem_unit_use(lm, unit);
		if (ret)
			dev_warn(lm->dev, "slot %u: not in use again: %s\n",
				 lendmem_first_slot(lm, unit), lendmem_words(ret));
	}
}

static int drain(struct lendmem *lm, struct lendmem_job *job)
{
	bool on = container_of(job, struct drain_job, job)->on;
	u32 unit, nr_kept = 0, nr_lost = 0;

	lm->drained = on;
	if (on) {
		bitmap_zero(lm->gone, lm->nr_units);
		bitmap_fill(lm->leaving, lm->nr_units);
		while ((unit = lendmem_emptiest(lm, lm->leaving)) < lm->nr_units) {
			__clear_bit(unit, lm->leaving);
			nr_kept += !!drain_unit(lm, unit, &nr_lost);
		}
		if (!nr_kept)
			return 0;
		lm->drained = false;
		dev_warn(lm->dev, "%u of %u units cannot be given back now\n", nr_kept,
			 lm->nr_units);
		if (nr_lost)
			dev_warn(lm->dev, "%u borrowed units went back to their owners\n", nr_lost);
		come_back(lm);
	}
	lendmem_mark(lm, 0, lm->nr_slots);
	lendmem_mark_target(lm);
	if (!on)
		return 0;
	return lendmem_ended(lm) ? -EINTR : -EBUSY;
}

int lendmem_drain(struct lendmem *lm, bool on)
{
	struct drain_job d = {.job.run = drain, .on = on};

	return lendmem_do(lm, &d.job);
}
