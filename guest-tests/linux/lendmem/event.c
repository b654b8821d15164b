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
	bool often; /* as often as a peer likes */
	bool target; /* how many of the pool's blocks are wanted may have changed */
} events[] = {
	[LEND_EVENT_OFFER] = {"offer", .has_slot = true, .often = true},
	[LEND_EVENT_RECALL] = {"recall", .has_slot = true, .often = true},
	[LEND_EVENT_EXPIRED] = {"expired", .has_slot = true},
	[LEND_EVENT_RETURNED] = {"returned", .has_slot = true, .often = true},
	[LEND_EVENT_REVOKED] = {"revoked", .has_slot = true},
	[LEND_EVENT_POISONED] = {"poisoned", .has_slot = true},
	[LEND_EVENT_TARGET] = {"target", .target = true},
	/* A block of that peer's in use here is the pool's now, and stays: nobody set a target for it. */
	[LEND_EVENT_PEER_GONE] = {"peer-gone"},
	[LEND_EVENT_POOL] = {"pool", .target = true},
};

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

static void say_target(struct lendmem *lm, const char *name, struct kobj_uevent_env *env)
{
	u32 wanted = lendmem_wanted(lm);
	struct lendmem_pool pool;

	if (lendmem_call_pool(&pool))
		return;
	dev_info_ratelimited(lm->dev, "%s: %u blocks of the pool wanted, %u held, %u free\n", name,
			     wanted, pool.held, pool.free);
	if (!env)
		return;
	add_uevent_var(env, "LEND_WANTED=%u", wanted);
	add_uevent_var(env, "LEND_HELD=%u", pool.held);
}

/* The log is for a person: no more of it than can be read, whatever a peer does. Uevents are told all. */
static void say(struct lendmem *lm, u32 kind, u32 slot, u32 peer, u64 loan)
{
	struct kobj_uevent_env *env = lendmem_uevent_new(events[kind].name);
	const char *who = lendmem_peer_name(lm, peer) ?: "?";

	if (events[kind].target)
		say_target(lm, events[kind].name, env);
	else if (events[kind].often)
		dev_info_ratelimited(lm->dev, "slot %u: %s, peer %s\n", slot, events[kind].name,
				     who);
	else if (events[kind].has_slot)
		dev_info(lm->dev, "slot %u: %s, peer %s\n", slot, events[kind].name, who);
	else
		dev_info(lm->dev, "%s, peer %s\n", events[kind].name, who);
	if (!env)
		return;
	if (events[kind].has_slot)
		add_uevent_var(env, "LEND_SLOT=%u", slot);
	if (peer != LEND_NO_PEER)
		add_uevent_var(env, "LEND_PEER=%s", who);
	if (loan)
		add_uevent_var(env, "LEND_LOAN=%#llx", loan);
	lendmem_uevent_send(lm, env);
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
	say(lm, kind, slot, peer, res->x2);
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
