/* SPDX-License-Identifier: BSD-2-Clause */
/* What the compiler may call by itself. */
#include "hyp/lib/string.h"

void *memset(void *dst, int c, size_t n)
{
	for (char *d = dst; n--; d++)
		*(volatile char *)d = (char)c;
	return dst;
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	const char *s = src;

	for (char *d = dst; n--; d++)
		*(volatile char *)d = *s++;
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (; n--; x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}
