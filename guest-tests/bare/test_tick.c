/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A 1 kHz virtual timer that loses no tick while a large block is retrieved, relinquished and revoked: by
 * the vCPU that ticks itself, by another vCPU of its VM, and by another VM beside it. One image for two VMs:
 * alice has own blocks and lends; bob has none, ticks all the while, and takes what
 * is offered to him.
 *
 * Under -icount a busy CPU's slice ends at the next timer of any CPU, and after it the machine's CPUs get theirs
 * in the order of their numbers: one that has a tick to take would wait a slice for a busy one before it.
 * So bob is to have the first CPU of the machine, each tick is asleep in WFI or busy itself, and no two
 * are busy at once.
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/asleep.h"
#include "guest-tests/bare/lib/figure.h"

#define WORK 0 /* the slot whose block goes to and fro */
#define TIMES 2
#define SGI_DONE 1
#define THE_END LEND_LEND_ADOPTABLE /* of an offer: bob may go */
#define TOO_FEW 50 /* ticks that a single job has to take at least */

static struct lend_window w;
static u64 period, last_due, most_late; /* counter ticks */
static u32 nr_ticks, nr_lost;
static volatile bool done;

static void tick(void)
{
	u64 late = counter_virt() - last_due;

	/* Handled before the next is due, or that one would have come too late. */
	nr_lost += late >= period;
	most_late = max_u64(most_late, late);
	nr_ticks++;
	last_due += period;
	timer_set_cval(TIMER_VIRT, last_due);
}

static void take(u32 intid)
{
	if (intid == timer_intid(TIMER_VIRT))
		tick();
	else
		take_events(intid);
}

/* Ticks from here on, on this vCPU, whenever interrupts are not masked. */
static void begin(void)
{
	w = lend_window();
	asleep_begin(take);
	gic_enable(0, timer_intid(TIMER_VIRT));
	period = counter_hz() / 1000;
	nr_ticks = nr_lost = 0;
	most_late = 0;
	done = false;
	last_due = counter_virt() + period;
	timer_set_cval(TIMER_VIRT, last_due);
	timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
}

static void end(const char *what)
{
	irq_disable();
	timer_set_ctl(TIMER_VIRT, 0);
	print("# %s: %u ticks, at most %lu ns late\n", what, nr_ticks, to_ns(most_late));
	CHECK_EQ(nr_lost, 0);
	CHECK(nr_ticks >= TOO_FEW);
}

/* Retrieved and relinquished: scrubbed twice, its first contents being firmware's. */
static void go_to_and_fro(void)
{
	for (u32 round = 0; round < TIMES; round++) {
		CHECK_EQ(lend_status(LEND_RETRIEVE, WORK, 1, 0, 0), LEND_SUCCESS);
		*(volatile u64 *)slot_address(WORK) = 1;
		CHECK_EQ(lend_status(LEND_RELINQUISH, WORK, 1, 0, 0), LEND_SUCCESS);
	}
}

static void itself(void)
{
	SKIP_UNLESS(lend_window().nr_own, "bob");
	begin();
	irq_enable();
	go_to_and_fro();
	end("itself");
}

static void other(void)
{
	go_to_and_fro();
	done = true;
	gic_send_sgi(0, SGI_DONE);
}

static void another_vcpu(void)
{
	SKIP_UNLESS(lend_window().nr_own, "bob");
	begin();
	gic_enable(0, SGI_DONE);
	CHECK_EQ(cpu_start(1, other), PSCI_SUCCESS);
	SLEEP_UNTIL(done);
	end("another vCPU");
	CHECK(cpu_wait_off(1));
}

static void wait_ticks(u32 nr)
{
	u32 until = nr_ticks + nr;

	SLEEP_UNTIL(*(volatile u32 *)&nr_ticks >= until);
}

/* bob relinquishes what he took, which scrubs it on his vCPU, and ticks; nobody does so here. */
static void peer(void)
{
	SKIP_UNLESS(lend_window().nr_own, "bob");
	begin();
	timer_set_ctl(TIMER_VIRT, 0);
	CHECK_EQ(lend_status(LEND_LEND, WORK, 1, lend_peer(), 0), LEND_SUCCESS);
	SLEEP_UNTIL(nr_events[LEND_EVENT_RETURNED]);
}

/* bob takes it and keeps it, alice wants it back, and takes it by force. */
static void revoke(void)
{
	struct smccc loan;
	s64 status;

	SKIP_UNLESS(lend_window().nr_own, "bob");
	begin();
	do {
		loan = lend(LEND_LEND, WORK, 1, lend_peer(), LEND_LEND_REVOCABLE);
		wait_ticks(20);
		status = lend_status(LEND_RECLAIM, loan.x[1], 1, 0, 0);
	} while (status == LEND_SUCCESS); /* bob had not come to it */
	CHECK_EQ(status, LEND_PENDING);
	wait_ticks(2);
	irq_enable();
	status = lend_status(LEND_REVOKE, loan.x[1], 0, 0, 0);
	end("revoke");
	CHECK_EQ(status, LEND_SUCCESS);
	CHECK_EQ(slot_state(WORK), LEND_SLOT_STANDBY);
}

static void the_end(void)
{
	SKIP_UNLESS(lend_window().nr_own, "bob");
	begin();
	wait_ticks(400); /* for bob to have acknowledged what was revoked */
	CHECK_EQ(lend_status(LEND_LEND, WORK, 1, lend_peer(), THE_END), LEND_SUCCESS);
	/* For an offer of who is off is gone before it is read. */
	SLEEP_UNTIL(nr_events[LEND_EVENT_RETURNED]);
}

static void bob(void)
{
	SKIP_UNLESS(!lend_window().nr_own, "alice");
	begin();
	for (;;) {
		SLEEP_UNTIL(slot_state(0) == LEND_SLOT_OFFERED);
		if (slot_flags(0) & LEND_FLAG_ADOPTABLE)
			break;
		CHECK_EQ(lend_status(LEND_RETRIEVE, 0, 1, 0, 0), LEND_SUCCESS);
		if (slot_flags(0) & LEND_FLAG_REVOCABLE) {
			SLEEP_UNTIL(slot_state(0) == LEND_SLOT_REVOKED);
			/* Two that are busy at once would take each other's time, by -icount. */
			wait_ticks(300);
		}
		irq_enable();
		CHECK_EQ(lend_status(LEND_RELINQUISH, 0, 1, 0, 0), LEND_SUCCESS);
		irq_disable();
	}
	end("bob");
}

TESTS(TEST(itself), TEST(another_vcpu), TEST(peer), TEST(revoke), TEST(the_end), TEST(bob));
