/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest-tests/bare/lib/wild.h"
#include "guest-tests/bare/bare.h"

#define NR_CPUS 8
#define NR_KEPT                                                                                    \
	1024 /* of each kind, for use many times: what is new has to be translated by QEMU */
#define RET 0xd65f03c0u
#define SPSR_MASKED 0x3c0

struct stub {
	u32 instruction, ret;
};

static struct wild {
	struct stub accesses[NR_KEPT], registers[NR_KEPT], read;
	struct wild_counts counts;
} wilds[NR_CPUS] __attribute__((aligned(64)));

/* With base x1 and data x0 (pairs: x0 and x2, exclusives' status: x3); data is changed to others. */
static const u32 access_templates[] =
	{
		0x39000020, 0x79000020, 0xb9000020,
		0xf9000020, /* STRB, STRH, STR w, STR x */
		0x39400020, 0x79400020, 0xb9400020,
		0xf9400020, /* LDRB, LDRH, LDR w, LDR x */
		0x39800020, 0x39c00020, 0x79800020,
		0x79c00020, 0xb9800020, /* LDRSB, LDRSH, LDRSW */
		0xb8004420, 0xb8404420, 0xf81f8c20,
		0x38401420, /* post- and pre-indexed */
		0xa9000820, 0xa9400820, 0x29400820,
		0xa8c10820, /* STP, LDP, LDP w, LDP post-indexed */
		0xc85f7c20, 0x885ffc20, 0xc8037c20,
		0xc87f0820, /* LDXR, LDAXR w, STXR, LDXP */
		0xc8dffc20, 0x889ffc20, 0x08dffc20, /* LDAR, STLR w, LDARB */
		0xf8200020, 0xb8e08020, 0x48e07c20,
		0xc8e07c20, /* LDADD, SWPAL w, CASAH, CASA: from ARMv8.1 */
		0x3dc00020, 0x3d800020, 0xbd000020,
		0xfd400020, /* vectors: LDR q, STR q, STR s, LDR d */
		0xf9800020, 0xd50b7421, 0xd50b7e21,
		0xd50b7a21, /* PRFM, DC ZVA, DC CIVAC, DC CVAC */
		0xd5087621, 0xd50b7521, 0xd5087801,
		0xd5087821, /* DC IVAC, IC IVAU, AT S1E1R, AT S1E1W */
};

static const u32 data_registers[] = {0, 2, 4, 5, 6, 7, 31};

static u32 random_access(struct random *r)
{
	u32 instruction = RANDOM_OF(r, access_templates);

	/* The last group is SYS, whose register is the address. */
	return FIELD(instruction, 31, 22) == 0x354 ? instruction
						   : instruction | RANDOM_OF(r, data_registers);
}

/* op0 to op2 and CRn, CRm in their places of an MRS, MSR, SYS or SYSL. */
#define SYSTEM(op0, op1, crn, crm, op2)                                                            \
	(0xd5000000u | (op0) << 19 | (op1) << 16 | (crn) << 12 | (crm) << 8 | (op2) << 5)
#define SYSTEM_FIELDS SYSTEM(3u, 7u, 15u, 15u, 7u)
#define SYSTEM_READ 0x00200000u

/*
 * Writes to these end the guest: SCTLR, TTBR0, TCR, SPSel, MAIR, VBAR and TPIDR of EL1. And two that end
 * QEMU 7.2 (an assertion of its GIC model, where a binary point is not 0 to 7): ICC_BPR0 and ICC_BPR1.
 */
static const u32 own_registers[] = {
	SYSTEM(3, 0, 1, 0, 0),  SYSTEM(3, 0, 2, 0, 0),  SYSTEM(3, 0, 2, 0, 2),
	SYSTEM(3, 0, 4, 2, 0),  SYSTEM(3, 0, 10, 2, 0), SYSTEM(3, 0, 12, 0, 0),
	SYSTEM(3, 0, 13, 0, 4), SYSTEM(3, 0, 12, 8, 3), SYSTEM(3, 0, 12, 12, 3),
};

static bool is_own(u32 instruction)
{
	if (instruction & SYSTEM_READ)
		return false;
	for (u32 i = 0; i < ARRAY_SIZE(own_registers); i++)
		if ((instruction & SYSTEM_FIELDS) == own_registers[i])
			return true;
	return false;
}

static u32 random_register(struct random *r)
{
	u32 op0 = random_below(r, 4) ? 3 : 2, instruction;

	do
		instruction = SYSTEM(op0, random_below(r, 8), random_below(r, 16),
				     random_below(r, 16), random_below(r, 8)) |
			      (u32)(random_u64(r) & SYSTEM_READ) | RANDOM_OF(r, data_registers);
	while (is_own(instruction));
	return instruction;
}

