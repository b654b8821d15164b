/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hashes of a FIT's hash nodes, in steps of any length. Pure; nothing here can fail.
 * Source: crc32 of IEEE 802.3 (reflected, polynomial 0x04c11db7); FIPS 180-4. Stored big-endian.
 */
#ifndef DT_HASH_H
#define DT_HASH_H

#include "hyp/lib/types.h"

enum hash_algo {
	HASH_CRC32,
	HASH_SHA256,
	HASH_NR_ALGOS,
};

#define SHA256_SIZE 32 /* bytes of a digest */
#define SHA256_BLOCK_SIZE 64 /* bytes */
#define HASH_MAX_SIZE SHA256_SIZE

struct hash {
	enum hash_algo algo;
	u32 state[8]; /* crc32: that of the bytes so far, in the first */
	/* For SHA-256 alone: */
	u64 size; /* bytes taken so far */
	u32 block[SHA256_BLOCK_SIZE / 4]; /* the last size % SHA256_BLOCK_SIZE of them */
};

/* The algorithm that a FIT calls so; HASH_NR_ALGOS: none of ours. */
enum hash_algo hash_by_name(const char *name);
const char *hash_name(enum hash_algo algo);

/* Bytes of a finished hash. */
size_t hash_size(enum hash_algo algo);

void hash_begin(struct hash *h, enum hash_algo algo);
void hash_update(struct hash *h, const void *data, size_t size);

/* Writes hash_size() bytes, in the order in which a FIT stores them. h is used up. */
void hash_finish(struct hash *h, u8 value[HASH_MAX_SIZE]);

/* All in one go: SHA-256 of data. */
void hash_sha256(const void *data, size_t size, u8 value[SHA256_SIZE]);

#endif
