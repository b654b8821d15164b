/* SPDX-License-Identifier: BSD-2-Clause */
/* Text on the UART: %s %c %d %u %x %lu %lx %%, nothing else. CPU 0 only. */
#ifndef BARE_PRINT_H
#define BARE_PRINT_H

#include <stdarg.h>
#include "hyp/lib/types.h"

void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void vprint(const char *fmt, va_list ap);

/* Into buf, cut to size, terminated. */
void format(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void vformat(char *buf, size_t size, const char *fmt, va_list ap);

#endif
