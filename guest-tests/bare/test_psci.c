/* SPDX-License-Identifier: BSD-2-Clause */
/* PSCI 1.1 (DEN0022) as a kernel uses it, and as a hostile or racing one does. */
#include "guest-tests/bare/bare.h"
#include "hyp/lend/abi.h"

#define ROUNDS 100
#define RACES 50

static u32 started; /* bit per CPU */
static u32 hold; /* while set, those who look at it stay on */
static u64 seen_context, seen_entry;

static s32 affinity(u32 cpu)
{
	return psci(PSCI_AFFINITY_INFO, cpu_of(cpu)->mpidr, 0, 0);
}

static void version(void)
{
	CHECK_EQ(psci(PSCI_VERSION, 0, 0, 0), 0x10001);
}

static void features(void)
{
	static const u32 present[] = {
		PSCI_VERSION,   PSCI_CPU_SUSPEND,   PSCI_CPU_OFF,          PSCI_CPU_ON,
		PSCI_CPU_ON_32, PSCI_AFFINITY_INFO, PSCI_AFFINITY_INFO_32, PSCI_SYSTEM_OFF,
		PSCI_FEATURES,  PSCI_SYSTEM_RESET,
	};

	for (u32 i = 0; i < ARRAY_SIZE(present); i++)
		CHECK(psci(PSCI_FEATURES, present[i], 0, 0) >= 0);
	CHECK_EQ(psci(PSCI_FEATURES, 0x840000ff, 0, 0), (s32)PSCI_NOT_SUPPORTED);
	CHECK_EQ(psci(PSCI_FEATURES, 0xdeadbeef, 0, 0), (s32)PSCI_NOT_SUPPORTED);
}

static void unknown_functions(void)
{
	static const u32 unknown[] = {0x840000ff, 0xc40000ff, 0x8400001f, 0x8300abcd, 0xbf00ffff};

	for (u32 i = 0; i < ARRAY_SIZE(unknown); i++)
		CHECK_EQ(psci(unknown[i], 1, 2, 3), (s32)PSCI_NOT_SUPPORTED);
}

static void smccc_discovery(void)
{
	SKIP_UNLESS(is_lendvisor(), "plain machine");
	CHECK(psci(PSCI_FEATURES, SMCCC_VERSION, 0, 0) >= 0);
	CHECK_EQ(psci(SMCCC_VERSION, 0, 0, 0), 0x10002);
}

static void smc_is_as_good_as_hvc(void)
{
	SKIP_UNLESS(is_lendvisor(), "plain machine");
	CHECK_EQ((s32)smc(PSCI_VERSION, 0, 0, 0, 0).x[0], 0x10001);
	CHECK_EQ((s32)smc(PSCI_AFFINITY_INFO, my_mpidr(), 0, 0, 0).x[0], PSCI_AFFINITY_ON);
	CHECK_EQ((s32)smc(0x840000ff, 0, 0, 0, 0).x[0], (s32)PSCI_NOT_SUPPORTED);
	CHECK_EQ((u32)smc(LEND_FN_UID, 0, 0, 0, 0).x[0], LEND_UID_0);
}

#define SET(n) "mov x" #n ", #0x1000 + " #n "\n\t"
#define DIFFER(n) "mov x0, #0x1000 + " #n "\n\teor x0, x0, x" #n "\n\torr %0, %0, x0\n\t"

/* SMCCC 1.1 and later: what returns no result comes back as it was. */
static void other_registers_are_preserved(void)
{
	u64 differences;

	__asm__ volatile(SET(4) SET(7) SET(8) SET(11) SET(16) SET(17)
				 SET(18) "mov w0, #0x84000000\n\t" /* PSCI_VERSION */
					 "hvc #0\n\t"
					 "mov %0, xzr\n\t" DIFFER(4) DIFFER(7) DIFFER(8) DIFFER(11)
						 DIFFER(16) DIFFER(17) DIFFER(18)
			 : "=&r"(differences)::"x0", "x1", "x2", "x3", "x4", "x7", "x8", "x11",
			   "x16", "x17", "x18", "memory");
	CHECK_EQ(differences, 0);
}

static void bad_mpidr(void)
{
	static const u64 bad[] = {0xffffffffffffffff, 0xff00000000, 0xff0000, 0x3f00, 0x0f0f0f};

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(psci(PSCI_CPU_ON, bad[i], (u64)secondary_start, 0),
			 (s32)PSCI_INVALID_PARAMETERS);
		CHECK_EQ(psci(PSCI_AFFINITY_INFO, bad[i], 0, 0), (s32)PSCI_INVALID_PARAMETERS);
	}
	/* The next one after the last CPU. */
	CHECK_EQ(psci(PSCI_CPU_ON, cpu_of(nr_cpus - 1)->mpidr + 1, (u64)secondary_start, 0),
		 (s32)PSCI_INVALID_PARAMETERS);
}

static void self_is_already_on(void)
{
	CHECK_EQ(affinity(0), PSCI_AFFINITY_ON);
	CHECK_EQ(psci(PSCI_CPU_ON, my_mpidr(), (u64)secondary_start, 0), (s32)PSCI_ALREADY_ON);
}

static void say_started(void)
{
	__atomic_fetch_or(&started, (u32)BIT(this_cpu()->index % 32), __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&hold, __ATOMIC_SEQ_CST))
		cpu_relax();
}

