/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/vm/serial.h"
#include "dt/guest_fdt.h"
#include "hyp/cpu/timer.h"
#include "hyp/dev/console.h"

/* How long a line without its end waits for it, before it is shown as it stands. */
#define PROMPT_DELAY_NS 20000000ULL

static void flush(void *arg)
{
	const struct vcpu *v = arg;

	console_flush_partial(v->vm->id);
}

/* On a CPU of the VM: the guest wrote to its UART. */
static void transmit(void *arg, u8 byte)
{
	struct vm *vm = arg;
	struct vcpu *v = this_vcpu();

	if (!console_putc(vm->id, byte))
		return;
	v->flush.fn = flush;
	v->flush.arg = v;
	timer_arm(&v->flush, PROMPT_DELAY_NS);
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
