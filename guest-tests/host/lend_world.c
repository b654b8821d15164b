/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "guest-tests/host/lend_check.h"
#include "guest-tests/host/lend_world.h"
#include "hyp/lend/adopt.h"
#include "hyp/lend/expire.h"
#include "guest-tests/host/tlb_fake.h"

#define IPA_BITS 40
#define OLD_CONTENTS 0xf1 /* the firmware's leftovers */

struct world world;

static bool is_unlocked(const spinlock_t *lock)
{
	return !spin_is_locked(lock);
}

static bool nothing_locked(void)
{
	bool unlocked = is_unlocked(&world.l.lock);

	for (u32 i = 0; i < world.l.nr_vms; i++)
		unlocked &= is_unlocked(&world.s2[i].lock);
	return unlocked;
}

static void others_run(void)
{
	assert_true(nothing_locked());
	if (!world.between || world.nested)
		return;
	world.nested = true;
	world.between();
	world.nested = false;
}

static u64 host_now(void)
{
	return world.now;
}

static bool host_interrupt_pending(void)
{
	u32 ask = ++world.asks;

	if (world.nested)
		return true;
	others_run();
	return ask == world.pending_at || (world.pending_every && ask % world.pending_every == 0);
}

/* Only whole chunks of a block that is being scrubbed, and never one that a VM sees. */
static void check_scrub(paddr_t pa, size_t size)
{
	u64 offset = pa.pa - (u64)(uintptr_t)world.ram;

	assert_int_equal(size, SCRUB_CHUNK);
	assert_true(IS_ALIGNED(offset, SCRUB_CHUNK));
	assert_true(offset / WORLD_BLOCK < world.l.nr_blocks);
	for (u32 i = 0; i < world.l.nr_blocks; i++)
		if (world.blocks[i].pa.pa == ALIGN_DOWN(pa.pa, WORLD_BLOCK))
			assert_int_equal(world.blocks[i].state, BLOCK_SCRUBBING);
}

static void host_zero(paddr_t pa, size_t size)
{
	check_scrub(pa, size);
	others_run();
	memset(pa_to_ptr(pa), 0, world.sparse ? sizeof(u64) : size);
	world.nr_zeroed += size;
	others_run();
}

static void host_clean(paddr_t pa, size_t size)
{
	check_scrub(pa, size);
	others_run();
	world.nr_cleaned += size;
}

static void host_raise(u8 id)
{
	assert_true(nothing_locked());
	world.line[id] = lend_events_pending(&world.l.vm[id]);
	world.nr_raised++;
}

static void host_scrub_later(u8 id)
{
	assert_true(nothing_locked());
	world.scrub_later |= (u32)BIT(id);
}

static void host_expire_at(u64 ns)
{
	others_run();
	if (ns < world.expire_at)
		world.expire_at = ns;
}

/* Writes no FDT: as many bytes as there is room for, up to 100; marks as hyp/vm/map.c does. */
static int host_write_map(u8 id, ipa_t ipa, u64 size, bool adopt, u64 *written)
{
	struct lend_vm *vm = &world.l.vm[id];

	assert_true(nothing_locked());
	if (!IS_ALIGNED(ipa.ipa, 8))
		return LEND_INVALID;
	if (size < 100)
		return LEND_NO_MEMORY;
	ledger_lock(&world.l);
	for (u32 slot = 0; slot < vm->nr_slots; slot++)
		if (adopt && slot_adoptable(&world.l, vm, slot))
			slot_set_adopted(&world.l, vm, slot, true);
		else if (!adopt)
			slot_set_adopted(&world.l, vm, slot, false);
	ledger_unlock(&world.l);
	*written = 100;
	return LEND_SUCCESS;
}

static const struct lend_host host = {
	.now = host_now,
	.interrupt_pending = host_interrupt_pending,
	.zero = host_zero,
	.clean = host_clean,
	.raise = host_raise,
	.scrub_later = host_scrub_later,
	.expire_at = host_expire_at,
	.write_map = host_write_map,
};

