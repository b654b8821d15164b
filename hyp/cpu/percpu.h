/* SPDX-License-Identifier: BSD-2-Clause */
/* What each physical CPU has of its own; TPIDR_EL2 points at it. */
#ifndef HYP_CPU_PERCPU_H
#define HYP_CPU_PERCPU_H

#include "dt/platform.h"
#include "hyp/cpu/masked.h"
#include "hyp/cpu/sysreg.h"
#include "hyp/lib/types.h"

#define CPU_STACK_SIZE KIB(16)

struct vcpu;

struct cpu {
	/* The first three are read by assembly (boot/offsets.c). */
	u64 stack_top;
	u64 panic_stack_top;
	u64 ttbr; /* EL2 translation table, for the entry with the MMU off */
	u32 index;
	u64 mpidr; /* affinity fields */
	bool online;
	struct vcpu *vcpu; /* pinned here for life, NULL when the CPU is spare */
};

extern struct cpu cpus[PLATFORM_MAX_CPUS];
extern u32 nr_cpus;

static inline struct cpu *this_cpu(void)
{
	return (struct cpu *)read_sysreg(tpidr_el2);
}

#define MPIDR_AFFINITY 0xff00ffffffULL

/* The software-generated interrupt by which one CPU asks another to look again. */
#define SGI_KICK 0

/* Makes cpu leave its guest or its WFI and look at what concerns it. Any CPU, its own included. */
void cpu_kick(const struct cpu *cpu);

/* Is a physical interrupt waiting for this CPU? EL2 runs masked, so it asks at its safe points. */
static inline bool cpu_interrupt_pending(void)
{
	masked_point();
	return read_sysreg(isr_el1) & (ISR_I | ISR_F);
}

#endif
