/* SPDX-License-Identifier: BSD-2-Clause */
/* Barriers, hints and TLBIs without an operand, by name. Each use says what it orders. */
#ifndef HYP_CPU_BARRIER_H
#define HYP_CPU_BARRIER_H

#define isb() __asm__ volatile("isb" ::: "memory")
#define dsb(domain) __asm__ volatile("dsb " #domain ::: "memory")
#define tlbi(op) __asm__ volatile("tlbi " #op ::: "memory")
#define wfi() __asm__ volatile("wfi" ::: "memory")

#endif
