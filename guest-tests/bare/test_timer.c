/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtual and the physical EL1 timer: each test is done with both. */
#include "guest-tests/bare/bare.h"

#define TICKS 1000

static enum timer timer;
static u32 nr_taken, nr_early;
static u64 due[MAX_CPUS];

static u64 ms(u64 n)
{
	return counter_hz() * n / 1000;
}

static void linger(void)
{
	u64 until = counter_virt() + ms(20);

	while (counter_virt() < until)
		cpu_relax();
}

static void begin(enum timer t, void (*handler)(u32 intid))
{
	timer = t;
	nr_taken = nr_early = 0;
	irq_handler = handler;
	timer_set_ctl(t, 0);
	gic_enable(0, timer_intid(t));
}

static void end(void)
{
	irq_disable();
	timer_set_ctl(timer, 0);
	gic_disable(0, timer_intid(timer));
}

static void take_once(u32 intid)
{
	(void)intid;
	nr_taken++;
	nr_early += timer_count(timer) < timer_cval(timer);
	timer_set_ctl(timer, 0);
}

static void not_before_its_time(enum timer t)
{
	begin(t, take_once);
	irq_enable();
	for (u32 i = 1; i <= 50; i++) {
		timer_set_cval(t, timer_count(t) + ms(1));
		timer_set_ctl(t, TIMER_ENABLE);
		CHECK(WAIT_FOR(nr_taken == i));
		CHECK_EQ(nr_early, 0);
	}
	end();
}

static void take_thrice(u32 intid)
{
	(void)intid;
	if (++nr_taken == 3)
		timer_set_cval(timer, timer_count(timer) + counter_hz() * 1000);
}

/* High as long as the time has come: taken again after each end, until moved into the future. */
static void level(enum timer t)
{
	begin(t, take_thrice);
	timer_set_cval(t, 0);
	timer_set_ctl(t, TIMER_ENABLE);
	irq_enable();
	CHECK(WAIT_FOR(nr_taken == 3));
	linger();
	CHECK_EQ(nr_taken, 3);
	CHECK(!gic_read_bit(0, timer_intid(t), GIC_ISPENDR));
	end();
}

static void mask_and_status(enum timer t)
{
	begin(t, take_once);
	irq_enable();
	timer_set_cval(t, timer_count(t) + counter_hz() * 1000);
	timer_set_ctl(t, TIMER_ENABLE);
	CHECK_EQ(timer_ctl(t), TIMER_ENABLE);
	timer_set_ctl(t, TIMER_ENABLE | TIMER_IMASK);
	timer_set_cval(t, 0);
	CHECK_EQ(timer_ctl(t), TIMER_ENABLE | TIMER_IMASK | TIMER_ISTATUS);
	linger();
	CHECK_EQ(nr_taken, 0);
	timer_set_ctl(t, TIMER_ENABLE);
	CHECK(WAIT_FOR(nr_taken == 1));
	CHECK(!(timer_ctl(t) & TIMER_ENABLE));
	end();
}

/* With the CPU's interrupts masked it pends in the redistributor, and goes away with its cause. */
static void pending_goes_with_its_cause(enum timer t)
{
	begin(t, take_once);
	timer_set_cval(t, 0);
	timer_set_ctl(t, TIMER_ENABLE);
	CHECK(WAIT_FOR(gic_read_bit(0, timer_intid(t), GIC_ISPENDR)));
	timer_set_ctl(t, 0);
	CHECK(WAIT_FOR(!gic_read_bit(0, timer_intid(t), GIC_ISPENDR)));
	irq_enable();
	linger();
	CHECK_EQ(nr_taken, 0);
	end();
}

static void tval(enum timer t)
{
	u64 before;

	begin(t, take_once);
	before = timer_count(t);
	timer_set_tval(t, (s32)ms(500));
	CHECK(timer_cval(t) >= before + ms(500));
	CHECK(timer_cval(t) <= timer_count(t) + ms(500));
	CHECK(timer_tval(t) <= (s32)ms(500));
	timer_set_cval(t, timer_count(t) - 1000);
	CHECK(timer_tval(t) <= -1000);
	irq_enable();
	timer_set_tval(t, -5);
	timer_set_ctl(t, TIMER_ENABLE);
	CHECK(WAIT_FOR(nr_taken == 1));
	timer_set_tval(t, (s32)ms(2));
	timer_set_ctl(t, TIMER_ENABLE);
	CHECK(WAIT_FOR(nr_taken == 2));
	CHECK_EQ(nr_early, 0);
	end();
}