static void make_tables(u32 id, const struct world_vm *config)
{
	size_t pages = s2_pages_root(IPA_BITS) + s2_pages_range(WORLD_MAX_SLOTS * WORLD_BLOCK);
	struct s2 *s2 = &world.s2[id];

	world.tables_size = ALIGN_UP(pages * PAGE_SIZE, KIB(32));
	world.tables[id] = aligned_alloc(KIB(32), world.tables_size);
	memset(world.tables[id], 0, world.tables_size);
	assert_int_equal(s2_init(s2, (u16)(id + 1), IPA_BITS, world.tables[id], pages), 0);
	s2_fake_know(world.tables[id], world.tables_size, s2->vttbr);
	if (!config->nr_slots)
		return;
	assert_int_equal(
		s2_prepare(s2, IPA(WORLD_WINDOW), config->nr_slots * WORLD_BLOCK, WORLD_BLOCK), 0);
	spin_lock(&s2->lock);
	if (config->absent_abort)
		s2_unmap(s2, IPA(WORLD_WINDOW), config->nr_slots * WORLD_BLOCK, S2_ABSENT_EMPTY);
	else
		s2_zero(s2, IPA(WORLD_WINDOW), config->nr_slots * WORLD_BLOCK);
	spin_unlock(&s2->lock);
}

static void make_vm(u32 id, const struct world_vm *config)
{
	struct lend_vm *vm = ledger_add_vm(&world.l);

	assert_int_equal(vm->id, id);
	make_tables(id, config);
	vm->s2 = &world.s2[id];
	vm->window = IPA(WORLD_WINDOW);
	vm->nr_slots = config->nr_slots;
	vm->nr_own = config->nr_own;
	vm->nr_promised = config->nr_promised;
	vm->quota = config->quota;
	vm->lend_to = config->lend_to;
	vm->min_recall_ns = config->min_recall_ns;
	vm->absent_abort = config->absent_abort;
	vm->manager = config->manager;
	vm->slots = world.slots[id];
	vm->empty = world.empty[id];
	vm->some_empty = world.some_empty[id];
}

/* Not given back between worlds: most of the time would go into making its pages. */
static u8 *ram_of(u32 nr_blocks)
{
	static void *ram;
	static u32 nr;

	if (nr_blocks > nr) {
		free(ram);
		ram = aligned_alloc(WORLD_BLOCK, nr_blocks * WORLD_BLOCK);
		nr = nr_blocks;
	}
	return ram;
}

static void begin(const struct world_vm *config, u32 nr_vms, u32 nr_blocks, bool sparse)
{
	memset(&world, 0, sizeof(world));
	s2_fake_reset();
	world.now = 1000;
	world.expire_at = LEND_NO_DEADLINE;
	world.sparse = sparse;
	world.ram = ram_of(nr_blocks);
	for (u32 i = 0; i < nr_blocks * WORLD_CHUNKS; i++)
		memset(world.ram + i * SCRUB_CHUNK, OLD_CONTENTS,
		       sparse ? sizeof(u64) : SCRUB_CHUNK);
	ledger_init(&world.l, &host, WORLD_BLOCK, world.blocks, world.loans);
	for (u32 i = 0; i < nr_vms; i++)
		make_vm(i, &config[i]);
	/* The highest first, so that block i is the i-th that is taken. */
	for (u32 i = nr_blocks; i-- > 0;)
		ledger_add_block(&world.l, ptr_to_pa(world.ram + i * WORLD_BLOCK));
	for (u32 i = 0; i < nr_vms; i++)
		assert_true(world_start(i));
	world_check();
}

void world_begin(const struct world_vm *config, u32 nr_vms, u32 nr_blocks)
{
	begin(config, nr_vms, nr_blocks, false);
}

void world_begin_sparse(const struct world_vm *config, u32 nr_vms, u32 nr_blocks)
{
	begin(config, nr_vms, nr_blocks, true);
}

void world_end(void)
{
	world_check();
	world_drop();
}

void world_drop(void)
{
	for (u32 i = 0; i < world.l.nr_vms; i++)
		free(world.tables[i]);
}

