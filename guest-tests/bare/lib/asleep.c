/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/asleep.h"

volatile u32 nr_events[LEND_EVENT_POOL + 1], event_slot[LEND_EVENT_POOL + 1];

void take_events(u32 intid)
{
	u64 event;
	u32 kind;

	/* That of sleep_ms(), which looks at the counter: due while others are taken, it would come again and again. */
	if (intid == timer_intid(TIMER_VIRT))
		timer_set_ctl(TIMER_VIRT, 0);
	if (intid != LEND_INTID)
		return;
	for (;;) {
		event = lend(LEND_EVENT_NEXT, 0, 0, 0, 0).x[1];
		kind = LEND_EVENT_KIND(event);
		if (kind == LEND_EVENT_NONE)
			return;
		nr_events[kind]++;
		event_slot[kind] = LEND_EVENT_SLOT(event);
	}
}

static void take_interrupts(void)
{
	irq_enable();
	isb();
	irq_disable();
}

void asleep_begin(void (*handler)(u32 intid))
{
	for (u32 kind = 0; kind < ARRAY_SIZE(nr_events); kind++)
		nr_events[kind] = 0;
	irq_handler = handler;
	gic_set_edge(LEND_INTID, false);
	gic_route(LEND_INTID, my_mpidr());
	gic_enable(0, LEND_INTID);
	take_interrupts();
}

void sleep_until_events(u32 kind, u32 nr)
{
	SLEEP_UNTIL(nr_events[kind] >= nr);
	nr_events[kind] -= nr;
}

void sleep_ms(u64 ms)
{
	timer_set_cval(TIMER_VIRT, counter_virt() + ms * counter_hz() / 1000);
	gic_enable(0, timer_intid(TIMER_VIRT));
	timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
	/* WFI wakes with interrupts masked, too. */
	while (counter_virt() < timer_cval(TIMER_VIRT)) {
		take_interrupts();
		wfi();
	}
	timer_set_ctl(TIMER_VIRT, 0);
	take_interrupts();
}
