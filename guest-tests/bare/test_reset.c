/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SYSTEM_RESET, twice: by CPU 0, then by CPU 1. A note in boot memory outside the image (64 MiB at
 * least, not scrubbed at reset) counts the lives, each of which prints a plan; the image itself, CPUs, interrupts and timers have to be as at the first start.
 */
#include "guest-tests/bare/bare.h"

#define NOTE ((volatile struct note *)0x42000000)
#define NOTE_MAGIC 0x6c656e64766973ULL
#define LAST_LIFE 3
#define SPI 80

struct note {
	u64 magic, life;
	u64 data_restored, spi_off, timer_off, others_off, entry_good;
};

static u32 image_data = 0x11223344; /* .data */

static void idle(void)
{
	for (;;)
		wfi();
}

static bool others_are_off(void)
{
	for (u32 i = 1; i < nr_cpus; i++)
		if (psci(PSCI_AFFINITY_INFO, cpu_of(i)->mpidr, 0, 0) != PSCI_AFFINITY_OFF)
			return false;
	return true;
}

static void look(void)
{
	if (NOTE->magic != NOTE_MAGIC) {
		NOTE->magic = NOTE_MAGIC;
		NOTE->life = 0;
		NOTE->data_restored = NOTE->timer_off = 0;
		NOTE->spi_off = NOTE->others_off = NOTE->entry_good = 0;
	}
	NOTE->life++;
	NOTE->data_restored += image_data == 0x11223344;
	NOTE->timer_off += !(timer_ctl(TIMER_VIRT) & TIMER_ENABLE);
	NOTE->others_off += others_are_off();
	NOTE->spi_off += !(entry.spi_enabled & BIT(SPI - 64)) && !(entry.gicd_ctlr & 3);
	NOTE->entry_good += entry.current_el == 4 && !(entry.sctlr & 1) && entry.daif == 0x3c0;
}

static void reset(void)
{
	cache_clean((const void *)NOTE, sizeof(*NOTE));
	psci(PSCI_SYSTEM_RESET, 0, 0, 0);
	bail_out("SYSTEM_RESET returned");
}

static void lives_and_dies(void)
{
	look();
	if (NOTE->life >= LAST_LIFE)
		return;
	image_data = 0;
	timer_set_cval(TIMER_VIRT, 0);
	timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
	gic_set_edge(SPI, true);
	gic_enable(0, SPI);
	gic_write_bit(0, SPI, GIC_ISPENDR);
	for (u32 i = 1; i < nr_cpus; i++)
		CHECK_EQ(cpu_start(i, NOTE->life == 2 && i == 1 ? reset : idle), PSCI_SUCCESS);
	if (NOTE->life == 2 && nr_cpus > 1)
		idle();
	reset();
}

static void three_lives(void)
{
	CHECK_EQ(NOTE->life, LAST_LIFE);
}

static void image_is_loaded_again(void)
{
	CHECK_EQ(NOTE->data_restored, LAST_LIFE);
}

static void entered_as_at_first(void)
{
	CHECK_EQ(NOTE->entry_good, LAST_LIFE);
}

static void distributor_is_off_after_reset(void)
{
	CHECK_EQ(NOTE->spi_off, LAST_LIFE);
}

static void timer_is_off_after_reset(void)
{
	CHECK_EQ(NOTE->timer_off, LAST_LIFE);
}

static void other_cpus_are_off_after_reset(void)
{
	CHECK_EQ(NOTE->others_off, LAST_LIFE);
}

static void other_cpus_start_again(void)
{
	CHECK(on_all_cpus(irq_disable));
}

TESTS(TEST(lives_and_dies), TEST(three_lives), TEST(image_is_loaded_again),
      TEST(entered_as_at_first), TEST(distributor_is_off_after_reset),
      TEST(timer_is_off_after_reset), TEST(other_cpus_are_off_after_reset),
      TEST(other_cpus_start_again));
