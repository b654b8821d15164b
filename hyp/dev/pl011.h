/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtual PL011 UART, one per VM. What the guest writes is sent at once, whether or not the guest
 * enabled the UART: its transmit FIFO is always empty, and no byte is lost. What is typed waits in a
 * backlog, of which the guest sees the first 16 bytes as the receive FIFO (1 byte with FIFOs off).
 *
 * Interrupts: RX while the FIFO is filled to its trigger level, RT (time-out) while anything waits:
 * without a baud rate the time-out is immediate. Both follow the data, so clearing them while it waits
 * changes nothing. TX is set as each byte leaves, because the level is crossed then, and stays until
 * cleared. There are no errors, no DMA, no loop-back; the modem lines say "ready".
 *
 * The caller holds the VM's uart lock in all functions, and the callbacks run under it. pl011_init()
 * needs no lock.
 *
 * Source: Arm PrimeCell UART (PL011) technical reference manual (DDI 0183), r1p4.
 */
#ifndef HYP_DEV_PL011_H
#define HYP_DEV_PL011_H

#include "hyp/lib/types.h"

#define PL011_FIFO_SIZE 16
#define PL011_BACKLOG_SIZE 1024 /* a power of two */
#define PL011_NR_KEPT 19 /* up to DMACR, by offset / 4 */

struct pl011 {
	void (*tx)(void *arg, u8 byte); /* a byte leaves */
	void (*irq)(void *arg, bool level); /* the combined interrupt changed */
	void *arg;
	u16 kept[PL011_NR_KEPT]; /* registers that only keep what was written; the others are 0 */
	bool tx_raised; /* RIS.TXRIS */
	bool irq_level; /* as last told */
	u32 rx_first, rx_count; /* of backlog */
	u8 backlog[PL011_BACKLOG_SIZE];
};

void pl011_init(struct pl011 *p, void (*tx)(void *arg, u8 byte), void (*irq)(void *arg, bool level),
		void *arg);

/* Power-on state: input that waits is forgotten, and the interrupt driven low. */
void pl011_reset(struct pl011 *p);

/*
 * Accesses: offset from the base, size 1, 2 or 4 bytes. False: no such access (a size that is none of
 * these, or not at the start of a register). What the manual reserves reads as zero and ignores writes.
 */
bool pl011_read(struct pl011 *p, u64 offset, u32 size, u64 *value);
bool pl011_write(struct pl011 *p, u64 offset, u32 size, u64 value);

/* A byte for the guest. False: the backlog is full, the byte was not taken. */
bool pl011_rx(struct pl011 *p, u8 byte);

#endif
