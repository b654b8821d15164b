// SPDX-License-Identifier: GPL-2.0
/*
 * Ballooning: the number of the pool's blocks that this VM holds moves towards its target.
 *
 * The hypervisor's first target is the number of promised slots, which means that nobody set one. So
 * nothing is done for a target unless one was set in this kernel's life, or is below that number: a
 * borrowed block whose owner went off is the pool's, and held above a target that nobody set. Once a
 * target is reached growth is over until the next event, so that a person who then gives a block up is
 * not overruled.
 *
 * In standby mode user space onlines what is wanted, since a module cannot.
 */
#include <linux/bitmap.h>

#include "call.h"
#include "lendmem.h"
#include "lendmem_trace.h"

/*
 * An event asks for growth at any time and decides nothing; the worker is done with what was asked when
 * it began: so what is asked meanwhile is not lost.
 */
static bool growing(const struct lendmem *lm)
{
	return READ_ONCE(lm->growth_asked) != READ_ONCE(lm->growth_done);
}

static bool at_target(const struct lendmem *lm, const struct lendmem_pool *pool)
{
	return pool->held + lm->slots_per_unit > pool->target;
}

static bool is_set(const struct lendmem *lm, const struct lendmem_pool *pool)
{
	return READ_ONCE(lm->target_set) || pool->target < pool->nr_promised;
}

static bool too_many(const struct lendmem *lm, const struct lendmem_pool *pool)
{
	return is_set(lm, pool) && pool->held > pool->target;
}

u32 lendmem_wanted(struct lendmem *lm)
{
	struct lendmem_pool pool;

	if (lendmem_call_pool(&pool))
		return 0;
	if (too_many(lm, &pool) || (growing(lm) && !at_target(lm, &pool)))
		return pool.target;
	return pool.held;
}

void lendmem_target_event(struct lendmem *lm, bool set)
{
	struct lendmem_pool pool;

	if (lendmem_call_pool(&pool))
		return;
	if (set)
		WRITE_ONCE(lm->target_set, true);
	if (is_set(lm, &pool))
		WRITE_ONCE(lm->growth_asked, lm->growth_asked + 1);
	trace_lendmem_target(pool.target, pool.held, lendmem_wanted(lm));
	lendmem_mark_target(lm);
}

static bool is_pool_unit(const struct lendmem_unit_info *info)
{
	return !info->mixed && !(info->flags & (LEND_FLAG_OWN | LEND_FLAG_ADOPTED));
}

/* The units in this state that are the pool's, or may be. */
static void pool_units(struct lendmem *lm, u32 state, unsigned long *units)
{
	struct lendmem_unit_info info;
	u32 unit;

	bitmap_zero(units, lm->nr_units);
	for (unit = 0; unit < lm->nr_units; unit++) {
		if (!lendmem_unit_info(lm, unit, &info) && info.state == state &&
		    is_pool_unit(&info))
			__set_bit(unit, units);
	}
}

static int give_up_one(struct lendmem *lm, u32 unit)
{
	int ret;

	if (lendmem_still_kept(lm, unit))
		return -EBUSY;
	ret = lendmem_unit_withdraw(lm, unit, LENDMEM_PART_FOR_GOOD);
	if (ret) {
		lendmem_kept(lm, unit, ret);
		return ret;
	}
	lendmem_not_kept(lm, unit);
	/* Its standby block, before anyone is told who may look for it. */
	if (lendmem_reconcile(lm, unit))
		lendmem_mark(lm, lendmem_first_slot(lm, unit), 1);
	lendmem_given_back(lm, unit);
	return 0;
}

/* 0 as well when all that is left is adopted, or mixed: nothing comes of trying again before the marks go. */
static int shrink(struct lendmem *lm)
{
	struct lendmem_pool pool;
	int ret, failed = 0;
	u32 unit;

	pool_units(lm, LEND_SLOT_HELD, lm->leaving);
	for (;;) {
		ret = lendmem_call_pool(&pool);
		if (ret || !too_many(lm, &pool))
			return ret;
		if (lendmem_wanted_elsewhere(lm)) {
			lendmem_mark_target(lm);
			return 0;
		}
		unit = lendmem_emptiest(lm, lm->leaving);
		if (unit >= lm->nr_units)
			return failed;
		__clear_bit(unit, lm->leaving);
		if (give_up_one(lm, unit))
			failed = -EBUSY;
	}
}

/* Said once until it is over. */
static void say_no_growth(struct lendmem *lm, u32 unit, int err)
{
	if (!lm->target_backoff && !lm->reserve_said)
		dev_warn(lm->dev, "slot %u: no growth by it for now: %s\n",
			 lendmem_first_slot(lm, unit), lendmem_words(err));
}

/* @asked: the growth this is for. A unit that cannot be had does not keep the others away. */
static int grow(struct lendmem *lm, u32 asked)
{
	struct lendmem_pool pool;
	int ret, failed = 0;
	u32 unit;

	pool_units(lm, LEND_SLOT_STANDBY, lm->leaving);
	for_each_set_bit(unit, lm->leaving, lm->nr_units) {
		ret = lendmem_call_pool(&pool);
		if (ret)
			return ret;
		if (at_target(lm, &pool)) {
			failed = 0;
			break;
		}
		if (lendmem_wanted_elsewhere(lm)) {
			lendmem_mark_target(lm);
			return 0;
		}
		ret = lendmem_unit_use(lm, unit);
		if (!ret)
			continue;
		say_no_growth(lm, unit, ret);
		if (ret == -ENOMEM)
			return ret;
		/* Quota and rights do not come by waiting. */
		if (ret == -EPERM) {
			failed = 0;
			break;
		}
		failed = ret;
	}
	if (!failed)
		WRITE_ONCE(lm->growth_done, asked);
	return failed;
}

/* Units that were kept for the target only are so no more. */
static void settled(struct lendmem *lm)
{
	u32 unit;

	for (unit = 0; unit < lm->nr_units; unit++) {
		if (lm->units[unit].kept)
			lendmem_mark(lm, lendmem_first_slot(lm, unit), 1);
	}
}

int lendmem_target_settle(struct lendmem *lm)
{
	u32 asked = READ_ONCE(lm->growth_asked);
	struct lendmem_pool pool;
	int ret;

	ret = lendmem_call_pool(&pool);
	if (ret || lm->drained)
		return ret;
	if (too_many(lm, &pool)) {
		ret = shrink(lm);
		if (!ret)
			ret = lendmem_call_pool(&pool);
	}
	/* Still too many: it was called away, and has marked the target again; or they are adopted. */
	if (ret || too_many(lm, &pool))
		return ret;
	settled(lm);
	if (at_target(lm, &pool))
		WRITE_ONCE(lm->growth_done, asked);
	if (lm->mode == LENDMEM_DYNAMIC && growing(lm))
		return grow(lm, asked);
	return 0;
}

int lendmem_set_target(struct lendmem *lm, u32 vm, u32 blocks)
{
	int ret = lendmem_call(LEND_TARGET, vm, blocks, 0, 0, NULL);

	if (ret)
		dev_warn(lm->dev, "target of %s not set: %s\n", lendmem_peer_name(lm, vm) ?: "?",
			 lendmem_words(ret));
	return ret;
}