void world_check(void)
{
	struct lend_fault f;
	bool ok;

	assert_true(nothing_locked());
	assert_int_equal(world.l.raise, 0);
	ledger_lock(&world.l);
	ok = lend_check(&world.l, &f);
	ledger_unlock(&world.l);
	if (!ok)
		fail_msg("rule broken: %s (vm %d, slot %d, block %d, loan %d)", f.rule, (int)f.vm,
			 (int)f.slot, (int)f.block, (int)f.loan);
	for (u32 i = 0; i < world.l.nr_vms; i++)
		assert_int_equal(world.line[i], lend_events_pending(&world.l.vm[i]));
	s2_fake_check_quiet();
}

enum lend_outcome world_registers(u32 vm, const u64 x[8])
{
	enum lend_outcome outcome;
	u64 regs[8]; /* world.x is another CPU's while this one's call runs */

	memcpy(regs, x, sizeof(regs));
	outcome = lend_call(&world.l, &world.l.vm[vm], regs);
	if (outcome != LEND_CALL_DONE)
		assert_memory_equal(regs, x, sizeof(regs));
	memcpy(world.x, regs, sizeof(world.x));
	world_check();
	return outcome;
}

enum lend_outcome world_try(u32 vm, u32 fn, u64 a1, u64 a2, u64 a3, u64 a4)
{
	return world_registers(vm, (u64[8]){fn | LEND_SMC64, a1, a2, a3, a4, 5, 6, 7});
}

s64 world_call(u32 vm, u32 fn, u64 a1, u64 a2, u64 a3, u64 a4)
{
	enum lend_outcome outcome;

	world.nr_again = 0;
	while ((outcome = world_try(vm, fn, a1, a2, a3, a4)) == LEND_CALL_AGAIN)
		world.nr_again++;
	assert_int_equal(outcome, LEND_CALL_DONE);
	return (s64)world.x[0];
}

void world_begin_call(u32 vm, u32 fn, u64 a1, u64 a2, u64 a3)
{
	u32 every = world.pending_every;

	world.pending_every = 1;
	assert_int_equal(world_try(vm, fn, a1, a2, a3, 0), LEND_CALL_AGAIN);
	world.pending_every = every;
}

u64 world_lend(u32 vm, u32 slot, u32 n, u32 to, u32 flags)
{
	assert_int_equal(world_call(vm, LEND_LEND, slot, n, to, flags), LEND_SUCCESS);
	return world.x[1];
}

void world_tick(u64 ns)
{
	u64 next = LEND_NO_DEADLINE;

	world.now += ns;
	if (world.expire_at <= world.now)
		while ((next = lend_expire(&world.l)) <= world.now)
			world_check();
	world.expire_at =
		min_u64(world.expire_at <= world.now ? LEND_NO_DEADLINE : world.expire_at, next);
	for (u32 id = 0; id < world.l.nr_vms; id++)
		if (world.scrub_later & BIT(id))
			while (lend_scrub_some(&world.l, &world.l.vm[id]))
				world_check();
	world.scrub_later = 0;
	world_check();
}

void world_nothing(void)
{
}

static void serve(void)
{
	others_run();
}

void world_reset(u32 vm)
{
	lend_vm_reset(&world.l, &world.l.vm[vm], serve);
	world_check();
	lend_vm_scrub(&world.l, &world.l.vm[vm], serve);
	world_check();
}

void world_off(u32 vm)
{
	lend_vm_off(&world.l, &world.l.vm[vm], serve);
	world_check();
	lend_vm_scrub(&world.l, &world.l.vm[vm], serve);
	world_check();
}

bool world_start(u32 vm)
{
	return lend_vm_start(&world.l, &world.l.vm[vm], serve);
}

u8 *world_memory(u32 vm, u32 slot)
{
	struct s2_entry e;

	spin_lock(&world.s2[vm].lock);
	e = s2_walk(&world.s2[vm], IPA(WORLD_WINDOW + slot * WORLD_BLOCK));
	spin_unlock(&world.s2[vm].lock);
	return e.kind == S2_MEMORY ? pa_to_ptr(e.pa) : NULL;
}

void world_fill(u32 vm, u32 slot, u8 value)
{
	memset(world_memory(vm, slot), value, WORLD_BLOCK);
}

bool world_is_filled(u32 vm, u32 slot, u8 value)
{
	const u8 *p = world_memory(vm, slot);

	return p && p[0] == value && !memcmp(p, p + 1, WORLD_BLOCK - 1);
}
