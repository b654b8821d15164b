// SPDX-License-Identifier: GPL-2.0
/*
 * The event interrupt. The line stays up while an event waits, so the handler reads them all; what
 * has to be done about them is the worker's, which asks for the state of the slot: no queue.
 */
#include <linux/interrupt.h>
#include <linux/kobject.h>

#include "call.h"
#include "lendmem.h"
#include "lendmem_trace.h"

static const struct {
	const char *name;
	bool has_slot;
	bool target; /* how many of the pool's blocks are wanted may have changed */
} events[] = {
	[LEND_EVENT_OFFER] = {"offer", .has_slot = true},
	[LEND_EVENT_RECALL] = {"recall", .has_slot = true},
	[LEND_EVENT_EXPIRED] = {"expired", .has_slot = true},
	[LEND_EVENT_RETURNED] = {"returned", .has_slot = true},
	[LEND_EVENT_REVOKED] = {"revoked", .has_slot = true},
	[LEND_EVENT_POISONED] = {"poisoned", .has_slot = true},
	[LEND_EVENT_TARGET] = {"target", .target = true},
	[LEND_EVENT_PEER_GONE] = {"peer-gone"},
	[LEND_EVENT_POOL] = {"pool", .target = true},
};

static void tell_user_space(struct lendmem *lm, u32 kind, u32 slot, u32 peer, u64 loan)
{
	struct kobj_uevent_env *env = lendmem_uevent_new(events[kind].name);
	struct lendmem_pool pool;

	if (!env)
		return;
	if (events[kind].has_slot)
		add_uevent_var(env, "LEND_SLOT=%u", slot);
	if (peer != LEND_NO_PEER)
		add_uevent_var(env, "LEND_PEER=%s", lendmem_peer_name(lm, peer) ?: "?");
	if (loan)
		add_uevent_var(env, "LEND_LOAN=%#llx", loan);
	if (events[kind].target && !lendmem_call_pool(&pool)) {
		add_uevent_var(env, "LEND_WANTED=%u", lendmem_wanted(lm));
		add_uevent_var(env, "LEND_HELD=%u", pool.held);
	}
	lendmem_uevent_send(lm, env);
}

/* What the worker has to look at for an event. */
static void mark(struct lendmem *lm, u32 kind, u32 slot)
{
	struct lendmem_slot_info info;

	if (events[kind].target)
		lendmem_target_event(lm, kind == LEND_EVENT_TARGET);
	else if (!events[kind].has_slot)
		lendmem_mark(lm, 0, lm->nr_slots);
	else if (!lendmem_call_slot_info(slot, &info))
		/* An event names the first slot of a loan, which is a run that reads the same. */
		lendmem_mark(lm, slot, info.run);
}

static void handle(struct lendmem *lm, const struct lendmem_result *res)
{
	u32 kind = LEND_EVENT_KIND(res->x1);
	u32 slot = LEND_EVENT_SLOT(res->x1);
	u32 peer = LEND_EVENT_PEER(res->x1);

	trace_lendmem_event(kind, slot, peer, res->x2);
	/* One that a later ABI added: look at everything. */
	if (kind >= ARRAY_SIZE(events)) {
		lendmem_mark(lm, 0, lm->nr_slots);
		lendmem_target_event(lm, false);
		return;
	}
	mark(lm, kind, slot);
	if (events[kind].has_slot)
		dev_info(lm->dev, "slot %u: %s, peer %s\n", slot, events[kind].name,
			 lendmem_peer_name(lm, peer) ?: "none");
	else if (peer != LEND_NO_PEER)
		dev_info(lm->dev, "%s, peer %s\n", events[kind].name,
			 lendmem_peer_name(lm, peer) ?: "?");
	else
		dev_info(lm->dev, "%s\n", events[kind].name);
	tell_user_space(lm, kind, slot, peer, res->x2);
}

static irqreturn_t drain(int irq, void *data)
{
	struct lendmem *lm = data;
	struct lendmem_result res;
	irqreturn_t ret = IRQ_NONE;

	while (!lendmem_call(LEND_EVENT_NEXT, 0, 0, 0, 0, &res) &&
	       LEND_EVENT_KIND(res.x1) != LEND_EVENT_NONE) {
		handle(lm, &res);
		ret = IRQ_HANDLED;
	}
	return ret;
}

int lendmem_event_init(struct lendmem *lm, int irq)
{
	/* The trigger type is the device tree's. */
	return devm_request_threaded_irq(lm->dev, irq, NULL, drain, IRQF_ONESHOT, dev_name(lm->dev),
					 lm);
}
