/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse_memory.h"

bool parse_size(const char *text, size_t *size)
{
	static const char units[] = "KMG";
	const char *unit;
	char *end;

	*size = strtoull(text, &end, 0);
	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		*size <<= 10 * (unit - units + 1);
		end++;
	}
	return end != text && !*end && *size;
}

bool parse_range(const char *text, unsigned long long *start, unsigned long long *last)
{
	return sscanf(text, "%lli-%lli", (long long *)start, (long long *)last) == 2 &&
	       *start <= *last;
}
