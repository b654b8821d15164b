/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's CPUs, in the order of the FDT. CPU 0 runs the tests, the others what it gives them. */
#ifndef BARE_SMP_H
#define BARE_SMP_H

#include "hyp/lib/types.h"
#include "guest-tests/bare/lib/cpu.h"

#define MAX_CPUS 64

struct probe;

struct cpu {
	u64 stack; /* start.S knows this offset */
	u64 other_entry; /* and this one: set by secondary_start_other */
	u32 index;
	u64 mpidr; /* from the FDT */
	void (*fn)(void);
	bool keeps_redist; /* its redistributor is as it is to be */
	u32 finished; /* fn has returned */
	struct probe *probe; /* where an expected abort goes; NULL: none is expected */
};

extern u32 nr_cpus;

/* Entry points for CPU_ON; the context id is the struct cpu. */
void secondary_start(void);
void secondary_start_other(void);

static inline struct cpu *this_cpu(void)
{
	return (struct cpu *)read_reg(tpidr_el1);
}

struct cpu *cpu_of(u32 index);

/* Runs fn on a CPU that is off, which is off again when fn returns. Returns CPU_ON's status. */
s32 cpu_start(u32 index, void (*fn)(void));
s32 cpu_start_at(u32 index, void (*entry)(void), void (*fn)(void));
s32 cpu_start_keeping_redist(u32 index, void (*fn)(void));

/* Off at once, as if fn had returned; from an interrupt handler, too. Not for CPU 0. */
_Noreturn void cpu_end(void);

/* fn has returned and AFFINITY_INFO says off; false when that never comes. */
bool cpu_wait_off(u32 index);

/* fn on every CPU at once, the caller included; back when all are done. False: a CPU did not start or end. */
bool on_all_cpus(void (*fn)(void));

/* For on_all_cpus(): nobody leaves before all have come. False when they do not. */
bool meet(void);

/* Reads the FDT; before anything else here. */
void smp_init(void);

/* start.S and vectors.S call these. */
_Noreturn void secondary_main(struct cpu *cpu);
void irq_take(void);

#endif
