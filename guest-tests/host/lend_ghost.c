/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "guest-tests/host/lend_ghost.h"

#define NOBODY 0xffu

/* One word stands for each chunk. */
struct contents {
	u64 word[WORLD_CHUNKS];
};

static struct ghost_block {
	u8 owner; /* VM or NOBODY */
	u8 seen_by; /* VM or NOBODY */
	u32 seen_at; /* slot */
	u8 lent_to; /* VM or NOBODY */
	bool lent_keep, donated; /* the terms of that */
	bool bad;
	bool kept; /* the next to see it may find left_with */
	struct contents left_with;
} ghost[WORLD_MAX_BLOCKS];

static bool intends_to_keep[WORLD_MAX_VMS];
static u64 tags;

static u64 *word_of(u32 block, u32 chunk)
{
	return pa_to_ptr(PADDR(world.blocks[block].pa.pa + chunk * SCRUB_CHUNK));
}

static struct contents contents_of(u32 block)
{
	struct contents c;

	for (u32 i = 0; i < WORLD_CHUNKS; i++)
		c.word[i] = *word_of(block, i);
	return c;
}

static u8 owner_now(u32 block)
{
	return world.blocks[block].owner == LEND_POOL ? NOBODY : world.blocks[block].owner;
}

void ghost_begin(void)
{
	memset(intends_to_keep, 0, sizeof(intends_to_keep));
	for (u32 i = 0; i < world.l.nr_blocks; i++)
		ghost[i] = (struct ghost_block){
			.owner = owner_now(i), .seen_by = NOBODY, .lent_to = NOBODY};
}

bool ghost_intend(u32 vm, bool keep)
{
	bool before = intends_to_keep[vm];

	intends_to_keep[vm] = keep;
	return before;
}

void ghost_lent(u32 vm, u32 slot, u32 n, u32 to, bool keep, bool donated)
{
	for (u32 i = slot; i < slot + n; i++) {
		struct ghost_block *g = &ghost[world.slots[vm][i].block];

		g->lent_to = (u8)to;
		g->lent_keep = keep;
		g->donated = donated;
	}
}

void ghost_poisoned(u32 block)
{
	ghost[block].bad = true;
}

void ghost_scribble(u32 vm)
{
	for (u32 i = 0; i < world.l.nr_blocks; i++)
		if (ghost[i].seen_by == vm)
			for (u32 chunk = 0; chunk < WORLD_CHUNKS; chunk++)
				*word_of(i, chunk) = (u64)(vm + 1) << 48 | ++tags;
}

void ghost_reset(u32 vm)
{
	intends_to_keep[vm] = false;
	/* Its own data do not outlive it, wherever they wait. */
	for (u32 i = 0; i < world.l.nr_blocks; i++)
		if (ghost[i].owner == vm)
			ghost[i].kept = false;
}

void ghost_off(u32 vm)
{
	intends_to_keep[vm] = false;
	for (u32 i = 0; i < world.l.nr_blocks; i++)
		if (ghost[i].owner == vm) {
			ghost[i].owner = NOBODY;
			ghost[i].kept = false;
		}
}

/* The pool gives the lowest of its list first; which ones is not the ghost's to say. */
void ghost_start(u32 vm)
{
	for (u32 i = 0; i < world.l.nr_blocks; i++)
		if (ghost[i].owner == NOBODY && world.blocks[i].owner == vm)
			ghost[i].owner = (u8)vm;
}

static bool sees(u32 vm, u32 slot, u32 block)
{
	return world_memory(vm, slot) == pa_to_ptr(world.blocks[block].pa);
}

static void look_for_end(u32 i)
{
	struct ghost_block *g = &ghost[i];

	if (g->seen_by == NOBODY || sees(g->seen_by, g->seen_at, i))
		return;
	g->kept = intends_to_keep[g->seen_by];
	g->left_with = contents_of(i);
	g->seen_by = NOBODY;
}

static bool was_meant_for(const struct ghost_block *g, u32 vm)
{
	return g->kept && (g->owner == vm || (g->lent_to == vm && g->lent_keep));
}

static void begin_to_see(u32 i, u32 vm, u32 slot)
{
	static const struct contents zero;
	struct ghost_block *g = &ghost[i];
	struct contents now = contents_of(i);

	assert_int_equal(g->seen_by, NOBODY);
	assert_false(g->bad);
	if (g->owner != NOBODY && g->owner != vm)
		assert_int_equal(g->lent_to, vm);
	if (was_meant_for(g, vm))
		assert_memory_equal(&now, &g->left_with, sizeof(now));
	else
		assert_memory_equal(&now, &zero, sizeof(now));
	g->kept = false;
	g->seen_by = (u8)vm;
	g->seen_at = slot;
	if (g->lent_to == vm && g->donated)
		g->owner = (u8)vm;
}

static void look_at_window(u32 vm)
{
	for (u32 slot = 0; slot < world.l.vm[vm].nr_slots; slot++) {
		const struct slot *s = &world.slots[vm][slot];

		if (s->block != LEND_NONE && ghost[s->block].seen_by == NOBODY &&
		    sees(vm, slot, s->block))
			begin_to_see(s->block, vm, slot);
	}
}

/* Whose it is does not change unless by what the ghost was told of. */
static void look_for_owner(u32 i)
{
	struct ghost_block *g = &ghost[i];
	const struct block *b = &world.blocks[i];

	if (b->state == BLOCK_POISONED) {
		assert_true(g->bad);
		g->owner = NOBODY;
	}
	assert_int_equal(g->owner, owner_now(i));
	if (g->owner == NOBODY || world.slots[g->owner][b->owner_slot].state != LEND_SLOT_LENT)
		g->lent_to = NOBODY;
}

void ghost_look(void)
{
	for (u32 i = 0; i < world.l.nr_blocks; i++) {
		const struct block *b = &world.blocks[i];

		look_for_end(i);
		/* Being zeroed: there is nothing to be kept from here on. */
		if (b->state == BLOCK_SCRUBBING && !(b->flags & BLOCK_CLEAN_ONLY))
			ghost[i].kept = false;
	}
	for (u32 vm = 0; vm < world.l.nr_vms; vm++)
		look_at_window(vm);
	for (u32 i = 0; i < world.l.nr_blocks; i++)
		look_for_owner(i);
}
