/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's side of tlb.h. */
#include "hyp/cpu/barrier.h"
#include "hyp/cpu/sysreg.h"
#include "stage2/tlb_steps.h"

void s2_write_entry(u64 *entry, u64 value)
{
	/* Volatile: one store of 64 bits, which walkers of other CPUs see whole or not at all. */
	*(volatile u64 *)entry = value;
}
