/* SPDX-License-Identifier: BSD-2-Clause */
/* The world's state as text and as bytes, and what a test expects of it (lend_world.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "guest-tests/host/lend_world.h"

static const char slot_letters[] = "-SOHBLR";
static const char block_letters[] = "FSOHB?P";

static const struct {
	u32 bit;
	char letter;
} slot_flags[] = {
	{LEND_FLAG_REVOCABLE, 'r'}, {LEND_FLAG_KEEP, 'k'},    {LEND_FLAG_ADOPTABLE, 'a'},
	{LEND_FLAG_RECALLED, '!'},  {LEND_FLAG_ADOPTED, '*'},
};

static const struct {
	u32 kind;
	char letter;
} slot_events[] = {
	{LEND_EVENT_OFFER, 'O'},   {LEND_EVENT_RECALL, 'R'},  {LEND_EVENT_RETURNED, 'B'},
	{LEND_EVENT_EXPIRED, 'X'}, {LEND_EVENT_REVOKED, 'V'}, {LEND_EVENT_POISONED, 'P'},
};

static char *put_block(char *at, const struct block *b)
{
	at += sprintf(at, "%u", (u32)(((u8 *)pa_to_ptr(b->pa) - world.ram) / WORLD_BLOCK));
	if (b->flags & BLOCK_DIRTY)
		*at++ = 'd';
	if (b->flags & BLOCK_OWN_DATA)
		*at++ = 'o';
	if (b->flags & BLOCK_BAD)
		*at++ = 'b';
	if (b->state == BLOCK_SCRUBBING)
		at += sprintf(at, ">%c", block_letters[b->next]);
	return at;
}

static char *put_slot(char *at, const struct lend_vm *vm, u32 slot)
{
	const struct slot *s = &vm->slots[slot];

	at += sprintf(at, "%c%u=%c", 'a' + vm->id, slot, slot_letters[s->state]);
	if (s->block != LEND_NONE)
		at = put_block(at, &world.blocks[s->block]);
	for (u32 i = 0; i < ARRAY_SIZE(slot_flags); i++)
		if (s->flags & slot_flags[i].bit)
			*at++ = slot_flags[i].letter;
	if (s->loan != LEND_NONE && world.l.loans[s->loan].donated)
		*at++ = 'D';
	if (s->loan != LEND_NONE && world.l.loans[s->loan].deadline <= world.now)
		*at++ = 'x';
	if (s->events)
		*at++ = '+';
	for (u32 i = 0; i < ARRAY_SIZE(slot_events); i++)
		if (s->events & BIT(slot_events[i].kind))
			*at++ = slot_events[i].letter;
	*at++ = ' ';
	return at;
}

void world_text(char text[WORLD_TEXT])
{
	char *at = text;

	for (u32 i = 0; i < world.l.nr_vms; i++) {
		const struct lend_vm *vm = &world.l.vm[i];

		for (u32 slot = 0; slot < vm->nr_slots; slot++)
			at = put_slot(at, vm, slot);
		at += sprintf(at, "%c.held=%u %c.target=%u %c.gone=%x %c.note=%s%s ", 'a' + i,
			      vm->nr_pool_held, 'a' + i, vm->target, 'a' + i, vm->peers_gone,
			      'a' + i, vm->vm_events & BIT(LEND_EVENT_TARGET) ? "T" : "",
			      vm->vm_events & BIT(LEND_EVENT_POOL) ? "P" : "");
	}
	sprintf(at, "free=%u", world.l.nr_free);
	assert_true(strlen(text) < WORLD_TEXT);
}

/* Replaces the token of the same key in text. */
static void change(char text[WORLD_TEXT], const char *token)
{
	size_t key = (size_t)(strchr(token, '=') + 1 - token);
	char *at = text, tail[WORLD_TEXT];

	while (strncmp(at, token, key)) {
		at = strchr(at, ' ');
		if (!at)
			fail_msg("no such token: %s", token);
		at++;
	}
	strcpy(tail, at + strcspn(at, " "));
	sprintf(at, "%s%s", token, tail);
}

void world_expect(const char *before, const char *changes)
{
	char wanted[WORLD_TEXT], now[WORLD_TEXT], list[256];

	strcpy(wanted, before);
	snprintf(list, sizeof(list), "%s", changes);
	for (char *token = strtok(list, " "); token; token = strtok(NULL, " "))
		change(wanted, token);
	world_text(now);
	assert_string_equal(now, wanted);
}

struct world_snapshot {
	struct world w;
	u8 *tables[WORLD_MAX_VMS];
};

/* What a call may change though it changes nothing: locks count, interrupts are asked for. */
static void take(struct world *w)
{
	memcpy(w, &world, sizeof(*w)); /* padding, too */
	memset(&w->l.lock, 0, sizeof(w->l.lock));
	for (u32 i = 0; i < WORLD_MAX_VMS; i++)
		memset(&w->s2[i].lock, 0, sizeof(w->s2[i].lock));
	w->asks = 0;
	w->l.wants_pool = 0; /* like an error counter: what was asked for in vain */
	w->scrub_later = 0;
	w->expire_at = 0; /* asked for again by each repeat */
	w->nr_again = 0;
	w->nr_raised = 0;
	memset(w->x, 0, sizeof(w->x));
}

struct world_snapshot *world_snapshot(void)
{
	struct world_snapshot *s = calloc(1, sizeof(*s));

	take(&s->w);
	for (u32 i = 0; i < world.l.nr_vms; i++) {
		s->tables[i] = malloc(world.tables_size);
		memcpy(s->tables[i], world.tables[i], world.tables_size);
	}
	return s;
}

void world_snapshot_free(struct world_snapshot *s)
{
	for (u32 i = 0; i < world.l.nr_vms; i++)
		free(s->tables[i]);
	free(s);
}

void world_expect_same(struct world_snapshot *s)
{
	struct world *now = calloc(1, sizeof(*now));

	take(now);
	assert_memory_equal(now, &s->w, sizeof(*now));
	for (u32 i = 0; i < world.l.nr_vms; i++)
		assert_memory_equal(world.tables[i], s->tables[i], world.tables_size);
	free(now);
	world_snapshot_free(s);
}
