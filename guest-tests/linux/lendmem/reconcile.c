// SPDX-License-Identifier: GPL-2.0
/* Makes the Linux blocks fit what the hypervisor says of their units. */
#include "call.h"
#include "lendmem.h"

enum wish {
	WISH_LEAVE,
	WISH_BLOCK,
	WISH_NO_BLOCK,
	WISH_GIVE_BACK,
};

static enum wish wish_of(const struct lendmem *lm, const struct lendmem_unit_info *info)
{
	/* Part of the next kernel's own map. */
	if (info->flags & LEND_FLAG_ADOPTED)
		return WISH_LEAVE;
	/* Recalled by us: the borrower gives it back. */
	if (info->state == LEND_SLOT_LENT && !info->mixed)
		return WISH_NO_BLOCK;
	if (info->flags & LEND_FLAG_RECALLED || info->state == LEND_SLOT_REVOKED)
		return WISH_GIVE_BACK;
	if (info->mixed)
		return WISH_NO_BLOCK;
	switch (info->state) {
	case LEND_SLOT_HELD:
	case LEND_SLOT_BORROWED:
		return WISH_BLOCK;
	case LEND_SLOT_STANDBY:
	case LEND_SLOT_OFFERED:
		return lm->mode == LENDMEM_STANDBY ? WISH_BLOCK : WISH_NO_BLOCK;
	default:
		return WISH_NO_BLOCK;
	}
}

bool lendmem_leaving(struct lendmem *lm, u32 unit)
{
	struct lendmem_unit_info info;

	if (!lendmem_unit_online(lm, unit) || lendmem_unit_info(lm, unit, &info))
		return false;
	return wish_of(lm, &info) >= WISH_NO_BLOCK;
}

static int use(struct lendmem *lm, u32 unit)
{
	struct lendmem_unit *u = &lm->units[unit];
	u32 slot = lendmem_first_slot(lm, unit);
	int ret;

	if (lm->drained)
		return 0;
	ret = lendmem_unit_use(lm, unit);
	if (!ret) {
		lendmem_not_kept(lm, unit);
		return 0;
	}
	if (u->said != LENDMEM_SAID_NOT_ADDED && !lm->reserve_said)
		dev_warn(lm->dev, "slot %u: memory%lu is not added for now: %pe\n", slot,
			 lendmem_block_id(lm, slot), ERR_PTR(ret));
	u->said = LENDMEM_SAID_NOT_ADDED;
	return ret;
}

/* Units on their way from one state to another are mixed for a moment. */
static int say_mixed(struct lendmem *lm, u32 unit)
{
	struct lendmem_unit *u = &lm->units[unit];
	u32 slot = lendmem_first_slot(lm, unit);

	if (u->said == LENDMEM_SAID_MIXED)
		return 0;
	if (!u->backoff)
		return -EAGAIN;
	dev_info(lm->dev, "slots %u-%u are not of one loan and state: no memory%lu\n", slot,
		 slot + lm->slots_per_unit - 1, lendmem_block_id(lm, slot));
	u->said = LENDMEM_SAID_MIXED;
	return 0;
}

static bool wanted_back(const struct lendmem_slot_info *info)
{
	if (info->state == LEND_SLOT_REVOKED)
		return true;
	return info->flags & LEND_FLAG_RECALLED && info->state != LEND_SLOT_LENT;
}

/* Slot by slot, since they may differ: offers are refused, memory is relinquished. */
static int return_slots(struct lendmem *lm, u32 unit, bool all)
{
	u32 slot = lendmem_first_slot(lm, unit);
	u32 end = slot + lm->slots_per_unit;
	struct lendmem_slot_info info;
	int ret = 0;

	for (; slot < end && !ret; slot++) {
		ret = lendmem_call_slot_info(slot, &info);
		if (ret)
			return ret;
		if (!all && !wanted_back(&info))
			continue;
		if (info.state == LEND_SLOT_OFFERED)
			ret = lendmem_call(LEND_REFUSE, slot, 0, 0, 0, NULL);
		else
			ret = lendmem_call(LEND_RELINQUISH, slot, 1, 0, 0, NULL);
	}
	return ret;
}

static int give_back(struct lendmem *lm, u32 unit, const struct lendmem_unit_info *info)
{
	struct lendmem_unit *u = &lm->units[unit];
	u32 slot = lendmem_first_slot(lm, unit);
	int ret;

	if (lendmem_unit_lost(lm, unit, info)) {
		if (u->said != LENDMEM_SAID_REVOKED)
			dev_crit(lm->dev, "slot %u: revoked while in use, its data are lost\n",
				 slot);
		u->said = LENDMEM_SAID_REVOKED;
		return 0;
	}
	if (lendmem_still_kept(lm, unit))
		return -EBUSY;
	WRITE_ONCE(u->parting, LENDMEM_PART_FOR_GOOD);
	ret = lendmem_blocks_remove(lm, unit);
	WRITE_ONCE(u->parting, LENDMEM_PART_OFFER);
	if (ret) {
		lendmem_kept(lm, unit, ret);
		return ret;
	}
	ret = return_slots(lm, unit, !info->mixed);
	if (lm->mode == LENDMEM_DYNAMIC)
		lendmem_unit_let_go(lm, unit);
	if (ret) {
		if (u->said != LENDMEM_SAID_NOT_GIVEN_BACK)
			dev_err(lm->dev, "slot %u: not given back: %s\n", slot, lendmem_words(ret));
		u->said = LENDMEM_SAID_NOT_GIVEN_BACK;
		return ret;
	}
	lendmem_not_kept(lm, unit);
	lendmem_given_back(lm, unit);
	return 0;
}

static int remove_blocks(struct lendmem *lm, u32 unit, bool mixed)
{
	int ret;

	if (lendmem_still_kept(lm, unit))
		return -EBUSY;
	ret = lendmem_blocks_remove(lm, unit);
	if (ret) {
		lendmem_kept(lm, unit, ret);
		return ret;
	}
	if (lm->mode == LENDMEM_DYNAMIC)
		lendmem_unit_let_go(lm, unit);
	if (mixed)
		return say_mixed(lm, unit);
	lendmem_not_kept(lm, unit);
	return 0;
}

/* 0, or what kept blocks and unit from fitting. */
int lendmem_reconcile(struct lendmem *lm, u32 unit)
{
	struct lendmem_unit_info info;
	int ret;

	ret = lendmem_unit_info(lm, unit, &info);
	if (ret)
		return ret;
	switch (wish_of(lm, &info)) {
	case WISH_BLOCK:
		return use(lm, unit);
	case WISH_NO_BLOCK:
		return remove_blocks(lm, unit, info.mixed);
	case WISH_GIVE_BACK:
		return give_back(lm, unit, &info);
	default:
		return 0;
	}
}
