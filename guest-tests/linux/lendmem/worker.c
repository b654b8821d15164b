// SPDX-License-Identifier: GPL-2.0
/*
 * The one thread that adds and removes Linux blocks: does what callers want of it, then makes blocks
 * fit what the hypervisor says of their units, then moves towards the target.
 *
 * It is a kthread, not a work item, because offlining goes on until it succeeds or a signal comes.
 */
#include <linux/bitmap.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/reboot.h>
#include <linux/sched/signal.h>

#include "lendmem.h"
#include "lendmem_trace.h"

#define BACKOFF_MIN HZ
#define BACKOFF_MAX (30 * HZ)

/* In which most blocks go. */
#define SHARE_MIN HZ

/* Neither ahead nor none. */
#define PAST (LEND_NO_DEADLINE / 2)

/* Deadlines this close are one: of the slots of a loan, too, each is asked a little later than the last. */
#define SAME_DEADLINE_NS NSEC_PER_SEC

unsigned long lendmem_backoff(unsigned long last)
{
	return clamp_t(unsigned long, last * 2, BACKOFF_MIN, BACKOFF_MAX);
}

void lendmem_mark(struct lendmem *lm, u32 slot, u32 nr_slots)
{
	u32 end = min_t(u64, (u64)slot + nr_slots, lm->nr_slots);
	u32 unit;

	if (slot >= end)
		return;
	for (unit = lendmem_unit_of(lm, slot); unit <= lendmem_unit_of(lm, end - 1); unit++)
		if (!test_and_set_bit(unit, lm->dirty))
			atomic_inc(&lm->marks);
	wake_up(&lm->wait);
}

void lendmem_mark_target(struct lendmem *lm)
{
	WRITE_ONCE(lm->target_dirty, true);
	wake_up(&lm->wait);
}

bool lendmem_wanted_elsewhere(struct lendmem *lm)
{
	return lendmem_ended(lm) || lendmem_jobs_wait(lm) ||
	       atomic_read(&lm->marks) != lm->marks_seen;
}

/* A deadline that is past comes behind those that can still be met. */
static u64 deadline_of(struct lendmem *lm, u32 unit)
{
	struct lendmem_unit_info info;

	if (lendmem_unit_info(lm, unit, &info))
		return LEND_NO_DEADLINE;
	return info.deadline ? info.deadline : PAST;
}

/*
 * Of those whose recalls end first the emptiest; nr_units if there is none. None uses up the time until
 * then: it may not go at all, and others may, one of which may only be about to be recalled.
 */
static u32 next_leaving(struct lendmem *lm)
{
	u64 deadline, nearest = LEND_NO_DEADLINE;
	unsigned long unit;
	u32 nr = bitmap_weight(lm->leaving, lm->nr_units);

	for_each_set_bit(unit, lm->leaving, lm->nr_units)
		nearest = min(nearest, deadline_of(lm, unit));
	bitmap_zero(lm->urgent, lm->nr_units);
	for_each_set_bit(unit, lm->leaving, lm->nr_units) {
		deadline = deadline_of(lm, unit);
		if (deadline <= nearest || deadline - nearest <= SAME_DEADLINE_NS)
			__set_bit(unit, lm->urgent);
	}
	lm->share = 0;
	if (nearest < PAST)
		lm->share = max_t(unsigned long, nsecs_to_jiffies(nearest) / (nr + 1), SHARE_MIN);
	return lendmem_emptiest(lm, lm->urgent);
}

/* The longer it has failed the more seldom, but the more often the nearer the deadline is. */
static void retry_later(struct lendmem *lm, u32 unit)
{
	struct lendmem_unit *u = &lm->units[unit];
	u64 deadline = deadline_of(lm, unit);
	unsigned long pause;

	pause = lendmem_backoff(u->backoff);
	if (deadline < PAST)
		pause = clamp_t(unsigned long, nsecs_to_jiffies(deadline) / 4, BACKOFF_MIN, pause);
	u->backoff = pause;
	u->retry_at = jiffies + pause;
	trace_lendmem_retry(lendmem_first_slot(lm, unit), jiffies_to_msecs(pause),
			    deadline == PAST ? 0 : deadline);
}

static void work_on(struct lendmem *lm, u32 unit)
{
	struct lendmem_unit *u = &lm->units[unit];
	int ret = lendmem_reconcile(lm, unit);

	if (!ret) {
		u->backoff = 0;
		clear_bit(unit, lm->retry);
		return;
	}
	/* A job came: again after it. */
	if (lendmem_ended(lm)) {
		set_bit(unit, lm->dirty);
		return;
	}
	/* All of them wait for the same. */
	if (ret == -ENOMEM && lm->reserve_backoff)
		u->retry_at = lm->reserve_retry_at;
	else
		retry_later(lm, unit);
	set_bit(unit, lm->retry);
}

