/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest-tests/bare/lib/args.h"
#include "guest-tests/bare/lib/fdt.h"

/* What is behind `name=` when the word is that. */
static const char *value_of(const char *word, const char *name)
{
	while (*name && *word == *name) {
		word++;
		name++;
	}
	return !*name && *word == '=' ? word + 1 : NULL;
}

static u32 digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (u32)(c - '0');
	return c >= 'a' && c <= 'f' ? (u32)(c - 'a') + 10 : ~0u;
}

static u64 number(const char *text)
{
	u32 base = text[0] == '0' && text[1] == 'x' ? 16 : 10;
	u64 value = 0;

	for (text += base == 16 ? 2 : 0; digit_of(*text) < base; text++)
		value = value * base + digit_of(*text);
	return value;
}

u64 boot_arg(const char *name, u64 otherwise)
{
	u32 length;
	const char *args = fdt_prop(fdt_find("chosen", 0), "bootargs", &length);

	for (const char *p = args; p && *p; p++) {
		const char *value = p == args || p[-1] == ' ' ? value_of(p, name) : NULL;

		if (value)
			return number(value);
	}
	return otherwise;
}
