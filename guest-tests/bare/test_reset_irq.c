/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SYSTEM_RESET from within an interrupt handler, on each CPU in turn, while the others are in one, too.
 * The interrupts are never ended; in the next life those of the same priority have to come all the same.
 * The note of the lives is where test_reset.c has its own.
 */
#include "guest-tests/bare/bare.h"

#define NOTE ((volatile struct note *)0x42000000)
#define NOTE_MAGIC 0x6c656e646972710aULL
#define LAST_LIFE (nr_cpus + 1)
#define SGI 3 /* what a life ends in */
#define OTHER_SGI 4 /* of the same priority */

/* Sums over all lives; CPUs are bits. */
struct note {
	u64 magic, life;
	u64 idle, taken, active;
};

static u32 in_handler;

static void look(void)
{
	if (NOTE->magic != NOTE_MAGIC) {
		NOTE->magic = NOTE_MAGIC;
		NOTE->life = NOTE->idle = NOTE->taken = NOTE->active = 0;
	}
	NOTE->life++;
}

/* On each CPU at the beginning of a life: nothing runs, and interrupts come. */
static void is_fresh(void)
{
	u32 me = this_cpu()->index;
	bool idle = read_icc(ICC_RPR) == 0xff;

	__atomic_fetch_add(&NOTE->idle, idle, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&NOTE->active, mmio_read(gic_frame(me, 0) + GIC_ISACTIVER) != 0,
			   __ATOMIC_SEQ_CST);
	gic_send_sgi(me, SGI);
	gic_send_sgi(me, OTHER_SGI);
	irq_enable();
	if (WAIT_FOR(irq_count(me, SGI) == 1 && irq_count(me, OTHER_SGI) == 1))
		__atomic_fetch_add(&NOTE->taken, 1, __ATOMIC_SEQ_CST);
	irq_disable();
}

static _Noreturn void end_life(u32 intid)
{
	(void)intid;
	__atomic_fetch_add(&in_handler, 1, __ATOMIC_SEQ_CST);
	if (this_cpu()->index != NOTE->life - 1)
		for (;;)
			cpu_relax();
	(void)WAIT_FOR(__atomic_load_n(&in_handler, __ATOMIC_SEQ_CST) == nr_cpus);
	cache_clean((const void *)NOTE, sizeof(*NOTE));
	psci(PSCI_SYSTEM_RESET, 0, 0, 0);
	bail_out("SYSTEM_RESET returned");
}

static void wait_for_the_end(void)
{
	gic_send_sgi(this_cpu()->index, SGI);
	irq_enable();
	for (;;)
		cpu_relax();
}

static void lives_and_dies(void)
{
	look();
	CHECK(on_all_cpus(is_fresh));
	CHECK_EQ(NOTE->taken, nr_cpus * NOTE->life); /* or this life would never end */
	if (NOTE->life >= LAST_LIFE)
		return;
	irq_handler = end_life;
	for (u32 i = 1; i < nr_cpus; i++)
		CHECK_EQ(cpu_start(i, wait_for_the_end), PSCI_SUCCESS);
	wait_for_the_end();
}

static void one_life_for_each_cpu_and_one(void)
{
	CHECK_EQ(NOTE->life, LAST_LIFE);
}

static void nothing_runs_at_start(void)
{
	CHECK_EQ(NOTE->idle, nr_cpus * LAST_LIFE);
}

static void nothing_is_active_at_start(void)
{
	CHECK_EQ(NOTE->active, 0);
}

static void interrupts_are_taken_in_each_life(void)
{
	CHECK_EQ(NOTE->taken, nr_cpus * LAST_LIFE);
}

TESTS(TEST(lives_and_dies), TEST(one_life_for_each_cpu_and_one), TEST(nothing_runs_at_start),
      TEST(nothing_is_active_at_start), TEST(interrupts_are_taken_in_each_life));
