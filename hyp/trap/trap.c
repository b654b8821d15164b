/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/trap/trap.h"
#include "hyp/lib/assert.h"

void trap_sync(struct trap_frame *frame);
void trap_irq(struct trap_frame *frame);
void trap_serror(struct trap_frame *frame);
_Noreturn void trap_from_el2(u64 kind, u64 sp, u64 fp);

u64 trap_get_reg(const struct trap *t, u32 reg)
{
	return reg == 31 ? 0 : t->frame->x[reg];
}

void trap_set_reg(struct trap *t, u32 reg, u64 value)
{
	if (reg != 31)
		t->frame->x[reg] = value;
}

void trap_skip(struct trap *t)
{
	t->frame->elr += t->esr & ESR_IL ? 4 : 2;
}

/* A class without a row: an instruction that this VM does not have. */
static void (*const handlers[64])(struct trap *t) = {
	[EC_HVC64] = trap_hvc,
	[EC_SMC64] = trap_smc,
	[EC_SYSREG] = trap_sysreg,
	[EC_IABT_LOWER] = trap_instruction_abort,
	[EC_DABT_LOWER] = trap_data_abort,
};

/* Whatever the exception was for, the guest goes on only with its list registers in order. */
static void leave(struct vcpu *v)
{
	if (v->gic.refill)
		vgic_hw_refill(&v->gic);
}

void trap_sync(struct trap_frame *frame)
{
	struct trap t = {this_vcpu(), frame, read_sysreg(esr_el2)};
	void (*handler)(struct trap * t) = handlers[ESR_EC(t.esr)];

	if (handler)
		handler(&t);
	else
		inject_undefined(&t);
	leave(t.vcpu);
}

void trap_irq(struct trap_frame *frame)
{
	struct vcpu *v = this_vcpu();

	(void)frame;
	cpu_serve_interrupts();
	if (vcpu_must_stop(v))
		vcpu_leave(v);
	leave(v);
}

/* A guest cannot cause one, short of a machine that is broken: no device is its own. */
void trap_serror(struct trap_frame *frame)
{
	(void)frame;
	vm_crash(this_vcpu(), "SError", read_sysreg(esr_el2));
}

_Noreturn void trap_from_el2(u64 kind, u64 sp, u64 fp)
{
	(void)fp;
	panic("exception %llu at EL2: ESR 0x%llx ELR 0x%llx FAR 0x%llx SP 0x%llx",
	      (unsigned long long)kind, (unsigned long long)read_sysreg(esr_el2),
	      (unsigned long long)read_sysreg(elr_el2), (unsigned long long)read_sysreg(far_el2),
	      (unsigned long long)sp);
}
