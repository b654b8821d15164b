/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "guest-tests/host/lend_world.h"
#include "hyp/lend/poison.h"

static void read_events(u32 vm)
{
	do
		world_call(vm, LEND_EVENT_NEXT, 0, 0, 0, 0);
	while (world.x[1] != LEND_EVENT_NONE);
}

/* A word taken apart: VM, letter, number, x n, and letters or t number. */
struct word {
	u32 vm, slot, n;
	u64 time;
	char peer; /* the first letter behind the numbers */
	const char *letters;
	bool undone;
};

static struct word parse(const char *text)
{
	struct word w = {.vm = (u32)(text[0] - 'a'), .n = 1, .undone = strchr(text, '.')};
	char *rest;

	w.slot = (u32)strtoul(text + 2, &rest, 10);
	if (*rest == 'x')
		w.n = (u32)strtoul(rest + 1, &rest, 10);
	if (*rest == 't')
		w.time = strtoull(rest + 1, &rest, 10);
	w.peer = *rest;
	w.letters = rest;
	return w;
}

static u32 lend_flags(const struct word *w)
{
	const char *letters = w->letters + 1; /* behind the VM's */

	return (strchr(letters, 'k') ? LEND_LEND_KEEP : 0) |
	       (strchr(letters, 'r') ? LEND_LEND_REVOCABLE : 0) |
	       (strchr(letters, 'a') ? LEND_LEND_ADOPTABLE : 0);
}

static u64 loan_at(const struct word *w)
{
	u32 loan = world.slots[w->vm][w->slot].loan;

	assert_int_not_equal(loan, LEND_NONE);
	return loan_handle(&world.l, loan);
}

static void call(const struct word *w, u32 fn, u64 a1, u64 a2, u64 a3, u64 a4)
{
	if (w->undone)
		world_begin_call(w->vm, fn, a1, a2, a3);
	else
		assert_true(world_call(w->vm, fn, a1, a2, a3, a4) >= 0);
}

static void run_word(const char *text)
{
	struct word w = parse(text);
	u32 peer = (u32)(w.peer - 'a');

	switch (text[1]) {
	case 'R':
		call(&w, LEND_RETRIEVE, w.slot, w.n, 0, 0);
		break;
	case 'Q':
		call(&w, LEND_RELINQUISH, w.slot, w.n,
		     (strchr(w.letters, 'k') ? LEND_RELINQUISH_KEEP : 0) |
			     (strchr(w.letters, 'o') ? LEND_RELINQUISH_KEEP_OFFER : 0),
		     0);
		break;
	case 'A':
		call(&w, LEND_RELINQUISH_ALL, 0, 0, 0, 0);
		break;
	case 'F':
		call(&w, LEND_REFUSE, w.slot, 0, 0, 0);
		break;
	case 'L':
		call(&w, LEND_LEND, w.slot, w.n, peer, lend_flags(&w));
		break;
	case 'D':
		call(&w, LEND_DONATE, w.slot, w.n, peer, lend_flags(&w));
		break;
	case 'C':
		call(&w, LEND_RECLAIM, loan_at(&w), w.time, 0, 0);
		break;
	case 'V':
		call(&w, LEND_REVOKE, loan_at(&w), 0, 0, 0);
		break;
	case 'M':
		call(&w, LEND_MAP, 0x1000, 0x1000, w.slot, 0);
		break;
	case 'T':
		call(&w, LEND_TARGET, peer, w.slot, 0, 0);
		break;
	case 'P':
		assert_true(lend_poison(&world.l,
					world.blocks[world.slots[w.vm][w.slot].block].pa) >= 0);
		break;
	case 'W':
		world_tick(w.slot);
		break;
	case 'E':
		read_events(w.vm);
		break;
	case 'X':
		world_reset(w.vm);
		break;
	case 'O':
		world_off(w.vm);
		break;
	case 'S':
		assert_true(world_start(w.vm));
		break;
	default:
		fail_msg("no such word: %s", text);
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
