/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/trap/trap.h"
#include "boot/image.h"
#include "hyp/dev/panic.h"
#include "hyp/lib/assert.h"
#include "hyp/trap/psr32.h"

void trap_sync(struct trap_frame *frame);
void trap_irq(struct trap_frame *frame);
void trap_serror(struct trap_frame *frame);
_Noreturn void trap_from_el2(u64 kind, const struct trap_frame *frame, u64 sp);

static bool from_arm32(const struct trap *t)
{
	return t->frame->spsr & SPSR_M4_AARCH32;
}

u64 trap_get_reg(const struct trap *t, u32 reg)
{
	if (from_arm32(t))
		reg = psr32_reg(t->frame->spsr, reg);
	return reg == 31 ? 0 : t->frame->x[reg];
}

void trap_set_reg(struct trap *t, u32 reg, u64 value)
{
	if (from_arm32(t))
		reg = psr32_reg(t->frame->spsr, reg);
	if (reg != 31)
		t->frame->x[reg] = value;
}

void trap_skip(struct trap *t)
{
	t->frame->elr += t->esr & ESR_IL ? 4 : 2;
	if (from_arm32(t)) {
		t->frame->elr = (u32)t->frame->elr;
		t->frame->spsr = psr32_advance(t->frame->spsr);
	}
}

/* A class without a row: an instruction that this VM does not have. */
static void (*const handlers[64])(struct trap *t) = {
	[EC_CP15_32] = trap_cp15,
	[EC_CP15_64] = trap_cp15_64,
	[EC_CP14_32] = trap_cp14,
	[EC_VMRS] = trap_vmrs,
	[EC_HVC32] = trap_hvc,
	[EC_SMC32] = trap_smc,
	[EC_HVC64] = trap_hvc,
	[EC_SMC64] = trap_smc,
	[EC_SYSREG] = trap_sysreg,
	[EC_IABT_LOWER] = trap_instruction_abort,
	[EC_DABT_LOWER] = trap_data_abort,
};

/*
 * Whatever the exception was for, the guest goes on only if its VM does (a kick that says so may have been
 * served within EL2), and with its list registers in order.
 */
static void leave(struct vcpu *v)
{
	if (vcpu_must_stop(v))
		vcpu_leave(v);
	if (v->gic.refill)
		vgic_hw_refill(&v->gic);
}

/*
 * What an exception from AArch32 leaves in the upper halves is up to the CPU. Only where all that the
 * guest has is AArch32: a 64-bit kernel keeps its own values behind its 32-bit programs.
 */
static void clear_upper_halves(struct trap_frame *frame)
{
	for (u32 i = 0; i < ARRAY_SIZE(frame->x); i++)
		frame->x[i] = (u32)frame->x[i];
}

void trap_sync(struct trap_frame *frame)
{
	struct trap t = {this_vcpu(), frame, read_sysreg(esr_el2)};
	void (*handler)(struct trap * t) = handlers[ESR_EC(t.esr)];

	masked_begin(ESR_EC(t.esr), frame->x[0]);
	if (vm_is_arm32(t.vcpu->vm))
		clear_upper_halves(frame);
	if (!psr32_condition_passed(t.esr, frame->spsr))
		trap_skip(&t);
	else if (handler)
		handler(&t);
	else
		inject_undefined(&t);
	leave(t.vcpu);
	masked_end();
}

void trap_irq(struct trap_frame *frame)
{
	struct vcpu *v = this_vcpu();

	(void)frame;
	masked_begin(MASKED_IRQ, 0);
	cpu_serve_interrupts();
	leave(v);
	masked_end();
}

/* A guest cannot cause one, short of a machine that is broken: no device is its own. */
void trap_serror(struct trap_frame *frame)
{
	(void)frame;
	vm_crash(this_vcpu(), "SError", read_sysreg(esr_el2));
}

_Noreturn void trap_from_el2(u64 kind, const struct trap_frame *frame, u64 sp)
{
	const u64 *x = frame->x;

	for (u32 i = 0; i + 3 < ARRAY_SIZE(frame->x); i += 4)
		panic_line("  x%-2u %016llx %016llx %016llx %016llx", i, (unsigned long long)x[i],
			   (unsigned long long)x[i + 1], (unsigned long long)x[i + 2],
			   (unsigned long long)x[i + 3]);
	panic_line("  x28 %016llx %016llx %016llx  sp %016llx", (unsigned long long)x[28],
		   (unsigned long long)x[29], (unsigned long long)x[30], (unsigned long long)sp);
	panic_backtrace((const u64 *)x[29]);
	panic("exception %llu at EL2: ESR 0x%llx ELR image + 0x%llx FAR 0x%llx SPSR 0x%llx",
	      (unsigned long long)kind, (unsigned long long)read_sysreg(esr_el2),
	      (unsigned long long)(frame->elr - (u64)_head),
	      (unsigned long long)read_sysreg(far_el2), (unsigned long long)frame->spsr);
}
