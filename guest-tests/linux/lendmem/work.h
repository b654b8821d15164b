/* SPDX-License-Identifier: GPL-2.0 */
/* The worker, and what callers hand it; part of lendmem.h. */
#ifndef LENDMEM_WORK_H
#define LENDMEM_WORK_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/types.h>

struct lendmem;

/* worker.c: the thread; managed by the device. */
int lendmem_worker_init(struct lendmem *lm);
/* Look at the units of these slots. From any context. */
void lendmem_mark(struct lendmem *lm, u32 slot, u32 nr_slots);
void lendmem_mark_target(struct lendmem *lm);
/* Shall the worker leave what it does, for a job, a unit newly marked, or since the end is near? */
bool lendmem_wanted_elsewhere(struct lendmem *lm);
unsigned long lendmem_backoff(unsigned long last);

/**
 * struct lendmem_job - something that a caller wants of the worker
 * @run: does it; by the worker
 */
struct lendmem_job {
	int (*run)(struct lendmem *lm, struct lendmem_job *job);
	struct list_head list;
	struct completion done;
	int ret;
};

/* job.c: waits until the job is done. A signal to the caller ends it early. */
int lendmem_do(struct lendmem *lm, struct lendmem_job *job);
bool lendmem_jobs_wait(struct lendmem *lm);
void lendmem_run_jobs(struct lendmem *lm);
void lendmem_refuse_jobs(struct lendmem *lm);
/* Around a removal: a time-out or a cancelled job ends it by a signal. -EINTR: do not begin. */
int lendmem_bound_begin(struct lendmem *lm);
void lendmem_bound_end(struct lendmem *lm);
/* Did someone want it to end, or was it the time-out? */
bool lendmem_ended(const struct lendmem *lm);
/* Before anyone could call lendmem_do(). */
void lendmem_job_init(struct lendmem *lm);

#endif
