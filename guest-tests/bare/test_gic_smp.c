/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts between CPUs, and their state as seen from another CPU than the one that has them. */
#include "guest-tests/bare/bare.h"

#define SPI 80

static u32 stop; /* the others go on until then */
static u32 release; /* handlers of hold_active() go on until then */
static u32 ready;

/* Fewer with many CPUs, which take turns on the cores of the host and spin. */
static u32 nr_passes(void)
{
	return 4000 / (nr_cpus * nr_cpus) + 1;
}

static u32 get(u32 *flag)
{
	return __atomic_load_n(flag, __ATOMIC_SEQ_CST);
}

static void set(u32 *flag, u32 value)
{
	__atomic_store_n(flag, value, __ATOMIC_SEQ_CST);
}

static void wait_with_irqs(void)
{
	__atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
	irq_enable();
	(void)WAIT_FOR(get(&stop));
	irq_disable();
}

static void wait_without_irqs(void)
{
	__atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
	(void)WAIT_FOR(get(&stop));
}

static bool others_begin(void (*fn)(void))
{
	set(&stop, 0);
	set(&ready, 0);
	set(&release, 0);
	for (u32 i = 1; i < nr_cpus; i++)
		if (cpu_start(i, fn) != PSCI_SUCCESS)
			return false;
	return WAIT_FOR(get(&ready) == nr_cpus - 1);
}

static bool others_end(void)
{
	bool good = true;

	set(&stop, 1);
	for (u32 i = 1; i < nr_cpus; i++)
		good &= cpu_wait_off(i);
	return good;
}

static void linger(void)
{
	u64 until = counter_virt() + counter_hz() / 100;

	while (counter_virt() < until)
		cpu_relax();
}

/* Exactly these CPUs have taken intid so often. */
static bool taken(u32 intid, u64 cpus, u32 times)
{
	for (u32 i = 0; i < nr_cpus; i++)
		if (irq_count(i, intid) != (cpus & BIT(i) ? times : 0))
			return false;
	return true;
}

static void sgi_to_one(void)
{
	SKIP_UNLESS(nr_cpus > 1, "one CPU");
	CHECK(others_begin(wait_with_irqs));
	irq_enable();
	for (u32 i = 0; i < nr_cpus; i++) {
		irq_counts_clear();
		gic_send_sgi(i, 3);
		CHECK(WAIT_FOR(taken(3, BIT(i), 1)));
	}
	CHECK(others_end());
}

static void sgi_to_list(void)
{
	u32 cluster = (u32)min_u64(nr_cpus, 16);

	SKIP_UNLESS(nr_cpus > 1, "one CPU");
	CHECK(others_begin(wait_with_irqs));
	irq_enable();
	for (u32 list = 0; list < BIT(min_u64(cluster, 5)); list++) {
		irq_counts_clear();
		gic_send_sgi_list(0, (u16)list, 4);
		CHECK(WAIT_FOR(taken(4, list, 1)));
	}
	/* Bits of CPUs that are not there do no harm. */
	irq_counts_clear();
	gic_send_sgi_list(0, 0xffff, 4);
	CHECK(WAIT_FOR(taken(4, BIT(cluster) - 1, 1)));
	CHECK(others_end());
}

static void sgi_to_all_others(void)
{
	u64 others = (nr_cpus == 64 ? 0 : BIT(nr_cpus)) - 2;

	SKIP_UNLESS(nr_cpus > 1, "one CPU");
	CHECK(others_begin(wait_with_irqs));
	irq_enable();
	gic_send_sgi_others(15);
	CHECK(WAIT_FOR(taken(15, others, 1)));
	linger();
	CHECK(taken(15, others, 1));
	CHECK(others_end());
}

/* An SGI goes round, each CPU sending it on; none is lost and none comes twice. */
static void pass_on(u32 intid)
{
	u32 me = this_cpu()->index;

	if (me || irq_count(0, intid) < nr_passes())
		gic_send_sgi((me + 1) % nr_cpus, intid);
}

static void sgi_round_trips(void)
{
	SKIP_UNLESS(nr_cpus > 1, "one CPU");
	irq_handler = pass_on;
	CHECK(others_begin(wait_with_irqs));
	irq_enable();
	gic_send_sgi(1, 6);
	CHECK(WAIT_FOR(irq_count(0, 6) == nr_passes()));
	CHECK(taken(6, nr_cpus == 64 ? ~0ull : BIT(nr_cpus) - 1, nr_passes()));
	CHECK(others_end());
}

/* All to all at once: an SGI may merge with one that still pends, but the last is always seen. */
static u32 storm_seen[MAX_CPUS];

static void storm(void)
{
	if (!meet())
		test_fail(__FILE__, __LINE__, "a CPU is missing");
	irq_enable();
	for (u32 i = 0; i < nr_passes(); i++)
		gic_send_sgi_others(7);
	if (!meet())
		test_fail(__FILE__, __LINE__, "a CPU is lost");
	linger();
	irq_disable();
	storm_seen[this_cpu()->index] = irq_count(this_cpu()->index, 7);
	if (read_icc(ICC_IAR1) != 1023)
		test_fail(__FILE__, __LINE__, "something still pends");
}

static void sgi_storm(void)
{
	SKIP_UNLESS(nr_cpus > 1, "one CPU");
	CHECK(on_all_cpus(storm));
	for (u32 i = 0; i < nr_cpus; i++)
		CHECK(storm_seen[i] >= 1 && storm_seen[i] <= nr_passes() * (nr_cpus - 1));
}

