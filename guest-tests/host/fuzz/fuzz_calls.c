/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes -> what four VMs do: calls in either form, calls left undone, resets, deaths and restarts, and
 * where EL2 holds no lock the next steps are another CPU's. After each step the rules (lend_check.h);
 * whatever a VM sees is zero, its own, or of a VM that relinquished with KEEP; a call that failed at once
 * changed nothing; in the end every block is back in the pool, or POISONED.
 *
 * A step: one byte of VM (bits 1:0) and operation (7:2), then what the operation takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include "guest-tests/host/fuzz/fuzz.h"
#include "guest-tests/host/lend_world.h"
#include "hyp/lend/expire.h"
#include "hyp/lend/poison.h"
#include "guest-tests/host/tlb_fake.h"

#define NR_VMS 4
#define NR_BLOCKS 10 /* fewer than are owned and promised */
#define MAX_STEPS 200
#define MAX_REPEATS 10000 /* of one call; far beyond what the blocks have chunks */
#define TAG_SHIFT 48

static const struct world_vm vms[NR_VMS] = {
	{.nr_slots = 7, .nr_own = 3, .nr_promised = 2, .quota = 1, .lend_to = 0xe},
	{.nr_slots = 8,
	 .nr_own = 2,
	 .nr_promised = 2,
	 .quota = 2,
	 .lend_to = 0xd,
	 .min_recall_ns = 50},
	{.nr_slots = 6, .nr_own = 2, .lend_to = 3, .absent_abort = true},
	{.nr_slots = 5, .nr_promised = 2, .quota = 2, .manager = true},
};

/* Arguments of each call, and which of them are wide: two registers each by SMC32. */
static const struct {
	u8 nr, wide;
} shape[LEND_NR_FN] = {
	[LEND_INFO - LEND_FN(0)] = {1, 0},     [LEND_SLOT_INFO - LEND_FN(0)] = {1, 0},
	[LEND_RETRIEVE - LEND_FN(0)] = {2, 0}, [LEND_RELINQUISH - LEND_FN(0)] = {3, 0},
	[LEND_REFUSE - LEND_FN(0)] = {1, 0},   [LEND_LEND - LEND_FN(0)] = {4, 0},
	[LEND_DONATE - LEND_FN(0)] = {4, 0},   [LEND_RECLAIM - LEND_FN(0)] = {2, 3},
	[LEND_REVOKE - LEND_FN(0)] = {1, 1},   [LEND_TARGET - LEND_FN(0)] = {2, 0},
	[LEND_MAP - LEND_FN(0)] = {3, 1},
};

enum life {
	UP,
	RESETTING,
	ENDING,
	DOWN,
	STARTING
};

/* The world as world_begin() left it. */
static struct {
	struct world world;
	u8 *tables[NR_VMS];
	u64 words[NR_BLOCKS * WORLD_CHUNKS];
} first;

static struct input in;
static u32 nr_steps;
static enum life life[NR_VMS];
static u32 in_call[NR_VMS]; /* calls under way: a VM ends only when its vCPUs are out of EL2 */
static u32 keepers; /* BIT(VM): has relinquished with KEEP */
static u64 tags;

static u64 *chunk_word(u8 *memory, u32 chunk)
{
	return (u64 *)(void *)(memory + chunk * SCRUB_CHUNK);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	/* A failed assertion of lend_world.c aborts, for libFuzzer to see. */
	setenv("CMOCKA_TEST_ABORT", "1", 1);
	world_begin_sparse(vms, NR_VMS, NR_BLOCKS);
	first.world = world;
	for (u32 i = 0; i < NR_BLOCKS * WORLD_CHUNKS; i++)
		first.words[i] = *chunk_word(world.ram, i);
	for (u32 vm = 0; vm < NR_VMS; vm++) {
		first.tables[vm] = malloc(world.tables_size);
		memcpy(first.tables[vm], world.tables[vm], world.tables_size);
	}
	return 0;
}

/* Making a world takes milliseconds, most of them for its memory. */
static void restore(void)
{
	world = first.world;
	s2_fake_reset();
	for (u32 vm = 0; vm < NR_VMS; vm++) {
		memcpy(world.tables[vm], first.tables[vm], world.tables_size);
		s2_fake_know(world.tables[vm], world.tables_size, world.s2[vm].vttbr);
	}
	for (u32 i = 0; i < NR_BLOCKS * WORLD_CHUNKS; i++)
		*chunk_word(world.ram, i) = first.words[i];
	memset(life, UP, sizeof(life));
	memset(in_call, 0, sizeof(in_call));
	keepers = 0;
	tags = 0;
	nr_steps = 0;
}

