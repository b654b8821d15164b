/* SPDX-License-Identifier: BSD-2-Clause */
/* Trapped system register accesses (EC 0x18, and by coproc.c), a row each; the rest is undefined for this VM. */
#include "hyp/trap/idregs.h"
#include "hyp/trap/psr32.h"
#include "hyp/trap/trap.h"

#define ISS_SYSREG(iss) ((iss)&0x3ffc1e)
#define REG_OP2(reg) ((u32)FIELD(reg, 19, 17))
#define REG_CRM(reg) ((u32)FIELD(reg, 4, 1))

#define ALL_FIELDS 0x3ffc1eu
#define OP0_ONLY (3u << 20)
#define ICC_SGI1R SYSREG(3, 0, 12, 11, 5)
#define ID_SPACE SYSREG(3, 7, 0xf, 0, 0)

static bool read_id(struct trap *t, u32 reg, u64 *value)
{
	*value = idreg_read(REG_CRM(reg), REG_OP2(reg), t->vcpu->vm->s2.ipa_bits);
	return true;
}

static bool write_sgi(struct trap *t, u32 reg, u64 *value)
{
	/* List registers stay as they are: who has to look at its own, ourselves too, is kicked. */
	spin_lock(&t->vcpu->vm->gic.g.lock);
	vgic_send_sgi(&t->vcpu->gic.state, *value, reg == ICC_SGI1R);
	spin_unlock(&t->vcpu->vm->gic.g.lock);
	return true;
}

static bool write_dir(struct trap *t, u32 reg, u64 *value)
{
	(void)reg;
	vgic_hw_begin(&t->vcpu->gic, false);
	vgic_deactivate(&t->vcpu->gic.state, (u32)*value & 0xffffff);
	vgic_hw_end(&t->vcpu->gic, false);
	return true;
}

static bool raz_wi(struct trap *t, u32 reg, u64 *value)
{
	(void)reg;
	(void)t;
	*value = 0;
	return true;
}

/* A register matches a row when its fields under mask equal those of the row. First match counts. */
static const struct {
	u32 mask, match;
	bool (*read)(struct trap *t, u32 reg, u64 *value);
	bool (*write)(struct trap *t, u32 reg, u64 *value);
} rows[] = {
	{ID_SPACE, SYSREG(3, 0, 0, 0, 0), read_id, NULL},
	{ALL_FIELDS, ICC_SGI1R, NULL, write_sgi},
	{ALL_FIELDS, SYSREG(3, 0, 12, 11, 6), NULL, write_sgi}, /* ICC_ASGI1R_EL1: other group */
	{ALL_FIELDS, SYSREG(3, 0, 12, 11, 7), NULL, write_sgi}, /* ICC_SGI0R_EL1 */
	{ALL_FIELDS, SYSREG(3, 0, 12, 11, 1), NULL, write_dir}, /* ICC_DIR_EL1, on overflow */
	{ALL_FIELDS, SYSREG(3, 0, 1, 0, 1), raz_wi, raz_wi}, /* ACTLR_EL1 */
	{ALL_FIELDS, SYSREG(3, 0, 1, 0, 3), raz_wi, raz_wi}, /* ACTLR2 of AArch32 */
	{OP0_ONLY, SYSREG(2, 0, 0, 0, 0), raz_wi, raz_wi}, /* debug: there, and without effect */
};

static bool is_program32(const struct trap *t)
{
	return PSR32_MODE(t->frame->spsr) == PSR32_USR;
}

bool sysreg_access(struct trap *t, u32 reg, bool is_read, u64 *value)
{
	/* Nothing that is trapped from AArch32 is a program's to have. */
	for (u32 i = 0; i < ARRAY_SIZE(rows) && !is_program32(t); i++) {
		bool (*access)(struct trap * t, u32 reg, u64 * value) =
			is_read ? rows[i].read : rows[i].write;

		if ((reg & rows[i].mask) == rows[i].match)
			return access && access(t, reg, value);
	}
	return false;
}

void sysreg_transfer(struct trap *t, u32 reg)
{
	u32 rt = ISS_RT(ESR_ISS(t->esr));
	bool is_read = t->esr & ISS_READ;
	u64 value = is_read ? 0 : trap_get_reg(t, rt);

	if (!sysreg_access(t, reg, is_read, &value)) {
		inject_undefined(t);
		return;
	}
	if (is_read)
		trap_set_reg(t, rt, value);
	trap_skip(t);
}

void trap_sysreg(struct trap *t)
{
	sysreg_transfer(t, ISS_SYSREG(ESR_ISS(t->esr)));
}
