/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/lend/window.h"

#define WORD 64

static bool all_empty(const struct lend_vm *vm, u32 slot, u32 n)
{
	if (n > vm->nr_slots - slot)
		return false;
	while (n) {
		u32 bits = (u32)min_u64(n, WORD - slot % WORD);
		u64 mask = (bits < WORD ? BIT(bits) - 1 : ~0ULL) << slot % WORD;

		if ((vm->empty[slot / WORD] & mask) != mask)
			return false;
		slot += bits;
		n -= bits;
	}
	return true;
}

/* The bits of a word with which align (a power of two, at most WORD) set ones begin, at a multiple of it. */
static u64 starts(u64 word, u32 align)
{
	u64 aligned = 1;

	for (u32 run = 1; run < align; run *= 2)
		word &= word >> run;
	for (u32 at = align; at < WORD; at *= 2)
		aligned |= aligned << at;
	return word & aligned;
}

u32 window_find(struct lend_vm *vm, u32 n)
{
	u32 align = (u32)BIT(31 - __builtin_clz(n));
	u32 step = align > WORD ? align : WORD;

	while (vm->empty_from < vm->nr_slots / WORD && !vm->empty[vm->empty_from])
		vm->empty_from++;
	for (u32 base = ALIGN_DOWN(vm->empty_from * WORD, step); base < vm->nr_slots;
	     base += step) {
		u64 word = vm->empty[base / WORD];

		for (u64 m = word ? starts(word, step == WORD ? align : WORD) : 0; m; m &= m - 1) {
			u32 slot = base + (u32)__builtin_ctzll(m);

			if (all_empty(vm, slot, n))
				return slot;
		}
	}
	return LEND_NONE;
}
