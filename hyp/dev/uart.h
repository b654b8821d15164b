/* SPDX-License-Identifier: BSD-2-Clause */
/* The physical PL011, as firmware left its baud rate. Source: Arm DDI 0183. */
#ifndef HYP_DEV_UART_H
#define HYP_DEV_UART_H

#include "hyp/lib/types.h"

/* The address alone; enough for uart_put() on a UART that firmware or QEMU has set up. */
void uart_set_base(u64 base);

/* 8 bits, FIFOs and receive interrupts on. Interrupts go to the CPU that enabled intid at the GIC. */
void uart_init(void);

/* Waits while the FIFO is full. Without a base it drops everything. */
void uart_put(const char *buf, size_t n);

/* For a panic: what other CPUs put from here on, and what they are in the middle of, is dropped. */
void uart_claim(void);

/* The receive interrupt: each byte to console_input(). */
void uart_interrupt(void);

#endif
