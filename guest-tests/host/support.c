/* SPDX-License-Identifier: BSD-2-Clause */
/* What every host test links: the freestanding world's two exits, as a test wants them. */
#include <stdio.h>
#include <stdlib.h>
#include "hyp/lib/assert.h"
#include "hyp/lib/print.h"

__attribute__((weak)) void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("PANIC: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	abort();
}

static void to_stderr(const char *line)
{
	fprintf(stderr, "%s\n", line);
}

__attribute__((weak)) void (*log_sink)(const char *line) = to_stderr;

__attribute__((weak)) void log_line(const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (log_sink)
		log_sink(line);
}
