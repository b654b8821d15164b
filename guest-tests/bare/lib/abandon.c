/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest-tests/bare/lib/abandon.h"
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/lend.h"

#define HVC 0xd4000002u
#define FIRST_US 20

static struct cpu *caller; /* in the call */
static bool abandoned, was_inside;
static u32 after_us, busy_slot;

static void arm(void)
{
	timer_set_tval(TIMER_VIRT, (s32)(counter_hz() / 1000000 * after_us));
	timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
	after_us *= 2;
}

/*
 * The call has to be what is interrupted, with the block being scrubbed, and twice: at the first time another
 * call may have begun that, and this one not be entered yet.
 */
static bool leave_call(u64 index, struct frame *frame)
{
	if (index != VECTOR_IRQ || this_cpu() != caller)
		return false;
	timer_set_ctl(TIMER_VIRT, 0);
	if (*(const u32 *)frame->elr != HVC || !(slot_flags(busy_slot) & LEND_FLAG_BUSY)) {
		arm();
	} else if (!was_inside) {
		was_inside = true;
		arm();
	} else {
		frame->elr += 4;
		abandoned = true;
	}
	return false; /* it is still to be taken */
}

bool lend_abandoned(u32 slot, u32 fn, u64 x1, u64 x2, u64 x3)
{
	abandoned = was_inside = false;
	busy_slot = slot;
	caller = this_cpu();
	exception_hook = leave_call;
	gic_enable(caller->index, timer_intid(TIMER_VIRT));
	irq_enable();
	after_us = FIRST_US;
	arm();
	(void)lend(fn, x1, x2, x3, 0);
	caller = NULL;
	timer_set_ctl(TIMER_VIRT, 0);
	exception_hook = NULL;
	return abandoned;
}
