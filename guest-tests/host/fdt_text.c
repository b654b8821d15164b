/* SPDX-License-Identifier: BSD-2-Clause */
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "guest-tests/host/fdt_text.h"
#include "hyp/lib/types.h"

#define TEXT_SIZE 0x20000

static const void *fdt;
static char *text;
static size_t text_len;

__attribute__((format(printf, 1, 2))) static void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	text_len += (size_t)vsnprintf(text + text_len, TEXT_SIZE - text_len, fmt, ap);
	va_end(ap);
	assert_true(text_len < TEXT_SIZE);
}

static bool is_text(const char *name)
{
	static const char *const names[] = {"compatible",    "model",         "bootargs",
					    "device_type",   "method",        "stdout-path",
					    "enable-method", "clock-names",   "clock-output-names",
					    "label",         "lendvisor,mode"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static void dump_property(int at, int depth)
{
	const char *name;
	int len;
	const u8 *p = fdt_getprop_by_offset(fdt, at, &name, &len);

	say("%*s%s", depth * 2, "", name);
	if (is_text(name)) {
		assert_int_equal(p[len - 1], '\0');
		for (int i = 0; i < len; i += (int)strlen((const char *)p + i) + 1)
			say(" '%s'", p + i);
	} else {
		assert_int_equal(len % 4, 0);
		for (int i = 0; i < len; i += 4)
			say(" %x", (u32)p[i] << 24 | p[i + 1] << 16 | p[i + 2] << 8 | p[i + 3]);
	}
	say("\n");
}

static void dump(int node, int depth)
{
	int at;

	say("%*s%s {\n", depth * 2, "", fdt_get_name(fdt, node, NULL));
	for (at = fdt_first_property_offset(fdt, node); at >= 0;
	     at = fdt_next_property_offset(fdt, at))
		dump_property(at, depth + 1);
	for (at = fdt_first_subnode(fdt, node); at >= 0; at = fdt_next_subnode(fdt, at))
		dump(at, depth + 1);
	say("%*s}\n", depth * 2, "");
}

const char *fdt_text(const void *tree, int which)
{
	static char texts[2][TEXT_SIZE];

	fdt = tree;
	text = texts[which];
	text_len = 0;
	dump(0, 0);
	return text;
}