static void look_at(u32 vm, u32 slot)
{
	u8 *memory = world_memory(vm, slot);

	for (u32 i = 0; memory && i < WORLD_CHUNKS; i++) {
		u64 *word = chunk_word(memory, i);
		u64 of = *word >> TAG_SHIFT;

		if (*word && of != vm + 1 && (of > NR_VMS || !(keepers & BIT(of - 1)))) {
			fprintf(stderr, "vm %u slot %u chunk %u: sees %llx\n", vm, slot, i,
				(unsigned long long)*word);
			abort();
		}
		*word = (u64)(vm + 1) << TAG_SHIFT | ++tags;
	}
}

/* The rules hold; all VMs read all they see, and write their tags to it. */
static void look(void)
{
	world_check();
	for (u32 vm = 0; vm < NR_VMS; vm++)
		for (u32 slot = 0; slot < vms[vm].nr_slots; slot++)
			look_at(vm, slot);
}

static void note_keep(u32 vm, const u64 x[8])
{
	if ((u32)(x[0] & ~(u64)LEND_SMC64) == LEND_RELINQUISH && x[3] & LEND_RELINQUISH_KEEP)
		keepers |= (u32)BIT(vm);
}

/* Returned at once, alone, without a chunk of scrubbing: if it failed, it was nothing. */
static void expect_no_change(const char *before, u64 zeroed, u64 cleaned)
{
	char after[WORLD_TEXT];

	if ((s32)world.x[0] >= 0 || world.x[1] || world.nr_zeroed != zeroed ||
	    world.nr_cleaned != cleaned)
		return;
	world_text(after);
	if (strcmp(before, after)) {
		fprintf(stderr, "a call failed with %d and changed\n%s\nto\n%s\n", (s32)world.x[0],
			before, after);
		abort();
	}
}

static bool call_once(u32 vm, const u64 x[8])
{
	u64 zeroed = world.nr_zeroed, cleaned = world.nr_cleaned;
	char before[WORLD_TEXT];
	bool alone = !world.between && !world.nested;
	enum lend_outcome outcome;

	if (alone)
		world_text(before);
	note_keep(vm, x);
	in_call[vm]++;
	outcome = world_registers(vm, x);
	in_call[vm]--;
	if (alone && outcome == LEND_CALL_DONE)
		expect_no_change(before, zeroed, cleaned);
	look();
	return outcome != LEND_CALL_AGAIN;
}

static void call(u32 vm, const u64 x[8], bool leave)
{
	/* Another CPU's call is always interrupted: it comes back to it after the one around it. */
	leave |= world.nested;
	for (u32 i = 0; !call_once(vm, x) && !leave && life[vm] == UP; i++)
		must(i < MAX_REPEATS);
}

/* The handle of the loan at a slot, or of a record: by trying, none would be found. */
static u64 handle_of(u32 vm, u32 number)
{
	u32 loan = number < vms[vm].nr_slots ? world.slots[vm][number].loan : LEND_NONE;

	return loan_handle(&world.l, loan == LEND_NONE ? number : loan);
}

static u64 take_argument(u32 vm, u32 fn, u32 nr)
{
	u64 number = take_number(&in);
	bool is_handle = (fn == LEND_RECLAIM || fn == LEND_REVOKE) && !nr;

	return is_handle && number < NR_BLOCKS ? handle_of(vm, (u32)number) : number;
}

static void take_call(u32 vm, u32 nr, bool smc64, bool leave)
{
	u64 x[8] = {LEND_FN(nr) | (smc64 ? LEND_SMC64 : 0), 0, 0, 0, 0, 5, 6, 7};
	u32 reg = 1;

	for (u32 i = 0; i < shape[nr].nr; i++) {
		u64 arg = take_argument(vm, LEND_FN(nr), i);

		x[reg++] = smc64 ? arg : (u32)arg;
		if (!smc64 && shape[nr].wide & BIT(i))
			x[reg++] = arg >> 32;
	}
	call(vm, x, leave);
}

