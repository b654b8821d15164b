/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console. What arrives outside is for the driver of the test to judge; it types "hello" and a
 * newline at each "polled> " and "interrupt> ".
 */
#include "guest-tests/bare/bare.h"

#define LINE_SIZE 64
#define LONG_LINE 1000

static char line[LINE_SIZE];
static u32 length;
static bool complete;

static void add(char c)
{
	if (c == '\r' || c == '\n')
		complete |= length > 0; /* not by the second half of a CR LF */
	else if (!complete && length < LINE_SIZE - 1)
		line[length++] = c;
	line[length] = '\0';
}

static bool is_hello(void)
{
	const char *wanted = "hello";
	u32 i = 0;

	while (wanted[i] && line[i] == wanted[i])
		i++;
	return !wanted[i] && !line[i];
}

static void prompt(const char *text)
{
	length = 0;
	complete = false;
	line[0] = '\0';
	print("%s", text); /* no newline: it has to show all the same */
}

static void identification(void)
{
	static const u32 wanted[] = {0x11, 0x10, 0, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

	for (u32 i = 0; i < ARRAY_SIZE(wanted); i++)
		if (i != 2) /* the revision is free */
			CHECK_EQ(mmio_read(UART_PERIPH_ID + 4 * i), wanted[i]);
}

static void transmits_while_disabled(void)
{
	u32 saved = mmio_read(UART_CR);

	mmio_write(UART_CR, 0);
	print("# sent with the UART disabled\n");
	mmio_write(UART_CR, saved);
}

static void long_line(void)
{
	print("# ");
	for (u32 i = 0; i < LONG_LINE; i++)
		uart_put((char)('0' + i % 10));
	print("\n");
}

static void many_lines(void)
{
	for (u32 i = 0; i < 200; i++)
		print("# line %u of 200\n", i);
}

static void odd_bytes(void)
{
	print("# tab\tand carriage return\r\n");
	print("#\n");
}

static void input_by_polling(void)
{
	mmio_write(UART_CR, UART_CR_ENABLE);
	prompt("polled> ");
	while (!complete) {
		CHECK(WAIT_FOR(uart_has_input()));
		add(uart_get());
	}
	print("\n# got \"%s\"\n", line);
	CHECK(is_hello());
}

static void take_input(u32 intid)
{
	(void)intid;
	while (uart_has_input())
		add(uart_get());
	mmio_write(UART_ICR, UART_INT_RX | UART_INT_RT);
}

static void input_by_interrupt(void)
{
	irq_handler = take_input;
	mmio_write(UART_CR, UART_CR_ENABLE);
	mmio_write(UART_ICR, 0x7ff);
	mmio_write(UART_IMSC, UART_INT_RX | UART_INT_RT);
	gic_set_edge(UART_INTID, false);
	gic_route(UART_INTID, my_mpidr());
	gic_enable(0, UART_INTID);
	prompt("interrupt> ");
	irq_enable();
	CHECK(WAIT_FOR(*(volatile bool *)&complete));
	irq_disable();
	print("\n# got \"%s\"\n", line);
	CHECK(is_hello());
	CHECK(irq_count(0, UART_INTID) >= 1);
	CHECK_EQ(mmio_read(UART_RIS) & UART_INT_RX, 0);
	mmio_write(UART_IMSC, 0);
	gic_disable(0, UART_INTID);
}

TESTS(TEST(identification), TEST(transmits_while_disabled), TEST(long_line), TEST(many_lines),
      TEST(odd_bytes), TEST(input_by_polling), TEST(input_by_interrupt));
