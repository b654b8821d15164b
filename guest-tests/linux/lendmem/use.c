// SPDX-License-Identifier: GPL-2.0
/*
 * A unit's way into use and out of it. In standby mode memory comes and goes when user space onlines
 * and offlines the block; in dynamic mode the memory comes before the blocks and goes after them.
 */
#include "call.h"
#include "lendmem.h"

static bool present(const struct lendmem_unit_info *info)
{
	return info->state == LEND_SLOT_HELD || info->state == LEND_SLOT_BORROWED;
}

static int use_dynamic(struct lendmem *lm, u32 unit)
{
	struct lendmem_unit *u = &lm->units[unit];
	struct lendmem_unit_info info;
	bool was_present;
	int ret;

	ret = lendmem_unit_info(lm, unit, &info);
	if (ret)
		return ret;
	was_present = present(&info);
	/* What the last kernel left needs no retrieve. */
	ret = was_present ? lendmem_unit_hold(lm, unit) : lendmem_unit_retrieve(lm, unit);
	if (ret)
		return ret;
	ret = lendmem_blocks_add(lm, unit);
	if (!ret || u->nr_added)
		return ret;
	if (!was_present)
		lendmem_unit_relinquish(lm, unit, LENDMEM_PART_OFFER);
	lendmem_unit_let_go(lm, unit);
	return ret;
}

int lendmem_unit_use(struct lendmem *lm, u32 unit)
{
	if (lm->units[unit].nr_added == lm->blocks_per_unit)
		return 0;
	if (lm->drained)
		return -ESHUTDOWN;
	return lm->mode == LENDMEM_DYNAMIC ? use_dynamic(lm, unit) : lendmem_blocks_add(lm, unit);
}

bool lendmem_unit_lost(const struct lendmem *lm, u32 unit, const struct lendmem_unit_info *info)
{
	return info->state == LEND_SLOT_REVOKED && lendmem_unit_online(lm, unit);
}

int lendmem_unit_withdraw(struct lendmem *lm, u32 unit, enum lendmem_parting parting)
{
	struct lendmem_unit *u = &lm->units[unit];
	struct lendmem_unit_info info;
	u32 had = u->nr_added;
	int ret;

	ret = lendmem_unit_info(lm, unit, &info);
	if (ret)
		return ret;
	/* Part of the next kernel's own map. */
	if (info.flags & LEND_FLAG_ADOPTED)
		return -EPERM;
	if (lendmem_unit_lost(lm, unit, &info))
		return -EIO;
	WRITE_ONCE(u->parting, parting);
	ret = lendmem_blocks_remove(lm, unit);
	WRITE_ONCE(u->parting, LENDMEM_PART_OFFER);
	/* Some of its blocks went, and did not come back. */
	if (u->nr_added && u->nr_added < had)
		lendmem_mark(lm, lendmem_first_slot(lm, unit), 1);
	if (ret)
		return ret;
	/* A second time, where the notifier has done it, changes nothing. */
	ret = lendmem_unit_relinquish(lm, unit, parting);
	if (lm->mode == LENDMEM_DYNAMIC)
		lendmem_unit_let_go(lm, unit);
	return ret;
}
