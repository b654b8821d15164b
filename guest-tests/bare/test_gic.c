/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts of one CPU: SGIs to itself, SPIs by level and edge, priorities, masks, registers. */
#include "guest-tests/bare/bare.h"

#define SPI 80 /* nothing is wired to it and its neighbours */
#define NR_SPIS 12

static u32 order[64];
static u32 nr_taken;

/* Interrupts in the order in which they are taken; handlers that nest note their begin. */
static void note(u32 intid)
{
	if (nr_taken < ARRAY_SIZE(order))
		order[nr_taken++] = intid;
}

static void begin(void (*handler)(u32 intid))
{
	irq_handler = handler;
	nr_taken = 0;
	for (u32 i = 0; i < NR_SPIS; i++) {
		gic_set_edge(SPI + i, true);
		gic_set_priority(0, SPI + i, DEFAULT_PRIORITY);
		gic_route(SPI + i, my_mpidr());
		gic_enable(0, SPI + i);
	}
	for (u32 i = 0; i < 16; i++)
		gic_set_priority(0, i, DEFAULT_PRIORITY);
	isb();
}

static void end(void)
{
	irq_disable();
	for (u32 i = 0; i < NR_SPIS; i++)
		gic_disable(0, SPI + i);
	write_icc(ICC_PMR, 0xff);
}

/* Long enough for an interrupt that should not come. */
static void linger(void)
{
	u64 until = counter_virt() + counter_hz() / 100;

	while (counter_virt() < until)
		cpu_relax();
}

static void identification(void)
{
	u32 typer = mmio_read(GICD_BASE + GICD_TYPER);

	CHECK(FIELD(typer, 4, 0) >= 2); /* 96 INTIDs or more */
	for (u32 i = 0; i < nr_cpus; i++) {
		u64 rd = GICR_BASE + i * GICR_STRIDE;
		u64 gicr_typer = *(volatile u64 *)(rd + GICR_TYPER), m = cpu_of(i)->mpidr;

		CHECK_EQ(gicr_typer >> 32, FIELD(m, 39, 32) << 24 | FIELD(m, 23, 0));
		CHECK_EQ(FIELD(gicr_typer, 4, 4), i == nr_cpus - 1); /* Last */
		CHECK_EQ(FIELD(mmio_read(rd + 0xffe8), 7, 4), 3); /* GICR_PIDR2: GICv3 */
	}
	CHECK_EQ(FIELD(mmio_read(GICD_BASE + 0xffe8), 7, 4), 3);
	CHECK(mmio_read(GICD_BASE + GICD_CTLR) & GICD_CTLR_ARE);
	CHECK_EQ(read_icc(ICC_SRE) & 1, 1);
}

static void sgi_to_self(void)
{
	begin(note);
	for (u32 i = 0; i < 16; i++)
		gic_send_sgi(0, i);
	CHECK_EQ(mmio_read(gic_frame(0, 0) + GIC_ISPENDR) & 0xffff, 0xffff);
	CHECK_EQ(nr_taken, 0);
	irq_enable();
	CHECK(WAIT_FOR(nr_taken == 16));
	for (u32 i = 0; i < 16; i++)
		CHECK_EQ(irq_count(0, i), 1);
	CHECK_EQ(mmio_read(gic_frame(0, 0) + GIC_ISPENDR), 0);
	CHECK_EQ(read_icc(ICC_IAR1), 1023);
	end();
}

static void priority_mask(void)
{
	begin(note);
	gic_set_priority(0, 1, 0x80);
	write_icc(ICC_PMR, 0x80); /* only what is more urgent than 0x80 */
	irq_enable();
	gic_send_sgi(0, 1);
	linger();
	CHECK_EQ(nr_taken, 0);
	CHECK(gic_read_bit(0, 1, GIC_ISPENDR));
	write_icc(ICC_PMR, 0x88);
	CHECK(WAIT_FOR(nr_taken == 1));
	end();
}

static void preempting(u32 intid)
{
	note(intid);
	if (intid != 1)
		return;
	irq_enable();
	gic_send_sgi(0, 3); /* less urgent: waits */
	gic_send_sgi(0, 4); /* as urgent: waits */
	linger();
	gic_send_sgi(0, 2); /* more urgent: comes now */
	if (!WAIT_FOR(nr_taken >= 2))
		test_fail(__FILE__, __LINE__, "no preemption");
	if (read_icc(ICC_RPR) != 0x80)
		test_fail(__FILE__, __LINE__, "running priority 0x%lx", read_icc(ICC_RPR));
	note(100);
	irq_disable();
}