/* WFI ends with a timer that pends, although the CPU takes no interrupts. */
static void wakes_from_wfi(enum timer t)
{
	begin(t, take_once);
	for (u32 i = 0; i < 20; i++) {
		u64 at = timer_count(t) + ms(2);

		timer_set_cval(t, at);
		timer_set_ctl(t, TIMER_ENABLE);
		while (timer_count(t) < at)
			wfi();
		timer_set_ctl(t, 0);
	}
	CHECK_EQ(nr_taken, 0);
	end();
}

static void tick(u32 intid)
{
	u32 me = this_cpu()->index;
	u64 now = timer_count(timer);

	if (now < due[me])
		test_fail(__FILE__, __LINE__, "%lu early", due[me] - now);
	due[me] = now + counter_hz() / 20000;
	timer_set_cval(timer, due[me]);
	if (irq_count(me, intid) == TICKS)
		timer_set_ctl(timer, 0);
}

static void run_ticks(void)
{
	u32 me = this_cpu()->index, intid = timer_intid(timer);

	if (!meet())
		test_fail(__FILE__, __LINE__, "a CPU is missing");
	due[me] = 0;
	timer_set_cval(timer, 0);
	timer_set_ctl(timer, TIMER_ENABLE);
	gic_enable(me, intid);
	SLEEP_UNTIL(irq_count(me, intid) == TICKS);
	gic_disable(me, intid);
}

static void ticks_on_all_cpus(enum timer t)
{
	begin(t, tick);
	CHECK(on_all_cpus(run_ticks));
	for (u32 i = 0; i < nr_cpus; i++)
		CHECK_EQ(irq_count(i, timer_intid(t)), TICKS);
	end();
}

static void counters(void)
{
	CHECK(counter_hz() > 0);
	for (u32 i = 0; i < 1000; i++) {
		u64 v = timer_count(TIMER_VIRT), p = timer_count(TIMER_PHYS);

		CHECK(timer_count(TIMER_VIRT) >= v);
		CHECK(timer_count(TIMER_PHYS) >= p);
	}
}

/* Both at once do not disturb each other. */
static void take_both(u32 intid)
{
	timer_set_ctl(intid == timer_intid(TIMER_VIRT) ? TIMER_VIRT : TIMER_PHYS, 0);
}

static void both_at_once(void)
{
	begin(TIMER_PHYS, take_both);
	gic_enable(0, timer_intid(TIMER_VIRT));
	irq_enable();
	for (u32 i = 1; i <= 50; i++) {
		timer_set_tval(TIMER_VIRT, (s32)ms(1));
		timer_set_tval(TIMER_PHYS, (s32)ms(1));
		timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
		timer_set_ctl(TIMER_PHYS, TIMER_ENABLE);
		CHECK(WAIT_FOR(irq_count(0, timer_intid(TIMER_VIRT)) == i));
		CHECK(WAIT_FOR(irq_count(0, timer_intid(TIMER_PHYS)) == i));
	}
	gic_disable(0, timer_intid(TIMER_VIRT));
	end();
}

#define WITH_BOTH(test)                                                                            \
	static void virtual_##test(void)                                                           \
	{                                                                                          \
		test(TIMER_VIRT);                                                                  \
	}                                                                                          \
	static void physical_##test(void)                                                          \
	{                                                                                          \
		test(TIMER_PHYS);                                                                  \
	}

WITH_BOTH(not_before_its_time)
WITH_BOTH(level)
WITH_BOTH(mask_and_status)
WITH_BOTH(pending_goes_with_its_cause)
WITH_BOTH(tval)
WITH_BOTH(wakes_from_wfi)
WITH_BOTH(ticks_on_all_cpus)

TESTS(TEST(counters), TEST(virtual_not_before_its_time), TEST(physical_not_before_its_time),
      TEST(virtual_level), TEST(physical_level), TEST(virtual_mask_and_status),
      TEST(physical_mask_and_status), TEST(virtual_pending_goes_with_its_cause),
      TEST(physical_pending_goes_with_its_cause), TEST(virtual_tval), TEST(physical_tval),
      TEST(virtual_wakes_from_wfi), TEST(physical_wakes_from_wfi), TEST(virtual_ticks_on_all_cpus),
      TEST(physical_ticks_on_all_cpus), TEST(both_at_once));
