/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions for a guest's EL1, entered as the architecture enters them. Source: Arm ARM D1.3, R_TNFTT. */
#include "hyp/trap/trap.h"

#define VECTOR_CURRENT_SP0 0x000
#define VECTOR_CURRENT_SPX 0x200
#define VECTOR_LOWER_64 0x400
#define VECTOR_LOWER_32 0x600

static u64 vector_offset(u64 spsr)
{
	if (spsr & SPSR_M4_AARCH32)
		return VECTOR_LOWER_32;
	if (SPSR_MODE(spsr) == SPSR_EL1H)
		return VECTOR_CURRENT_SPX;
	return SPSR_MODE(spsr) ? VECTOR_CURRENT_SP0 : VECTOR_LOWER_64;
}

/* PSTATE at the handler: DAIF set; PAN as SCTLR_EL1.SPAN says; flags and DIT are kept. */
static u64 new_spsr(u64 old)
{
	u64 spsr = SPSR_EL1H | SPSR_DAIF | (old & (SPSR_NZCV | SPSR_DIT));

	if (FIELD(read_sysreg(id_aa64mmfr1_el1), 23, 20)) {
		spsr |= old & SPSR_PAN;
		if (!(read_sysreg(sctlr_el1) & SCTLR_EL1_SPAN))
			spsr |= SPSR_PAN;
	}
	return spsr;
}

static void enter_el1(struct trap *t, u64 esr)
{
	struct trap_frame *f = t->frame;

	write_sysreg(esr_el1, esr);
	write_sysreg(elr_el1, f->elr);
	write_sysreg(spsr_el1, f->spsr);
	f->elr = read_sysreg(vbar_el1) + vector_offset(f->spsr);
	f->spsr = new_spsr(f->spsr);
}

void inject_undefined(struct trap *t)
{
	if (vm_is_arm32(t->vcpu->vm)) {
		inject32_undefined(t);
		return;
	}
	enter_el1(t, (u64)EC_UNKNOWN << 26 | ESR_IL);
}

void inject_external_abort(struct trap *t, bool instruction, u64 far)
{
	bool same = SPSR_MODE(t->frame->spsr) != 0 && !(t->frame->spsr & SPSR_M4_AARCH32);
	u64 ec = instruction ? EC_IABT_LOWER : EC_DABT_LOWER;
	u64 esr = FSC_SEA;

	if (vm_is_arm32(t->vcpu->vm)) {
		inject32_external_abort(t, instruction, (u32)far);
		return;
	}
	if (same)
		ec++; /* *_SAME */
	if (!instruction)
		esr |= t->esr & (ISS_DABT_WNR | ISS_DABT_CM);
	write_sysreg(far_el1, far);
	enter_el1(t, ec << 26 | (t->esr & ESR_IL) | esr);
}