/*
 * What costs nobody anything first, then those whose pages have to be moved. A new mark ends the pass
 * before its time, since it may be more urgent: what was not done is still marked.
 */
static void work_pass(struct lendmem *lm)
{
	unsigned long unit;

	lm->marks_seen = atomic_read(&lm->marks);
	for_each_set_bit(unit, lm->retry, lm->nr_units) {
		if (time_after_eq(jiffies, lm->units[unit].retry_at))
			set_bit(unit, lm->dirty);
	}
	bitmap_zero(lm->leaving, lm->nr_units);
	for_each_set_bit(unit, lm->dirty, lm->nr_units) {
		if (lendmem_wanted_elsewhere(lm))
			return;
		if (lendmem_leaving(lm, unit)) {
			__set_bit(unit, lm->leaving);
			continue;
		}
		clear_bit(unit, lm->dirty);
		work_on(lm, unit);
	}
	while (!lendmem_wanted_elsewhere(lm)) {
		unit = next_leaving(lm);
		if (unit >= lm->nr_units)
			return;
		__clear_bit(unit, lm->leaving);
		clear_bit(unit, lm->dirty);
		work_on(lm, unit);
		lm->share = 0;
	}
}

static bool target_due(const struct lendmem *lm)
{
	return READ_ONCE(lm->target_dirty) ||
	       (lm->target_backoff && time_after_eq(jiffies, lm->target_retry_at));
}

static void work_on_target(struct lendmem *lm)
{
	if (!target_due(lm) || lendmem_wanted_elsewhere(lm))
		return;
	WRITE_ONCE(lm->target_dirty, false);
	if (!lendmem_target_settle(lm)) {
		lm->target_backoff = 0;
		return;
	}
	lm->target_backoff = lendmem_backoff(lm->target_backoff);
	lm->target_retry_at = jiffies + lm->target_backoff;
}

static long left_until(unsigned long when)
{
	long left = when - jiffies;

	return max(left, 1L);
}

static long time_to_retry(const struct lendmem *lm)
{
	long wait = MAX_SCHEDULE_TIMEOUT;
	unsigned long unit;

	for_each_set_bit(unit, lm->retry, lm->nr_units)
		wait = min(wait, left_until(lm->units[unit].retry_at));
	return lm->target_backoff ? min(wait, left_until(lm->target_retry_at)) : wait;
}

static bool work_waits(struct lendmem *lm)
{
	return !READ_ONCE(lm->stopping) && (lendmem_jobs_wait(lm) || READ_ONCE(lm->target_dirty) ||
					    !bitmap_empty(lm->dirty, lm->nr_units));
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
		lendmem_run_jobs(lm);
		work_pass(lm);
		work_on_target(lm);
	}
	return 0;
}

/* Under the lock: no job is added from here on. What is at work ends by the signal. */
static void stop(struct lendmem *lm)
{
	spin_lock(&lm->job_lock);
	WRITE_ONCE(lm->stopping, true);
	spin_unlock(&lm->job_lock);
	send_sig(SIGTERM, lm->worker, 1);
}

/*
 * On the way into a reboot or a kexec devices are shut down under their locks, which an attempt to
 * offline a block holds. Nothing is given back here: the kernel runs in it to its last instruction.
 */
static int reboot_callback(struct notifier_block *nb, unsigned long action, void *data)
{
	stop(container_of(nb, struct lendmem, reboot_nb));
	return NOTIFY_DONE;
}

static void worker_exit(void *data)
{
	struct lendmem *lm = data;

	unregister_reboot_notifier(&lm->reboot_nb);
	stop(lm);
	kthread_stop(lm->worker);
	lm->worker = NULL;
	lendmem_refuse_jobs(lm);
}

int lendmem_worker_init(struct lendmem *lm)
{
	struct task_struct *worker;

	worker = kthread_create(work, lm, "lendmem");
	if (IS_ERR(worker))
		return PTR_ERR(worker);
	/* Before it runs: it asks for itself by this. */
	lm->worker = worker;
	spin_lock(&lm->job_lock);
	WRITE_ONCE(lm->stopping, false);
	spin_unlock(&lm->job_lock);
	wake_up_process(worker);
	lm->reboot_nb.notifier_call = reboot_callback;
	register_reboot_notifier(&lm->reboot_nb);
	return devm_add_action_or_reset(lm->dev, worker_exit, lm);
}
