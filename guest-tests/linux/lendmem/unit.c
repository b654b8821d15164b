// SPDX-License-Identifier: GPL-2.0
#include <linux/ioport.h>
#include <linux/ktime.h>
#include <linux/module.h>

#include "call.h"
#include "lendmem.h"

/* By which the slots of one unit may not differ, if it is to have Linux blocks. */
#define SAME_FLAGS (LEND_FLAG_RECALLED | LEND_FLAG_ADOPTED | LEND_FLAG_OWN)
/* Which the unit has if any slot has them. */
#define ANY_FLAGS (LEND_FLAG_RECALLED | LEND_FLAG_ADOPTED)

static u64 us_since(ktime_t began)
{
	return ktime_us_delta(ktime_get(), began);
}

/* The owner's slot says of a loan that it is recalled, too: only the borrower has something to do. */
static u32 flags_for_us(const struct lendmem_slot_info *info)
{
	if (info->state == LEND_SLOT_OFFERED || info->state == LEND_SLOT_BORROWED)
		return info->flags;
	return info->flags & ~LEND_FLAG_RECALLED;
}

void lendmem_units_init(struct lendmem *lm)
{
	u32 unit;

	for (unit = 0; unit < lm->nr_units; unit++)
		lm->units[unit].is_boot_memory =
			region_intersects(lendmem_unit_address(lm, unit), lm->unit_size,
					  IORESOURCE_SYSTEM_RAM,
					  IORES_DESC_NONE) != REGION_DISJOINT;
}

int lendmem_unit_info(struct lendmem *lm, u32 unit, struct lendmem_unit_info *info)
{
	u32 slot = lendmem_first_slot(lm, unit);
	u32 end = slot + lm->slots_per_unit;
	struct lendmem_slot_info first, next;
	int ret;

	ret = lendmem_call_slot_info(slot, &first);
	if (ret)
		return ret;
	info->state = first.state;
	info->flags = flags_for_us(&first);
	info->loan = first.loan;
	info->deadline = first.deadline;
	info->mixed = false;
	for (slot += max(first.run, 1U); slot < end; slot += max(next.run, 1U)) {
		ret = lendmem_call_slot_info(slot, &next);
		if (ret)
			return ret;
		info->mixed |= next.state != first.state || next.loan != first.loan ||
			       (flags_for_us(&next) ^ flags_for_us(&first)) & SAME_FLAGS;
		info->flags |= flags_for_us(&next) & ANY_FLAGS;
		info->deadline = min(info->deadline, next.deadline);
		if (next.state == LEND_SLOT_REVOKED)
			info->state = LEND_SLOT_REVOKED;
	}
	/* Whether it has the mark or lost it: of no use to anybody else before this kernel's end. */
	if (lm->units[unit].is_boot_memory)
		info->flags |= LEND_FLAG_ADOPTED;
	return 0;
}

int lendmem_unit_hold(struct lendmem *lm, u32 unit)
{
	struct lendmem_unit *u = &lm->units[unit];

	if (u->granted)
		return 0;
	if (!try_module_get(THIS_MODULE))
		return -ESHUTDOWN;
	u->granted = true;
	return 0;
}

void lendmem_unit_let_go(struct lendmem *lm, u32 unit)
{
	struct lendmem_unit *u = &lm->units[unit];

	if (!u->granted)
		return;
	u->granted = false;
	module_put(THIS_MODULE);
}

/* Says nothing: what a failure means depends on who wanted it. */
int lendmem_unit_retrieve(struct lendmem *lm, u32 unit)
{
	u32 slot = lendmem_first_slot(lm, unit);
	struct lendmem_result res = {};
	ktime_t began = ktime_get();
	int ret;

	ret = lendmem_unit_hold(lm, unit);
	if (ret)
		return ret;
	ret = lendmem_call(LEND_RETRIEVE, slot, lm->slots_per_unit, 0, 0, &res);
	if (ret) {
		lm->counters.retrieve_failed++;
		if (res.x1)
			lendmem_call(LEND_RELINQUISH, slot, res.x1, LEND_RELINQUISH_KEEP_OFFER, 0,
				     NULL);
		lendmem_unit_let_go(lm, unit);
		return ret;
	}
	lm->counters.last_retrieve_us = us_since(began);
	lendmem_verify_zero(lm, unit);
	return 0;
}

/* KEEP_OFFER is for borrowed slots only, and without effect once the owner wants them. */
static u64 flags_of(enum lendmem_parting parting)
{
	switch (parting) {
	case LENDMEM_PART_OFFER:
		return LEND_RELINQUISH_KEEP_OFFER;
	case LENDMEM_PART_DATA:
		return LEND_RELINQUISH_KEEP;
	default:
		return 0;
	}
}

int lendmem_unit_relinquish(struct lendmem *lm, u32 unit, enum lendmem_parting parting)
{
	u32 slot = lendmem_first_slot(lm, unit);
	ktime_t began = ktime_get();
	int ret;

	ret = lendmem_call(LEND_RELINQUISH, slot, lm->slots_per_unit, flags_of(parting), 0, NULL);
	if (ret)
		dev_err(lm->dev, "slot %u: not given up: %s\n", slot, lendmem_words(ret));
	else
		lm->counters.last_relinquish_us = us_since(began);
	return ret;
}
