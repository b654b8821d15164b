/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random acts of four VMs, some of them hostile, with interrupts, resets, deaths and restarts between
 * any two chunks of work, in worlds made by chance. After every act the rules (lend_check.h), the table of
 * lending.md §3 and the ghost. SEED and STEPS come from the environment. What fails is shortened and
 * printed as a C test, and left in the file named by SHRUNK; SHRINK=0: only failed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>
#include "guest-tests/host/lend_shrink.h"

#define NR_VMS 4
#define STEPS_PER_WORLD 4000
#define MAX_ACTS (8 * STEPS_PER_WORLD) /* nested ones, too */

/* Of the world under way, or that failed: the process that has it leaves it here as it dies. */
static struct record {
	struct acts_world world;
	struct acts_count count;
	u64 number; /* of the world */
	u32 nr;
	struct act acts[MAX_ACTS];
} * record;

static u64 rng, seed, steps;

static u32 rnd(u32 n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (u32)((rng >> 11) % n);
}

static const struct world_vm *config(u32 vm)
{
	return &record->world.vms[vm];
}

#define OWN BIT(31) /* and the block there is the VM's own */

static bool is_one_of(u32 vm, u32 slot, u32 states)
{
	return states & BIT(world.slots[vm][slot].state) &&
	       (!(states & OWN) || slot_is_own(&world.l, &world.l.vm[vm], slot));
}

/* Any slot, but rather one in a state (of BIT(LEND_SLOT_*)) in which the call does something. */
static u32 pick_slot(u32 vm, u32 states)
{
	u32 nr = config(vm)->nr_slots, first = rnd(nr);

	if (!rnd(8))
		return rnd(8) ? first : rnd(40);
	for (u32 i = 0; i < nr; i++)
		if (is_one_of(vm, (first + i) % nr, states))
			return (first + i) % nr;
	return first;
}

static u32 pick_n(void)
{
	return rnd(3) ? 1 : rnd(5);
}

static struct act pick_hostile(u32 vm)
{
	struct act act = {.vm = (u8)vm, .fn = LEND_FN(rnd(LEND_NR_FN))};

	for (u32 i = 0; i < 4; i++)
		act.arg[i] = rnd(3) ? rnd(12) : rng << rnd(64);
	return act;
}

#define CALL(function, ...) ((struct act){.vm = (u8)vm, .fn = (function), .arg = {__VA_ARGS__}})

static struct act pick_loan(u32 vm)
{
	u32 slot = pick_slot(vm, BIT(LEND_SLOT_STANDBY) | OWN), to = rnd(NR_VMS);

	for (u32 tries = rnd(8); tries-- && !(config(vm)->lend_to & BIT(to));)
		to = rnd(NR_VMS);
	return rnd(4) ? CALL(LEND_LEND, slot, pick_n(), to, rnd(8) | rnd(2))
		      : CALL(LEND_DONATE, slot, pick_n(), to, rnd(3) ? 0 : LEND_LEND_KEEP);
}

/* The call on a loan that is there, the VM's own rather. Without one it makes one. */
static struct act pick_on_loan(u32 vm, u32 fn)
{
	struct act act = {.vm = (u8)vm, .fn = fn, .arg = {rnd(20), rnd(3) ? 1 + rnd(100) : 0}};
	u32 back = rnd(6), found = 0;

	for (u32 i = record->nr; i-- > 0 && record->nr - i < 1000 && found <= back;) {
		const struct act *made = &record->acts[i];

		if (act_has_loan(made->number) ? made->vm != vm && rnd(20) : rnd(2000))
			continue;
		act.loan_of = made->number;
		found++;
	}
	return found || !rnd(20) ? act : pick_loan(vm);
}

#define TO_RETRIEVE (BIT(LEND_SLOT_STANDBY) | BIT(LEND_SLOT_OFFERED))
#define TO_RELINQUISH (BIT(LEND_SLOT_HELD) | BIT(LEND_SLOT_BORROWED) | BIT(LEND_SLOT_REVOKED))

static struct act pick_call(u32 vm)
{
	u32 n = pick_n(), r = rnd(200);

	if (r < 38)
		return CALL(LEND_RETRIEVE, pick_slot(vm, TO_RETRIEVE), n);
	if (r < 84)
		return CALL(LEND_RELINQUISH, pick_slot(vm, TO_RELINQUISH), n, rnd(2) ? 0 : rnd(4));
	if (r < 120)
		return pick_loan(vm);
	if (r < 134)
		return pick_on_loan(vm, LEND_RECLAIM);
	if (r < 150)
		return pick_on_loan(vm, LEND_REVOKE);
	if (r < 180)
		return CALL(LEND_EVENT_NEXT, 0);
	if (r < 183)
		return CALL(LEND_SLOT_INFO, pick_slot(vm, 0));
	if (r < 188)
		return CALL(LEND_REFUSE, pick_slot(vm, BIT(LEND_SLOT_OFFERED)));
	if (r < 189)
		return CALL(LEND_RELINQUISH_ALL, 0);
	if (r < 191)
		return CALL(LEND_MAP, 0x1000, rnd(8) ? 0x1000 : 1,
			    rnd(6) ? LEND_MAP_BOOT : LEND_MAP_ADOPT);
	if (r < 193)
		return CALL(LEND_TARGET, rnd(NR_VMS), rnd(4));
	return pick_hostile(vm);
}

/* What the hypervisor does by itself. Bad memory is rare: a world would soon be without any. */
static struct act pick_of_hypervisor(void)
{
	u32 r = rnd(20);

