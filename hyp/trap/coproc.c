/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trapped coprocessor accesses of AArch32: each by the AArch64 register that it is another way to, in
 * sysreg.c's table. The numbers of CP15 are the same there, those of the others are put in place.
 * Source: Arm ARM, ESR_EL2, ISS encodings for exception classes 0x03, 0x04, 0x05 and 0x08.
 */
#include "hyp/trap/trap.h"

#define ISS_CRM(iss) ((u32)FIELD(iss, 4, 1))
#define ISS_CRN(iss) ((u32)FIELD(iss, 13, 10))
#define ISS_OPC1(iss) ((u32)FIELD(iss, 16, 14))
#define ISS_OPC2(iss) ((u32)FIELD(iss, 19, 17))
#define ISS_64_RT2(iss) ((u32)FIELD(iss, 14, 10))
#define ISS_64_OPC1(iss) ((u32)FIELD(iss, 19, 16))

/* VMRS: 7 is MVFR0, 5 is MVFR2 */
#define VMRS_MVFR0 7
#define VMRS_MVFR2 5
#define MCRR_OPC1_SGI0R 2

#define RESERVED_ID SYSREG(3, 0, 0, 3, 7)
#define NOWHERE SYSREG(0, 0, 0, 0, 0) /* in no row */

void trap_cp15(struct trap *t)
{
	u32 iss = ESR_ISS(t->esr), crm = ISS_CRM(iss), opc2 = ISS_OPC2(iss);
	u32 reg = SYSREG(3, ISS_OPC1(iss), ISS_CRN(iss), crm, opc2);

	/* MVFR and the AArch64 ID registers begin here; of CP15 it is reserved and reads as zero. */
	if (!ISS_OPC1(iss) && !ISS_CRN(iss) && (crm > 3 || (crm == 3 && opc2 < 4)))
		reg = RESERVED_ID;
	sysreg_transfer(t, reg);
}

/* Debug has the numbers that it has in AArch64; trace, ThumbEE and Jazelle are not there. */
void trap_cp14(struct trap *t)
{
	u32 iss = ESR_ISS(t->esr);

	sysreg_transfer(t, ISS_OPC1(iss) ? NOWHERE
					 : SYSREG(2, 0, ISS_CRN(iss), ISS_CRM(iss), ISS_OPC2(iss)));
}

void trap_vmrs(struct trap *t)
{
	u32 nr = ISS_CRN(ESR_ISS(t->esr));

	sysreg_transfer(t, nr >= VMRS_MVFR2 && nr <= VMRS_MVFR0
				   ? SYSREG(3, 0, 0, 3, VMRS_MVFR0 - nr)
				   : NOWHERE);
}

/* MCRR to c12, opc1 0 to 2, are ICC_SGI1R, ICC_ASGI1R, ICC_SGI0R. */
void trap_cp15_64(struct trap *t)
{
	u32 iss = ESR_ISS(t->esr), opc1 = ISS_64_OPC1(iss);
	bool is_sgi = !(iss & ISS_READ) && ISS_CRM(iss) == 12 && opc1 <= MCRR_OPC1_SGI0R;
	u64 value = trap_get_reg(t, ISS_RT(iss)) | trap_get_reg(t, ISS_64_RT2(iss)) << 32;

	if (!is_sgi || !sysreg_access(t, SYSREG(3, 0, 12, 11, 5 + opc1), false, &value))
		inject_undefined(t);
	else
		trap_skip(t);
}
