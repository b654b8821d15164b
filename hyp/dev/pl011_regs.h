/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers of a PL011, physical and virtual. Source: Arm DDI 0183, chapter 3. */
#ifndef HYP_DEV_PL011_REGS_H
#define HYP_DEV_PL011_REGS_H

#define UARTDR 0x000
#define UARTFR 0x018
#define UARTFR_CTS BIT(0)
#define UARTFR_DSR BIT(1)
#define UARTFR_DCD BIT(2)
#define UARTFR_RXFE BIT(4)
#define UARTFR_TXFF BIT(5)
#define UARTFR_RXFF BIT(6)
#define UARTFR_TXFE BIT(7)
#define UARTILPR 0x020
#define UARTIBRD 0x024
#define UARTFBRD 0x028
#define UARTLCR_H 0x02c
#define UARTLCR_H_FEN BIT(4)
#define UARTLCR_H_WLEN_8 (3u << 5)
#define UARTCR 0x030
#define UARTCR_ENABLE (BIT(0) | BIT(8) | BIT(9))
#define UARTIFLS 0x034
#define UARTIMSC 0x038
#define UARTRIS 0x03c
#define UARTMIS 0x040
#define UARTICR 0x044
#define UARTDMACR 0x048
#define UARTPERIPHID0 0xfe0

#define UARTINT_RX BIT(4)
#define UARTINT_TX BIT(5)
#define UARTINT_RT BIT(6)

#endif
