/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long EL2 keeps interrupts masked at a stretch: from the way in, or a safe point, to the next safe
 * point or the way out. A safe point is where EL2 asks whether an interrupt is pending, and then serves it
 * or goes back to the guest. Built in by `make MEASURE=1` only, and nothing at all otherwise.
 *
 * Kept per CPU and cause, the longest of each; a stretch into which another CPU's work fell counts for
 * nothing, since under QEMU's -icount all CPUs share one clock.
 */
#ifndef HYP_CPU_MASKED_H
#define HYP_CPU_MASKED_H

#include "hyp/lib/types.h"

#define MASKED_IRQ 0x40 /* causes are exception classes, and this ... */
#define MASKED_IDLE 0x41 /* ... and a wake-up from WFI at EL2 */

#ifdef MEASURE

/* x0: the function, where the cause is a call. */
void masked_begin(u32 cause, u64 x0);
void masked_point(void);
void masked_end(void);

/* A line per CPU and cause: `masked: CPU 0: call 0x86000003: 1234 ns`. */
void masked_report(void);

#else

static inline void masked_begin(u32 cause, u64 x0)
{
	(void)cause;
	(void)x0;
}

static inline void masked_point(void)
{
}

static inline void masked_end(void)
{
}

static inline void masked_report(void)
{
}

#endif

#endif
