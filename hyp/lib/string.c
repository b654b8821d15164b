// SPDX-License-Identifier: BSD-2-Clause
/*
 * Kernels and ramdisks are copied with this, so whole words are moved where both sides allow it.
 * Every access is aligned: EL2 may run with alignment checks, and early with the MMU off.
 */
#include "hyp/lib/string.h"
#include "hyp/lib/types.h"

/* Without this gcc recognises the loops below and turns memset() into a call of memset(). */
#pragma GCC optimize("no-tree-loop-distribute-patterns")

/* May alias anything: the memory copied has other types for everybody else. */
typedef u64 __attribute__((may_alias)) word64;
typedef u32 __attribute__((may_alias)) word32;

/* Are both addresses equally far from a multiple of align? */
static bool alike(const void *a, const void *b, size_t align)
{
	return (((uintptr_t)a ^ (uintptr_t)b) & (align - 1)) == 0;
}

static bool aligned(const void *p, size_t align)
{
	return IS_ALIGNED((uintptr_t)p, align);
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	return memmove(dst, src, n);
}

static void copy_up(u8 *d, const u8 *s, size_t n)
{
	if (alike(d, s, 8)) {
		for (; n && !aligned(d, 8); n--)
			*d++ = *s++;
		for (; n >= 32; n -= 32, d += 32, s += 32) {
			const word64 *from = (const word64 *)s;
			word64 *to = (word64 *)d;
			u64 w0 = from[0], w1 = from[1], w2 = from[2], w3 = from[3];

			to[0] = w0;
			to[1] = w1;
			to[2] = w2;
			to[3] = w3;
		}
	} else if (alike(d, s, 4)) { /* data in a FIT is aligned to 4 bytes only */
		for (; n && !aligned(d, 4); n--)
			*d++ = *s++;
		for (; n >= 16; n -= 16, d += 16, s += 16) {
			const word32 *from = (const word32 *)s;
			word32 *to = (word32 *)d;
			u32 w0 = from[0], w1 = from[1], w2 = from[2], w3 = from[3];

			to[0] = w0;
			to[1] = w1;
			to[2] = w2;
			to[3] = w3;
		}
	}
	while (n--)
		*d++ = *s++;
}

static void copy_down(u8 *d, const u8 *s, size_t n)
{
	d += n;
	s += n;
	if (alike(d, s, 8)) {
		for (; n && !aligned(d, 8); n--)
			*--d = *--s;
		for (; n >= 8; n -= 8) {
			d -= 8;
			s -= 8;
			*(word64 *)d = *(const word64 *)s;
		}
	}
	while (n--)
		*--d = *--s;
}

void *memmove(void *dst, const void *src, size_t n)
{
	/* As unsigned numbers: true where dst lies before src, and where they share no byte. */
	if ((uintptr_t)dst - (uintptr_t)src >= n)
		copy_up(dst, src, n);
	else
		copy_down(dst, src, n);
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	const u64 word = 0x0101010101010101ULL * (u8)c;
	u8 *d = dst;

	for (; n && !aligned(d, 8); n--)
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
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)s;
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

char *strstr(const char *haystack, const char *needle)
{
	const size_t len = strlen(needle);

	for (; strncmp(haystack, needle, len); haystack++)
		if (!*haystack)
			return NULL;
	return (char *)haystack;
}
