/* SPDX-License-Identifier: BSD-2-Clause */
/* Physical interrupts, wherever they find the CPU: in a guest, or at a safe point of EL2. */
#include "hyp/cpu/timer.h"
#include "hyp/dev/uart.h"
#include "hyp/gic/gic.h"
#include "hyp/vm/vm.h"

static void handle(u32 intid)
{
	struct vcpu *v = this_vcpu();

	gic_drop_priority(intid);
	if (v && vgic_hw_timer(&v->gic, intid))
		return; /* active until the guest ends it, through its list register */
	if (intid == platform.timer_hyp_intid)
		timer_quiet();
	else if (intid == platform.uart_intid)
		uart_interrupt();
	else if (v) /* a kick, or maintenance: the list registers want a look */
		vgic_hw_serve(&v->gic);
	gic_deactivate(intid);
	/* What a timer runs can see the next interrupt pend, the timer's own too, and make room. */
	if (intid == platform.timer_hyp_intid)
		timer_run();
}

void cpu_serve_interrupts(void)
{
	while (cpu_interrupt_pending()) {
		u32 intid = gic_acknowledge();

		if (intid >= GIC_SPURIOUS)
			return;
		handle(intid);
	}
}