static void preemption(void)
{
	static const u32 wanted[] = {1, 2, 100, 4, 3};

	begin(preempting);
	gic_set_priority(0, 1, 0x80);
	gic_set_priority(0, 2, 0x40);
	gic_set_priority(0, 3, 0xc0);
	gic_set_priority(0, 4, 0x80);
	gic_send_sgi(0, 1);
	irq_enable();
	CHECK(WAIT_FOR(nr_taken == 5));
	for (u32 i = 0; i < 5; i++)
		CHECK_EQ(order[i], wanted[i]);
	CHECK_EQ(read_icc(ICC_RPR), 0xff);
	end();
}

/* More than any CPU has list registers, each with a priority of its own, in no order. */
static void more_pending_than_list_registers(void)
{
	u32 n = 16 + NR_SPIS;

	begin(note);
	for (u32 i = 0; i < n; i++) {
		u32 rank = i * 17 % n, intid = i < 16 ? i : SPI + i - 16;

		gic_set_priority(0, intid, (u8)(8 * rank));
		if (i < 16)
			gic_send_sgi(0, intid);
		else
			gic_write_bit(0, intid, GIC_ISPENDR);
	}
	irq_enable();
	CHECK(WAIT_FOR(nr_taken == n));
	for (u32 i = 0; i < n; i++) {
		u32 intid = i < 16 ? i : SPI + i - 16;

		CHECK_EQ(order[i * 17 % n], intid);
		CHECK_EQ(irq_count(0, intid), 1);
	}
	end();
}

/* All of them active at once, nested by priority, and ended from the inside out. */
static void nesting(u32 intid)
{
	note(intid);
	if (nr_taken == 16)
		return;
	gic_send_sgi(0, 15 - nr_taken);
	irq_enable();
	if (!WAIT_FOR(nr_taken == 16))
		test_fail(__FILE__, __LINE__, "SGI %u was not preempted", intid);
	irq_disable();
}

static void sixteen_active_at_once(void)
{
	begin(nesting);
	for (u32 i = 0; i < 16; i++)
		gic_set_priority(0, i, (u8)(8 + 8 * i));
	gic_send_sgi(0, 15);
	irq_enable();
	CHECK(WAIT_FOR(nr_taken == 16));
	for (u32 i = 0; i < 16; i++)
		CHECK_EQ(order[i], 15 - i);
	CHECK_EQ(mmio_read(gic_frame(0, 0) + GIC_ISACTIVER), 0);
	CHECK_EQ(read_icc(ICC_RPR), 0xff);
	/* And they come again. */
	irq_handler = note;
	nr_taken = 0;
	for (u32 i = 0; i < 16; i++)
		gic_send_sgi(0, i);
	CHECK(WAIT_FOR(nr_taken == 16));
	end();
}

static void edge_spi_comes_once(void)
{
	begin(note);
	irq_enable();
	for (u32 i = 1; i <= 10; i++) {
		gic_write_bit(0, SPI, GIC_ISPENDR);
		CHECK(WAIT_FOR(nr_taken == i));
	}
	linger();
	CHECK_EQ(nr_taken, 10);
	CHECK(!gic_read_bit(0, SPI, GIC_ISPENDR));
	CHECK(!gic_read_bit(0, SPI, GIC_ISACTIVER));
	end();
}

/* An edge while active is not lost: it is taken after the end of the first. */
static void again_while_active(u32 intid)
{
	note(intid);
	if (nr_taken == 1)
		gic_write_bit(0, intid, GIC_ISPENDR);
	if (nr_taken == 1 && !gic_read_bit(0, intid, GIC_ISACTIVER))
		test_fail(__FILE__, __LINE__, "not active in its handler");
	if (nr_taken == 1 && !gic_read_bit(0, intid, GIC_ISPENDR))
		test_fail(__FILE__, __LINE__, "not pending while active");
}

static void active_and_pending(void)
{
	begin(again_while_active);
	gic_write_bit(0, SPI, GIC_ISPENDR);
	irq_enable();
	CHECK(WAIT_FOR(nr_taken == 2));
	linger();
	CHECK_EQ(nr_taken, 2);
	end();
}

static void third_time_quiet(u32 intid)
{
	note(intid);
	if (nr_taken < 3)
		return;
	mmio_write(UART_IMSC, 0);
	mmio_write(UART_ICR, UART_INT_TX);
}

/* The UART's transmit interrupt stays high until it is cleared: it comes again after each end. */
static void level_spi_comes_until_quiet(void)
{
	begin(third_time_quiet);
	gic_set_edge(UART_INTID, false);
	gic_route(UART_INTID, my_mpidr());
	gic_enable(0, UART_INTID);
	print("# a line for the transmit interrupt\n");
	mmio_write(UART_IMSC, UART_INT_TX);
	irq_enable();
	CHECK(WAIT_FOR(nr_taken == 3));
	linger();
	CHECK_EQ(nr_taken, 3);
	CHECK(!gic_read_bit(0, UART_INTID, GIC_ISPENDR));
	gic_disable(0, UART_INTID);
	end();
}

