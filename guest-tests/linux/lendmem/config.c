// SPDX-License-Identifier: GPL-2.0
/* Dynamic mode: a person has a unit's memory come, and go. */
#include "call.h"
#include "lendmem.h"

struct config_job {
	struct lendmem_job job;
	u32 unit;
	bool on;
};

static int configure(struct lendmem *lm, struct lendmem_job *job)
{
	struct config_job *c = container_of(job, struct config_job, job);
	u32 slot = lendmem_first_slot(lm, c->unit);
	struct lendmem_unit_info info;
	int ret;

	ret = lendmem_unit_info(lm, c->unit, &info);
	if (ret)
		return ret;
	if (c->on && (info.mixed || info.flags & LEND_FLAG_RECALLED))
		return -ENXIO;
	if (c->on && info.flags & LEND_FLAG_ADOPTED)
		return -EPERM;
	if (!c->on && !lm->units[c->unit].nr_added)
		return 0;
	ret = c->on ? lendmem_unit_use(lm, c->unit)
		    : lendmem_unit_withdraw(lm, c->unit, LENDMEM_PART_OFFER);
	if (!ret) {
		lendmem_not_kept(lm, c->unit);
		/* It may be more than is to be held. */
		lendmem_mark_target(lm);
	} else if (c->on) {
		dev_warn(lm->dev, "slot %u: not configured: %s\n", slot, lendmem_words(ret));
	} else if (!lendmem_ended(lm)) {
		lendmem_say_kept(lm, c->unit, ret);
	}
	return ret;
}

int lendmem_configure(struct lendmem *lm, u32 slot, bool on)
{
	struct config_job c = {.job.run = configure, .on = on};

	if (lm->mode != LENDMEM_DYNAMIC)
		return -EOPNOTSUPP;
	if (slot >= lm->nr_slots)
		return -EINVAL;
	c.unit = lendmem_unit_of(lm, slot);
	return lendmem_do(lm, &c.job);
}
