/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the well-behaved pair writes into blocks, and the hostile guest looks for where it can read:
 * every 64-bit word of it tells what it is, and where and by whom it was written.
 */
#ifndef BARE_SECRET_H
#define BARE_SECRET_H

#include "hyp/lib/types.h"

#define SECRET_MARK 0x5ec7e7edULL

static inline bool is_secret(u64 word)
{
	return word >> 32 == SECRET_MARK;
}

/* offset: in bytes from the start of its block. */
static inline u64 secret_word(u64 offset, u64 key)
{
	return SECRET_MARK << 32 | (offset / 8 ^ key) * 0x9e3779b97f4a7c15ULL >> 32;
}

static inline void secret_fill(u64 address, u64 size, u64 key)
{
	for (u64 at = 0; at < size; at += 8)
		*(volatile u64 *)(address + at) = secret_word(at, key);
}

/* The first address that does not hold its word; 0: all is as it was written. */
static inline u64 secret_unlike(u64 address, u64 size, u64 key)
{
	for (u64 at = 0; at < size; at += 8)
		if (*(volatile u64 *)(address + at) != secret_word(at, key))
			return address + at;
	return 0;
}

#endif
