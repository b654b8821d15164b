/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory as the command lines of memcheck and memfill name it. False: it is not so. */
#ifndef PARSE_MEMORY_H
#define PARSE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* SIZE[K|M|G], in bytes; not 0. */
bool parse_size(const char *text, size_t *size);

/* START-END, physical addresses, both inclusive. */
bool parse_range(const char *text, unsigned long long *start, unsigned long long *last);

#endif
