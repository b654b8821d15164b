/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/cpu/timer.h"
#include "hyp/cpu/barrier.h"
#include "hyp/cpu/percpu.h"

#define NS_PER_S 1000000000ULL

static struct timer *lists[PLATFORM_MAX_CPUS];

/* In two steps, or the product overflows after minutes. */
static u64 scale(u64 x, u64 from, u64 to)
{
	return x / from * to + x % from * to / from;
}

u64 time_ns(void)
{
	isb(); /* the counter is not read ahead of what came before */
	return scale(read_sysreg(cntpct_el0), read_sysreg(cntfrq_el0), NS_PER_S);
}

static void program(const struct timer *first)
{
	if (first) {
		write_sysreg(cnthp_cval_el2, first->deadline);
		write_sysreg(cnthp_ctl_el2, CNT_CTL_ENABLE);
	} else {
		write_sysreg(cnthp_ctl_el2, 0);
	}
	isb();
}

void timer_arm(struct timer *t, u64 ns)
{
	struct timer **list = &lists[this_cpu()->index], **at = list;

	if (t->armed)
		return;
	isb();
	t->deadline = read_sysreg(cntpct_el0) + scale(ns, NS_PER_S, read_sysreg(cntfrq_el0));
	while (*at && (*at)->deadline <= t->deadline)
		at = &(*at)->next;
	t->armed = true;
	t->next = *at;
	*at = t;
	program(*list);
}

void timer_stop(struct timer *t)
{
	struct timer **list = &lists[this_cpu()->index], **at = list;

	if (!t->armed)
		return;
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	t->armed = false;
	program(*list);
}

void timer_quiet(void)
{
	program(NULL);
}

void timer_run(void)
{
	struct timer **list = &lists[this_cpu()->index];

	isb();
	while (*list && (*list)->deadline <= read_sysreg(cntpct_el0)) {
		struct timer *t = *list;

		*list = t->next;
		t->armed = false;
		t->fn(t->arg);
	}
	program(*list);
}
