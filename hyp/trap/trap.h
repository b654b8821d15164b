/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trap story: vectors.S -> trap_sync() by exception class -> smccc.c, abort.c or sysreg.c -> back.
 * Handlers run with interrupts masked, on the CPU of the vCPU that trapped, and change its frame.
 */
#ifndef HYP_TRAP_TRAP_H
#define HYP_TRAP_TRAP_H

#include "hyp/trap/frame.h"
#include "hyp/vm/vm.h"

struct trap {
	struct vcpu *vcpu;
	struct trap_frame *frame;
	u64 esr;
};

/* By exception class (trap.c has the table). */
void trap_hvc(struct trap *t);
void trap_smc(struct trap *t);
void trap_sysreg(struct trap *t);
void trap_data_abort(struct trap *t);
void trap_instruction_abort(struct trap *t);
void trap_cp15(struct trap *t);
void trap_cp15_64(struct trap *t);
void trap_cp14(struct trap *t);
void trap_vmrs(struct trap *t);

/* Register number of a trapped instruction: 31 is XZR. From AArch32 also the instruction's own number. */
u64 trap_get_reg(const struct trap *t, u32 reg);
void trap_set_reg(struct trap *t, u32 reg, u64 value);

/* The trapped instruction is done; ELR is at it. */
void trap_skip(struct trap *t);

/* Syndromes of the instructions that move one register, of either kind. */
#define ISS_READ BIT(0)
#define ISS_RT(iss) ((u32)FIELD(iss, 9, 5))

/*
 * sysreg.c: reads or writes reg, by its AArch64 numbers, for the guest. False: it has no such register
 * or access. sysreg_transfer(): the whole trapped instruction, which is an access to reg.
 */
#define SYSREG(op0, op1, crn, crm, op2)                                                            \
	((u32)(op0) << 20 | (u32)(op2) << 17 | (u32)(op1) << 14 | (u32)(crn) << 10 |               \
	 (u32)(crm) << 1)
bool sysreg_access(struct trap *t, u32 reg, bool is_read, u64 *value);
void sysreg_transfer(struct trap *t, u32 reg);

/*
 * inject.c: exceptions taken by the guest at its EL1 in place of the trapped instruction; inject32.c:
 * the same where EL1 is AArch32, called by inject.c only.
 */
void inject_undefined(struct trap *t);
void inject_external_abort(struct trap *t, bool instruction, u64 far);
void inject32_undefined(struct trap *t);
void inject32_external_abort(struct trap *t, bool instruction, u32 far);

/*
 * mmio.c: is a device of the VM at ipa? If so, does the access of size bytes; false: the device has no such
 * access, and the guest gets what nothing at all would give it.
 */
bool mmio_is_device(const struct vcpu *v, u64 ipa);
bool mmio_access(struct vcpu *v, u64 ipa, bool write, u32 size, u64 *value);

#endif
