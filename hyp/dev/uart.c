/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/dev/uart.h"
#include "hyp/dev/console.h"
#include "hyp/dev/pl011_regs.h"

static volatile u8 *base;

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

void uart_put(const char *buf, size_t n)
{
	if (!base)
		return;
	while (n--) {
		while (read_reg(UARTFR) & UARTFR_TXFF)
			;
		write_reg(UARTDR, (u8)*buf++);
	}
}

void uart_interrupt(void)
{
	write_reg(UARTICR, UARTINT_RX | UARTINT_RT);
	while (!(read_reg(UARTFR) & UARTFR_RXFE))
		console_input((u8)read_reg(UARTDR));
}
