/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/lib/print.h"
#include "hyp/lib/string.h"
#include "hyp/lib/types.h"

#define LINE_SIZE 256

/* Where text goes: what does not fit is counted and dropped. */
struct out {
	char *buf;
	size_t size;
	size_t len;
};

/* One conversion, as far as it has been read. */
struct spec {
	bool left;
	bool zero; /* not together with left, and only for numbers */
	bool wide; /* a number of 64 bits */
	size_t width;
	size_t precision; /* SIZE_MAX without one */
};

static void put(struct out *o, char c)
{
	if (o->len < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void pad(struct out *o, char c, size_t have, size_t want)
{
	for (; have < want; have++)
		put(o, c);
}

/* sign or prefix, then text, in a field of the wanted width; zeros go between the two. */
static void put_field(struct out *o, const struct spec *s, const char *sign, const char *text,
		      size_t text_len)
{
	size_t len = strlen(sign) + text_len;

	if (!s->left && !s->zero)
		pad(o, ' ', len, s->width);
	while (*sign)
		put(o, *sign++);
	if (s->zero)
		pad(o, '0', len, s->width);
	while (text_len--)
		put(o, *text++);
	if (s->left)
		pad(o, ' ', len, s->width);
}

static void put_number(struct out *o, const struct spec *s, const char *sign, u64 value,
		       char letter)
{
	const char *digits = letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	u32 base = letter == 'u' ? 10 : 16;
	char text[20]; /* 2^64 - 1 has 20 decimal digits */
	size_t at = sizeof(text);

	do {
		text[--at] = digits[value % base];
		value /= base;
	} while (value);
	put_field(o, s, sign, text + at, sizeof(text) - at);
}

/* A number in the format string, or the argument that an asterisk stands for. */
static size_t read_number(const char **fmt, va_list *ap)
{
	size_t n = 0;

	if (**fmt == '*') {
		int arg = va_arg(*ap, int);

		(*fmt)++;
		return arg > 0 ? (size_t)arg : 0;
	}
	for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++)
		n = n * 10 + (size_t)(**fmt - '0');
	return n;
}

/* Reads what stands between '%' and the conversion's letter; returns where the letter is. */
static const char *read_spec(const char *fmt, struct spec *s, va_list *ap)
{
	*s = (struct spec){.precision = SIZE_MAX};
	for (; *fmt == '-' || *fmt == '0'; fmt++) {
		s->left |= *fmt == '-';
		s->zero |= *fmt == '0';
	}
	s->zero &= !s->left;
	s->width = read_number(&fmt, ap);
	if (*fmt == '.') {
		fmt++;
		s->precision = read_number(&fmt, ap);
	}
	for (; *fmt == 'l' || *fmt == 'z'; fmt++) /* all alike, on arm64 and amd64 */
		s->wide = true;
	return fmt;
}

/* Prints one conversion. False when its letter is none that we know: nothing was printed then. */
static bool put_conversion(struct out *o, char letter, struct spec *s, va_list *ap)
{
	const char *text;
	s64 number;
	char c;

	switch (letter) {
	case 'd':
	case 'i':
		number = s->wide ? va_arg(*ap, s64) : va_arg(*ap, s32);
		/* Negated as unsigned, which is defined for the smallest number too. */
		put_number(o, s, number < 0 ? "-" : "", number < 0 ? -(u64)number : (u64)number,
			   'u');
		return true;
	case 'u':
	case 'x':
	case 'X':
		put_number(o, s, "", s->wide ? va_arg(*ap, u64) : va_arg(*ap, u32), letter);
		return true;
	case 'p':
		put_number(o, s, "0x", (uintptr_t)va_arg(*ap, void *), 'x');
		return true;
	case 's':
		s->zero = false;
		text = va_arg(*ap, const char *);
		if (!text)
			text = "(null)";
		put_field(o, s, "", text, strnlen(text, s->precision));
		return true;
	case 'c':
		s->zero = false;
		c = (char)va_arg(*ap, int);
		put_field(o, s, "", &c, 1);
		return true;
	case '%':
		put(o, '%');
		return true;
	default:
		return false;
	}
}

size_t print_vformat(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = {buf, size, 0};
	va_list args; /* a copy: only an object declared va_list here can be passed by address */

	va_copy(args, ap);
	while (*fmt) {
		const char *letter;
		struct spec s;

		if (*fmt == '%') {
			letter = read_spec(fmt + 1, &s, &args);
			if (put_conversion(&o, *letter, &s, &args))
				fmt = letter + 1;
			else
				while (fmt < letter)
					put(&o, *fmt++);
		} else {
			put(&o, *fmt++);
		}
	}
	va_end(args);
	if (size)
		buf[o.len < size ? o.len : size - 1] = '\0';
	return o.len;
}

size_t print_format(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	len = print_vformat(buf, size, fmt, ap);
	va_end(ap);
	return len;
}

const char *print_size(char *buf, unsigned long long size)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	size_t unit = 0;

	/* The largest unit that tells the size exactly. */
	while (size && size % 1024 == 0 && unit + 1 < ARRAY_SIZE(units)) {
		size /= 1024;
		unit++;
	}
	print_format(buf, 24, "%llu %s", size, units[unit]);
	return buf;
}

void (*log_sink)(const char *line);

void log_line(const char *fmt, ...)
{
	char line[LINE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	print_vformat(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (log_sink)
		log_sink(line);
}
