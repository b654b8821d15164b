/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formatted text. print_format() is pure; log_line() sends one whole line to the physical console
 * through the sink that the console installs (before that, lines go to the early UART).
 */
#ifndef HYP_LIB_PRINT_H
#define HYP_LIB_PRINT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Like vsnprintf, with %d %i %u %x %X %p %s %c %%, the flags '0' and '-', width, precision for %s,
 * and the lengths l, ll and z. Always terminates buf when size > 0; returns the length the text
 * would have had, in bytes. Cannot fail: what it does not know it prints as it stands.
 */
size_t print_vformat(char *buf, size_t size, const char *fmt, va_list ap);
size_t print_format(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A size in bytes as a person writes it: "128 MiB", "4 KiB", "17 B". buf holds at least 24 bytes. */
const char *print_size(char *buf, unsigned long long size);

/* One line, without its newline, tagged as the hypervisor's own. At most 255 bytes are kept. */
void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Where log_line() sends its lines: text without newline. NULL drops them. */
extern void (*log_sink)(const char *line);

#endif
