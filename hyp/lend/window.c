/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/lend/window.h"

#define WORD 64

/* The bits of a word with which n (at most WORD) set ones begin, which may go on in the next word. */
static u64 starts(u64 word, u64 next, u32 n)
{
	for (u32 run = 1, more; run < n; run += more) {
		more = (u32)min_u64(run, n - run);
		word &= word >> more | next << (WORD - more);
		next &= next >> more;
	}
	return word;
}

/* The same for any n; of one over WORD, bit 0 alone counts. */
static u64 fits(const struct lend_vm *vm, u32 word, u32 n)
{
	for (; n > WORD; n -= WORD, word++)
		if (~vm->empty[word])
			return 0;
	return starts(vm->empty[word], vm->empty[word + 1], n);
}

u32 window_find(const struct lend_vm *vm, u32 n)
{
	u32 align = (u32)BIT(31 - __builtin_clz(n));
	u64 aligned = 1;

	for (u32 at = align; at < WORD; at *= 2)
		aligned |= aligned << at;
	for (u32 base = 0; base * WORD < vm->nr_slots; base += WORD) {
		for (u64 some = vm->some_empty[base / WORD]; some; some &= some - 1) {
			u32 word = base + (u32)__builtin_ctzll(some);
			bool begins = align < WORD || IS_ALIGNED(word, align / WORD);
			u64 found = begins ? fits(vm, word, n) & aligned : 0;

			if (found)
				return word * WORD + (u32)__builtin_ctzll(found);
		}
	}
	return LEND_NONE;
}
