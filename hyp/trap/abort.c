/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage-2 aborts: an access to a device that we emulate, to a slot that is absent, or to nothing. What is
 * not there is a synchronous external abort at the guest's EL1. A fault is judged by a fresh walk under
 * the stage-2 lock: the entry that faulted may have been in the middle of a change.
 */
#include "hyp/cpu/barrier.h"
#include "hyp/trap/decode.h"
#include "hyp/trap/trap.h"
#include "hyp/vm/guest_memory.h"

#define PAR_F BIT(0)
#define PAR_PA(par) ((par)&0x0000fffffffff000ULL)

/*
 * For permission faults HPFAR_EL2 is not valid, unless the stage-1 walk faulted: the guest's own stage-1
 * translation of FAR is asked for. False: it has none any more, the access is made again.
 */
static bool ipa_by_translation(u64 far, bool write, u64 *ipa)
{
	u64 saved = read_sysreg(par_el1), par;

	if (write)
		__asm__ volatile("at s1e1w, %0" : : "r"(far) : "memory");
	else
		__asm__ volatile("at s1e1r, %0" : : "r"(far) : "memory");
	isb();
	par = read_sysreg(par_el1);
	write_sysreg(par_el1, saved); /* the guest's own AT may not have been read yet */
	*ipa = PAR_PA(par) | far % PAGE_SIZE;
	return !(par & PAR_F);
}

static bool is_permission_fault(u32 iss)
{
	return (ISS_ABT_FSC(iss) & FSC_TYPE) == FSC_PERMISSION;
}

static bool fault_ipa(const struct trap *t, u64 far, bool write, u64 *ipa)
{
	u32 iss = ESR_ISS(t->esr);

	if (is_permission_fault(iss) && !(iss & ISS_ABT_S1PTW))
		return ipa_by_translation(far, write, ipa);
	*ipa = FIELD(read_sysreg(hpfar_el2), 43, 4) << 12 | far % PAGE_SIZE;
	return true;
}

/* May the guest simply do it again, because by now the tables allow it? */
static bool is_allowed(struct s2_entry entry, bool read_only_access)
{
	return entry.kind == S2_MEMORY || (entry.kind == S2_ZERO && read_only_access);
}

static void nothing_there(struct trap *t, bool instruction, u64 far, u64 ipa, struct s2_entry entry)
{
	struct vm *vm = t->vcpu->vm;
	struct lend_vm *lend = vm->lend;

	if (lend->nr_slots && ipa - lend->window.ipa < lend->nr_slots * ledger.block_size)
		__atomic_fetch_add(&lend->nr_aborts, 1, __ATOMIC_RELAXED);
	if (vm->config->crash_on_revoked && entry.kind == S2_INVALID &&
	    entry.absent == S2_ABSENT_REVOKED)
		vm_crash(t->vcpu, "touched a slot that was revoked", ipa);
	inject_external_abort(t, instruction, far);
}

static u64 extend(u64 value, const struct access *a)
{
	u32 shift = 64 - 8 * a->size;

	if (a->sign_extend)
		value = (u64)((s64)(value << shift) >> shift);
	else
		value = value << shift >> shift;
	return a->is_64bit ? value : (u32)value;
}

/*
 * By halves, which of T32 can lie in two pages. The guest may change the instruction under us: it gets the
 * access it asked for last.
 */
static bool fetch(const struct trap *t, u16 half[2])
{
	u64 ipa;

	for (u32 i = 0; i < 2; i++)
		if (!ipa_by_translation(t->frame->elr + 2 * i, false, &ipa) ||
		    !guest_read(t->vcpu->vm, &half[i], IPA(ipa), sizeof(half[i])))
			return false;
	return true;
}

static bool find_access(const struct trap *t, struct access *out)
{
	u32 iss = ESR_ISS(t->esr), instruction;
	u16 half[2];

	if (iss & (ISS_ABT_S1PTW | ISS_DABT_CM))
		return false;
	if (iss & ISS_DABT_ISV) {
		*out = decode_syndrome(iss);
		return true;
	}
	if (!fetch(t, half))
		return false;
	instruction = (u32)half[1] << 16 | half[0];
	if (!(t->frame->spsr & SPSR_M4_AARCH32))
		return decode_instruction(instruction, out);
	return t->frame->spsr & SPSR_ARM32_T ? decode_t32(instruction, out)
					     : decode_a32(instruction, out);
}

static bool emulate(struct trap *t, u64 ipa, bool write)
{
	struct access a;
	u64 value = 0;

	if (!mmio_is_device(t->vcpu, ipa) || !find_access(t, &a))
		return false;
	if (write)
		value = trap_get_reg(t, a.reg) & (~0ULL >> (64 - 8 * a.size));
	if (!mmio_access(t->vcpu, ipa, write, a.size, &value))
		return false;
	if (a.writeback)
		trap_set_reg(t, a.base, trap_get_reg(t, a.base) + (u64)a.offset);
	if (!write)
		trap_set_reg(t, a.reg, extend(value, &a));
	trap_skip(t);
	return true;
}

void trap_data_abort(struct trap *t)
{
	u32 iss = ESR_ISS(t->esr);
	u64 far = read_sysreg(far_el2), ipa;
	/*
	 * Of a stage-1 walk WnR says whether hardware updates the table. Cache maintenance always has it
	 * set; it is a write only to an entry that was there and did not allow it.
	 */
	bool write = iss & ISS_DABT_WNR && (!(iss & ISS_DABT_CM) || is_permission_fault(iss));
	struct s2_entry entry;

	if (!fault_ipa(t, far, write, &ipa) || emulate(t, ipa, write))
		return;
	entry = guest_walk(t->vcpu->vm, IPA(ipa)); /* no device has an entry */
	if (!is_allowed(entry, !write))
		nothing_there(t, false, far, ipa, entry);
}

void trap_instruction_abort(struct trap *t)
{
	u64 far = read_sysreg(far_el2), ipa;
	struct s2_entry entry;

	if (!fault_ipa(t, far, false, &ipa))
		return;
	entry = guest_walk(t->vcpu->vm, IPA(ipa));
	/* The zero page is never executable, so reading it is not enough here. */
	if (!is_allowed(entry, false))
		nothing_there(t, true, far, ipa, entry);
}