/* Its pending state follows the line, with nobody taking it. */
static void level_pending_follows_the_line(void)
{
	begin(note);
	gic_set_edge(UART_INTID, false);
	gic_disable(0, UART_INTID);
	print("# another\n");
	mmio_write(UART_IMSC, UART_INT_TX);
	CHECK(WAIT_FOR(gic_read_bit(0, UART_INTID, GIC_ISPENDR)));
	mmio_write(UART_IMSC, 0);
	CHECK(WAIT_FOR(!gic_read_bit(0, UART_INTID, GIC_ISPENDR)));
	mmio_write(UART_ICR, UART_INT_TX);
	end();
}

static void disabled_waits(void)
{
	begin(note);
	gic_disable(0, SPI);
	irq_enable();
	gic_write_bit(0, SPI, GIC_ISPENDR);
	linger();
	CHECK_EQ(nr_taken, 0);
	CHECK(gic_read_bit(0, SPI, GIC_ISPENDR));
	CHECK(!gic_read_bit(0, SPI, GIC_ISENABLER));
	gic_enable(0, SPI);
	CHECK(WAIT_FOR(nr_taken == 1));
	CHECK(gic_read_bit(0, SPI, GIC_ISENABLER));
	end();
}

static void pending_can_be_cleared(void)
{
	begin(note);
	gic_send_sgi(0, 5);
	gic_write_bit(0, SPI, GIC_ISPENDR);
	CHECK(gic_read_bit(0, 5, GIC_ISPENDR) && gic_read_bit(0, SPI, GIC_ISPENDR));
	gic_write_bit(0, 5, GIC_ICPENDR);
	gic_write_bit(0, SPI, GIC_ICPENDR);
	CHECK(!gic_read_bit(0, 5, GIC_ISPENDR) && !gic_read_bit(0, SPI, GIC_ISPENDR));
	irq_enable();
	linger();
	CHECK_EQ(nr_taken, 0);
	end();
}

/* Set active by hand, it is held back until it is cleared by hand. */
static void active_by_hand_holds_back(void)
{
	begin(note);
	gic_write_bit(0, SPI, GIC_ISACTIVER);
	CHECK(gic_read_bit(0, SPI, GIC_ISACTIVER));
	gic_write_bit(0, SPI, GIC_ISPENDR);
	irq_enable();
	linger();
	CHECK_EQ(nr_taken, 0);
	gic_write_bit(0, SPI, GIC_ICACTIVER);
	CHECK(WAIT_FOR(nr_taken == 1));
	CHECK(!gic_read_bit(0, SPI, GIC_ISACTIVER));
	end();
}

static void group_disable_holds_all_back(void)
{
	begin(note);
	mmio_write(GICD_BASE + GICD_CTLR, GICD_CTLR_ARE);
	irq_enable();
	gic_write_bit(0, SPI, GIC_ISPENDR);
	linger();
	CHECK_EQ(nr_taken, 0);
	mmio_write(GICD_BASE + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GROUP1);
	CHECK(WAIT_FOR(nr_taken == 1));
	write_icc(ICC_IGRPEN1, 0);
	gic_write_bit(0, SPI, GIC_ISPENDR);
	linger();
	CHECK_EQ(nr_taken, 1);
	write_icc(ICC_IGRPEN1, 1);
	CHECK(WAIT_FOR(nr_taken == 2));
	end();
}

static void highest_pending_is_shown(void)
{
	begin(note);
	CHECK_EQ(read_icc(ICC_HPPIR1), 1023);
	gic_set_priority(0, 9, 0x90);
	gic_send_sgi(0, 8);
	gic_send_sgi(0, 9);
	CHECK_EQ(read_icc(ICC_HPPIR1), 9);
	irq_enable();
	CHECK(WAIT_FOR(nr_taken == 2));
	CHECK_EQ(order[0], 9);
	end();
}

static void priorities_read_back(void)
{
	begin(note);
	for (u32 p = 0; p < 0x100; p += 8) {
		gic_set_priority(0, 3, (u8)p);
		gic_set_priority(0, SPI + 1, (u8)p);
		CHECK_EQ(*(volatile u8 *)(gic_frame(0, 3) + GIC_IPRIORITYR + 3), p);
		CHECK_EQ(mmio_read(GICD_BASE + GIC_IPRIORITYR + SPI) >> 8 & 0xff, p);
	}
	end();
}

TESTS(TEST(identification), TEST(sgi_to_self), TEST(priority_mask), TEST(preemption),
      TEST(more_pending_than_list_registers), TEST(sixteen_active_at_once),
      TEST(edge_spi_comes_once), TEST(active_and_pending), TEST(level_spi_comes_until_quiet),
      TEST(level_pending_follows_the_line), TEST(disabled_waits), TEST(pending_can_be_cleared),
      TEST(active_by_hand_holds_back), TEST(group_disable_holds_all_back),
      TEST(highest_pending_is_shown), TEST(priorities_read_back));
