/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The redistributor of a CPU that is off is there all the same: what another CPU sets up and makes
 * pending in it stays over CPU_ON and CPU_OFF. The CPU interface of the one that comes on is fresh.
 */
#include "guest-tests/bare/bare.h"

#define SGI 5
#define DISABLED_SGI 6
#define PPI 20 /* no device has it, neither here nor on QEMU virt */
#define GICR_ICFGR1 (GIC_ICFGR + 4)

/* All that a redistributor holds of interrupts, and whether its CPU sleeps. */
struct redist {
	u32 waker, group, enabled, pending, active;
	u8 priority[32];
	u32 config[2];
};

/* What wakes_to() found, and in which order it took interrupts. */
static struct redist seen;
static u64 seen_highest, seen_running;
static u32 taken[4];
static u32 nr_taken;

static struct redist look(void)
{
	u64 sgi = gic_frame(1, 0);
	struct redist r = {
		.waker = mmio_read(sgi - GICR_SGI_FRAME + GICR_WAKER),
		.group = mmio_read(sgi + GIC_IGROUPR),
		.enabled = mmio_read(sgi + GIC_ISENABLER),
		.pending = mmio_read(sgi + GIC_ISPENDR),
		.active = mmio_read(sgi + GIC_ISACTIVER),
		.config = {mmio_read(sgi + GIC_ICFGR), mmio_read(sgi + GICR_ICFGR1)},
	};

	for (u32 i = 0; i < ARRAY_SIZE(r.priority); i++)
		r.priority[i] = (u8)(mmio_read(sgi + GIC_IPRIORITYR + i / 4 * 4) >> i % 4 * 8);
	return r;
}

static void check_same(const struct redist *got, const struct redist *wanted)
{
	CHECK_EQ(got->waker, wanted->waker);
	CHECK_EQ(got->group, wanted->group);
	CHECK_EQ(got->enabled, wanted->enabled);
	CHECK_EQ(got->pending, wanted->pending);
	CHECK_EQ(got->active, wanted->active);
	for (u32 i = 0; i < ARRAY_SIZE(got->priority); i++)
		CHECK_EQ(got->priority[i], wanted->priority[i]);
	for (u32 i = 0; i < ARRAY_SIZE(got->config); i++)
		CHECK_EQ(got->config[i], wanted->config[i]);
}

/* Nothing here is as gic_init_redist(), run again, would leave it. Returns what is to be read. */
static struct redist set_up(void)
{
	u64 sgi = gic_frame(1, 0);
	struct redist r = {
		.waker = 0,
		.group = ~0u,
		.enabled = (u32)(BIT(SGI) | BIT(PPI)),
		.config = {0xaaaaaaaa, (u32)BIT((PPI - 16) * 2 + 1)},
	};

	for (u32 i = 0; i < ARRAY_SIZE(r.priority); i++)
		r.priority[i] = DEFAULT_PRIORITY;
	r.priority[SGI] = 0x40;
	r.priority[PPI] = 0x60;

	gic_init_redist(1);
	mmio_write(sgi + GIC_ICENABLER, ~r.enabled);
	mmio_write(sgi + GICR_ICFGR1, r.config[1]);
	gic_enable(1, PPI);
	gic_set_priority(1, SGI, 0x40);
	gic_set_priority(1, PPI, 0x60);
	return r;
}

/* The PPI first: what comes first by priority is not what came first. */
static void make_pending(struct redist *r)
{
	gic_write_bit(1, PPI, GIC_ISPENDR);
	gic_send_sgi(1, SGI);
	gic_send_sgi(1, DISABLED_SGI);
	r->pending = (u32)(BIT(SGI) | BIT(DISABLED_SGI) | BIT(PPI));
}

static void note(u32 intid)
{
	if (nr_taken < ARRAY_SIZE(taken))
		taken[nr_taken++] = intid;
}

