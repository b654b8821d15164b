/* SPDX-License-Identifier: BSD-2-Clause */
/* The way of a 32-bit guest: from start.S through its tests to SYSTEM_OFF; and its exceptions. */
#include <stdarg.h>
#include "guest-tests/aarch32/arm32.h"

#define UART_FR_TXFF BIT(5)

struct entry entry;
struct caught caught_one;

static u32 resume_at;
static u32 nr_failed, failed_line;
static const char *failed_what;
static u64 failed_got, failed_wanted;

static void put(char c)
{
	while (mmio_read(UART_FR) & UART_FR_TXFF)
		;
	mmio_write(UART_BASE, (u8)c);
}

static void put_number(u64 value, u32 shift_or_ten)
{
	char digits[24];
	u32 n = 0;

	do {
		u32 digit = shift_or_ten == 10 ? (u32)value % 10 : (u32)value & 15;

		digits[n++] = "0123456789abcdef"[digit];
		value = shift_or_ten == 10 ? (u32)value / 10 : value >> 4;
	} while (value);
	while (n)
		put(digits[--n]);
}

void print(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	for (; *fmt; fmt++) {
		if (*fmt != '%') {
			put(*fmt);
			continue;
		}
		switch (*++fmt) {
		case 's':
			for (const char *s = va_arg(ap, const char *); *s; s++)
				put(*s);
			break;
		case 'u':
			put_number(va_arg(ap, u32), 10);
			break;
		case 'x':
			put_number(va_arg(ap, u32), 16);
			break;
		case 'X':
			put_number(va_arg(ap, u64), 16);
			break;
		default:
			put(*fmt);
		}
	}
	va_end(ap);
}

/* The first one counts. */
void test_fail(int line, const char *what, u64 got, u64 wanted)
{
	if (__atomic_fetch_add(&nr_failed, 1, __ATOMIC_SEQ_CST))
		return;
	failed_line = (u32)line;
	failed_what = what;
	failed_got = got;
	failed_wanted = wanted;
}

static _Noreturn void off(void)
{
	smc(PSCI_SYSTEM_OFF, 0, 0, 0, 0);
	for (;;)
		;
}

void bail_out(const char *why, u32 value)
{
	print("\nBail out! %s 0x%x\n", why, value);
	off();
}

u32 caught(u32 kind, u32 lr, u32 cpsr)
{
	u32 resume = resume_at;

	if (!resume)
		bail_out(kind == CAUGHT_UNDEFINED ? "undefined, LR" : "abort, LR", lr);
	resume_at = 0;
	caught_one = (struct caught){
		.kind = kind,
		.lr = lr,
		.cpsr = cpsr,
		.dfsr = read_cp15(0, c5, c0, 0),
		.dfar = read_cp15(0, c6, c0, 0),
		.ifsr = read_cp15(0, c5, c0, 1),
		.ifar = read_cp15(0, c6, c0, 2),
	};
	return resume;
}

u32 probe(u32 (*fn)(u32 a, u32 b), u32 (*end)(u32 a, u32 b), u32 a, u32 b)
{
	u32 r;

	caught_one = (struct caught){0};
	resume_at = (u32)end;
	r = fn(a, b);
	resume_at = 0;
	return r;
}

static void run_test(u32 number, const struct test *test)
{
	nr_failed = 0;
	irq_handler = NULL;
	for (u32 i = 0; i < NR_COUNTED; i++)
		irq_counts[0][i] = irq_counts[1][i] = 0;
	test->run();
	irq_disable();
	if (nr_failed)
		print("not ok %u - %s # line %u: %s is 0x%X, not 0x%X\n", number, test->name,
		      failed_line, failed_what, failed_got, failed_wanted);
	else
		print("ok %u - %s\n", number, test->name);
}

_Noreturn void main32(u32 r0, u32 r1, u32 r2, u32 cpsr, u32 sctlr)
{
	u32 nr = 0;

	entry = (struct entry){{r0, r1, r2}, cpsr, sctlr};
	mmu_on(false);
	gic_init();
	gic_init_cpu(0);
	while (tests[nr].run)
		nr++;
	print("1..%u\n", nr);
	for (u32 i = 0; i < nr; i++)
		run_test(i + 1, &tests[i]);
	print("# done\n");
	off();
}
