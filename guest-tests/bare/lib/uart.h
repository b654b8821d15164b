/* SPDX-License-Identifier: BSD-2-Clause */
/* The PL011 of QEMU's virt (ARM DDI 0183): never enabled, it transmits all the same. */
#ifndef BARE_UART_H
#define BARE_UART_H

#include "hyp/lib/types.h"
#include "guest-tests/bare/lib/cpu.h"

#define UART_BASE 0x09000000ULL
#define UART_DR (UART_BASE + 0x00)
#define UART_FR (UART_BASE + 0x18)
#define UART_CR (UART_BASE + 0x30)
#define UART_IMSC (UART_BASE + 0x38)
#define UART_RIS (UART_BASE + 0x3c)
#define UART_MIS (UART_BASE + 0x40)
#define UART_ICR (UART_BASE + 0x44)
#define UART_PERIPH_ID (UART_BASE + 0xfe0)
#define UART_FR_TXFF BIT(5)
#define UART_FR_RXFE BIT(4)
#define UART_CR_ENABLE (BIT(0) | BIT(8) | BIT(9))
#define UART_INT_RX BIT(4)
#define UART_INT_TX BIT(5)
#define UART_INT_RT BIT(6)
#define UART_INTID 33

static inline void uart_put(char c)
{
	while (mmio_read(UART_FR) & UART_FR_TXFF)
		cpu_relax();
	mmio_write(UART_DR, (u8)c);
}

static inline bool uart_has_input(void)
{
	return !(mmio_read(UART_FR) & UART_FR_RXFE);
}

static inline char uart_get(void)
{
	return (char)mmio_read(UART_DR);
}

#endif
