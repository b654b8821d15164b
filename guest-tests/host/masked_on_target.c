/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/cpu/masked.h"
#include "hyp/cpu/barrier.h"
#include "hyp/cpu/percpu.h"
#include "hyp/lib/print.h"

#define NR_CAUSES 48 /* what is beyond shares the last row */
/* A cause is never 0, which is boot. */
#define CLASS BIT(32)
#define CALL BIT(33) /* the function of a call */
#define SMC64 BIT(30)

struct row {
	u64 cause;
	u64 longest; /* ticks of the counter */
};

static struct masked {
	u64 since; /* 0: no stretch has begun */
	u64 cause; /* of the stretch */
	struct row rows[NR_CAUSES];
	u32 nr_rows;
	u64 nr_stretches, nr_left_out;
} masked[PLATFORM_MAX_CPUS];

static u32 last; /* the CPU that was here last */

static u64 counter(void)
{
	isb();
	return read_sysreg(cntpct_el0);
}

static void note(struct masked *m, u64 ticks)
{
	u32 i = 0;

	while (i < m->nr_rows && m->rows[i].cause != m->cause)
		i++;
	if (i == m->nr_rows) {
		if (i < NR_CAUSES)
			m->nr_rows++;
		else
			i--;
		m->rows[i].cause = m->cause;
	}
	m->rows[i].longest = max_u64(m->rows[i].longest, ticks);
}

static void restart(struct masked *m)
{
	last = this_cpu()->index;
	m->since = counter();
}

void masked_begin(u32 cause, u64 x0)
{
	struct masked *m = &masked[this_cpu()->index];

	m->cause =
		cause == EC_HVC64 || cause == EC_SMC64 ? CALL | ((u32)x0 & ~SMC64) : CLASS | cause;
	restart(m);
}

void masked_point(void)
{
	u64 now = counter();
	struct masked *m = &masked[this_cpu()->index];

	if (m->since && m->cause) {
		m->nr_stretches++;
		/* Else the time of another CPU is in it, and a wait for a lock may be. */
		if (last == this_cpu()->index)
			note(m, now - m->since);
		else
			m->nr_left_out++;
	}
	restart(m);
}

void masked_end(void)
{
	masked_point();
	masked[this_cpu()->index].since = 0;
}

void masked_report(void)
{
	u64 hz = read_sysreg(cntfrq_el0), nr_stretches = 0, nr_left_out = 0;

	for (u32 cpu = 0; cpu < nr_cpus; cpu++) {
		nr_stretches += masked[cpu].nr_stretches;
		nr_left_out += masked[cpu].nr_left_out;
		for (u32 i = 0; i < masked[cpu].nr_rows; i++) {
			const struct row *row = &masked[cpu].rows[i];

			log_line("masked: CPU %u: %s 0x%x: %llu ns", cpu,
				 row->cause & CALL ? "call" : "class", (u32)row->cause,
				 (unsigned long long)(row->longest * 1000000000 / hz));
		}
	}
	log_line("masked: %llu of %llu stretches left out, another CPU was at EL2 meanwhile",
		 (unsigned long long)nr_left_out, (unsigned long long)nr_stretches);
}
