/* SPDX-License-Identifier: BSD-2-Clause */
/* The SHA-256 half of hash.c, which alone calls it. Source: FIPS 180-4, 5.1.1 and 6.2. */
#ifndef DT_SHA256_H
#define DT_SHA256_H

#include "dt/hash.h"

/* Of h, which is zero to begin with; state is the digest after sha256_finish(). */
void sha256_begin(struct hash *h);
void sha256_update(struct hash *h, const u8 *data, size_t size);
void sha256_finish(struct hash *h);

#endif
