// SPDX-License-Identifier: GPL-2.0
/*
 * What callers want of the worker, one after the other, and how a removal is kept from going on for
 * ever: offlining ends only with success or a signal, so a time-out, an unload, a caller who is sent a
 * signal, or a job that comes while the worker is at work unasked has one sent to the worker.
 */
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>

#include "lendmem.h"

static unsigned int recall_timeout_ms = 10000;
module_param(recall_timeout_ms, uint, 0644);
MODULE_PARM_DESC(recall_timeout_ms, "one attempt to take a block out of use, 0: no limit");

/* The caller holds job_lock. */
static void take_back(struct lendmem *lm, struct lendmem_job *job)
{
	if (lm->job == job) {
		lm->cancelled = true;
		send_sig(SIGTERM, lm->worker, 1);
	} else if (!list_empty(&job->list)) {
		list_del_init(&job->list);
		job->ret = -EINTR;
		complete(&job->done);
	}
}

int lendmem_do(struct lendmem *lm, struct lendmem_job *job)
{
	init_completion(&job->done);
	spin_lock(&lm->job_lock);
	if (lm->stopping) {
		spin_unlock(&lm->job_lock);
		return -ESHUTDOWN;
	}
	list_add_tail(&job->list, &lm->jobs);
	/* What it does unasked can be tried again at any time. */
	if (!lm->job) {
		lm->cancelled = true;
		send_sig(SIGTERM, lm->worker, 1);
	}
	spin_unlock(&lm->job_lock);
	wake_up(&lm->wait);
	if (wait_for_completion_interruptible(&job->done)) {
		spin_lock(&lm->job_lock);
		take_back(lm, job);
		spin_unlock(&lm->job_lock);
		wait_for_completion(&job->done);
	}
	return job->ret;
}

bool lendmem_jobs_wait(struct lendmem *lm)
{
	return !list_empty_careful(&lm->jobs);
}

/* The caller holds job_lock. NULL if there is none. */
static struct lendmem_job *pop_job(struct lendmem *lm)
{
	struct lendmem_job *job = list_first_entry_or_null(&lm->jobs, struct lendmem_job, list);

	if (job)
		list_del_init(&job->list);
	return job;
}

static struct lendmem_job *next_job(struct lendmem *lm)
{
	struct lendmem_job *job;

	spin_lock(&lm->job_lock);
	job = pop_job(lm);
	lm->job = job;
	/* The signals so far were for what was at work before. */
	lm->cancelled = false;
	flush_signals(current);
	spin_unlock(&lm->job_lock);
	return job;
}

/* The caller frees the job once it is done: not touched after complete(). */
static void finish(struct lendmem *lm, struct lendmem_job *job)
{
	spin_lock(&lm->job_lock);
	lm->job = NULL;
	lm->cancelled = false;
	spin_unlock(&lm->job_lock);
	flush_signals(current);
	complete(&job->done);
}

void lendmem_run_jobs(struct lendmem *lm)
{
	struct lendmem_job *job;

	while ((job = next_job(lm))) {
		job->ret = job->run(lm, job);
		finish(lm, job);
	}
}

void lendmem_refuse_jobs(struct lendmem *lm)
{
	struct lendmem_job *job;

	spin_lock(&lm->job_lock);
	while ((job = pop_job(lm))) {
		job->ret = -ESHUTDOWN;
		complete(&job->done);
	}
	spin_unlock(&lm->job_lock);
}

bool lendmem_ended(const struct lendmem *lm)
{
	return READ_ONCE(lm->stopping) || READ_ONCE(lm->cancelled);
}

static void watchdog_expired(struct timer_list *timer)
{
	struct lendmem *lm = container_of(timer, struct lendmem, watchdog);

	send_sig(SIGTERM, lm->worker, 1);
}

int lendmem_bound_begin(struct lendmem *lm)
{
	unsigned long timeout = msecs_to_jiffies(READ_ONCE(recall_timeout_ms));

	/* On the way out of the module nothing is online, and the signals are somebody's own. */
	if (current != lm->worker)
		return 0;
	flush_signals(current);
	/* Looked at after the flush: whoever ends it signals afterwards. */
	if (lendmem_ended(lm))
		return -EINTR;
	timeout = min_not_zero(timeout, lm->share);
	if (timeout)
		mod_timer(&lm->watchdog, jiffies + timeout);
	return 0;
}

void lendmem_bound_end(struct lendmem *lm)
{
	if (current != lm->worker)
		return;
	timer_delete_sync(&lm->watchdog);
	flush_signals(current);
}

void lendmem_job_init(struct lendmem *lm)
{
	spin_lock_init(&lm->job_lock);
	INIT_LIST_HEAD(&lm->jobs);
	/* Until there is a worker. */
	lm->stopping = true;
	timer_setup(&lm->watchdog, watchdog_expired, 0);
}
