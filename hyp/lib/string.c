/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernels and ramdisks are copied with this, so whole words are moved where both sides allow it.
 * Every access is aligned: EL2 may run with alignment checks, and early with the MMU off.
 */
#include "hyp/lib/string.h"
#include "hyp/lib/types.h"

/* May alias anything: the memory copied has other types for everybody else. */
typedef u64 __attribute__((may_alias)) word64;
typedef u32 __attribute__((may_alias)) word32;

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	return memmove(dst, src, n);
}

/* In words of 32 bits: data in a FIT is aligned to 4 bytes only. */
static void copy_up(u8 *d, const u8 *s, size_t n)
{
	for (; n && !IS_ALIGNED((uintptr_t)d, 4); n--)
		*d++ = *s++;
	for (; n >= 16 && IS_ALIGNED((uintptr_t)s, 4); n -= 16, d += 16, s += 16) {
		const word32 *from = (const word32 *)s;
		word32 *to = (word32 *)d;
		u32 w0 = from[0], w1 = from[1], w2 = from[2], w3 = from[3];

		to[0] = w0;
		to[1] = w1;
		to[2] = w2;
		to[3] = w3;
	}
	while (n--)
		*d++ = *s++;
}

void *memmove(void *dst, const void *src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;

	/* As unsigned numbers: true where dst lies before src, and where they share no byte. */
	if ((uintptr_t)dst - (uintptr_t)src >= n)
		copy_up(d, s, n);
	else
		while (n--)
			d[n] = s[n];
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	u64 word = 0x0101010101010101ULL * (u8)c;
	u8 *d = dst;

	for (; n && !IS_ALIGNED((uintptr_t)d, 8); n--)
		*d++ = (u8)c;
	for (; n >= 32; n -= 32, d += 32) {
		word64 *to = (word64 *)d;

		to[0] = word;
		to[1] = word;
		to[2] = word;
		to[3] = word;
	}
	while (n--)
		*d++ = (u8)c;
	return dst;
}

void *memchr(const void *s, int c, size_t n)
{
	for (const u8 *p = s; n; p++, n--)
		if (*p == (u8)c)
			return (void *)p;
	return NULL;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *p = a, *q = b;

	for (; n; p++, q++, n--)
		if (*p != *q)
			return *p - *q;
	return 0;
}

size_t strlen(const char *s)
{
	return strnlen(s, SIZE_MAX);
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	do {
		if (*s == (char)c)
			last = s;
	} while (*s++);
	return (char *)last;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; a++, b++, n--)
		if (*a != *b || !*a)
			return (u8)*a - (u8)*b;
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}
