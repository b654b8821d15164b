/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest-tests/bare/lib/print.h"
#include "guest-tests/bare/lib/uart.h"

struct out {
	char *buf; /* NULL: the UART */
	size_t left;
};

static void put(struct out *o, char c)
{
	if (!o->buf) {
		uart_put(c);
	} else if (o->left > 1) {
		*o->buf++ = c;
		o->left--;
	}
}

static void put_number(struct out *o, u64 value, u32 base)
{
	char digits[24];
	u32 n = 0;

	do
		digits[n++] = "0123456789abcdef"[value % base];
	while (value /= base);
	while (n)
		put(o, digits[--n]);
}

static void put_signed(struct out *o, s64 value)
{
	if (value < 0)
		put(o, '-');
	put_number(o, value < 0 ? -(u64)value : (u64)value, 10);
}

static const char *convert(struct out *o, const char *fmt, va_list *ap)
{
	bool is_long = *fmt == 'l';

	fmt += is_long;
	switch (*fmt) {
	case 's':
		for (const char *s = va_arg(*ap, const char *); *s; s++)
			put(o, *s);
		break;
	case 'c':
		put(o, (char)va_arg(*ap, int));
		break;
	case 'd':
		put_signed(o, is_long ? va_arg(*ap, long) : va_arg(*ap, int));
		break;
	case 'u':
	case 'x':
		put_number(o, is_long ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned int),
			   *fmt == 'x' ? 16 : 10);
		break;
	default:
		put(o, *fmt);
	}
	return fmt + 1;
}

static void run(struct out *o, const char *fmt, va_list ap)
{
	va_list copy;

	va_copy(copy, ap);
	while (*fmt) {
		if (*fmt == '%')
			fmt = convert(o, fmt + 1, &copy);
		else
			put(o, *fmt++);
	}
	va_end(copy);
}

void vprint(const char *fmt, va_list ap)
{
	struct out o = {NULL, 0};

	run(&o, fmt, ap);
}

void print(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprint(fmt, ap);
	va_end(ap);
}

void vformat(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = {buf, size};

	run(&o, fmt, ap);
	*o.buf = '\0';
}

void format(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vformat(buf, size, fmt, ap);
	va_end(ap);
}
