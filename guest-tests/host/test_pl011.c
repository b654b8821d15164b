/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtual PL011: registers, the receive path, interrupts; after each step the whole visible state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "hyp/dev/pl011.h"

#define DR 0x00
#define RSR 0x04
#define FR 0x18
#define ILPR 0x20
#define IBRD 0x24
#define FBRD 0x28
#define LCR_H 0x2c
#define CR 0x30
#define IFLS 0x34
#define IMSC 0x38
#define RIS 0x3c
#define MIS 0x40
#define ICR 0x44
#define DMACR 0x48

#define FR_IDLE 0x97 /* TXFE, RXFE, and the modem lines */
#define FR_DATA 0x87
#define FR_FULL 0xc7
#define RX 0x10
#define TX 0x20
#define RT 0x40

static struct {
	u8 sent[4096];
	u32 nr_sent;
	bool level;
	u32 nr_irqs;
} out;

static void tx(void *arg, u8 byte)
{
	assert_ptr_equal(arg, &out);
	out.sent[out.nr_sent++] = byte;
}

static void irq(void *arg, bool level)
{
	assert_ptr_equal(arg, &out);
	out.level = level;
	out.nr_irqs++;
}

static struct pl011 *fresh(void)
{
	static struct pl011 p;

	memset(&out, 0, sizeof(out));
	memset(&p, 0xa5, sizeof(p));
	pl011_init(&p, tx, irq, &out);
	return &p;
}

static u64 rd(struct pl011 *p, u64 offset)
{
	u64 value = 0xdeadbeef;

	assert_true(pl011_read(p, offset, 4, &value));
	return value;
}

static void wr(struct pl011 *p, u64 offset, u64 value)
{
	assert_true(pl011_write(p, offset, 4, value));
}

static void expect(struct pl011 *p, u32 fr, u32 ris, u32 mis)
{
	assert_int_equal(rd(p, FR), fr);
	assert_int_equal(rd(p, RIS), ris);
	assert_int_equal(rd(p, MIS), mis);
	assert_int_equal(out.level, mis != 0);
}

static const struct {
	u32 offset, reset, mask;
} stored[] = {
	{ILPR, 0, 0xff},     {IBRD, 0, 0xffff},  {FBRD, 0, 0x3f},  {LCR_H, 0, 0xff},
	{CR, 0x300, 0xff87}, {IFLS, 0x12, 0x3f}, {IMSC, 0, 0x7ff}, {DMACR, 0, 7},
};

static void test_stored_registers(void **state)
{
	struct pl011 *p = fresh();

	(void)state;
	expect(p, FR_IDLE, 0, 0);
	assert_int_equal(rd(p, RSR), 0);
	for (size_t i = 0; i < ARRAY_SIZE(stored); i++) {
		assert_int_equal(rd(p, stored[i].offset), stored[i].reset);
		wr(p, stored[i].offset, 0xffffffff);
		/* The others are as they were: written ones full, the rest at reset. */
		for (size_t j = 0; j < ARRAY_SIZE(stored); j++)
			assert_int_equal(rd(p, stored[j].offset),
					 j <= i ? stored[j].mask : stored[j].reset);
	}
	pl011_reset(p);
	for (size_t i = 0; i < ARRAY_SIZE(stored); i++)
		assert_int_equal(rd(p, stored[i].offset), stored[i].reset);
	assert_int_equal(out.nr_sent, 0);
}

