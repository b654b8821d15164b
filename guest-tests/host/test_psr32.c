/* SPDX-License-Identifier: BSD-2-Clause */
/* AArch32 at EL1 as EL2 sees it: conditions, IT blocks, banked registers, exceptions, device accesses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "hyp/cpu/sysreg.h"
#include "hyp/trap/decode.h"
#include "hyp/trap/psr32.h"

#define N (1u << 31)
#define Z (1u << 30)
#define C (1u << 29)
#define V (1u << 28)
#define CV BIT(24)
#define ESR(ec, iss) ((u64)(ec) << 26 | (iss))
#define COND(cond) ((u64)(cond) << 20)
#define KNOWN_PASS 0
#define MAY_HAVE_FAILED BIT(19)
#define IT(it) ((u64)((it) >> 2) << 10 | (u64)((it)&3) << 25)

/* The sixteen conditions, from the manual's table and not from its rule. */
static bool holds(u32 cond, u32 flags)
{
	bool n = flags & N, z = flags & Z, c = flags & C, v = flags & V;

	switch (cond) {
	case 0x0:
		return z;
	case 0x1:
		return !z;
	case 0x2:
		return c;
	case 0x3:
		return !c;
	case 0x4:
		return n;
	case 0x5:
		return !n;
	case 0x6:
		return v;
	case 0x7:
		return !v;
	case 0x8:
		return c && !z;
	case 0x9:
		return !c || z;
	case 0xa:
		return n == v;
	case 0xb:
		return n != v;
	case 0xc:
		return !z && n == v;
	case 0xd:
		return z || n != v;
	default:
		return true;
	}
}

static void conditions(void **state)
{
	static const u32 classes[] = {EC_CP15_32, EC_CP15_64, EC_CP14_32, 0x06,
				      0x07,       EC_VMRS,    EC_CP14_64};

	(void)state;
	for (u32 flags = 0; flags < 16; flags++)
		for (u32 cond = 0; cond < 16; cond++) {
			u64 psr = PSR32_SVC | (u64)flags << 28;
			u64 t32 = psr | PSR32_T | IT(cond << 4 | 8);
			bool wanted = holds(cond, flags << 28);

			for (u32 i = 0; i < ARRAY_SIZE(classes); i++) {
				u64 a32 = ESR(classes[i], CV | COND(cond));

				assert_int_equal(psr32_condition_passed(a32, psr), wanted);
				assert_int_equal(psr32_condition_passed(ESR(classes[i], 0), t32),
						 wanted);
			}
			assert_int_equal(psr32_condition_passed(
						 ESR(EC_SMC32, CV | COND(cond) | MAY_HAVE_FAILED),
						 psr),
					 wanted);
			assert_int_equal(psr32_condition_passed(ESR(EC_SMC32, MAY_HAVE_FAILED),
								t32),
					 wanted);
			/* What is known to have passed, and what has no condition */
			assert_true(psr32_condition_passed(
				ESR(EC_SMC32, CV | COND(cond) | KNOWN_PASS), psr));
			assert_true(psr32_condition_passed(ESR(EC_HVC32, 0), t32));
			assert_true(
				psr32_condition_passed(ESR(EC_DABT_LOWER, CV | COND(cond)), psr));
			assert_true(psr32_condition_passed(ESR(EC_UNKNOWN, 0), t32));
		}
}

static void outside_of_it_blocks(void **state)
{
	(void)state;
	assert_true(psr32_condition_passed(ESR(EC_CP15_32, 0), PSR32_SVC | PSR32_T));
	assert_true(psr32_condition_passed(ESR(EC_SMC32, MAY_HAVE_FAILED), PSR32_SVC | PSR32_T));
	/* AArch64 has no conditions: bits of other meaning */
	assert_true(psr32_condition_passed(ESR(EC_CP15_32, CV | COND(0)), SPSR_EL1H));
}

static void it_advances(void **state)
{
	/* ITETE-like: five steps of GE and LT, then behind the block */
	static const u32 mixed[] = {0xa5, 0xaa, 0xb4, 0xa8, 0x00, 0x00};
	u64 rest = ~PSR32_IT;

	(void)state;
	for (u32 i = 0; i + 1 < ARRAY_SIZE(mixed); i++)
		assert_int_equal(psr32_advance(IT(mixed[i]) | rest), IT(mixed[i + 1]) | rest);
	assert_int_equal(psr32_advance(PSR32_SVC), PSR32_SVC);
	for (u32 it = 0; it < 256; it++) {
		u32 wanted = it & 7 ? (it & 0xe0) | (it * 2 & 0x1f) : 0;

		assert_int_equal(psr32_advance(IT(it)), IT(wanted));
	}
}

