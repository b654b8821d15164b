/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/dev/pl011.h"
#include "hyp/dev/pl011_regs.h"

/* Registers that keep what is written to them, by offset / 4; of the others nothing is kept. */
static const struct {
	u16 reset, mask;
} kept[PL011_NR_KEPT] = {
	[UARTILPR / 4] = {0, 0x00ff},   [UARTIBRD / 4] = {0, 0xffff},
	[UARTFBRD / 4] = {0, 0x003f},   [UARTLCR_H / 4] = {0, 0x00ff},
	[UARTCR / 4] = {0x300, 0xff87}, [UARTIFLS / 4] = {0x12, 0x003f},
	[UARTIMSC / 4] = {0, 0x07ff},   [UARTDMACR / 4] = {0, 0x0007},
};

/* PeriphID0 to 3, PCellID0 to 3: revision 1, the one with FIFOs of 16. */
static const u8 ids[] = {0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

/* IFLS.RXIFLSEL: 1/8, 1/4, 1/2, 3/4, 7/8 of the FIFO; the rest is reserved. */
static u32 rx_trigger(const struct pl011 *p)
{
	static const u8 level[] = {2, 4, 8, 12, 14, 14, 14, 14};

	return p->kept[UARTLCR_H / 4] & UARTLCR_H_FEN ? level[FIELD(p->kept[UARTIFLS / 4], 5, 3)]
						      : 1;
}

static u32 raw_interrupts(const struct pl011 *p)
{
	return (p->rx_count >= rx_trigger(p) ? UARTINT_RX : 0) | (p->rx_count ? UARTINT_RT : 0) |
	       (p->tx_raised ? UARTINT_TX : 0);
}

static void update_irq(struct pl011 *p)
{
	bool level = raw_interrupts(p) & p->kept[UARTIMSC / 4];

	if (level == p->irq_level)
		return;
	p->irq_level = level;
	p->irq(p->arg, level);
}

static u32 flags(const struct pl011 *p)
{
	u32 fifo_size = p->kept[UARTLCR_H / 4] & UARTLCR_H_FEN ? PL011_FIFO_SIZE : 1;

	return UARTFR_CTS | UARTFR_DSR | UARTFR_DCD | UARTFR_TXFE |
	       (p->rx_count ? 0 : UARTFR_RXFE) | (p->rx_count >= fifo_size ? UARTFR_RXFF : 0);
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
	case UARTDR:
		return take_rx(p);
	case UARTFR:
		return flags(p);
	case UARTRIS:
		return raw_interrupts(p);
	case UARTMIS:
		return raw_interrupts(p) & p->kept[UARTIMSC / 4];
	}
	if (offset / 4 < PL011_NR_KEPT)
		return p->kept[offset / 4];
	return offset >= UARTPERIPHID0 ? ids[(offset - UARTPERIPHID0) / 4 % ARRAY_SIZE(ids)] : 0;
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
	if (offset / 4 < PL011_NR_KEPT)
		p->kept[offset / 4] = value & kept[offset / 4].mask;
	if (offset == UARTDR) {
		p->tx(p->arg, value);
		p->tx_raised = true;
	} else if (offset == UARTICR && value & UARTINT_TX) {
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

void pl011_init(struct pl011 *p, void (*tx)(void *arg, u8 byte), void (*irq)(void *arg, bool level),
		void *arg)
{
	*p = (struct pl011){.tx = tx, .irq = irq, .arg = arg};
	for (u32 i = 0; i < PL011_NR_KEPT; i++)
		p->kept[i] = kept[i].reset;
}

void pl011_reset(struct pl011 *p)
{
	pl011_init(p, p->tx, p->irq, p->arg);
	p->irq(p->arg, false);
}
