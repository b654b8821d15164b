/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What leaves the guest: calls, accesses to devices, an SGI to another CPU and back, a timer's tick. Runs as
 * a VM, and without hypervisor at EL1, to compare. On two CPUs; who waits is in WFI.
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/asleep.h"
#include "guest-tests/bare/lib/figure.h"

#define TIMES 64
#define SGI_GO 1
#define SGI_BACK 2
#define PERIOD_NS 100000
#define WORK 1000000 /* turns of the loop that ticks interrupt */

/* What a call may change (SMCCC), but for the registers that a figure's loop has its operands in. */
#define CALL_CLOBBERS                                                                              \
	"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",    \
		"x14", "x15", "x16", "x17", "cc", "memory"

static volatile u32 nr_back;
static u32 nr_ticks;
static u64 next_tick, period; /* ticks of the counter */

static u64 timed_calls(u64 fn)
{
	u64 start = counter_virt();

	__asm__ volatile(".rept 64\n\tmov x0, %0\n\thvc #0\n\t.endr" : : "r"(fn) : CALL_CLOBBERS);
	return counter_virt() - start;
}

static u64 timed_loads(u64 address)
{
	u64 start = counter_virt();

	__asm__ volatile(".rept 64\n\tldr w0, [%0]\n\t.endr" : : "r"(address) : "x0", "memory");
	return counter_virt() - start;
}

/* A line of 64 characters, each with the look before whether there is room. */
static u64 timed_characters(u64 uart)
{
	u64 start = counter_virt();

	__asm__ volatile(".rept 64\n\tldr w0, [%0, #0x18]\n\tstr %w1, [%0]\n\t.endr"
			 :
			 : "r"(uart), "r"('.')
			 : "x0", "memory");
	start = counter_virt() - start;
	print("\n");
	return start;
}

/* What reading the counter twice costs, which every figure here has in it. */
static u64 timed_nothing(u64 unused)
{
	u64 start = counter_virt();

	(void)unused;
	return counter_virt() - start;
}

static void least_of_rounds(const char *name, u64 (*timed)(u64), u64 argument)
{
	u64 least = NONE;

	for (u32 i = 0; i < ROUNDS; i++)
		keep_least(&least, timed(argument));
	figure(name, least);
}

static void calls_and_loads(void)
{
	least_of_rounds("nothing", timed_nothing, 0);
	least_of_rounds("call-psci-version-64", timed_calls, PSCI_VERSION);
	if (is_lendvisor()) {
		least_of_rounds("call-null-64", timed_calls, LEND_VERSION | LEND_SMC64);
		least_of_rounds("call-unknown-64", timed_calls, LEND_FN(0x20) | LEND_SMC64);
		least_of_rounds("call-event-next-64", timed_calls, LEND_EVENT_NEXT | LEND_SMC64);
	}
	least_of_rounds("load-pl011-64", timed_loads, UART_FR);
	least_of_rounds("load-gicd-64", timed_loads, GICD_BASE + GIC_ISENABLER + 4);
	least_of_rounds("load-gicd-pending-64", timed_loads, GICD_BASE + GIC_ISPENDR + 4);
	least_of_rounds("character-64", timed_characters, UART_BASE);
}

static void take_sgi(u32 intid)
{
	if (intid == SGI_GO)
		gic_send_sgi(0, SGI_BACK);
	else if (intid == SGI_BACK)
		nr_back++;
}

static void echo(void)
{
	gic_enable(1, SGI_GO);
	SLEEP_UNTIL(false);
}

static void sgi_round_trip(void)
{
	u64 least = NONE;

	irq_handler = take_sgi;
	gic_enable(0, SGI_BACK);
	CHECK_EQ(cpu_start(1, echo), PSCI_SUCCESS);
	for (u32 i = 1; i <= ROUNDS; i++) {
		u64 start;

		sleep_ms(1); /* CPU 1 comes to its WFI */
		start = counter_virt();
		gic_send_sgi(1, SGI_GO);
		SLEEP_UNTIL(nr_back == i);
		keep_least(&least, counter_virt() - start);
	}
	figure("sgi-round-trip", least);
}

static void take_tick(u32 intid)
{
	if (intid != timer_intid(TIMER_VIRT))
		return;
	nr_ticks++;
	next_tick += period;
	timer_set_cval(TIMER_VIRT, next_tick);
}

static u64 timed_work(void)
{
	u64 left = WORK, start = counter_virt();

	__asm__ volatile("0: subs %0, %0, #1\n\tb.ne 0b" : "+r"(left) : : "cc");
	return counter_virt() - start;
}

/* What ticks add to work that knows nothing of them; each handled by the same few instructions here. */
static void ticks(void)
{
	u64 without = timed_work(), least = NONE;

	irq_handler = take_tick;
	period = counter_hz() * PERIOD_NS / NS_PER_S;
	gic_enable(0, timer_intid(TIMER_VIRT));
	for (u32 i = 0; i < ROUNDS; i++) {
		u64 with;

		nr_ticks = 0;
		next_tick = counter_virt() + period;
		timer_set_cval(TIMER_VIRT, next_tick);
		timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
		irq_enable();
		with = timed_work();
		irq_disable();
		timer_set_ctl(TIMER_VIRT, 0);
		CHECK(nr_ticks >= 10);
		keep_least(&least, (with - without) / nr_ticks);
	}
	figure("tick", least);
}

TESTS(TEST(calls_and_loads), TEST(sgi_round_trip), TEST(ticks));
