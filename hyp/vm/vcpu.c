/* SPDX-License-Identifier: BSD-2-Clause */
/* A vCPU's way into its guest for the first time, and out of it for good. */
#include "hyp/vm/vm.h"
#include "hyp/cpu/barrier.h"

#define HCR_GUEST                                                                                  \
	(HCR_VM | HCR_SWIO | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB | HCR_BSU_IS | HCR_TID3 |        \
	 HCR_TSC | HCR_TIDCP | HCR_TACR | HCR_TLOR | HCR_TERR)

/* CP15 c11 and c15 are all the implementation's own; HCR_EL2.TIDCP has parts of c9 to c11 only. */
#define HSTR_GUEST (BIT(11) | BIT(15))

static bool has_pauth(void)
{
	/* API, APA, GPI, GPA of ISAR1; APA3, GPA3 of ISAR2. */
	return read_sysreg(id_aa64isar1_el1) & 0xff000ff0 || read_sysreg(S3_0_C0_C6_2) & 0xff00;
}

static u64 mdcr_guest(void)
{
	u64 mdcr =
		MDCR_TPM | MDCR_TPMCR | MDCR_TDA | MDCR_TDOSA | MDCR_TDRA | MDCR_TPMS | MDCR_TTRF;
	u64 pmu = FIELD(read_sysreg(id_aa64dfr0_el1), 11, 8);

	/* HPMN of all counters is the reset value; 0 is not allowed everywhere. */
	if (pmu && pmu != 0xf)
		mdcr |= FIELD(read_sysreg(pmcr_el0), 15, 11);
	return mdcr;
}

/* What the CPU needs to know of this VM; the same for all its life. */
static void load_el2_state(const struct vcpu *v)
{
	u64 pauth = has_pauth() ? HCR_APK | HCR_API : 0;

	write_sysreg(hcr_el2, HCR_GUEST | pauth | (vm_is_arm32(v->vm) ? 0 : HCR_RW));
	write_sysreg(vtcr_el2,
		     s2_vtcr(v->vm->s2.ipa_bits, (u32)FIELD(read_sysreg(id_aa64mmfr0_el1), 3, 0)));
	write_sysreg(vttbr_el2, v->vm->s2.vttbr);
	write_sysreg(mdcr_el2, mdcr_guest());
	write_sysreg(hstr_el2, HSTR_GUEST);
	write_sysreg(cnthctl_el2, CNTHCTL_EL1PCTEN | CNTHCTL_EL1PCEN);
	write_sysreg(cntvoff_el2, 0);
	write_sysreg(vpidr_el2, read_sysreg(midr_el1));
	write_sysreg(vmpidr_el2, BIT(31) | v->gic.state.mpidr);
	if (FIELD(read_sysreg(id_aa64mmfr0_el1), 59, 56)) { /* FEAT_FGT: nothing more is trapped */
		write_sysreg(S3_4_C1_C1_4, 0); /* HFGRTR_EL2 */
		write_sysreg(S3_4_C1_C1_5, 0); /* HFGWTR_EL2 */
		write_sysreg(S3_4_C1_C1_6, 0); /* HFGITR_EL2 */
		write_sysreg(S3_4_C3_C1_4, 0); /* HDFGRTR_EL2 */
		write_sysreg(S3_4_C3_C1_5, 0); /* HDFGWTR_EL2 */
	}
	if (FIELD(read_sysreg(id_aa64mmfr1_el1), 43, 40)) /* FEAT_HCX: nothing more is enabled */
		write_sysreg(S3_4_C1_C2_2, 0); /* HCRX_EL2 */
}

/* All that EL1 and EL0 can write and that has 0 for a good reset value. */
#define ZERO_AT_RESET(op)                                                                          \
	op(actlr_el1) op(cpacr_el1) op(ttbr0_el1) op(ttbr1_el1) op(tcr_el1) op(mair_el1)           \
		op(amair_el1) op(vbar_el1) op(esr_el1) op(far_el1) op(afsr0_el1) op(afsr1_el1)     \
			op(par_el1) op(elr_el1) op(spsr_el1) op(sp_el0) op(sp_el1)                 \
				op(contextidr_el1) op(tpidr_el0) op(tpidrro_el0) op(tpidr_el1)     \
					op(csselr_el1) op(mdscr_el1) op(cntkctl_el1)               \
						op(cntv_ctl_el0) op(cntp_ctl_el0)                  \
							op(cntv_cval_el0) op(cntp_cval_el0)

/* The same of what only AArch32 has; there where EL1 can be that. */
#define ZERO_AT_RESET_ARM32(op)                                                                    \
	op(dacr32_el2) op(ifsr32_el2) op(fpexc32_el2) op(dbgvcr32_el2) op(spsr_abt) op(spsr_und)   \
		op(spsr_irq) op(spsr_fiq)

/* EL1 as after a reset: MMU and caches off, timers off, nothing left of an earlier life. */
static void reset_el1(bool arm32)
{
#define ZERO(name) write_sysreg(name, 0);
	ZERO_AT_RESET(ZERO)
	if (arm32) {
		ZERO_AT_RESET_ARM32(ZERO)
	}
#undef ZERO
	write_sysreg(sctlr_el1, arm32 ? SCTLR_ARM32_RESET : SCTLR_EL1_RESET);
	/* Guests have the system register interface of the GIC, always. */
	write_sysreg(icc_sre_el1, 7);
	isb();
}

/* The stage-1 entries of this CPU's last life under this VMID go, too. */
static void flush_own_tlb(void)
{
	isb(); /* VTTBR_EL2 is this VM's from here on */
	__asm__ volatile("tlbi vmalle1" ::: "memory");
	__asm__ volatile("ic iallu" ::: "memory");
	dsb(nsh);
	isb();
}

static bool take_start(struct vcpu *v)
{
	struct vm *vm = v->vm;
	bool start;

	spin_lock(&vm->lock);
	start = vm->state == VM_RUNNING && v->state == VCPU_ON_PENDING;
	if (start)
		v->state = VCPU_ON;
	spin_unlock(&vm->lock);
	return start;
}

static _Noreturn void enter(const struct vcpu *v)
{
	u64 elr = v->entry, spsr = SPSR_EL1H | SPSR_DAIF;

	if (vm_is_arm32(v->vm)) {
		elr &= ~1ULL;
		spsr = SPSR_ARM32_SVC | (v->entry & 1 ? SPSR_ARM32_T : 0);
	}
	guest_start(v->context[0], v->context[1], v->context[2], elr, spsr);
}

_Noreturn void vcpu_run(struct cpu *cpu)
{
	struct vcpu *v = cpu->vcpu;

	for (;;) {
		cpu_serve_interrupts();
		if (v)
			vm_finish(v);
		if (v && take_start(v)) {
			load_el2_state(v);
			reset_el1(vm_is_arm32(v->vm));
			flush_own_tlb();
			vgic_hw_power_on(&v->gic);
			enter(v);
		}
		/* A kick that came since is pending and ends this at once. */
		wfi();
		masked_begin(MASKED_IDLE, 0);
	}
}

void vcpu_down(struct vcpu *v)
{
	write_sysreg(cntv_ctl_el0, 0);
	write_sysreg(cntp_ctl_el0, 0);
	isb();
	vgic_hw_power_off(&v->gic);
	spin_lock(&v->vm->lock);
	v->state = VCPU_OFF;
	spin_unlock(&v->vm->lock);
}

_Noreturn void vcpu_leave(struct vcpu *v)
{
	vcpu_down(v);
	vcpu_run(v->cpu);
}
