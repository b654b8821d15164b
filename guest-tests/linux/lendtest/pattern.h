/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What lendtest stamps memory with, for the kernel that writes it and for who reads it elsewhere. */
#ifndef LENDTEST_PATTERN_H
#define LENDTEST_PATTERN_H

/* Bytes that are stamped at once, aligned. */
#define STAMP_PIECE (2ul << 20)

#define STAMP_FACTOR 0x9e3779b97f4a7c15ull

/* Never 0, and it differs wherever seed (16 bits) or address (48) do. */
static inline unsigned long long stamp_pattern(unsigned long long seed, unsigned long long address)
{
	unsigned long long x = (seed << 48 ^ address) * STAMP_FACTOR;

	return (x ^ x >> 29) | 1;
}

#endif