	if (r < 8)
		return (struct act){.kind = ACT_EXPIRE};
	if (r == 8 && !rnd(8))
		return (struct act){.kind = ACT_POISON, .arg = {rnd(record->world.nr_blocks)}};
	return (struct act){.kind = ACT_SCRUB, .vm = (u8)rnd(NR_VMS), .arg = {1 + rnd(20)}};
}

static const struct act *keep(struct act act)
{
	struct act *at = &record->acts[record->nr];

	assert_true(record->nr < MAX_ACTS);
	*at = act;
	at->number = (u16)++record->nr;
	return at;
}

/* What one VM does, or the hypervisor by itself. */
static struct act pick(u32 vm)
{
	u32 r = rnd(1000);
	struct act act = {.kind = r < 4 ? ACT_OFF : r < 10 ? ACT_RESET : ACT_SCRIBBLE};

	if (r < 60)
		act.vm = (u8)vm;
	else if (r < 120)
		act = pick_of_hypervisor();
	else
		act = pick_call(vm);
	return act;
}

/* At most one at a point, and mostly none. */
static const struct act *others(u32 point)
{
	static u32 last;
	static u64 last_act;
	u32 vm = rnd(NR_VMS);
	struct act act;

	if ((record->nr == last_act && point == last) || rnd(6) || record->nr > MAX_ACTS / 2)
		return NULL;
	act = pick(vm);
	if (!act_may_nest(&act))
		return NULL;
	act.nested = true;
	act.at = (u16)point;
	last = point;
	last_act = record->nr + 1;
	return keep(act);
}

static void step(void)
{
	static const u8 every[] = {0, 0, 1, 2, 5};
	u32 vm = rnd(NR_VMS);
	struct act act = pick(vm);

	if (act.kind == ACT_CALL && !rnd(3))
		act.tries = (u8)(1 + rnd(8));
	if (act_is_of_vm(&act) && !act_is_up(vm))
		act.kind = ACT_GO_ON;
	act.shared = !rnd(4);
	act.every = every[rnd(ARRAY_SIZE(every))];
	act.time = (u16)rnd(rnd(4) ? 20 : 100);
	act_run(keep(act), others);
}

/* Fewer blocks than are promised, now and then; VMs with nothing of their own; any rights. */
static void make_world(void)
{
	struct acts_world *w = &record->world;

	memset(w, 0, sizeof(*w));
	w->nr_vms = NR_VMS;
	w->nr_blocks = rnd(6);
	for (u32 i = 0; i < NR_VMS; i++) {
		struct world_vm *vm = &w->vms[i];

		vm->nr_own = rnd(4);
		vm->nr_promised = rnd(4);
		vm->quota = rnd(vm->nr_promised + 1);
		vm->nr_slots = vm->nr_own + vm->nr_promised + 1 + rnd(5);
		vm->lend_to = (rnd(4) ? 0xf : rnd(16)) & ~(u32)BIT(i);
		vm->min_recall_ns = rnd(2) * rnd(100);
		vm->absent_abort = !rnd(3);
		vm->manager = !rnd(3);
		w->nr_blocks += vm->nr_own;
	}
	w->nr_blocks = (u32)max_u64(w->nr_blocks, 1);
}

static void run_worlds(void)
{
	for (u64 done = 0; done < steps; record->number++) {
		record->nr = 0;
		rng = (seed << 32 | record->number) * 0x9e3779b97f4a7c15ull + 1;
		make_world();
		acts_begin(&record->world);
		for (u32 i = 0; i < STEPS_PER_WORLD && done < steps; i++, done++)
			step();
		acts_end();
		record->count = acts_count;
	}
}

static u64 from_environment(const char *name, u64 otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

static void report(void)
{
	const char *path = getenv("SHRUNK") ? getenv("SHRUNK") : "build/lend_shrunk.c";
	FILE *file = fopen(path, "w");

	print_message("world %llu of SEED=%llu fails within %u acts; shrinking\n",
		      (unsigned long long)record->number, (unsigned long long)seed, record->nr);
	record->nr = shrink(&record->world, record->acts, record->nr);
	print_message("%u acts are left; as a test, also in %s:\n", record->nr, path);
	shrink_print(stdout, &record->world, record->acts, record->nr);
	if (!file)
		return;
	shrink_print(file, &record->world, record->acts, record->nr);
	fclose(file);
}

static void test_random(void **state)
{
	const u64 *done;

	(void)state;
	seed = from_environment("SEED", 1);
	steps = from_environment("STEPS", 2000000);
	print_message("SEED=%llu STEPS=%llu\n", (unsigned long long)seed,
		      (unsigned long long)steps);
	record = mmap(NULL, sizeof(*record), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	assert_true(record != MAP_FAILED);
	if (!shrink_passes(run_worlds, false, 3600)) {
		if (from_environment("SHRINK", 1))
			report();
		fail();
	}
	done = record->count.done;
	print_message("%llu worlds\n", (unsigned long long)record->number);
	for (u32 i = 0; i < LEND_NR_FN; i++)
		print_message("function %x: %llu succeeded\n", LEND_FN(i),
			      (unsigned long long)done[i]);
	print_message("left %llu, nested %llu, ends %llu, starts %llu, expired %llu, bad %llu\n",
		      (unsigned long long)record->count.left,
		      (unsigned long long)record->count.nested,
		      (unsigned long long)record->count.ends,
		      (unsigned long long)record->count.starts,
		      (unsigned long long)record->count.expired,
		      (unsigned long long)record->count.poisoned);
	/* A test that never got to the point would pass, too. */
	for (u32 i = 0; i < LEND_NR_FN && steps >= 100000; i++)
		assert_true(done[i] > steps / 5000);
	if (steps >= 100000)
		assert_true(record->count.left > steps / 500 &&
			    record->count.nested > steps / 500 &&
			    record->count.starts > steps / 5000 && record->count.poisoned);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
