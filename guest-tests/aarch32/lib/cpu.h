/* SPDX-License-Identifier: BSD-2-Clause */
/* CP15 registers, barriers, interrupt mask and MMU of the CPU that asks. */
#ifndef ARM32_CPU_H
#define ARM32_CPU_H

#include "hyp/lib/types.h"

#define read_cp15(opc1, crn, crm, opc2)                                                            \
	({                                                                                         \
		u32 value_;                                                                        \
		__asm__ volatile("mrc p15, " #opc1 ", %0, " #crn ", " #crm ", " #opc2              \
				 : "=r"(value_)::"memory");                                        \
		value_;                                                                            \
	})
#define write_cp15(opc1, crn, crm, opc2, value)                                                    \
	__asm__ volatile("mcr p15, " #opc1 ", %0, " #crn ", " #crm ", " #opc2                      \
			 "\n\tisb" ::"r"((u32)(value))                                             \
			 : "memory")
#define read_cp15_64(opc1, crm)                                                                    \
	({                                                                                         \
		u64 value_;                                                                        \
		__asm__ volatile("mrrc p15, " #opc1 ", %Q0, %R0, " #crm : "=r"(value_)::"memory"); \
		value_;                                                                            \
	})
#define write_cp15_64(opc1, crm, value)                                                            \
	__asm__ volatile("mcrr p15, " #opc1 ", %Q0, %R0, " #crm "\n\tisb" ::"r"((u64)(value))      \
			 : "memory")

#define CPSR_MODE 0x1f
#define CPSR_T 0x20
#define CPSR_F 0x40
#define CPSR_I 0x80
#define CPSR_A 0x100
#define CPSR_E 0x200
#define MODE_SVC 0x13
#define MODE_ABT 0x17
#define MODE_UND 0x1b

static inline void dsb(void)
{
	__asm__ volatile("dsb sy" ::: "memory");
}

static inline void isb(void)
{
	__asm__ volatile("isb" ::: "memory");
}

static inline void irq_enable(void)
{
	__asm__ volatile("cpsie i" ::: "memory");
}

static inline void irq_disable(void)
{
	__asm__ volatile("cpsid i" ::: "memory");
}

static inline u32 read_cpsr(void)
{
	u32 value;

	__asm__ volatile("mrs %0, cpsr" : "=r"(value)::"memory");
	return value;
}

static inline u32 mmio_read(u32 address)
{
	return *(volatile u32 *)address;
}

static inline void mmio_write(u32 address, u32 value)
{
	*(volatile u32 *)address = value;
}

/* The virtual timer's counter. */
static inline u64 counter(void)
{
	isb();
	return read_cp15_64(1, c14);
}

static inline u32 counter_hz(void)
{
	return read_cp15(0, c14, c0, 0);
}

/* Identity map of all 4 GiB, devices below 1 GiB: in short descriptors or (long) LPAE's. */
void mmu_on(bool long_descriptors);
void mmu_off(void);

/* To the point of coherency, for a reader whose MMU is off. */
void cache_clean(const void *start, u32 size);

#endif