/* SGI to a CPU that has interrupts masked: pends there, seen and cleared from here. */
static void pending_elsewhere(void)
{
	SKIP_UNLESS(nr_cpus > 1, "one CPU");
	CHECK(others_begin(wait_without_irqs));
	gic_send_sgi(1, 2);
	CHECK(WAIT_FOR(gic_read_bit(1, 2, GIC_ISPENDR)));
	gic_write_bit(1, 2, GIC_ICPENDR);
	CHECK(!gic_read_bit(1, 2, GIC_ISPENDR));
	gic_write_bit(1, 9, GIC_ISPENDR);
	CHECK(gic_read_bit(1, 9, GIC_ISPENDR));
	CHECK_EQ(mmio_read(gic_frame(1, 9) + GIC_ISPENDR), BIT(9));
	CHECK(others_end());
}

static void hold_active(u32 intid)
{
	(void)intid;
	(void)WAIT_FOR(get(&release));
}

static void see_active(u32 intid)
{
	CHECK(WAIT_FOR(irq_count(1, intid) == 1));
	CHECK(gic_read_bit(1, intid, GIC_ISACTIVER));
	CHECK(!gic_read_bit(1, intid, GIC_ISPENDR));
	CHECK(gic_read_bit(1, intid, GIC_ISENABLER));
	gic_write_bit(1, intid, GIC_ISPENDR); /* active and pending now */
	CHECK(gic_read_bit(1, intid, GIC_ISPENDR));
	CHECK(gic_read_bit(1, intid, GIC_ISACTIVER));
	gic_write_bit(1, intid, GIC_ICPENDR);
	CHECK(!gic_read_bit(1, intid, GIC_ISPENDR));
	CHECK(gic_read_bit(1, intid, GIC_ISACTIVER));
	set(&release, 1);
	CHECK(WAIT_FOR(!gic_read_bit(1, intid, GIC_ISACTIVER)));
	CHECK_EQ(irq_count(1, intid), 1);
}

static void active_sgi_elsewhere(void)
{
	SKIP_UNLESS(nr_cpus > 1, "one CPU");
	irq_handler = hold_active;
	CHECK(others_begin(wait_with_irqs));
	gic_send_sgi(1, 11);
	see_active(11);
	CHECK(others_end());
}

static void active_spi_elsewhere(void)
{
	SKIP_UNLESS(nr_cpus > 1, "one CPU");
	irq_handler = hold_active;
	CHECK(others_begin(wait_with_irqs));
	gic_set_edge(SPI, true);
	gic_route(SPI, cpu_of(1)->mpidr);
	gic_enable(0, SPI);
	gic_write_bit(0, SPI, GIC_ISPENDR);
	see_active(SPI);
	CHECK(others_end());
}

static void spi_follows_its_route(void)
{
	gic_set_edge(SPI, true);
	gic_enable(0, SPI);
	CHECK(others_begin(wait_with_irqs));
	irq_enable();
	for (u32 round = 0; round < 3; round++) {
		for (u32 i = 0; i < nr_cpus; i++) {
			gic_route(SPI, cpu_of(i)->mpidr);
			CHECK_EQ(*(volatile u64 *)(GICD_BASE + GICD_IROUTER + SPI * 8),
				 cpu_of(i)->mpidr);
			irq_counts_clear();
			gic_write_bit(0, SPI, GIC_ISPENDR);
			CHECK(WAIT_FOR(taken(SPI, BIT(i), 1)));
		}
	}
	gic_disable(0, SPI);
	CHECK(others_end());
}

/* Pending at a CPU that does not take it, it moves with the route. */
static void pending_spi_moves(void)
{
	SKIP_UNLESS(nr_cpus > 1, "one CPU");
	gic_set_edge(SPI, true);
	gic_route(SPI, cpu_of(1)->mpidr);
	gic_enable(0, SPI);
	CHECK(others_begin(wait_without_irqs));
	gic_write_bit(0, SPI, GIC_ISPENDR);
	irq_enable();
	linger();
	CHECK(gic_read_bit(0, SPI, GIC_ISPENDR));
	CHECK_EQ(irq_count(0, SPI), 0);
	gic_route(SPI, my_mpidr());
	CHECK(WAIT_FOR(irq_count(0, SPI) == 1));
	CHECK(!gic_read_bit(0, SPI, GIC_ISPENDR));
	gic_disable(0, SPI);
	CHECK(others_end());
}

/* A CPU asleep in WFI is woken by each way of making something pend. */
static void sleep_until_stop(void)
{
	__atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
	SLEEP_UNTIL(get(&stop));
}

static void wakes_from_wfi(void)
{
	SKIP_UNLESS(nr_cpus > 1, "one CPU");
	gic_set_edge(SPI, true);
	gic_route(SPI, cpu_of(1)->mpidr);
	gic_enable(0, SPI);
	CHECK(others_begin(sleep_until_stop));
	linger();
	gic_write_bit(0, SPI, GIC_ISPENDR);
	CHECK(WAIT_FOR(irq_count(1, SPI) == 1));
	linger();
	gic_write_bit(1, 12, GIC_ISPENDR);
	CHECK(WAIT_FOR(irq_count(1, 12) == 1));
	linger();
	set(&stop, 1);
	gic_send_sgi_others(13);
	CHECK(others_end());
	gic_disable(0, SPI);
}

TESTS(TEST(sgi_to_one), TEST(sgi_to_list), TEST(sgi_to_all_others), TEST(sgi_round_trips),
      TEST(sgi_storm), TEST(pending_elsewhere), TEST(active_sgi_elsewhere),
      TEST(active_spi_elsewhere), TEST(spi_follows_its_route), TEST(pending_spi_moves),
      TEST(wakes_from_wfi));
