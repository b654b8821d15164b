/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers that a seed determines (xorshift64*). */
#ifndef BARE_RANDOM_H
#define BARE_RANDOM_H

#include "hyp/lib/types.h"

struct random {
	u64 x; /* never 0 */
};

static inline struct random random_from(u64 seed)
{
	return (struct random){(seed + 1) * 0x9e3779b97f4a7c15ULL | 1};
}

static inline u64 random_u64(struct random *r)
{
	r->x ^= r->x >> 12;
	r->x ^= r->x << 25;
	r->x ^= r->x >> 27;
	return r->x * 0x2545f4914f6cdd1dULL;
}

/* 0 to n - 1. */
static inline u32 random_below(struct random *r, u32 n)
{
	return (u32)((random_u64(r) >> 32) * n >> 32);
}

/* Of any magnitude. */
static inline u64 random_any(struct random *r)
{
	return random_u64(r) >> random_below(r, 64);
}

/* One of the elements of an array. */
#define RANDOM_OF(r, array) ((array)[random_below(r, ARRAY_SIZE(array))])

#endif
