/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that does what it can to harm others, from all its CPUs: random calls, accesses and system
 * registers, `ops` of them in all, from `seed` (both in bootargs). test_pair.c lends and borrows beside
 * it. Nothing but itself is to be affected; so what it can check is only that it never reads a secret
 * of the pair's. With `resets` it resets the VM that often on the way, from either CPU, and goes on in
 * its next life.
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/args.h"
#include "guest-tests/bare/lib/lend.h"
#include "guest-tests/bare/lib/secret.h"
#include "guest-tests/bare/lib/wild.h"
#include "guest-tests/bare/lib/wild_calls.h"

#define NR_CPUS 2
#define BATCH 64 /* operations that a CPU takes on at once */
#define RENEW 256 /* batches until it generates new instructions */
#define NOTE ((volatile struct note *)0x42000000) /* outside the image: it survives a reset */
#define NOTE_MAGIC 0x6c656e64766973ULL

enum kind {
	CALLS,
	PSCI_CALLS,
	UNKNOWN_CALLS,
	ACCESSES,
	REGISTERS,
	READS,
	INTERRUPTS,
	NR_KINDS
};

static const char *const kind_names[NR_KINDS] = {
	"lending calls", "PSCI calls",   "unknown calls",     "accesses",
	"registers",     "window reads", "interrupt windows",
};

struct note {
	u64 magic, lives;
	u64 done[NR_KINDS], aborts, undefined, other, interrupts, leaks;
};

static struct lend_window w;
static u64 nr_ops, nr_taken, seed;
static u64 done[NR_CPUS][NR_KINDS], leaks;

/* Devices, what is beside them, the window, its own memory. */
static u64 some_address(struct random *r)
{
	const struct {
		u64 base, size;
	} places[] = {
		{GICD_BASE, KIB(4)},
		{GICD_BASE, KIB(64)},
		{GICR_BASE, NR_CPUS * GICR_STRIDE},
		{GICR_BASE, KIB(1)},
		{GICR_BASE + GICR_SGI_FRAME, KIB(4)},
		{UART_BASE + 4, KIB(4)},
		{0, GIB(1)},
		{WILD_HOLE, GIB(1)},
		{w.base, w.nr_slots * w.block_size},
		{w.base, 8 * w.block_size},
		{(u64)wild_scratch, WILD_SCRATCH_SIZE - 64},
		{0x0a000000, KIB(16)},
	};
	u32 at = random_below(r, ARRAY_SIZE(places));
	u64 address = places[at].base + random_u64(r) % places[at].size;

	/* What is sent to the UART's data register only costs time. */
	if (address - UART_BASE < 4)
		address = UART_FR;
	return random_below(r, 4) ? ALIGN_DOWN(address, 8) : address;
}

static void access(struct random *r)
{
	u64 value = random_any(r);

	if (random_below(r, 32))
		wild_access(r, some_address(r), is_secret(value) ? 0 : value);
	else
		wild_execute(WILD_HOLE + random_u64(r) % GIB(1) / 4 * 4);
}

/* What SYS takes as an address must not be its own memory. */
static void system_register(struct random *r)
{
	const u64 values[] = {
		0, 1, ~0ULL, random_u64(r) | BIT(40), some_address(r), random_any(r) | BIT(36)};

	wild_register(r, RANDOM_OF(r, values));
}

static void window_read(struct random *r)
{
	u64 slot = random_below(r, 4) ? random_below(r, 8) : random_below(r, w.nr_slots);
	u64 address = w.base + slot * w.block_size + random_u64(r) % w.block_size / 8 * 8;

	if (is_secret(wild_read(address)))
		__atomic_fetch_add(&leaks, 1, __ATOMIC_RELAXED);
}

/* Unmasks for a moment, with something likely to come. */
static void interrupts(struct random *r)
{
	u32 cpu = random_below(r, NR_CPUS);

	switch (random_below(r, 6)) {
	case 0:
		gic_init_interface();
		write_icc(ICC_BPR1, random_below(r, 8));
		break;
	case 1:
		mmio_write(GICD_BASE + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GROUP1);
		gic_route(LEND_INTID, cpu);
		gic_enable(cpu, LEND_INTID);
		break;
	case 2:
		gic_write_bit(cpu, random_below(r, 128),
			      RANDOM_OF(r, ((const u32[]){GIC_IGROUPR, GIC_ISENABLER, GIC_ISPENDR,
							  GIC_ISACTIVER, GIC_ICACTIVER})));
		break;
	case 3:
		gic_enable(cpu, timer_intid(TIMER_VIRT));
		timer_set_tval(TIMER_VIRT, (s32)random_below(r, 10000));
		timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
		break;
	default:
		gic_enable(cpu, 1);
		gic_send_sgi(cpu, 1);
	}
	__asm__ volatile("msr daifclr, #3\n\tisb\n\tnop\n\tmsr daifset, #15" ::: "memory");
}

static void (*const operations[NR_KINDS])(struct random *r) = {
	[CALLS] = wild_lending_call,         [PSCI_CALLS] = wild_psci_call,
	[UNKNOWN_CALLS] = wild_unknown_call, [ACCESSES] = access,
	[REGISTERS] = system_register,       [READS] = window_read,
	[INTERRUPTS] = interrupts,
};

