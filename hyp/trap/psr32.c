/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/trap/psr32.h"
#include "hyp/cpu/sysreg.h"

#define ISS_CV BIT(24)
#define ISS_COND(iss) ((u32)FIELD(iss, 23, 20))
#define ISS_SMC_CCKNOWNPASS BIT(19)
#define COND_AL 0xe

/* ITSTATE lies in two pieces. */
static u32 it_get(u64 psr)
{
	return (u32)(FIELD(psr, 15, 10) << 2 | FIELD(psr, 26, 25));
}

static u64 it_set(u64 psr, u32 it)
{
	return (psr & ~PSR32_IT) | (u64)(it >> 2) << 10 | (u64)(it & 3) << 25;
}

/* Three bits choose a test of the flags, the lowest inverts it. */
static bool condition_holds(u32 cond, u64 psr)
{
	bool n = psr & BIT(31), z = psr & BIT(30), c = psr & BIT(29), v = psr & BIT(28);
	const bool test[] = {z, c, n, v, c && !z, n == v, n == v && !z, true};

	return cond >= COND_AL || test[cond >> 1] != (cond & 1);
}

/* Classes whose syndrome has CV and COND. */
static bool may_have_failed(u64 esr)
{
	u32 ec = ESR_EC(esr);

	if (ec == EC_SMC32)
		return ESR_ISS(esr) & ISS_SMC_CCKNOWNPASS;
	return ec >= EC_CP15_32 && ec <= EC_CP14_64;
}

bool psr32_condition_passed(u64 esr, u64 psr)
{
	u32 it = it_get(psr);

	if (!(psr & SPSR_M4_AARCH32) || !may_have_failed(esr))
		return true;
	if (ESR_ISS(esr) & ISS_CV)
		return condition_holds(ISS_COND(ESR_ISS(esr)), psr);
	/* Without CV it is a T32 instruction: conditional inside of an IT block only. */
	return !it || condition_holds(it >> 4, psr);
}

u64 psr32_advance(u64 psr)
{
	u32 it = it_get(psr);

	return it_set(psr, it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0);
}

u32 psr32_reg(u64 psr, u32 reg)
{
	static const struct {
		u32 mode, sp, lr;
	} banks[] = {
		{PSR32_IRQ, 17, 16}, {PSR32_SVC, 19, 18}, {PSR32_ABT, 21, 20},
		{PSR32_UND, 23, 22}, {PSR32_FIQ, 29, 30},
	};
	u32 mode = PSR32_MODE(psr);

	if (reg == 15)
		return 31;
	if (mode == PSR32_FIQ && reg >= 8 && reg <= 12)
		return reg + 16;
	for (u32 i = 0; i < ARRAY_SIZE(banks); i++)
		if (mode == banks[i].mode && (reg == 13 || reg == 14))
			return reg == 13 ? banks[i].sp : banks[i].lr;
	return reg;
}

struct entry32 psr32_enter(enum exception32 e, u32 pc, u64 psr, u64 sctlr, u32 vbar, bool has_pan,
			   bool has_ssbs)
{
	/* LR by instruction set: A32, T32. */
	static const struct {
		u32 mode, vector, lr_offset[2];
		u64 masks;
	} rows[] = {
		[EXCEPTION32_UNDEFINED] = {PSR32_UND, 0x04, {4, 2}, PSR32_I},
		[EXCEPTION32_PREFETCH_ABORT] = {PSR32_ABT, 0x0c, {4, 4}, PSR32_I | PSR32_A},
		[EXCEPTION32_DATA_ABORT] = {PSR32_ABT, 0x10, {8, 8}, PSR32_I | PSR32_A},
	};
	u64 kept = psr & ~(0x1fULL | PSR32_T | PSR32_E | PSR32_IT | PSR32_IL | PSR32_SS);
	struct entry32 out = {
		.lr_reg = psr32_reg(rows[e].mode, 14),
		.lr = pc + rows[e].lr_offset[!!(psr & PSR32_T)],
		.pc = (sctlr & SCTLR32_V ? 0xffff0000u : vbar & ~0x1fu) + rows[e].vector,
		.psr = kept | rows[e].mode | rows[e].masks,
		.saved_psr = (u32)(psr & ~(PSR32_SS | PSR32_DIT)),
	};

	if (psr & PSR32_DIT)
		out.saved_psr |= (u32)PSR32_SS; /* DIT's place there */
	if (sctlr & SCTLR32_TE)
		out.psr |= PSR32_T;
	if (sctlr & SCTLR32_EE)
		out.psr |= PSR32_E;
	if (has_pan && !(sctlr & SCTLR32_SPAN))
		out.psr |= PSR32_PAN;
	if (has_ssbs)
		out.psr = sctlr & SCTLR32_DSSBS ? out.psr | PSR32_SSBS : out.psr & ~PSR32_SSBS;
	return out;
}

u32 fsr32_external(bool eae)
{
	return eae ? 1u << 9 | FSC_SEA : 0x8; /* LPAE format; FS of the short one */
}
