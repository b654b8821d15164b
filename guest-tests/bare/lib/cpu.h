/* SPDX-License-Identifier: BSD-2-Clause */
/* System registers, barriers, interrupt mask, and cache lines of the CPU that asks. */
#ifndef BARE_CPU_H
#define BARE_CPU_H

#include "hyp/lib/types.h"

#define read_reg(name)                                                                             \
	({                                                                                         \
		u64 value_;                                                                        \
		__asm__ volatile("mrs %0, " #name : "=r"(value_)::"memory");                       \
		value_;                                                                            \
	})
#define write_reg(name, value)                                                                     \
	__asm__ volatile("msr " #name ", %0\n\tisb" ::"r"((u64)(value)) : "memory")

#define MPIDR_AFFINITY 0xff00ffffffULL

static inline void cpu_relax(void)
{
	__asm__ volatile("yield" ::: "memory");
}

static inline void dsb(void)
{
	__asm__ volatile("dsb sy" ::: "memory");
}

static inline void isb(void)
{
	__asm__ volatile("isb" ::: "memory");
}

static inline void wfi(void)
{
	__asm__ volatile("dsb sy\n\twfi" ::: "memory");
}

static inline void irq_enable(void)
{
	__asm__ volatile("msr daifclr, #2" ::: "memory");
}

static inline void irq_disable(void)
{
	__asm__ volatile("msr daifset, #2" ::: "memory");
}

static inline u64 my_mpidr(void)
{
	return read_reg(mpidr_el1) & MPIDR_AFFINITY;
}

/* To the point of coherency, for a reader whose MMU is off. */
static inline void cache_clean(const void *start, size_t size)
{
	u64 line = 4ULL << FIELD(read_reg(ctr_el0), 19, 16);

	for (u64 p = ALIGN_DOWN((u64)start, line); p < (u64)start + size; p += line)
		__asm__ volatile("dc civac, %0" ::"r"(p) : "memory");
	dsb();
}

static inline u32 mmio_read(u64 address)
{
	return *(volatile u32 *)address;
}

static inline void mmio_write(u64 address, u32 value)
{
	*(volatile u32 *)address = value;
}

#endif
