/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's side of tlb.h. */
#include "hyp/cpu/barrier.h"
#include "hyp/cpu/sysreg.h"
#include "stage2/tlb_steps.h"

void s2_write_entries(u64 *entry, u32 nr, u64 value, u64 step)
{
	/* Volatile: one store of 64 bits, which walkers of other CPUs see whole or not at all. */
#pragma GCC unroll 4
	for (volatile u64 *at = entry, *end = entry + nr; at < end; at++, value += step)
		*at = value;
}
