/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two VMs that begin a long call at the same time, each on a block of its own; the driver of the test compares
 * when they began and ended. The borrower of signs is VM 1, VM 0 gives them. Each owns a block for that and
 * a large one.
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/lend.h"

#define SIGN 0
#define OWN 1
#define TICK_US (100 + 37 * w.id)

static struct lend_window w;

/* The two go on within the time of a few calls. */
static bool meet_peer(void)
{
	return w.id ? lend_wait_sign() : lend_sign(SIGN, lend_peer());
}

/* QEMU's icount goes from one CPU to the next when a timer is due; with one period for both in unlike shares. */
static void tick(u32 intid)
{
	if (intid == timer_intid(TIMER_VIRT))
		timer_set_tval(TIMER_VIRT, (s32)(counter_hz() / 1000000 * TICK_US));
}

/* The block is as firmware left it: to be scrubbed. */
static void retrieves(void)
{
	struct smccc got;
	u64 begin, end;

	w = lend_window();
	lend_events_begin();
	CHECK(meet_peer());
	irq_handler = tick;
	gic_enable(0, timer_intid(TIMER_VIRT));
	tick(timer_intid(TIMER_VIRT));
	timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
	begin = timer_count(TIMER_PHYS);
	got = lend(LEND_RETRIEVE, OWN, 1, 0, 0);
	end = timer_count(TIMER_PHYS);
	timer_set_ctl(TIMER_VIRT, 0);
	CHECK_EQ(got.x[0], LEND_SUCCESS);
	CHECK_EQ(got.x[1], 1);
	CHECK_EQ(slot_state(OWN), LEND_SLOT_HELD);
	/* The first to go would take its share of the time to be scrubbed. */
	lend_events_begin();
	CHECK(meet_peer());
	print("# span %lu %lu\n", begin, end);
}

TESTS(TEST(retrieves));
