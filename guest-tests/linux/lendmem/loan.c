// SPDX-License-Identifier: GPL-2.0
#include <linux/delay.h>
#include <linux/of.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "call.h"
#include "lendmem.h"

/* How long a peer may take to read our last offer before it is given another. */
#define OFFER_TRIES 100
#define OFFER_PAUSE_MS 20

int lendmem_peer_id(struct lendmem *lm, const char *name, u32 *peer)
{
	struct device_node *np;
	const char *label;

	for_each_child_of_node(lm->dev->of_node, np)
	{
		if (!of_property_read_string(np, "label", &label) && !strcmp(label, name) &&
		    !of_property_read_u32(np, "reg", peer)) {
			of_node_put(np);
			return 0;
		}
	}
	return -ENOENT;
}

/* NULL for one that the device tree does not name. The string lives as long as the device tree. */
const char *lendmem_peer_name(struct lendmem *lm, u32 peer)
{
	struct device_node *np;
	const char *label;
	u32 id;

	for_each_child_of_node(lm->dev->of_node, np)
	{
		if (!of_property_read_u32(np, "reg", &id) && id == peer &&
		    !of_property_read_string(np, "label", &label)) {
			of_node_put(np);
			return label;
		}
	}
	return NULL;
}

static int take_out_of_use(struct lendmem *lm, u32 slot, bool keep)
{
	struct lendmem_unit *s = &lm->units[slot];
	int ret;

	WRITE_ONCE(s->keep, keep);
	ret = lendmem_block_remove(lm, slot);
	WRITE_ONCE(s->keep, false);
	if (ret)
		return ret;
	/* Held though not online: left so by the kernel before a kexec. */
	return lendmem_call(LEND_RELINQUISH, slot, 1, keep ? LEND_RELINQUISH_KEEP : 0, 0, NULL);
}

static int offer(u32 slot, u32 peer, u32 flags, bool donate)
{
	int ret, tries = OFFER_TRIES;

	for (;;) {
		ret = lendmem_call(donate ? LEND_DONATE : LEND_LEND, slot, 1, peer, flags, NULL);
		if (ret != -EBUSY || !--tries || signal_pending(current))
			return ret;
		msleep_interruptible(OFFER_PAUSE_MS);
	}
}

/*
 * Offline, remove, relinquish and lend as one operation: where it fails the slot has its block
 * again, offline. The caller may wait long and be interrupted by a signal.
 */
int lendmem_lend(struct lendmem *lm, u32 slot, u32 nr, u32 peer, u32 flags, bool donate)
{
	struct lendmem_slot_info info;
	int ret;

	if (slot >= lm->nr_slots || nr != 1)
		return -EINVAL;
	ret = mutex_lock_interruptible(&lm->work_lock);
	if (ret)
		return ret;
	ret = lendmem_call_slot_info(slot, &info);
	if (ret)
		goto out;
	/* Refused before anything is taken out of use for it. */
	if (!(info.flags & LEND_FLAG_OWN)) {
		ret = -EPERM;
		goto out;
	}
	if (info.state != LEND_SLOT_STANDBY && info.state != LEND_SLOT_HELD) {
		ret = -ENXIO;
		goto out;
	}
	ret = take_out_of_use(lm, slot, flags & LEND_LEND_KEEP);
	if (!ret)
		ret = offer(slot, peer, flags, donate);
	if (!ret)
		dev_info(lm->dev, "slot %u: lent to %s\n", slot,
			 lendmem_peer_name(lm, peer) ?: "?");
	else if (lendmem_reconcile(lm, slot))
		lendmem_mark(lm, slot, 1);
out:
	mutex_unlock(&lm->work_lock);
	return ret;
}

int lendmem_reclaim(struct lendmem *lm, u64 loan, u64 deadline_ns)
{
	int ret = lendmem_call(LEND_RECLAIM, loan, deadline_ns, 0, 0, NULL);

	/* What was only on offer is back without an event. */
	lendmem_mark(lm, 0, lm->nr_slots);
	return ret;
}

int lendmem_revoke(struct lendmem *lm, u64 loan)
{
	int ret = lendmem_call(LEND_REVOKE, loan, 0, 0, 0, NULL);

	lendmem_mark(lm, 0, lm->nr_slots);
	return ret;
}

int lendmem_refuse(struct lendmem *lm, u32 slot)
{
	return -EOPNOTSUPP;
}

int lendmem_set_target(struct lendmem *lm, u32 vm, u32 blocks)
{
	return lendmem_call(LEND_TARGET, vm, blocks, 0, 0, NULL);
}

u32 lendmem_wanted(struct lendmem *lm)
{
	struct lendmem_pool pool;

	return lendmem_call_pool(&pool) ? 0 : pool.held;
}

int lendmem_configure(struct lendmem *lm, u32 slot, bool on)
{
	return -EOPNOTSUPP;
}

bool lendmem_configured(const struct lendmem *lm, u32 slot)
{
	return lendmem_has_block(lm, slot);
}

int lendmem_drain(struct lendmem *lm, bool on)
{
	return -EOPNOTSUPP;
}

u64 lendmem_block_cost(const struct lendmem *lm)
{
	return 0;
}
