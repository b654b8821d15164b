/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "guest-tests/host/lend_world.h"

static void call(u32 vm, u32 fn, u64 slot, u32 flags, bool left_undone)
{
	if (left_undone)
		world_begin_call(vm, fn, slot, 1, flags);
	else
		assert_int_equal(world_call(vm, fn, slot, 1, flags, 0), LEND_SUCCESS);
}

static void read_events(u32 vm)
{
	do
		world_call(vm, LEND_EVENT_NEXT, 0, 0, 0, 0);
	while (world.x[1] != LEND_EVENT_NONE);
}

static void run_word(const char *word)
{
	u32 vm = (u32)(word[0] - 'a');
	char *rest;
	u32 slot = (u32)strtoul(word + 2, &rest, 10);
	bool keep = strchr(rest, 'k'), undone = strchr(word, '.');

	switch (word[1]) {
	case 'R':
		call(vm, LEND_RETRIEVE, slot, 0, undone);
		break;
	case 'Q':
		call(vm, LEND_RELINQUISH, slot,
		     (keep ? LEND_RELINQUISH_KEEP : 0) |
			     (strchr(rest, 'o') ? LEND_RELINQUISH_KEEP_OFFER : 0),
		     undone);
		break;
	case 'L':
		world_lend(vm, slot, 1, (u32)(*rest - 'a'), keep ? LEND_LEND_KEEP : 0);
		break;
	case 'C':
		assert_true(world_call(vm, LEND_RECLAIM,
				       loan_handle(&world.l, world.slots[vm][slot].loan), 0, 0,
				       0) >= 0);
		break;
	case 'E':
		read_events(vm);
		break;
	case 'X':
		world_reset(vm);
		break;
	case 'O':
		world_off(vm);
		break;
	case 'S':
		assert_true(world_start(vm));
		break;
	default:
		fail_msg("no such word: %s", word);
	}
}

void world_run(const char *script)
{
	char copy[256], *save = NULL;

	assert_true(strlen(script) < sizeof(copy));
	strcpy(copy, script);
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		run_word(word);
	world_check();
}
