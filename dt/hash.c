// SPDX-License-Identifier: BSD-2-Clause
#include "dt/hash.h"
#include "hyp/lib/string.h"

static const struct {
	const char *name;
	size_t size;
} algos[HASH_NR_ALGOS] = {
	[HASH_CRC32] = {"crc32", 4},
	[HASH_SHA256] = {"sha256", SHA256_SIZE},
};

/*
 * crc_table[k][b]: what byte b followed by k zero bytes adds to the remainder, so that four bytes
 * are taken in one step. Built at run time: 4 KiB that are not in the image.
 */
static u32 crc_table[4][256];

/* Writes the same values whoever calls it when: CPUs that hash at the same time do no harm. */
static void build_crc_table(void)
{
	for (u32 b = 0; b < 256; b++) {
		u32 crc = b;

		for (u32 bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
		crc_table[0][b] = crc;
	}
	for (u32 k = 1; k < 4; k++) {
		for (u32 b = 0; b < 256; b++) {
			const u32 crc = crc_table[k - 1][b];

			crc_table[k][b] = crc >> 8 ^ crc_table[0][crc & 0xff];
		}
	}
}

/* May alias anything: the data are bytes for everybody else. */
typedef u32 __attribute__((may_alias)) word32;

static u32 crc32_update(u32 crc, const u8 *p, size_t size)
{
	for (; size && !IS_ALIGNED((uintptr_t)p, 4); size--)
		crc = crc >> 8 ^ crc_table[0][(crc ^ *p++) & 0xff];
	for (; size >= 4; size -= 4, p += 4) {
		crc ^= *(const word32 *)p; /* little-endian, as arm64 and the host are */
		crc = crc_table[3][crc & 0xff] ^ crc_table[2][crc >> 8 & 0xff] ^
		      crc_table[1][crc >> 16 & 0xff] ^ crc_table[0][crc >> 24];
	}
	while (size--)
		crc = crc >> 8 ^ crc_table[0][(crc ^ *p++) & 0xff];
	return crc;
}

enum hash_algo hash_by_name(const char *name)
{
	enum hash_algo algo = 0;

	while (algo < HASH_NR_ALGOS && strcmp(name, algos[algo].name))
		algo++;
	return algo;
}

const char *hash_name(enum hash_algo algo)
{
	return algos[algo].name;
}

size_t hash_size(enum hash_algo algo)
{
	return algos[algo].size;
}

void hash_begin(struct hash *h, enum hash_algo algo)
{
	h->algo = algo;
	if (algo == HASH_SHA256) {
		sha256_begin(&h->sha256);
	} else {
		build_crc_table();
		h->crc32 = 0xffffffff;
	}
}

void hash_update(struct hash *h, const void *data, size_t size)
{
	if (h->algo == HASH_SHA256)
		sha256_update(&h->sha256, data, size);
	else
		h->crc32 = crc32_update(h->crc32, data, size);
}

void hash_finish(struct hash *h, u8 value[HASH_MAX_SIZE])
{
	if (h->algo == HASH_SHA256) {
		sha256_finish(&h->sha256, value);
		return;
	}
	h->crc32 = ~h->crc32;
	for (u32 i = 0; i < 4; i++)
		value[i] = (u8)(h->crc32 >> (24 - 8 * i));
}

void hash_sha256(const void *data, size_t size, u8 value[SHA256_SIZE])
{
	struct sha256 s;

	sha256_begin(&s);
	sha256_update(&s, data, size);
	sha256_finish(&s, value);
}
