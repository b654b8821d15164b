/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AArch32 processor state as EL2 sees it in SPSR_EL2: conditions, IT blocks, banked registers, and what
 * an exception makes of it. Pure. Source: Arm ARM (DDI 0487) C5.2 SPSR_EL2, D1.8, G1.11 to G1.16.
 */
#ifndef HYP_TRAP_PSR32_H
#define HYP_TRAP_PSR32_H

#include "hyp/lib/types.h"

#define PSR32_MODE(psr) ((u32)((psr)&0x1f))
#define PSR32_USR 0x10
#define PSR32_FIQ 0x11
#define PSR32_IRQ 0x12
#define PSR32_SVC 0x13
#define PSR32_ABT 0x17
#define PSR32_UND 0x1b
#define PSR32_SYS 0x1f
#define PSR32_T BIT(5)
#define PSR32_AIF (7ULL << 6)
#define PSR32_A BIT(8)
#define PSR32_I BIT(7)
#define PSR32_E BIT(9)
#define PSR32_IT (0x3fULL << 10 | 3ULL << 25)
#define PSR32_IL BIT(20)
#define PSR32_SS BIT(21) /* in SPSR_EL2; DIT in the guest's own SPSRs */
#define PSR32_PAN BIT(22)
#define PSR32_SSBS BIT(23)
#define PSR32_DIT BIT(24) /* in SPSR_EL2; RES0 in the guest's own SPSRs */

#define SCTLR32_V BIT(13)
#define SCTLR32_SPAN BIT(23)
#define SCTLR32_EE BIT(25)
#define SCTLR32_TE BIT(30)
#define SCTLR32_DSSBS BIT(31)

enum exception32 {
	EXCEPTION32_UNDEFINED,
	EXCEPTION32_PREFETCH_ABORT,
	EXCEPTION32_DATA_ABORT,
};

/*
 * Did the trapped instruction pass its condition? The architecture lets a CPU trap one that did not.
 * True for what is unconditional, and for everything from AArch64.
 */
bool psr32_condition_passed(u64 esr, u64 psr);

/* The state behind an instruction that EL2 did or skipped: the IT block goes on. */
u64 psr32_advance(u64 psr);

/*
 * The X register in which AArch32's reg (0 to 14) lives in this mode; 31 for 15, the PC. Numbers that
 * are X registers' already stay: syndromes have these by the Arm ARM, but QEMU 7.2 has the instruction's
 * own in those of data aborts.
 */
u32 psr32_reg(u64 psr, u32 reg);

/* What an exception changes at the guest's EL1; sctlr, vbar are the guest's, has_* the CPU's. */
struct entry32 {
	u32 lr_reg; /* X register of the new mode's LR */
	u32 lr;
	u32 pc;
	u64 psr; /* for SPSR_EL2 */
	u32 saved_psr; /* for the new mode's SPSR */
};
struct entry32 psr32_enter(enum exception32 e, u32 pc, u64 psr, u64 sctlr, u32 vbar, bool has_pan,
			   bool has_ssbs);

/* DFSR, IFSR for a synchronous external abort, in the format of TTBCR.EAE. No WnR, no CM. */
u32 fsr32_external(bool eae);

#endif
