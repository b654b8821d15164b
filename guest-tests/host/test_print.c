/* SPDX-License-Identifier: BSD-2-Clause */
/* Formatted text: against the C library where the two agree, against the contract where not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "hyp/lib/print.h"
#include "hyp/lib/types.h"

/* Formats that are not literals, so that the compiler lets the odd ones through. */
static size_t format(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	len = print_vformat(buf, size, fmt, ap);
	va_end(ap);
	return len;
}

#define SAME(...)                                                                                  \
	do {                                                                                       \
		char ours[256], theirs[256];                                                       \
		const size_t length = print_format(ours, sizeof(ours), __VA_ARGS__);               \
                                                                                                   \
		assert_int_equal(length, snprintf(theirs, sizeof(theirs), __VA_ARGS__));           \
		assert_string_equal(ours, theirs);                                                 \
	} while (0)

#define BECOMES(text, ...)                                                                         \
	do {                                                                                       \
		char ours[256];                                                                    \
                                                                                                   \
		assert_int_equal(format(ours, sizeof(ours), __VA_ARGS__), strlen(text));           \
		assert_string_equal(ours, text);                                                   \
	} while (0)

static void numbers(void **state)
{
	static const long long values[] = {0,         1,         -1,        9,         10,
					   -10,       4095,      INT_MAX,   INT_MIN,   UINT_MAX,
					   LLONG_MAX, LLONG_MIN, 123456789, -123456789};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		const long long v = values[i];

		SAME("%d|%i|%u|%x|%X", (int)v, (int)v, (unsigned)v, (unsigned)v, (unsigned)v);
		SAME("%ld|%lu|%lx|%lX", (long)v, (unsigned long)v, (unsigned long)v,
		     (unsigned long)v);
		SAME("%lld|%llu|%llx|%llX", v, (unsigned long long)v, (unsigned long long)v,
		     (unsigned long long)v);
		SAME("%zd|%zu|%zx", (ssize_t)v, (size_t)v, (size_t)v);
		SAME("%8d|%-8d|%08d|%3d", (int)v, (int)v, (int)v, (int)v);
		SAME("%24llx|%-24llx|%024llx", v, v, v);
		SAME("%*d|%-*d", 12, (int)v, 12, (int)v);
	}
}

static void texts(void **state)
{
	(void)state;
	SAME("plain");
	SAME("%s", "");
	SAME("[%s] [%10s] [%-10s] [%2s]", "text", "text", "text", "text");
	SAME("[%.2s] [%.0s] [%.9s] [%8.2s] [%-8.2s] [%.*s]", "text", "text", "text", "text", "text",
	     3, "text");
	SAME("%c%c [%3c] [%-3c]", 'a', 'b', 'c', 'd');
	SAME("100%%");
	BECOMES("(null)", "%s", (char *)NULL);
	BECOMES("tex", "%.3s", (char[]){'t', 'e', 'x'}); /* not terminated, and not read past */
}

static void pointers(void **state)
{
	(void)state;
	BECOMES("0x0", "%p", NULL);
	BECOMES("0x4000beef", "%p", (void *)0x4000beef);
	BECOMES("[0x000010]", "[%08p]", (void *)0x10);
	BECOMES("[    0x10] [0x10    ]", "[%8p] [%-8p]", (void *)0x10, (void *)0x10);
}

static void what_is_unknown_stands_as_it_is(void **state)
{
	(void)state;
	BECOMES("7   |", "%-04d|", 7); /* '-' wins over '0' */
	BECOMES("%q 1", "%q %d", 1);
	BECOMES("%08.3llf", "%08.3llf");
	BECOMES("%", "%");
	BECOMES("%-5l", "%-5l");
}

static void never_past_the_end(void **state)
{
	char buf[8];

	(void)state;
	for (size_t size = 0; size <= sizeof(buf); size++) {
		memset(buf, '#', sizeof(buf));
		assert_int_equal(format(buf, size, "%s-%05d", "ab", 42), 8);
		if (size) {
			assert_memory_equal(buf, "ab-00042", size - 1);
			assert_int_equal(buf[size - 1], '\0');
		}
		for (size_t i = size; i < sizeof(buf); i++)
			assert_int_equal(buf[i], '#');
	}
	assert_int_equal(format(NULL, 0, "%d", 12345), 5);
}

static void sizes(void **state)
{
	static const struct {
		unsigned long long size;
		const char *text;
	} rows[] = {
		{0, "0 B"},
		{17, "17 B"},
		{1023, "1023 B"},
		{1024, "1 KiB"},
		{1025, "1025 B"},
		{4096, "4 KiB"},
		{MIB(128), "128 MiB"},
		{MIB(1536), "1536 MiB"},
		{GIB(1), "1 GiB"},
		{GIB(1024), "1 TiB"},
		{1ULL << 63, "8192 PiB"},
		{ULLONG_MAX, "18446744073709551615 B"},
	};
	char buf[24];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(print_size(buf, rows[i].size), rows[i].text);
}

static char logged[512];

static void keep(const char *line)
{
	snprintf(logged, sizeof(logged), "%s", line);
}

static void log_lines(void **state)
{
	char expected[256];

	(void)state;
	log_sink = NULL;
	log_line("nobody %s", "listens");
	log_sink = keep;
	log_line("vm%d: %s", 1, "off");
	assert_string_equal(logged, "vm1: off");
	log_line("%300s", "x");
	memset(expected, ' ', 255);
	expected[255] = '\0';
	assert_string_equal(logged, expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(texts),
		cmocka_unit_test(pointers),
		cmocka_unit_test(what_is_unknown_stands_as_it_is),
		cmocka_unit_test(never_past_the_end),
		cmocka_unit_test(sizes),
		cmocka_unit_test(log_lines),
	};

	return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}
