/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/dev/pl011.h"

enum pl011_offset {
	DR = 0x00,
	FR = 0x18,
	RIS = 0x3c,
	MIS = 0x40,
	ICR = 0x44,
	IDS = 0xfe0,
	END = 0x1000,
};

#define FR_CTS BIT(0)
#define FR_DSR BIT(1)
#define FR_DCD BIT(2)
#define FR_RXFE BIT(4)
#define FR_RXFF BIT(6)
#define FR_TXFE BIT(7)
#define LCR_H_FEN BIT(4)
#define INT_RX BIT(4)
#define INT_TX BIT(5)
#define INT_RT BIT(6)

enum {
	ILPR,
	IBRD,
	FBRD,
	LCR_H,
	CR,
	IFLS,
	IMSC,
	DMACR
};

static const struct stored_reg {
	u16 offset, reset, mask;
} stored_regs[PL011_NR_STORED] = {
	[ILPR] = {0x20, 0, 0x00ff},  [IBRD] = {0x24, 0, 0xffff},   [FBRD] = {0x28, 0, 0x003f},
	[LCR_H] = {0x2c, 0, 0x00ff}, [CR] = {0x30, 0x300, 0xff87}, [IFLS] = {0x34, 0x12, 0x003f},
	[IMSC] = {0x38, 0, 0x07ff},  [DMACR] = {0x48, 0, 0x0007},
};

/* PeriphID0 to 3, PCellID0 to 3: revision 1, the one with FIFOs of 16. */
static const u8 ids[] = {0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

static u32 fifo_size(const struct pl011 *p)
{
	return p->stored[LCR_H] & LCR_H_FEN ? PL011_FIFO_SIZE : 1;
}

/* IFLS.RXIFLSEL: 1/8, 1/4, 1/2, 3/4, 7/8 of the FIFO; the rest is reserved. */
static u32 rx_trigger(const struct pl011 *p)
{
	static const u8 level[] = {2, 4, 8, 12, 14, 14, 14, 14};

	return p->stored[LCR_H] & LCR_H_FEN ? level[FIELD(p->stored[IFLS], 5, 3)] : 1;
}

static u32 raw_interrupts(const struct pl011 *p)
{
	return (p->rx_count >= rx_trigger(p) ? INT_RX : 0) | (p->rx_count ? INT_RT : 0) |
	       (p->tx_raised ? INT_TX : 0);
}

static void update_irq(struct pl011 *p)
{
	bool level = raw_interrupts(p) & p->stored[IMSC];

	if (level == p->irq_level)
		return;
	p->irq_level = level;
	p->irq(p->arg, level);
}

static u32 flags(const struct pl011 *p)
{
	return FR_CTS | FR_DSR | FR_DCD | FR_TXFE | (p->rx_count ? 0 : FR_RXFE) |
	       (p->rx_count >= fifo_size(p) ? FR_RXFF : 0);
}

static u8 take_rx(struct pl011 *p)
{
	u8 byte;

	if (!p->rx_count)
		return 0;
	byte = p->backlog[p->rx_first];
	p->rx_first = (p->rx_first + 1) % PL011_BACKLOG_SIZE;
	p->rx_count--;
	update_irq(p);
	return byte;
}

static bool is_access(u64 offset, u32 size)
{
	return (size == 1 || size == 2 || size == 4) && IS_ALIGNED(offset, 4);
}

static u32 read_reg(struct pl011 *p, u64 offset)
{
	switch (offset) {
	case DR:
		return take_rx(p);
	case FR:
		return flags(p);
	case RIS:
		return raw_interrupts(p);
	case MIS:
		return raw_interrupts(p) & p->stored[IMSC];
	}
	if (offset >= IDS && offset < END)
		return ids[(offset - IDS) / 4];
	for (u32 i = 0; i < PL011_NR_STORED; i++)
		if (offset == stored_regs[i].offset)
			return p->stored[i];
	return 0;
}

bool pl011_read(struct pl011 *p, u64 offset, u32 size, u64 *value)
{
	if (!is_access(offset, size))
		return false;
	*value = read_reg(p, offset) & (BIT(size * 8) - 1);
	return true;
}

bool pl011_write(struct pl011 *p, u64 offset, u32 size, u64 value)
{
	if (!is_access(offset, size))
		return false;
	value &= BIT(size * 8) - 1;
	for (u32 i = 0; i < PL011_NR_STORED; i++)
		if (offset == stored_regs[i].offset)
			p->stored[i] = value & stored_regs[i].mask;
	if (offset == DR) {
		p->tx(p->arg, value);
		p->tx_raised = true;
	} else if (offset == ICR && value & INT_TX) {
		p->tx_raised = false;
	}
	update_irq(p);
	return true;
}

bool pl011_rx(struct pl011 *p, u8 byte)
{
	if (p->rx_count == PL011_BACKLOG_SIZE)
		return false;
	p->backlog[(p->rx_first + p->rx_count++) % PL011_BACKLOG_SIZE] = byte;
	update_irq(p);
	return true;
}

static void set_power_on(struct pl011 *p)
{
	for (u32 i = 0; i < PL011_NR_STORED; i++)
		p->stored[i] = stored_regs[i].reset;
	p->tx_raised = false;
	p->irq_level = false;
	p->rx_first = 0;
	p->rx_count = 0;
}

void pl011_reset(struct pl011 *p)
{
	set_power_on(p);
	p->irq(p->arg, false);
}

void pl011_init(struct pl011 *p, void (*tx)(void *arg, u8 byte), void (*irq)(void *arg, bool level),
		void *arg)
{
	p->tx = tx;
	p->irq = irq;
	p->arg = arg;
	set_power_on(p);
}
