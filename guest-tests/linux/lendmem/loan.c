// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/delay.h>

#include "call.h"
#include "lendmem.h"

/* How long a peer may take to read our last offer before it is given another. */
#define OFFER_TRIES 100
#define OFFER_PAUSE_MS 20

struct lend_job {
	struct lendmem_job job;
	u32 slot, nr, peer, flags;
	bool donate;
};

struct refuse_job {
	struct lendmem_job job;
	u32 slot;
};

/* Refused before anything is taken out of use for it. */
static int check_own(struct lendmem *lm, u32 first, u32 end)
{
	struct lendmem_unit_info info;
	u32 unit;
	int ret;

	for (unit = first; unit < end; unit++) {
		ret = lendmem_unit_info(lm, unit, &info);
		if (ret)
			return ret;
		if (!(info.flags & LEND_FLAG_OWN))
			return -EPERM;
		if (info.mixed || (info.state != LEND_SLOT_STANDBY && info.state != LEND_SLOT_HELD))
			return -ENXIO;
	}
	return 0;
}

static int offer(struct lendmem *lm, const struct lend_job *l)
{
	u32 function = l->donate ? LEND_DONATE : LEND_LEND;
	int ret, tries = OFFER_TRIES;

	for (;;) {
		ret = lendmem_call(function, l->slot, l->nr, l->peer, l->flags, NULL);
		if (ret != -EBUSY || !--tries || lendmem_ended(lm))
			return ret;
		msleep_interruptible(OFFER_PAUSE_MS);
	}
}

/* As it was: with its standby block, or in use. */
static void put_back(struct lendmem *lm, u32 unit, bool was_used)
{
	int ret = lm->mode == LENDMEM_DYNAMIC && was_used ? lendmem_unit_use(lm, unit)
							  : lendmem_reconcile(lm, unit);

	if (ret)
		lendmem_mark(lm, lendmem_first_slot(lm, unit), 1);
}

static int lend(struct lendmem *lm, struct lendmem_job *job)
{
	const struct lend_job *l = container_of(job, struct lend_job, job);
	u32 first = lendmem_unit_of(lm, l->slot);
	u32 end = lendmem_unit_of(lm, l->slot + l->nr - 1) + 1;
	const char *peer = lendmem_peer_name(lm, l->peer) ?: "?";
	const char *what = l->donate ? "donated" : "lent";
	enum lendmem_parting parting =
		l->flags & LEND_LEND_KEEP ? LENDMEM_PART_DATA : LENDMEM_PART_FOR_GOOD;
	u32 unit;
	int ret;

	bitmap_zero(lm->leaving, lm->nr_units);
	ret = check_own(lm, first, end);
	for (unit = first; unit < end && !ret; unit++) {
		if (lm->units[unit].nr_added)
			__set_bit(unit, lm->leaving);
		ret = lendmem_unit_withdraw(lm, unit, parting);
		if (ret && !lendmem_ended(lm))
			lendmem_say_kept(lm, unit, ret);
	}
	if (!ret)
		ret = offer(lm, l);
	if (!ret) {
		for (unit = first; unit < end; unit++)
			lendmem_not_kept(lm, unit);
		dev_info(lm->dev, "slot %u: %s to %s\n", l->slot, what, peer);
		return 0;
	}
	dev_warn(lm->dev, "slot %u: not %s to %s: %s\n", l->slot, what, peer, lendmem_words(ret));
	for_each_set_bit(unit, lm->leaving, lm->nr_units)
		put_back(lm, unit, true);
	return ret;
}

/*
 * Offline, remove, relinquish and lend as one operation: where it fails the units are as before, but
 * for being offline in standby mode.
 */
int lendmem_lend(struct lendmem *lm, u32 slot, u32 nr, u32 peer, u32 flags, bool donate)
{
	struct lend_job l = {
		.job.run = lend,
		.slot = slot,
		.nr = nr,
		.peer = peer,
		.flags = flags,
		.donate = donate,
	};

	if (!nr || nr > LEND_CALL_MAX || slot >= lm->nr_slots || nr > lm->nr_slots - slot ||
	    slot % lm->slots_per_unit || nr % lm->slots_per_unit)
		return -EINVAL;
	return lendmem_do(lm, &l.job);
}

int lendmem_reclaim(struct lendmem *lm, u64 loan, u64 deadline_ns)
{
	int ret = lendmem_call(LEND_RECLAIM, loan, deadline_ns, 0, 0, NULL);

	if (ret)
		dev_warn(lm->dev, "loan %#llx: not reclaimed: %s\n", loan, lendmem_words(ret));
	/* What was only on offer is back without an event. */
	lendmem_mark(lm, 0, lm->nr_slots);
	return ret;
}

int lendmem_revoke(struct lendmem *lm, u64 loan)
{
	int ret = lendmem_call(LEND_REVOKE, loan, 0, 0, 0, NULL);

	if (ret)
		dev_warn(lm->dev, "loan %#llx: not revoked: %s\n", loan, lendmem_words(ret));
	lendmem_mark(lm, 0, lm->nr_slots);
	return ret;
}

/* Of a unit of one loan all slots, of a mixed one that slot. */
static int refuse(struct lendmem *lm, struct lendmem_job *job)
{
	u32 slot = container_of(job, struct refuse_job, job)->slot;
	u32 unit = lendmem_unit_of(lm, slot), end = slot + 1;
	struct lendmem_unit_info info;
	int ret;

	ret = lendmem_unit_info(lm, unit, &info);
	if (ret)
		return ret;
	if (!info.mixed) {
		if (info.state != LEND_SLOT_OFFERED)
			return -ENXIO;
		slot = lendmem_first_slot(lm, unit);
		end = slot + lm->slots_per_unit;
	}
	ret = lendmem_blocks_remove(lm, unit);
	for (; slot < end && !ret; slot++)
		ret = lendmem_call(LEND_REFUSE, slot, 0, 0, 0, NULL);
	if (ret) {
		dev_warn(lm->dev, "slot %u: not refused: %s\n", slot, lendmem_words(ret));
		lendmem_mark(lm, slot, 1);
	}
	return ret;
}

int lendmem_refuse(struct lendmem *lm, u32 slot)
{
	struct refuse_job r = {.job.run = refuse, .slot = slot};

	return slot < lm->nr_slots ? lendmem_do(lm, &r.job) : -EINVAL;
}
