/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/dev/uart.h"
#include "hyp/cpu/percpu.h"
#include "hyp/dev/console.h"
#include "hyp/dev/pl011_regs.h"

static volatile u8 *base;
static const struct cpu *speaker; /* the only one that is heard, once there is one */

static u32 read_reg(u32 offset)
{
	return *(volatile u32 *)(base + offset);
}

static void write_reg(u32 offset, u32 value)
{
	*(volatile u32 *)(base + offset) = value;
}

void uart_set_base(u64 address)
{
	base = (volatile u8 *)address;
}

void uart_init(void)
{
	write_reg(UARTLCR_H, UARTLCR_H_FEN | UARTLCR_H_WLEN_8);
	write_reg(UARTCR, UARTCR_ENABLE);
	write_reg(UARTICR, 0x7ff);
	write_reg(UARTIMSC, UARTINT_RX | UARTINT_RT);
}

void uart_claim(void)
{
	const struct cpu *nobody = NULL;

	__atomic_compare_exchange_n(&speaker, &nobody, this_cpu(), false, __ATOMIC_RELAXED,
				    __ATOMIC_RELAXED);
}

static bool is_heard(void)
{
	const struct cpu *only = __atomic_load_n(&speaker, __ATOMIC_RELAXED);

	return !only || only == this_cpu();
}

void uart_put(const char *buf, size_t n)
{
	if (!base)
		return;
	while (n--) {
		while (read_reg(UARTFR) & UARTFR_TXFF)
			;
		if (!is_heard())
			return;
		write_reg(UARTDR, (u8)*buf++);
	}
}

void uart_interrupt(void)
{
	write_reg(UARTICR, UARTINT_RX | UARTINT_RT);
	while (!(read_reg(UARTFR) & UARTFR_RXFE))
		console_input((u8)read_reg(UARTDR));
}