/* Arm ARM table D1-"Mapping between AArch32 and AArch64 registers". */
static void banked_registers(void **state)
{
	static const struct {
		u32 mode, r[16];
	} rows[] = {
		{PSR32_USR, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 31}},
		{PSR32_SYS, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 31}},
		{PSR32_IRQ, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 17, 16, 31}},
		{PSR32_SVC, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 19, 18, 31}},
		{PSR32_ABT, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 21, 20, 31}},
		{PSR32_UND, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 23, 22, 31}},
		{PSR32_FIQ, {0, 1, 2, 3, 4, 5, 6, 7, 24, 25, 26, 27, 28, 29, 30, 31}},
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 reg = 0; reg < 16; reg++) {
			u32 x = psr32_reg(rows[i].mode | PSR32_AIF, reg);

			assert_int_equal(x, rows[i].r[reg]);
			assert_int_equal(psr32_reg(rows[i].mode, x), x);
		}
}

static void check_entry(enum exception32 e, u64 psr, u64 sctlr, u32 vbar, bool pan, bool ssbs,
			struct entry32 wanted)
{
	struct entry32 got = psr32_enter(e, 0x1000, psr, sctlr, vbar, pan, ssbs);

	assert_int_equal(got.lr_reg, wanted.lr_reg);
	assert_int_equal(got.lr, wanted.lr);
	assert_int_equal(got.pc, wanted.pc);
	assert_int_equal(got.psr, wanted.psr);
	assert_int_equal(got.saved_psr, wanted.saved_psr);
}

static void exceptions(void **state)
{
	(void)state;
	check_entry(EXCEPTION32_UNDEFINED, N | PSR32_SVC, 0, 0x8000, false, false,
		    (struct entry32){22, 0x1004, 0x8004, N | PSR32_I | PSR32_UND, N | PSR32_SVC});
	check_entry(EXCEPTION32_UNDEFINED, PSR32_T | IT(0xa5) | PSR32_USR, 0, 0x801f, false, false,
		    (struct entry32){22, 0x1002, 0x8004, PSR32_I | PSR32_UND,
				     (u32)(PSR32_T | IT(0xa5) | PSR32_USR)});
	check_entry(EXCEPTION32_PREFETCH_ABORT, PSR32_T | PSR32_IRQ, 0, 0, false, false,
		    (struct entry32){20, 0x1004, 0x0c, PSR32_A | PSR32_I | PSR32_ABT,
				     PSR32_T | PSR32_IRQ});
	check_entry(EXCEPTION32_DATA_ABORT, PSR32_E | BIT(6) | PSR32_FIQ, SCTLR32_V, 0x8000, false,
		    false,
		    (struct entry32){20, 0x1008, 0xffff0010, PSR32_A | PSR32_I | BIT(6) | PSR32_ABT,
				     PSR32_E | BIT(6) | PSR32_FIQ});
}

static void what_sctlr_chooses(void **state)
{
	const u64 all = SCTLR32_TE | SCTLR32_EE | SCTLR32_DSSBS;
	const u64 abt = PSR32_A | PSR32_I | PSR32_ABT;

	(void)state;
	check_entry(EXCEPTION32_DATA_ABORT, PSR32_SVC, all, 0, true, true,
		    (struct entry32){20, 0x1008, 0x10,
				     abt | PSR32_T | PSR32_E | PSR32_PAN | PSR32_SSBS, PSR32_SVC});
	check_entry(EXCEPTION32_DATA_ABORT, PSR32_SVC | PSR32_SSBS, SCTLR32_SPAN, 0, true, true,
		    (struct entry32){20, 0x1008, 0x10, abt, PSR32_SVC | (u32)PSR32_SSBS});
	/* Without the features their bits are not touched; DIT and SS have other places in SPSR_abt. */
	check_entry(EXCEPTION32_DATA_ABORT, PSR32_SVC | PSR32_DIT | PSR32_SS | PSR32_IL, 0, 0,
		    false, false,
		    (struct entry32){20, 0x1008, 0x10, abt | PSR32_DIT,
				     (u32)(PSR32_SVC | PSR32_IL | BIT(21))});
}

static void fault_status(void **state)
{
	(void)state;
	assert_int_equal(fsr32_external(false), 0x008);
	assert_int_equal(fsr32_external(true), 0x210);
}

