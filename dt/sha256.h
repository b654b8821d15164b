/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 in plain C. Pure. Source: FIPS 180-4, 5.1.1 and 6.2. */
#ifndef DT_SHA256_H
#define DT_SHA256_H

#include "hyp/lib/types.h"

#define SHA256_SIZE 32 /* bytes of a digest */
#define SHA256_BLOCK_SIZE 64 /* bytes */

struct sha256 {
	u32 state[8];
	u64 size; /* bytes taken so far */
	u8 block[SHA256_BLOCK_SIZE]; /* the last size % SHA256_BLOCK_SIZE of them */
};

void sha256_begin(struct sha256 *s);
void sha256_update(struct sha256 *s, const void *data, size_t size);

/* s is used up. */
void sha256_finish(struct sha256 *s, u8 digest[SHA256_SIZE]);

#endif
