/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/dev/uart.h"
#include "hyp/dev/console.h"

#define UARTDR 0x000
#define UARTFR 0x018
#define UARTFR_RXFE BIT(4)
#define UARTFR_TXFF BIT(5)
#define UARTLCR_H 0x02c
#define UARTLCR_H_FEN BIT(4)
#define UARTLCR_H_WLEN_8 (3u << 5)
#define UARTCR 0x030
#define UARTCR_ENABLE (BIT(0) | BIT(8) | BIT(9))
#define UARTIMSC 0x038
#define UARTICR 0x044
#define UARTINT_RX BIT(4)
#define UARTINT_RT BIT(6)

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
