/* SPDX-License-Identifier: BSD-2-Clause */
/* Where room is found in a window of many words, as slots come and go, against a plain look at every slot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "guest-tests/host/lend_world.h"
#include "hyp/lend/window.h"

#define NR_SLOTS 4300 /* more words than a word has bits; the last one is not whole */
#define STEPS 2000

static struct slot slots[NR_SLOTS];
static u64 empty[(NR_SLOTS + 63) / 64 + 2], some_empty[(NR_SLOTS + 4095) / 4096];
static struct lend_vm vm = {
	.nr_slots = NR_SLOTS, .slots = slots, .empty = empty, .some_empty = some_empty};

static u32 lowest(u32 n)
{
	u32 align = (u32)BIT(31 - __builtin_clz(n)), run = 0;

	for (u32 first = 0; first + n <= NR_SLOTS; first += align) {
		for (run = 0; run < n && slots[first + run].state == LEND_SLOT_EMPTY; run++)
			;
		if (run == n)
			return first;
	}
	return LEND_NONE;
}

/* Mostly full, so that whole words are; then mostly empty. */
static void test_room(void **state)
{
	static const u32 many[] = {1, 2, 3, 5, 24, 63, 64, 65, 100, 128, 130, 200, 256};
	u32 seed = 1;

	(void)state;
	for (u32 slot = 0; slot < NR_SLOTS; slot++)
		slot_move(&vm, slot, LEND_SLOT_EMPTY);
	assert_int_equal(window_find(&vm, 1), 0);
	for (u32 i = 0; i < STEPS; i++) {
		u8 state_to = i % 400 < 300 ? LEND_SLOT_OFFERED : LEND_SLOT_EMPTY;
		u32 nr = i % 7 ? 1 + i % 5 : 150, first;

		seed = seed * 1103515245 + 12345;
		first = (seed >> 8) % NR_SLOTS;
		for (u32 slot = first; slot < NR_SLOTS && slot < first + nr; slot++)
			slot_move(&vm, slot, state_to);
		for (u32 k = 0; k < ARRAY_SIZE(many); k++)
			assert_int_equal(window_find(&vm, many[k]), lowest(many[k]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_room)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