struct row {
	const char *text;
	u32 instruction;
	struct access wanted; /* size 0: none of ours */
};

/* Encodings by arm-none-eabi-as. */
static const struct row a32[] = {
	{"str r1, [r3], #4", 0xe4831004, {4, 1, false, false, true, 3, 4}},
	{"ldr r2, [r5], #-8", 0xe4152008, {4, 2, false, false, true, 5, -8}},
	{"ldr r2, [r5, #4095]!", 0xe5b52fff, {4, 2, false, false, true, 5, 4095}},
	{"strb lr, [sp, #-1]!", 0xe56de001, {1, 14, false, false, true, 13, -1}},
	{"ldrb r0, [r1], #1", 0xe4d10001, {1, 0, false, false, true, 1, 1}},
	{"strheq r1, [r2], #18", 0x00c211b2, {2, 1, false, false, true, 2, 18}},
	{"ldrsb r1, [r2, #-3]!", 0xe17210d3, {1, 1, true, false, true, 2, -3}},
	{"ldrsh r1, [r2], #2", 0xe0d210f2, {2, 1, true, false, true, 2, 2}},
	{"ldrh r1, [r2], #2", 0xe0d210b2, {2, 1, false, false, true, 2, 2}},
	{"ldr r1, [r2, #4]", 0xe5921004, {0}},
	{"ldrt r1, [r2], #4", 0xe4b21004, {0}},
	{"ldr r1, [r2], r3", 0xe6921003, {0}},
	{"ldrd r2, r3, [r4], #8", 0xe0c420d8, {0}},
	{"strd r2, r3, [r4], #8", 0xe0c420f8, {0}},
	{"ldr pc, [r2], #4", 0xe492f004, {0}},
	{"pld [r2]", 0xf5d2f000, {0}},
	{"mul r1, r2, r3", 0xe0010392, {0}},
	{"ldm r1!, {r2}", 0xe8b10004, {0}},
};

/* The first halfword is the lower one in memory. */
#define T32(first, second) ((u32)(second) << 16 | (first))
static const struct row t32[] = {
	{"str.w r1, [r3], #4", T32(0xf843, 0x1b04), {4, 1, false, false, true, 3, 4}},
	{"ldr.w r2, [r5, #-8]!", T32(0xf855, 0x2d08), {4, 2, false, false, true, 5, -8}},
	{"ldrb r0, [r1], #1", T32(0xf811, 0x0b01), {1, 0, false, false, true, 1, 1}},
	{"strh r0, [r1, #255]!", T32(0xf821, 0x0fff), {2, 0, false, false, true, 1, 255}},
	{"ldrsh r0, [r1], #2", T32(0xf931, 0x0b02), {2, 0, true, false, true, 1, 2}},
	{"ldr.w r2, [r5, #-8]", T32(0xf855, 0x2c08), {0}},
	{"ldr.w r2, [r5, r1]", T32(0xf855, 0x2001), {0}},
	{"ldr.w r2, [pc, #-8]", T32(0xf85f, 0x2008), {0}},
	{"ldrd r2, r3, [r4], #8", T32(0xe8f4, 0x2302), {0}},
	{"str r1, [r3]; nop", T32(0x6019, 0xbf00), {0}},
};

static void check_rows(const struct row *rows, u32 nr, bool (*decode)(u32 i, struct access *out))
{
	for (u32 i = 0; i < nr; i++) {
		const struct access *w = &rows[i].wanted;
		struct access a;

		if (decode(rows[i].instruction, &a) != !!w->size)
			fail_msg("%s: %s", rows[i].text, w->size ? "not decoded" : "decoded");
		if (w->size &&
		    (a.size != w->size || a.reg != w->reg || a.sign_extend != w->sign_extend ||
		     a.is_64bit != w->is_64bit || a.writeback != w->writeback ||
		     a.base != w->base || a.offset != w->offset))
			fail_msg("%s: size %u, r%u, [r%u], %lld", rows[i].text, a.size, a.reg,
				 a.base, (long long)a.offset);
	}
}

static void device_accesses(void **state)
{
	(void)state;
	check_rows(a32, ARRAY_SIZE(a32), decode_a32);
	check_rows(t32, ARRAY_SIZE(t32), decode_t32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions),   cmocka_unit_test(outside_of_it_blocks),
		cmocka_unit_test(it_advances),  cmocka_unit_test(banked_registers),
		cmocka_unit_test(exceptions),   cmocka_unit_test(what_sctlr_chooses),
		cmocka_unit_test(fault_status), cmocka_unit_test(device_accesses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
