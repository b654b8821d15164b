/* SPDX-License-Identifier: BSD-2-Clause */
/* Barriers, hints and TLBIs, by name. Each use says what it orders. */
#ifndef HYP_CPU_BARRIER_H
#define HYP_CPU_BARRIER_H

#define isb() __asm__ volatile("isb" ::: "memory")
#define dsb(domain) __asm__ volatile("dsb " #domain ::: "memory")
#define tlbi(op) __asm__ volatile("tlbi " #op ::: "memory")
/* A later extension of the architecture than the rest is built for; only where the CPU has it. */
#define tlbi_operand(op, operand)                                                                  \
	__asm__ volatile(".arch armv8.4-a\n\ttlbi " #op ", %0" : : "r"(operand) : "memory")
#define wfi() __asm__ volatile("wfi" ::: "memory")

#endif
