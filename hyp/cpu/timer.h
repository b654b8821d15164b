/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EL2's own timers, on the CPU that sets them: one list per CPU behind its EL2 physical timer (CNTHP).
 * A timer is used on one CPU only, so no lock is needed: EL2 runs with interrupts masked.
 */
#ifndef HYP_CPU_TIMER_H
#define HYP_CPU_TIMER_H

#include "hyp/lib/types.h"

struct timer {
	void (*fn)(void *arg);
	void *arg;
	u64 deadline; /* counter ticks */
	bool armed;
	struct timer *next;
};

/* Nanoseconds of the physical counter since it was 0. */
u64 time_ns(void);

/* fn(arg) runs on this CPU in ns or a little later; an armed timer keeps its first deadline. */
void timer_arm(struct timer *t, u64 ns);

/* It does not run, unless armed again. */
void timer_stop(struct timer *t);

/* At the CNTHP interrupt, before it is deactivated: its level drops. */
void timer_quiet(void);

/* After it was: runs what is due, sets the next one. A function may see its own next deadline pend. */
void timer_run(void);

#endif
