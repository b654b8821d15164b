/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/vm/map.h"
#include "hyp/lend/adopt.h"
#include "hyp/vm/guest_memory.h"
#include "hyp/vm/load.h"

/* Slots looked at under one hold of ledger.lock: some 3,000 instructions. */
#define PIECE 64

/*
 * Lists a slot's block if it is one to be adopted, and marks it. One that is marked already is listed
 * anyway, though it may be adoptable no longer: its lender ended. False: there are too many pieces.
 */
static bool adopt_slot(struct vm *vm, u32 slot)
{
	u64 ipa = slot_ipa(&ledger, vm->lend, slot).ipa;
	bool marked = vm->lend->slots[slot].flags & LEND_FLAG_ADOPTED;

	if (!marked && !slot_adoptable(&ledger, vm->lend, slot))
		return true;
	if (!guest_ranges_add(&vm->fdt->listed, ipa, ledger.block_size))
		return false;
	if (marked)
		return true;
	if (!guest_ranges_add(&vm->fdt->marked, ipa, ledger.block_size))
		return false;
	slot_set_adopted(&ledger, vm->lend, slot, true);
	return true;
}

static bool unadopt_slot(struct vm *vm, u32 slot)
{
	slot_set_adopted(&ledger, vm->lend, slot, false);
	return true;
}

/* Until one is false. */
static bool for_slots(struct vm *vm, u32 slot, u32 nr, bool (*step)(struct vm *vm, u32 slot))
{
	bool ok = true;

	for (u32 end = slot + nr; ok && slot < end;) {
		u32 stop = (u32)min_u64(end, slot + PIECE);

		ledger_lock(&ledger);
		for (; ok && slot < stop; slot++)
			ok = step(vm, slot);
		ledger_unlock(&ledger);
		cpu_serve_interrupts();
	}
	return ok;
}

static void undo_marks(struct vm *vm)
{
	const struct guest_ranges *marked = &vm->fdt->marked;

	for (u32 i = 0; i < marked->nr; i++) {
		const struct guest_range *r = &marked->range[i];

		for_slots(vm, (u32)((r->base - vm->lend->window.ipa) / ledger.block_size),
			  (u32)(r->size / ledger.block_size), unadopt_slot);
	}
}

static int write_map(struct vm *vm, ipa_t ipa, u64 size, bool adopt, u64 *written)
{
	struct guest_fdt_args args = vm_fdt_args(vm, cpu_serve_interrupts);
	int length;

	args.next_kernel = true;
	vm->fdt->listed.nr = vm->fdt->marked.nr = 0;
	if (adopt && !for_slots(vm, 0, vm->lend->nr_slots, adopt_slot))
		return LEND_NO_MEMORY;
	args.blocks = &vm->fdt->listed;
	length = guest_fdt_write(vm->fdt->buffer, sizeof(vm->fdt->buffer), &args);
	if (length < 0 || (u64)length > size)
		return LEND_NO_MEMORY;
	if (!vm_copy_in(vm, ipa, vm->fdt->buffer, (u64)length, cpu_serve_interrupts))
		return LEND_INVALID;
	if (!adopt)
		for_slots(vm, 0, vm->lend->nr_slots, unadopt_slot);
	*written = (u64)length;
	return LEND_SUCCESS;
}

int vm_write_map(u8 id, ipa_t ipa, u64 size, bool adopt, u64 *written)
{
	struct vm *vm = &vms[id];
	int status;

	/* An FDT is 8-byte aligned. */
	if (!IS_ALIGNED(ipa.ipa, 8) || !guest_writable(vm, ipa, size, cpu_serve_interrupts))
		return LEND_INVALID;
	/* Acquire, release: the buffer is the last call's until here, and the next one's from there. */
	if (__atomic_exchange_n(&vm->fdt->busy, true, __ATOMIC_ACQUIRE))
		return LEND_BUSY;
	status = write_map(vm, ipa, size, adopt, written);
	if (status != LEND_SUCCESS)
		undo_marks(vm);
	__atomic_store_n(&vm->fdt->busy, false, __ATOMIC_RELEASE);
	return status;
}
