/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdbool.h>
#include <stdio.h>

#include "json.h"

static int depth;
static bool first = true; /* in its object or array */
static bool on_new_line;

static void quoted(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
			printf("\\u%04x", (unsigned char)*text);
		else
			putchar(*text);
	}
	putchar('"');
}

static void next(const char *key)
{
	if (!first)
		putchar(',');
	if (on_new_line)
		putchar('\n');
	else if (!first)
		putchar(' ');
	first = false;
	on_new_line = false;
	if (key) {
		quoted(key);
		fputs(": ", stdout);
	}
}

void json_open(const char *key, char bracket)
{
	next(key);
	putchar(bracket);
	depth++;
	first = true;
}

void json_close(char bracket)
{
	putchar(bracket);
	depth--;
	first = !depth;
	if (!depth)
		putchar('\n');
}

void json_string(const char *key, const char *value)
{
	next(key);
	quoted(value);
}

void json_number(const char *key, long long value)
{
	next(key);
	printf("%lld", value);
}

void json_loan(const char *key, unsigned long long loan)
{
	next(key);
	printf("\"%#llx\"", loan);
}

void json_null(const char *key)
{
	next(key);
	fputs("null", stdout);
}

void json_break(void)
{
	on_new_line = true;
}