static const u8 weights[] = {CALLS,         CALLS,    CALLS,     CALLS,    PSCI_CALLS,
			     UNKNOWN_CALLS, ACCESSES, ACCESSES,  ACCESSES, REGISTERS,
			     REGISTERS,     READS,    INTERRUPTS};

/* Survives its own CPU_OFF: the state of a CPU is not on its stack. */
static struct random randoms[NR_CPUS];
static u64 nr_batches[NR_CPUS];
static u32 nr_left[NR_CPUS]; /* of the batch */

static bool batch(void)
{
	u32 cpu = this_cpu()->index;
	struct random *r = &randoms[cpu];

	if (!nr_left[cpu]) {
		if (__atomic_fetch_add(&nr_taken, BATCH, __ATOMIC_SEQ_CST) >= nr_ops)
			return false;
		nr_left[cpu] = BATCH;
		if (nr_batches[cpu]++ % RENEW == 0)
			wild_generate(r);
	}
	while (nr_left[cpu]) {
		u32 kind = RANDOM_OF(r, weights);

		nr_left[cpu]--;
		done[cpu][kind]++;
		operations[kind](r);
	}
	return true;
}

static u32 resetter; /* the CPU that ends this life */
static u64 life_ops; /* and after how many operations of both */

static void reset(void);

/* A CPU that went off comes back here. */
static void cpu_work(void)
{
	u32 cpu = this_cpu()->index;

	while (batch()) {
		if (cpu == resetter && __atomic_load_n(&nr_taken, __ATOMIC_SEQ_CST) > life_ops)
			reset();
		if (!cpu && psci(PSCI_AFFINITY_INFO, cpu_of(1)->mpidr, 0, 0) == PSCI_AFFINITY_OFF)
			(void)cpu_start_keeping_redist(1, cpu_work);
	}
}

/* It may have gone off in its last batch. */
static bool cpu_1_is_done(void)
{
	if (__atomic_load_n(&cpu_of(1)->finished, __ATOMIC_SEQ_CST))
		return true;
	if (psci(PSCI_AFFINITY_INFO, cpu_of(1)->mpidr, 0, 0) == PSCI_AFFINITY_OFF)
		(void)cpu_start_keeping_redist(1, cpu_work);
	return false;
}

static void add_to_note(void)
{
	if (NOTE->magic != NOTE_MAGIC) {
		for (u32 i = 0; i < sizeof(*NOTE) / 8; i++)
			((volatile u64 *)NOTE)[i] = 0;
		NOTE->magic = NOTE_MAGIC;
	}
	for (u32 kind = 0; kind < NR_KINDS; kind++)
		NOTE->done[kind] += done[0][kind] + done[1][kind];
	for (u32 cpu = 0; cpu < NR_CPUS; cpu++) {
		NOTE->aborts += wild_counts(cpu)->nr_aborts;
		NOTE->undefined += wild_counts(cpu)->nr_undefined;
		NOTE->other += wild_counts(cpu)->nr_other;
		NOTE->interrupts += wild_counts(cpu)->nr_interrupts;
	}
	NOTE->leaks += leaks;
	NOTE->lives++;
}

/* Ends this life while the other CPU goes on with its work. */
static void reset(void)
{
	add_to_note();
	cache_clean((const void *)NOTE, sizeof(*NOTE));
	psci(PSCI_SYSTEM_RESET, 0, 0, 0);
	bail_out("SYSTEM_RESET returned");
}

static void report(void)
{
	u64 all = 0;

	for (u32 kind = 0; kind < NR_KINDS; kind++) {
		print("# %lu %s\n", NOTE->done[kind], kind_names[kind]);
		all += NOTE->done[kind];
	}
	print("# %lu aborts, %lu undefined, %lu other exceptions, %lu interrupts\n", NOTE->aborts,
	      NOTE->undefined, NOTE->other, NOTE->interrupts);
	for (u32 fn = 0; fn < LEND_NR_FN; fn++)
		print("# function %u: %lu succeeded\n", fn, wild_calls_succeeded(fn));
	print("# %lu operations in %lu lives, seed %lu\n", all, NOTE->lives, seed);
}

static void does_its_worst(void)
{
	u64 resets = boot_arg("resets", 0), life = NOTE->magic == NOTE_MAGIC ? NOTE->lives : 0;

	CHECK_EQ(nr_cpus, NR_CPUS);
	seed = boot_arg("seed", 1);
	nr_ops = boot_arg("ops", 10000) / (resets + 1);
	w = lend_window();
	wild_calls_begin();
	CHECK(mmu_map(WILD_HOLE, GIB(1), MMU_NORMAL));
	for (u32 cpu = 0; cpu < NR_CPUS; cpu++)
		randoms[cpu] = random_from(seed + life * NR_CPUS + cpu);
	exception_hook = wild_exception;
	resetter = life < resets ? life % NR_CPUS : NR_CPUS;
	life_ops = nr_ops;
	if (life < resets)
		nr_ops = ~0ULL / 2;
	CHECK_EQ(cpu_start_keeping_redist(1, cpu_work), PSCI_SUCCESS);
	cpu_work();
	CHECK(WAIT_FOR(cpu_1_is_done()));
	mmio_write(UART_CR, 0);
	add_to_note();
	report();
	CHECK_EQ(NOTE->leaks, 0);
}

TESTS(TEST(does_its_worst));