static void start_others(void)
{
	started = 0;
	__atomic_store_n(&hold, 1, __ATOMIC_SEQ_CST);
	for (u32 i = 1; i < nr_cpus; i++) {
		CHECK_EQ(affinity(i), PSCI_AFFINITY_OFF);
		CHECK_EQ(cpu_start(i, say_started), PSCI_SUCCESS);
		CHECK(WAIT_FOR(__atomic_load_n(&started, __ATOMIC_SEQ_CST) & BIT(i % 32)));
		CHECK_EQ(affinity(i), PSCI_AFFINITY_ON);
		CHECK_EQ(psci(PSCI_CPU_ON, cpu_of(i)->mpidr, (u64)secondary_start, 0),
			 (s32)PSCI_ALREADY_ON);
		/* By the SMC32 functions, too. */
		CHECK_EQ(psci(PSCI_AFFINITY_INFO_32, cpu_of(i)->mpidr, 0, 0), PSCI_AFFINITY_ON);
	}
}

static void all_on_and_off(void)
{
	start_others();
	__atomic_store_n(&hold, 0, __ATOMIC_SEQ_CST);
	for (u32 i = 1; i < nr_cpus; i++)
		CHECK(cpu_wait_off(i));
}

static void note_entry(void)
{
	seen_context = (u64)this_cpu();
	seen_entry = this_cpu()->other_entry;
}

static void off_and_on_again(void)
{
	struct cpu *c = cpu_of(1);

	SKIP_UNLESS(nr_cpus > 1, "one CPU");
	for (u32 i = 0; i < ROUNDS; i++) {
		u32 other = i % 2;

		seen_context = 0;
		CHECK_EQ(cpu_start_at(1, other ? secondary_start_other : secondary_start,
				      note_entry),
			 PSCI_SUCCESS);
		if (is_lendvisor() && affinity(1) == PSCI_AFFINITY_OFF)
			CHECK(c->finished);
		CHECK(cpu_wait_off(1));
		CHECK_EQ(seen_context, (u64)c);
		CHECK_EQ(seen_entry, other);
	}
}

/* Everyone but the last CPU tries to start the last, at the same moment. */
static u32 wins, already, others, race_come;
static u32 race; /* number of the race that has begun */

static u32 count(u32 *counter)
{
	return __atomic_load_n(counter, __ATOMIC_SEQ_CST);
}

static void try_to_start(void)
{
	struct cpu *c = cpu_of(nr_cpus - 1);
	s32 status = psci(PSCI_CPU_ON, c->mpidr, (u64)secondary_start, (u64)c);
	u32 *counter = status == PSCI_SUCCESS      ? &wins
		       : status == PSCI_ALREADY_ON ? &already
						   : &others;

	__atomic_fetch_add(counter, 1, __ATOMIC_SEQ_CST);
}

static void racer(void)
{
	for (u32 i = 1; i <= RACES; i++) {
		__atomic_fetch_add(&race_come, 1, __ATOMIC_SEQ_CST);
		if (!WAIT_FOR(count(&race) >= i || test_failed()))
			return;
		try_to_start();
	}
}

static void racing_cpu_on(void)
{
	u32 last = nr_cpus - 1, racers = last;

	SKIP_UNLESS(nr_cpus > 2, "fewer than three CPUs");
	SKIP_UNLESS(is_lendvisor(), "plain machine: QEMU's own PSCI lets several win");
	wins = already = others = race_come = race = 0;
	for (u32 i = 1; i < last; i++)
		CHECK_EQ(cpu_start(i, racer), PSCI_SUCCESS);
	for (u32 i = 1; i <= RACES; i++) {
		CHECK(WAIT_FOR(count(&race_come) == (racers - 1) * i));
		hold = 1;
		cpu_of(last)->fn = say_started;
		cpu_of(last)->finished = 0;
		cache_clean(cpu_of(last), sizeof(struct cpu));
		__atomic_store_n(&race, i, __ATOMIC_SEQ_CST);
		try_to_start();
		CHECK(WAIT_FOR(count(&wins) + count(&already) + count(&others) == racers * i));
		CHECK_EQ(wins, i);
		CHECK_EQ(already, (racers - 1) * i);
		__atomic_store_n(&hold, 0, __ATOMIC_SEQ_CST);
		CHECK(cpu_wait_off(last));
	}
	for (u32 i = 1; i < last; i++)
		CHECK(cpu_wait_off(i));
}

/* A standby state returns when an interrupt pends, masked or not, and loses nothing. */
static void suspend_until_interrupt(void)
{
	u64 due = timer_count(TIMER_VIRT) + counter_hz() / 20;

	gic_enable(0, timer_intid(TIMER_VIRT));
	timer_set_cval(TIMER_VIRT, due);
	timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
	CHECK_EQ(psci(PSCI_CPU_SUSPEND, 0, 0, 0), PSCI_SUCCESS);
	while (timer_count(TIMER_VIRT) < due) /* it may return early, but not without end */
		CHECK_EQ(psci(PSCI_CPU_SUSPEND, 0, 0, 0), PSCI_SUCCESS);
	CHECK_EQ(irq_count(0, timer_intid(TIMER_VIRT)), 0);
	timer_set_ctl(TIMER_VIRT, 0);
	gic_disable(0, timer_intid(TIMER_VIRT));
}

TESTS(TEST(version), TEST(features), TEST(unknown_functions), TEST(smccc_discovery),
      TEST(smc_is_as_good_as_hvc), TEST(other_registers_are_preserved), TEST(bad_mpidr),
      TEST(self_is_already_on), TEST(all_on_and_off), TEST(off_and_on_again), TEST(racing_cpu_on),
      TEST(suspend_until_interrupt));