/* What there is at EL1 and EL0 in the main: a random encoding is seldom one that is allocated. */
static u32 likely_register(struct random *r)
{
	static const u32 crn[] = {0, 1, 4, 5, 6, 7, 9, 12, 12, 12, 13, 14, 14};
	static const u32 op1[] = {0, 0, 0, 3, 4};
	u32 instruction;

	do
		instruction = SYSTEM(3, RANDOM_OF(r, op1), RANDOM_OF(r, crn), random_below(r, 16),
				     random_below(r, 8)) |
			      (u32)(random_u64(r) & SYSTEM_READ) | RANDOM_OF(r, data_registers);
	while (is_own(instruction));
	return instruction;
}

/* SYS and SYSL: cache, TLB and address translation by an address in a register, and nothing at all. */
static u32 random_maintenance(struct random *r)
{
	return SYSTEM(1, random_below(r, 8), 7 + random_below(r, 2), random_below(r, 16),
		      random_below(r, 8)) |
	       (u32)(random_u64(r) & SYSTEM_READ) | 1;
}

/* HVC, SMC, SVC, BRK, HLT and DCPS with an immediate, UDF, barriers, PSTATE, vectors. */
static u32 random_special(struct random *r)
{
	static const u32 specials[] = {
		0xd4000002, 0xd4000003, 0xd4000001, 0xd4200000, 0xd4400000, 0xd4a00001,
		0xd4a00002, 0xd4a00003, 0x00000000, 0xd503309f, 0xd503305f, 0xd500419f,
		0xd50343df, 0xd50342ff, 0xd503201f, 0xd5033fdf, 0x1e200000, 0x04200000,
	};
	u32 instruction = RANDOM_OF(r, specials);

	/* An immediate, not 0: calls proper are made elsewhere. */
	if (instruction >> 24 == 0xd4)
		instruction |= (1 + random_below(r, 0xffff)) << 5;
	return instruction;
}

static u32 random_instruction(struct random *r)
{
	u32 kind = random_below(r, 16);

	if (kind < 4)
		return random_register(r);
	if (kind < 13)
		return likely_register(r);
	return kind == 13 ? random_maintenance(r) : random_special(r);
}

static struct wild *mine(void)
{
	return &wilds[this_cpu()->index];
}

struct wild_counts *wild_counts(u32 cpu)
{
	return &wilds[cpu].counts;
}

void wild_generate(struct random *r)
{
	struct wild *w = mine();

	for (u32 i = 0; i < NR_KEPT; i++) {
		w->accesses[i] = (struct stub){random_access(r), RET};
		w->registers[i] = (struct stub){random_instruction(r), RET};
	}
	w->read = (struct stub){0xf9400020, RET}; /* LDR x0, [x1] */
	cache_clean(w, sizeof(*w));
	__asm__ volatile("ic iallu\n\tdsb nsh\n\tisb" ::: "memory");
}

static u64 run(u64 code, u64 data, u64 address)
{
	register u64 x0 __asm__("x0") = data;
	register u64 x1 __asm__("x1") = address;
	register u64 x2 __asm__("x2") = data;

	__asm__ volatile("blr %3"
			 : "+r"(x0), "+r"(x1), "+r"(x2)
			 : "r"(code)
			 : "memory", "cc", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
			   "x12", "x13", "x14", "x15", "x16", "x17", "x30");
	return x0;
}

void wild_access(struct random *r, u64 address, u64 value)
{
	(void)run((u64)&RANDOM_OF(r, mine()->accesses), value, address);
}

void wild_register(struct random *r, u64 value)
{
	(void)run((u64)&RANDOM_OF(r, mine()->registers), value, value);
	__asm__ volatile("msr daifset, #15" ::: "memory");
}

u64 wild_read(u64 address)
{
	return run((u64)&mine()->read, 0, address);
}

void wild_execute(u64 address)
{
	(void)run(address, 0, 0);
}

/* Acknowledged, ended and masked: one that stays high would let nothing else happen. */
static void take_interrupt(struct frame *frame, bool group0)
{
	if (group0) {
		u64 intid = read_icc(S3_0_C12_C8_0); /* ICC_IAR0_EL1 */

		write_icc(S3_0_C12_C8_1, intid); /* ICC_EOIR0_EL1 */
	} else {
		write_icc(ICC_EOIR1, read_icc(ICC_IAR1));
	}
	frame->spsr |= SPSR_MASKED;
	mine()->counts.nr_interrupts++;
}

bool wild_exception(u64 index, struct frame *frame)
{
	struct wild *w = mine();
	u64 class = ESR_CLASS(read_reg(esr_el1));

	if (index == VECTOR_IRQ || index == VECTOR_FIQ) {
		take_interrupt(frame, index == VECTOR_FIQ);
		return true;
	}
	/* Only what was called here: the return address is in x30 then. */
	if (index != VECTOR_SYNC ||
	    ((frame->elr < (u64)w || frame->elr >= (u64)(w + 1)) && class != EC_IABT))
		return false;
	if (class == EC_DABT || class == EC_IABT)
		w->counts.nr_aborts++;
	else if (class == EC_UNDEFINED)
		w->counts.nr_undefined++;
	else
		w->counts.nr_other++;
	frame->elr = frame->x[30];
	frame->spsr |= SPSR_MASKED;
	return true;
}