static void wakes_to(void)
{
	u64 until = counter_virt() + counter_hz() / 50;

	seen = look();
	seen_highest = read_icc(ICC_HPPIR1);
	seen_running = read_icc(ICC_RPR);
	irq_enable();
	while (counter_virt() < until)
		cpu_relax();
	irq_disable();
}

static void run_cpu_1(void)
{
	nr_taken = 0;
	irq_handler = note;
	CHECK_EQ(cpu_start_keeping_redist(1, wakes_to), PSCI_SUCCESS);
	CHECK(cpu_wait_off(1));
}

static void set_up_while_off(void)
{
	struct redist r, now;

	SKIP_UNLESS(nr_cpus > 1, "one CPU");
	r = set_up();
	now = look();
	check_same(&now, &r);
}

static void settings_stay_over_on(void)
{
	struct redist r;

	SKIP_UNLESS(nr_cpus > 1, "one CPU");
	r = set_up();
	run_cpu_1();
	check_same(&seen, &r);
	CHECK_EQ(seen_highest, 1023);
	CHECK_EQ(nr_taken, 0);
}

static void check_taken_by_priority(void)
{
	CHECK_EQ(seen_highest, SGI);
	CHECK_EQ(seen_running, 0xff);
	CHECK_EQ(nr_taken, 2);
	CHECK_EQ(taken[0], SGI);
	CHECK_EQ(taken[1], PPI);
}

static void pending_while_off_is_taken_after_on(void)
{
	struct redist r, now;

	SKIP_UNLESS(nr_cpus > 1, "one CPU");
	r = set_up();
	make_pending(&r);
	now = look();
	check_same(&now, &r);
	run_cpu_1();
	check_same(&seen, &r);
	check_taken_by_priority();
	r.pending = (u32)BIT(DISABLED_SGI);
	now = look();
	check_same(&now, &r);
}

/* Twice on and off, with nothing set up between. */
static void settings_stay_over_off(void)
{
	struct redist r, now;

	SKIP_UNLESS(nr_cpus > 1, "one CPU");
	r = set_up();
	for (u32 round = 0; round < 2; round++) {
		make_pending(&r);
		run_cpu_1();
		check_same(&seen, &r);
		check_taken_by_priority();
	}
	r.pending = (u32)BIT(DISABLED_SGI);
	now = look();
	check_same(&now, &r);
}

static void pending_while_off_can_be_withdrawn(void)
{
	struct redist r;

	SKIP_UNLESS(nr_cpus > 1, "one CPU");
	r = set_up();
	make_pending(&r);
	mmio_write(gic_frame(1, 0) + GIC_ICPENDR, ~0u);
	r.pending = 0;
	run_cpu_1();
	check_same(&seen, &r);
	CHECK_EQ(nr_taken, 0);
}

static void end_here(u32 intid)
{
	(void)intid;
	cpu_end();
}

static void wait_for_the_end(void)
{
	irq_enable();
	for (;;)
		wfi();
}

/* The interrupt stays active, but it masks nothing any more: that was state of the CPU interface. */
static void off_within_a_handler(void)
{
	struct redist r;

	SKIP_UNLESS(nr_cpus > 1, "one CPU");
	r = set_up();
	irq_handler = end_here;
	gic_send_sgi(1, SGI);
	CHECK_EQ(cpu_start_keeping_redist(1, wait_for_the_end), PSCI_SUCCESS);
	CHECK(cpu_wait_off(1));
	CHECK_EQ(irq_count(1, SGI), 1);

	gic_write_bit(1, PPI, GIC_ISPENDR);
	r.active = (u32)BIT(SGI);
	r.pending = (u32)BIT(PPI);
	run_cpu_1();
	check_same(&seen, &r);
	CHECK_EQ(seen_running, 0xff);
	CHECK_EQ(nr_taken, 1);
	CHECK_EQ(taken[0], PPI);
}

TESTS(TEST(set_up_while_off), TEST(settings_stay_over_on),
      TEST(pending_while_off_is_taken_after_on), TEST(settings_stay_over_off),
      TEST(pending_while_off_can_be_withdrawn), TEST(off_within_a_handler));
