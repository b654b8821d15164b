// SPDX-License-Identifier: GPL-2.0
/*
 * One thread that makes the Linux blocks fit what the hypervisor says of their slots: adds what
 * could be retrieved, removes what could not, gives back what is recalled.
 *
 * It is a kthread, not a work item, because offlining goes on until it succeeds or a signal comes:
 * a time-out, an unload, or a person with kill(1) can stop it here.
 */
#include <linux/bitmap.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>

#include "call.h"
#include "lendmem.h"

#define BACKOFF_MIN HZ
#define BACKOFF_MAX (30 * HZ)

static unsigned int recall_timeout_ms = 30000;
module_param(recall_timeout_ms, uint, 0644);
MODULE_PARM_DESC(recall_timeout_ms, "one attempt to take a block out of use, 0: no limit");

enum wish {
	WISH_LEAVE,
	WISH_BLOCK,
	WISH_NO_BLOCK,
	WISH_GIVE_BACK,
};

static enum wish wish_of(const struct lendmem_slot_info *info)
{
	/* Part of the next kernel's own map. */
	if (info->flags & LEND_FLAG_ADOPTED)
		return WISH_LEAVE;
	switch (info->state) {
	case LEND_SLOT_STANDBY:
	case LEND_SLOT_HELD:
		return WISH_BLOCK;
	case LEND_SLOT_OFFERED:
	case LEND_SLOT_BORROWED:
		return info->flags & LEND_FLAG_RECALLED ? WISH_GIVE_BACK : WISH_BLOCK;
	case LEND_SLOT_REVOKED:
		return WISH_GIVE_BACK;
	default:
		return WISH_NO_BLOCK;
	}
}

/* Offlining reads the pages to move them: of a revoked block nothing can be read. */
static bool lost(const struct lendmem *lm, u32 slot, const struct lendmem_slot_info *info)
{
	return info->state == LEND_SLOT_REVOKED && READ_ONCE(lm->units[slot].granted);
}

static int give_back(struct lendmem *lm, u32 slot, const struct lendmem_slot_info *info)
{
	int ret;

	if (lost(lm, slot, info)) {
		dev_crit(lm->dev, "slot %u: revoked while in use, its data are lost\n", slot);
		return 0;
	}
	ret = lendmem_block_remove(lm, slot);
	if (ret)
		return ret;
	/* The offline step has done it if the block was online; a second time changes nothing. */
	if (info->state == LEND_SLOT_OFFERED)
		return lendmem_call(LEND_REFUSE, slot, 0, 0, 0, NULL);
	ret = lendmem_call(LEND_RELINQUISH, slot, 1, 0, 0, NULL);
	if (!ret)
		dev_info(lm->dev, "slot %u: given back\n", slot);
	return ret;
}

/* The caller holds work_lock. 0, or what kept block and slot from fitting. */
int lendmem_reconcile(struct lendmem *lm, u32 slot)
{
	struct lendmem_slot_info info;
	int ret;

	ret = lendmem_call_slot_info(slot, &info);
	if (ret)
		return ret;
	switch (wish_of(&info)) {
	case WISH_BLOCK:
		return lendmem_block_add(lm, slot);
	case WISH_NO_BLOCK:
		return lendmem_block_remove(lm, slot);
	case WISH_GIVE_BACK:
		return give_back(lm, slot, &info);
	case WISH_LEAVE:
		break;
	}
	return 0;
}

void lendmem_mark(struct lendmem *lm, u32 slot, u32 nr_slots)
{
	for (; nr_slots && slot < lm->nr_slots; slot++, nr_slots--)
		set_bit(slot, lm->dirty);
	wake_up(&lm->wait);
}

static void watchdog_expired(struct timer_list *timer)
{
	struct lendmem *lm = container_of(timer, struct lendmem, watchdog);

	send_sig(SIGTERM, lm->worker, 1);
}

static int reconcile_bounded(struct lendmem *lm, u32 slot)
{
	unsigned int timeout = READ_ONCE(recall_timeout_ms);
	int ret = -EINTR;

	mutex_lock(&lm->work_lock);
	flush_signals(current);
	/* Looked at after the flush: whoever sets it signals afterwards. */
	if (!READ_ONCE(lm->stopping)) {
		if (timeout)
			mod_timer(&lm->watchdog, jiffies + msecs_to_jiffies(timeout));
		ret = lendmem_reconcile(lm, slot);
		timer_delete_sync(&lm->watchdog);
	}
	mutex_unlock(&lm->work_lock);
	flush_signals(current);
	return ret;
}

static void work_on(struct lendmem *lm, u32 slot)
{
	struct lendmem_unit *s = &lm->units[slot];
	int ret = reconcile_bounded(lm, slot);

	if (!ret) {
		s->backoff = 0;
		clear_bit(slot, lm->retry);
		return;
	}
	if (!s->backoff)
		dev_warn(lm->dev, "slot %u: memory%lu is kept for now: %pe\n", slot,
			 lendmem_block_id(lm, slot), ERR_PTR(ret));
	s->backoff = clamp_t(unsigned long, s->backoff * 2, BACKOFF_MIN, BACKOFF_MAX);
	s->retry_at = jiffies + s->backoff;
	set_bit(slot, lm->retry);
}

static void work_pass(struct lendmem *lm)
{
	unsigned long slot;

	for_each_set_bit(slot, lm->retry, lm->nr_slots)
	{
		if (time_after_eq(jiffies, lm->units[slot].retry_at))
			set_bit(slot, lm->dirty);
	}
	for_each_set_bit(slot, lm->dirty, lm->nr_slots)
	{
		if (READ_ONCE(lm->stopping))
			return;
		clear_bit(slot, lm->dirty);
		work_on(lm, slot);
	}
}

static long time_to_retry(const struct lendmem *lm)
{
	long wait = MAX_SCHEDULE_TIMEOUT;
	unsigned long slot;

	for_each_set_bit(slot, lm->retry, lm->nr_slots)
	{
		long left = lm->units[slot].retry_at - jiffies;

		wait = min(wait, max(left, 1L));
	}
	return wait;
}

static bool work_waits(const struct lendmem *lm)
{
	return !READ_ONCE(lm->stopping) && !bitmap_empty(lm->dirty, lm->nr_slots);
}

static int work(void *data)
{
	struct lendmem *lm = data;

	allow_signal(SIGTERM);
	allow_signal(SIGINT);
	while (!kthread_should_stop()) {
		wait_event_interruptible_timeout(lm->wait, work_waits(lm) || kthread_should_stop(),
						 time_to_retry(lm));
		flush_signals(current);
		work_pass(lm);
	}
	return 0;
}

static void worker_exit(void *data)
{
	struct lendmem *lm = data;

	WRITE_ONCE(lm->stopping, true);
	send_sig(SIGTERM, lm->worker, 1);
	kthread_stop(lm->worker);
}

int lendmem_worker_init(struct lendmem *lm)
{
	timer_setup(&lm->watchdog, watchdog_expired, 0);
	lm->worker = kthread_run(work, lm, "lendmem");
	if (IS_ERR(lm->worker))
		return PTR_ERR(lm->worker);
	return devm_add_action_or_reset(lm->dev, worker_exit, lm);
}