static void test_identity(void **state)
{
	static const u8 ids[] = {0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
	struct pl011 *p = fresh();

	(void)state;
	for (u32 i = 0; i < 8; i++) {
		wr(p, 0xfe0 + 4 * i, 0xff);
		assert_int_equal(rd(p, 0xfe0 + 4 * i), ids[i]);
	}
	for (u32 offset = 0x4c; offset < 0xfe0; offset += 4) {
		wr(p, offset, 0xffffffff);
		assert_int_equal(rd(p, offset), 0);
	}
	expect(p, FR_IDLE, 0, 0);
}

static void test_access_sizes(void **state)
{
	struct pl011 *p = fresh();
	u64 value;

	(void)state;
	for (u32 size = 1; size <= 4; size *= 2) {
		assert_true(pl011_write(p, IBRD, size, 0x12345678));
		assert_true(pl011_read(p, IBRD, size, &value));
		assert_int_equal(value, size == 1 ? 0x78 : 0x5678);
	}
	assert_false(pl011_read(p, IBRD, 8, &value));
	assert_false(pl011_write(p, IBRD, 8, 0));
	assert_false(pl011_read(p, IBRD, 0, &value));
	assert_false(pl011_read(p, IBRD + 1, 1, &value));
	assert_false(pl011_write(p, DR + 2, 2, 0));
	assert_int_equal(rd(p, IBRD), 0x5678);
	assert_int_equal(out.nr_sent, 0);
}

/* Never enabled, polled, or by interrupt: each byte leaves at once. */
static void test_transmit(void **state)
{
	struct pl011 *p = fresh();

	(void)state;
	wr(p, CR, 0);
	for (u32 i = 0; i < 300; i++) {
		wr(p, DR, 0x500 | (i & 0xff));
		expect(p, FR_IDLE, TX, 0);
	}
	assert_int_equal(out.nr_sent, 300);
	for (u32 i = 0; i < 300; i++)
		assert_int_equal(out.sent[i], i & 0xff);
	assert_int_equal(out.nr_irqs, 0);

	/* As a driver does it: the mask on, a byte on each interrupt, the mask off after the last. */
	wr(p, IMSC, TX);
	expect(p, FR_IDLE, TX, TX);
	wr(p, ICR, 0x7ff & ~TX);
	expect(p, FR_IDLE, TX, TX);
	wr(p, ICR, TX);
	expect(p, FR_IDLE, 0, 0);
	wr(p, DR, 'x');
	expect(p, FR_IDLE, TX, TX);
	wr(p, IMSC, 0);
	expect(p, FR_IDLE, TX, 0);
	assert_int_equal(out.nr_irqs, 4);
}

static void test_receive_one(void **state)
{
	struct pl011 *p = fresh();

	(void)state;
	wr(p, IMSC, RX);
	assert_true(pl011_rx(p, 'a'));
	/* FIFOs off: one byte is full, and at the trigger. */
	expect(p, FR_FULL, RX | RT, RX);
	assert_true(pl011_rx(p, 'b'));
	expect(p, FR_FULL, RX | RT, RX);
	assert_int_equal(out.nr_irqs, 1);
	/* Data still waits: clearing does not lose it. */
	wr(p, ICR, 0x7ff);
	expect(p, FR_FULL, RX | RT, RX);
	assert_int_equal(rd(p, DR), 'a');
	expect(p, FR_FULL, RX | RT, RX);
	assert_int_equal(rd(p, DR), 'b');
	expect(p, FR_IDLE, 0, 0);
	assert_int_equal(rd(p, DR), 0);
	expect(p, FR_IDLE, 0, 0);
	assert_int_equal(out.nr_irqs, 2);
}

static void test_receive_triggers(void **state)
{
	static const u32 trigger[] = {2, 4, 8, 12, 14, 14, 14, 14};
	struct pl011 *p = fresh();

	(void)state;
	for (u32 ifls = 0; ifls < 8; ifls++) {
		pl011_reset(p);
		wr(p, LCR_H, 0x70);
		wr(p, IFLS, ifls << 3);
		wr(p, IMSC, RX);
		for (u32 n = 1; n <= 20; n++) {
			u32 rx = n >= trigger[ifls] ? RX : 0;

			assert_true(pl011_rx(p, n));
			expect(p, n < 16 ? FR_DATA : FR_FULL, rx | RT, rx);
		}
		for (u32 n = 20; n > 0; n--) {
			u32 rx = n >= trigger[ifls] ? RX : 0;

			expect(p, n < 16 ? FR_DATA : FR_FULL, rx | RT, rx);
			assert_int_equal(rd(p, DR), 21 - n);
		}
		expect(p, FR_IDLE, 0, 0);
	}
	/* Below the trigger the time-out speaks. */
	wr(p, IMSC, RT);
	assert_true(pl011_rx(p, 'z'));
	expect(p, FR_DATA, RT, RT);
	assert_int_equal(rd(p, DR), 'z');
	expect(p, FR_IDLE, 0, 0);
}

/* Pasted input: as much as the backlog holds, in order, across its end, and a no when it is full. */
static void test_backlog(void **state)
{
	struct pl011 *p = fresh();
	u32 in = 0, read = 0;

	(void)state;
	wr(p, LCR_H, 0x10);
	for (u32 round = 0; round < 3; round++) {
		while (pl011_rx(p, in % 251))
			in++;
		assert_int_equal(in - read, PL011_BACKLOG_SIZE);
		for (u32 i = 0; i < 700; i++)
			assert_int_equal(rd(p, DR), read++ % 251);
	}
	while (read < in)
		assert_int_equal(rd(p, DR), read++ % 251);
	expect(p, FR_IDLE, 0, 0);
}

static void test_reset(void **state)
{
	struct pl011 *p = fresh();

	(void)state;
	wr(p, IMSC, RX | TX | RT);
	wr(p, DR, 'q');
	assert_true(pl011_rx(p, 'a'));
	expect(p, FR_FULL, RX | TX | RT, RX | TX | RT);
	pl011_reset(p);
	expect(p, FR_IDLE, 0, 0);
	wr(p, IMSC, RX | TX | RT);
	expect(p, FR_IDLE, 0, 0);
	assert_int_equal(out.nr_irqs, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stored_registers), cmocka_unit_test(test_identity),
		cmocka_unit_test(test_access_sizes),     cmocka_unit_test(test_transmit),
		cmocka_unit_test(test_receive_one),      cmocka_unit_test(test_receive_triggers),
		cmocka_unit_test(test_backlog),          cmocka_unit_test(test_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
