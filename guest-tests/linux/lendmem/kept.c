// SPDX-License-Identifier: GPL-2.0
/* What is said of a unit that should go and does not, and of one that went. */
#include <linux/kobject.h>
#include <linux/pfn.h>

#include "lendmem.h"
#include "lendmem_trace.h"

static const char *const reason_names[] = {
	[LENDMEM_UNKNOWN] = "unknown",
	[LENDMEM_BUSY] = "busy",
	[LENDMEM_UNMOVABLE] = "unmovable",
	[LENDMEM_PINNED] = "pinned",
};

void lendmem_say_kept(struct lendmem *lm, u32 unit, int err)
{
	u32 slot = lendmem_first_slot(lm, unit);
	unsigned long block = lendmem_block_id(lm, slot);
	struct lendmem_holder holder = {};
	struct kobj_uevent_env *env;

	/* Adopted: the hypervisor has refused it, no page has. */
	if (err != -EPERM)
		lendmem_find_holder(lm, unit, &holder);
	trace_lendmem_kept(slot, holder.pfn, holder.reason);
	if (holder.pfn) {
		block = PFN_PHYS(holder.pfn) / lm->linux_block_size;
		dev_warn(lm->dev, "slot %u: memory%lu stays online: page %#llx %s\n", slot, block,
			 (u64)PFN_PHYS(holder.pfn), holder.text);
	} else {
		dev_warn(lm->dev, "slot %u: memory%lu stays: %pe\n", slot, block, ERR_PTR(err));
	}
	env = lendmem_uevent_new("kept");
	if (!env)
		return;
	add_uevent_var(env, "LEND_SLOT=%u", slot);
	add_uevent_var(env, "LEND_BLOCK=memory%lu", block);
	if (holder.pfn)
		add_uevent_var(env, "LEND_PAGE=%#llx", (u64)PFN_PHYS(holder.pfn));
	add_uevent_var(env, "LEND_REASON=%s", reason_names[holder.reason]);
	lendmem_uevent_send(lm, env);
}

void lendmem_kept(struct lendmem *lm, u32 unit, int err)
{
	struct lendmem_unit *u = &lm->units[unit];

	/* Whoever ended it has no need of the reason. */
	if (lendmem_ended(lm))
		return;
	if (!u->kept) {
		u->kept = true;
		WRITE_ONCE(lm->counters.kept, lm->counters.kept + 1);
	}
	if (u->said != LENDMEM_SAID_KEPT)
		lendmem_say_kept(lm, unit, err);
	u->said = LENDMEM_SAID_KEPT;
}

bool lendmem_still_kept(struct lendmem *lm, u32 unit)
{
	struct lendmem_holder holder;

	if (!lm->units[unit].kept)
		return false;
	lendmem_find_holder(lm, unit, &holder);
	return holder.reason >= LENDMEM_UNMOVABLE;
}

void lendmem_not_kept(struct lendmem *lm, u32 unit)
{
	struct lendmem_unit *u = &lm->units[unit];

	u->said = LENDMEM_SAID_NOTHING;
	if (u->kept)
		WRITE_ONCE(lm->counters.kept, lm->counters.kept - 1);
	u->kept = false;
}

void lendmem_given_back(struct lendmem *lm, u32 unit)
{
	u32 slot = lendmem_first_slot(lm, unit);
	struct kobj_uevent_env *env;

	dev_info_ratelimited(lm->dev, "slot %u: given back\n", slot);
	env = lendmem_uevent_new("given-back");
	if (!env)
		return;
	add_uevent_var(env, "LEND_SLOT=%u", slot);
	lendmem_uevent_send(lm, env);
}