static void take_registers(u32 vm)
{
	u64 x[8];

	for (u32 i = 0; i < 8; i++)
		x[i] = take_number(&in);
	call(vm, x, true);
}

static void nobody(void)
{
}

static void begin_end(u32 vm, bool off)
{
	bool nested = world.nested;

	if (in_call[vm])
		return;
	world.nested = true; /* the VM makes no call any more, as others() might have it do */
	if (off)
		lend_vm_off(&world.l, &world.l.vm[vm], nobody);
	else
		lend_vm_reset(&world.l, &world.l.vm[vm], nobody);
	world.nested = nested;
	life[vm] = off ? ENDING : RESETTING;
	look();
}

static void others(void);

static void serve(void)
{
	if (!world.between || world.nested)
		return;
	world.nested = true;
	others();
	world.nested = false;
}

/* Others may take blocks meanwhile: then it goes off again, as in hyp/vm/life.c. */
static void start(u32 vm)
{
	bool can = world.l.nr_free >= vms[vm].nr_own;

	life[vm] = STARTING;
	if (world_start(vm)) {
		must(can);
		life[vm] = UP;
	} else {
		if (can)
			world_off(vm);
		life[vm] = DOWN;
	}
}

/* What a CPU of a VM that is not up does next. */
static void go_on(u32 vm)
{
	if (life[vm] == DOWN) {
		start(vm);
	} else if (!world.nested && life[vm] != UP) {
		lend_vm_scrub(&world.l, &world.l.vm[vm], serve);
		life[vm] = life[vm] == ENDING ? DOWN : UP;
	}
	look();
}

enum operation {
	SMC64_CALL,
	SMC32_CALL = SMC64_CALL + LEND_NR_FN,
	LEFT_CALL = SMC32_CALL + LEND_NR_FN,
	REGISTERS = LEFT_CALL + LEND_NR_FN,
	RESET,
	OFF,
	TIME,
	INTERRUPTS,
	OTHERS,
	POISON,
	EXPIRE,
	SCRUB,
};

/* What the hypervisor does by itself. */
static void background(u32 vm, u32 op)
{
	if (op == POISON)
		lend_poison(&world.l,
			    PADDR(ptr_to_pa(world.ram).pa + take(&in) % NR_BLOCKS * WORLD_BLOCK));
	else if (op == EXPIRE)
		lend_expire(&world.l);
	else
		lend_scrub_some(&world.l, &world.l.vm[vm]);
	look();
}

static void step(void)
{
	u8 byte = take(&in);
	u32 vm = byte & 3, op = byte >> 2;

	nr_steps++;
	world.now++;
	if (op == TIME)
		world.now += take_number(&in) << 4;
	else if (op == INTERRUPTS)
		world.pending_every = vm;
	else if (op == OTHERS)
		world.between = world.nested ? world.between : vm & 1 ? others : NULL;
	else if (op >= POISON && op <= SCRUB)
		background(vm, op);
	else if (life[vm] != UP)
		go_on(vm);
	else if (op == RESET || op == OFF)
		begin_end(vm, op == OFF);
	else if (op == REGISTERS)
		take_registers(vm);
	else if (op < REGISTERS)
		take_call(vm, op % LEND_NR_FN, op < SMC32_CALL || op >= LEFT_CALL, op >= LEFT_CALL);
}

static bool is_at_end(void)
{
	return in.at >= in.end || nr_steps >= MAX_STEPS;
}

/* What other CPUs do meanwhile: nothing mostly, or a step. */
static void others(void)
{
	if (!is_at_end() && take(&in) & 1)
		step();
}

static void end_all(void)
{
	u32 nr_bad = 0;

	world.between = NULL;
	world.pending_every = 0;
	for (u32 vm = 0; vm < NR_VMS; vm++) {
		if (life[vm] == UP || life[vm] == RESETTING)
			begin_end(vm, true);
		if (life[vm] != DOWN)
			go_on(vm);
	}
	for (u32 i = 0; i < NR_BLOCKS; i++)
		nr_bad += world.blocks[i].state == BLOCK_POISONED;
	must(world.l.nr_free + nr_bad == NR_BLOCKS);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	restore();
	in = (struct input){data, data + size};
	while (!is_at_end())
		step();
	end_all();
	return 0;
}
