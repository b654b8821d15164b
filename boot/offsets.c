/* SPDX-License-Identifier: BSD-2-Clause */
/* Compiled, never linked: the Makefile turns its assembly into offsets.h for the .S files. */
#include <stddef.h>
#include "boot/mmu.h"
#include "hyp/cpu/percpu.h"
#include "hyp/trap/frame.h"

#define DEFINE(name, value) __asm__ volatile("\n#define " #name " %0" : : "i"(value))

void offsets(void);
void offsets(void)
{
	DEFINE(CPU_STACK_TOP, offsetof(struct cpu, stack_top));
	DEFINE(CPU_PANIC_STACK_TOP, offsetof(struct cpu, panic_stack_top));
	DEFINE(CPU_TTBR, offsetof(struct cpu, ttbr));
	DEFINE(FRAME_ELR, offsetof(struct trap_frame, elr));
	DEFINE(FRAME_SIZE, sizeof(struct trap_frame));
	DEFINE(SCTLR_EL2_OFF, SCTLR_EL2_RES1);
	DEFINE(SCTLR_EL2_ON, SCTLR_EL2_RES1 | SCTLR_EL2_FLAGS);
	DEFINE(HCR_EL2_BOOT, HCR_RW);
	DEFINE(CPTR_EL2_BOOT, CPTR_EL2_VALUE);
	DEFINE(MAIR_EL2_VALUE, MAIR_EL2);
	DEFINE(TCR_EL2_VALUE, TCR_EL2);
}
