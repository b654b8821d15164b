/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/trap/idregs.h"
#include "hyp/cpu/sysreg.h"

/* Nibbles of an ID register, from bit 4n up. */
#define F(n) (0xfULL << (4 * (n)))
#define ALL (~0ULL)

/* AArch32 registers are shown for EL0 programs and 32-bit guests; debug, PMU and EL2 are not. */
static const struct {
	u8 crm, op2;
	u64 shown;
} rows[] = {
	{1, 0, ALL & ~(F(5) | F(7))}, /* ID_PFR0: all but AMU, RAS */
	{1, 1, F(0) | F(1) | F(4) | F(7)}, /* ID_PFR1: ProgMod, Security, GenTimer, GIC */
	{1, 4, ALL}, /* ID_MMFR0 to 3 */
	{1, 5, ALL},
	{1, 6, ALL},
	{1, 7, ALL},
	{2, 0, ALL}, /* ID_ISAR0 to 5 */
	{2, 1, ALL},
	{2, 2, ALL},
	{2, 3, ALL},
	{2, 4, ALL},
	{2, 5, ALL},
	{2, 6, ALL}, /* ID_MMFR4 */
	{2, 7, ALL}, /* ID_ISAR6 */
	{3, 0, ALL}, /* MVFR0 to 2 */
	{3, 1, ALL},
	{3, 2, ALL},
	{3, 4, F(0) | F(1)}, /* ID_PFR2: CSV3, SSBS */
	/* ID_AA64PFR0: EL0, EL1, FP, AdvSIMD, GIC, DIT, CSV2, CSV3; no EL2, EL3, RAS, SVE, AMU */
	{4, 0, F(0) | F(1) | F(4) | F(5) | F(6) | F(12) | F(14) | F(15)},
	{4, 1, F(0) | F(1)}, /* ID_AA64PFR1: BT, SSBS; no MTE, SME */
	{6, 0, ALL & ~F(6)}, /* ID_AA64ISAR0: all but TME */
	{6, 1, ALL & ~(F(10) | F(15))}, /* ID_AA64ISAR1: all but SPECRES, LS64 */
	{6, 2, F(0) | F(1) | F(2) | F(3) | F(5)}, /* ID_AA64ISAR2: WFxT, RPRES, GPA3, APA3, BC */
	/* ID_AA64MMFR0: PARange (capped), ASIDBits, BigEnd, BigEndEL0, TGran16, 64, 4 */
	{7, 0, F(0) | F(1) | F(2) | F(4) | F(5) | F(6) | F(7)},
	/* ID_AA64MMFR1: HAFDBS, HPDS, PAN, XNX, ETS, AFP; no VH, LO, HCX */
	{7, 1, F(0) | F(3) | F(5) | F(7) | F(9) | F(11)},
	/* ID_AA64MMFR2: CnP, UAO, LSM, CCIDX, ST, AT, IDS, TTL, BBM, E0PD */
	{7, 2, F(0) | F(1) | F(2) | F(5) | F(7) | F(8) | F(9) | F(12) | F(13) | F(15)},
};

/* The name is part of the instruction; those that no manual names read as zero. */
#define READ(crm, op2)                                                                             \
	case (crm) << 4 | (op2):                                                                   \
		return read_sysreg(S3_0_C0_C##crm##_##op2);
#define READ_ALL(crm)                                                                              \
	READ(crm, 0)                                                                               \
	READ(crm, 1) READ(crm, 2) READ(crm, 3) READ(crm, 4) READ(crm, 5) READ(crm, 6) READ(crm, 7)

static u64 read_real(u32 crm, u32 op2)
{
	switch (crm << 4 | op2) {
		READ_ALL(1)
		READ_ALL(2)
		READ_ALL(3)
		READ_ALL(4)
		READ_ALL(6)
		READ_ALL(7)
	default:
		return 0;
	}
}

#define IDREG(crm, op2) ((crm) << 4 | (op2))
#define ID_AA64DFR0 IDREG(5, 0)
#define ID_AA64MMFR0 IDREG(7, 0)
#define DFR0_DEBUG_V8 0x6ULL
#define DFR0_MINIMUM                                                                               \
	(DFR0_DEBUG_V8 | 1ULL << 12 | 1ULL << 20) /* two breakpoints, two watchpoints */

static u64 pa_range(u32 ipa_bits)
{
	return ipa_bits == 32 ? 0 : ipa_bits == 36 ? 1 : ipa_bits == 40 ? 2 : 3;
}

/* No more PA than the stage-2 translates, and no 52-bit formats (LPA2), which it does not do. */
static u64 limit_mmfr0(u64 value, u32 ipa_bits)
{
	if (FIELD(value, 31, 28) == 1) /* TGran4: LPA2 */
		value &= ~F(7);
	if (FIELD(value, 23, 20) == 2) /* TGran16: LPA2 */
		value = (value & ~F(5)) | 1ULL << 20;
	return (value & ~F(0)) | min_u64(pa_range(ipa_bits), FIELD(value, 3, 0));
}

u64 idreg_read(u32 crm, u32 op2, u32 ipa_bits)
{
	if (IDREG(crm, op2) == ID_AA64DFR0)
		return DFR0_MINIMUM; /* what every ARMv8 has; the registers read as zero */
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 value;

		if (rows[i].crm != crm || rows[i].op2 != op2)
			continue;
		value = read_real(crm, op2) & rows[i].shown;
		return IDREG(crm, op2) == ID_AA64MMFR0 ? limit_mmfr0(value, ipa_bits) : value;
	}
	return 0;
}
