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

/* Register number of a trapped instruction: 31 is XZR. */
u64 trap_get_reg(const struct trap *t, u32 reg);
void trap_set_reg(struct trap *t, u32 reg, u64 value);

/* The trapped instruction (4 bytes; AArch32 has its own rule) is done. */
void trap_skip(struct trap *t);

/* inject.c: exceptions taken by the guest at its EL1 in place of the trapped instruction. */
void inject_undefined(struct trap *t);
void inject_external_abort(struct trap *t, bool instruction, u64 far);

/*
 * mmio.c: is a device of the VM at ipa? If so, does the access of size bytes; false: the device has no such
 * access, and the guest gets what nothing at all would give it.
 */
bool mmio_is_device(const struct vcpu *v, u64 ipa);
bool mmio_access(struct vcpu *v, u64 ipa, bool write, u32 size, u64 *value);

#endif
