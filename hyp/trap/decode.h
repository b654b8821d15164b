/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device access behind a data abort: from the syndrome where the CPU gives one; for loads and stores
 * with write-back, which compilers make of loops over registers, from the instruction itself.
 */
#ifndef HYP_TRAP_DECODE_H
#define HYP_TRAP_DECODE_H

#include "hyp/lib/types.h"

struct access {
	u32 size; /* bytes */
	u32 reg; /* 31: XZR */
	bool sign_extend;
	bool is_64bit; /* width of reg */
	bool writeback;
	u32 base; /* writeback: this register changes by offset */
	s64 offset;
};

/* ISS of a data abort with ISV set. Source: Arm ARM, ESR_ELx, ISS encoding for a Data Abort. */
struct access decode_syndrome(u32 iss);

/*
 * LDR*, STR* (immediate), pre- and post-indexed, of general-purpose registers. False: another
 * instruction. Source: Arm ARM C4.1, Load/store register (immediate post-indexed, pre-indexed).
 */
bool decode_instruction(u32 instruction, struct access *out);

/* decode32.c: the same of A32 and T32; of these the first halfword is the lower. reg, base: 0 to 14. */
bool decode_a32(u32 instruction, struct access *out);
bool decode_t32(u32 instruction, struct access *out);

#endif
