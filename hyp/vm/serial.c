/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/vm/vm.h"
#include "dt/guest_fdt.h"
#include "hyp/cpu/timer.h"
#include "hyp/dev/console.h"

/*
 * A line without its end is shown when nothing was added to it for QUIET_NS, or it is as old as that ten
 * times: not sooner, or lines from several VMs at once would show their beginnings again and again.
 */
#define QUIET_NS 20000000ULL
#define MAX_POSTPONED 10

static void flush(void *arg)
{
	struct vcpu *v = arg;

	if (v->written_since && ++v->postponed < MAX_POSTPONED) {
		v->written_since = false;
		timer_arm(&v->flush, QUIET_NS);
		return;
	}
	console_flush_partial(v->vm->id);
}

/* On a CPU of the VM: the guest wrote to its UART. */
static void transmit(void *arg, u8 byte)
{
	struct vm *vm = arg;
	struct vcpu *v = this_vcpu();

	v->written_since = true;
	if (!console_putc(vm->id, byte) || v->flush.armed)
		return;
	v->written_since = false;
	v->postponed = 0;
	v->flush.fn = flush;
	v->flush.arg = v;
	timer_arm(&v->flush, QUIET_NS);
}

static void interrupt(void *arg, bool level)
{
	struct vm *vm = arg;

	vgic_hw_set_line(&vm->gic, GUEST_UART_INTID, level);
}

/* On any CPU: somebody typed. A guest that does not read loses what its backlog cannot hold. */
static void receive(void *arg, u8 byte)
{
	struct vm *vm = arg;

	spin_lock(&vm->uart_lock);
	pl011_rx(&vm->uart, byte);
	spin_unlock(&vm->uart_lock);
}

void serial_init(struct vm *vm)
{
	pl011_init(&vm->uart, transmit, interrupt, vm);
	console_register(vm->id, vm->config->name, receive, vm);
}
