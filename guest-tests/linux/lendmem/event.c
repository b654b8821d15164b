// SPDX-License-Identifier: GPL-2.0
/*
 * The event interrupt. The line stays up while an event waits, so the handler reads them all; what
 * has to be done about them is the worker's, which asks for the state of the slot: no queue.
 */
#include <linux/interrupt.h>
#include <linux/kobject.h>

#include "call.h"
#include "lendmem.h"

static const struct {
	const char *name;
	bool has_slot;
} events[] = {
	[LEND_EVENT_OFFER] = {"offer", true},     [LEND_EVENT_RECALL] = {"recall", true},
	[LEND_EVENT_EXPIRED] = {"expired", true}, [LEND_EVENT_RETURNED] = {"returned", true},
	[LEND_EVENT_REVOKED] = {"revoked", true}, [LEND_EVENT_POISONED] = {"poisoned", true},
	[LEND_EVENT_TARGET] = {"target", false},  [LEND_EVENT_PEER_GONE] = {"peer-gone", false},
	[LEND_EVENT_POOL] = {"pool", false},
};

static void tell_user_space(struct lendmem *lm, u32 kind, u32 slot, u32 peer, u64 loan)
{
	char event[32], where[32], who[64], what[40];
	char *env[5] = {event};
	int n = 1;

	snprintf(event, sizeof(event), "LEND_EVENT=%s", events[kind].name);
	if (events[kind].has_slot) {
		snprintf(where, sizeof(where), "LEND_SLOT=%u", slot);
		env[n++] = where;
	}
	if (peer != LEND_NO_PEER) {
		snprintf(who, sizeof(who), "LEND_PEER=%s", lendmem_peer_name(lm, peer) ?: "?");
		env[n++] = who;
	}
	if (loan) {
		snprintf(what, sizeof(what), "LEND_LOAN=%#llx", loan);
		env[n++] = what;
	}
	kobject_uevent_env(&lm->dev->kobj, KOBJ_CHANGE, env);
}

static void handle(struct lendmem *lm, const struct lendmem_result *res)
{
	u32 kind = LEND_EVENT_KIND(res->x1);
	u32 slot = LEND_EVENT_SLOT(res->x1);
	u32 peer = LEND_EVENT_PEER(res->x1);
	struct lendmem_slot_info info;

	/* One that a later ABI added: look at everything. */
	if (kind >= ARRAY_SIZE(events)) {
		lendmem_mark(lm, 0, lm->nr_slots);
		return;
	}
	if (events[kind].has_slot) {
		/* An event names the first slot of a loan, which is a run that reads the same. */
		if (lendmem_call_slot_info(slot, &info))
			return;
		lendmem_mark(lm, slot, info.run);
		dev_info(lm->dev, "slot %u: %s, peer %s\n", slot, events[kind].name,
			 lendmem_peer_name(lm, peer) ?: "none");
	} else {
		lendmem_mark(lm, 0, lm->nr_slots);
		dev_info(lm->dev, "%s, peer %s\n", events[kind].name,
			 lendmem_peer_name(lm, peer) ?: "none");
	}
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
