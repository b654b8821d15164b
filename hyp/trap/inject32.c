/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions for the EL1 of a 32-bit guest. DFSR is in ESR_EL1, DFAR and IFAR are halves of FAR_EL1. */
#include "hyp/trap/psr32.h"
#include "hyp/trap/trap.h"

#define TTBCR_EAE BIT(31)
#define DFSR_WNR BIT(11)
#define DFSR_CM BIT(13)

static void enter(struct trap *t, enum exception32 e)
{
	struct trap_frame *f = t->frame;
	bool has_pan = FIELD(read_sysreg(id_aa64mmfr1_el1), 23, 20);
	bool has_ssbs = FIELD(read_sysreg(id_aa64pfr1_el1), 7, 4);
	struct entry32 to = psr32_enter(e, (u32)f->elr, f->spsr, read_sysreg(sctlr_el1),
					(u32)read_sysreg(vbar_el1), has_pan, has_ssbs);

	if (e == EXCEPTION32_UNDEFINED)
		write_sysreg(spsr_und, to.saved_psr);
	else
		write_sysreg(spsr_abt, to.saved_psr);
	f->x[to.lr_reg] = to.lr;
	f->elr = to.pc;
	f->spsr = to.psr;
}

void inject32_undefined(struct trap *t)
{
	enter(t, EXCEPTION32_UNDEFINED);
}

void inject32_external_abort(struct trap *t, bool instruction, u32 far)
{
	u64 fsr = fsr32_external(read_sysreg(tcr_el1) & TTBCR_EAE), old = read_sysreg(far_el1);

	if (instruction) {
		write_sysreg(ifsr32_el2, fsr);
		write_sysreg(far_el1, (u64)far << 32 | (u32)old);
		enter(t, EXCEPTION32_PREFETCH_ABORT);
		return;
	}
	fsr |= (t->esr & ISS_DABT_WNR ? DFSR_WNR : 0) | (t->esr & ISS_DABT_CM ? DFSR_CM : 0);
	write_sysreg(esr_el1, fsr);
	write_sysreg(far_el1, (old & ~0xffffffffULL) | far);
	enter(t, EXCEPTION32_DATA_ABORT);
}
