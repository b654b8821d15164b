/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/sha256.h"
#include "hyp/lib/string.h"

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

		for (u32 bit = 1; bit <= 32; bit++) {
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
			if (bit % 8 == 0)
				crc_table[bit / 8 - 1][b] = crc;
		}
	}
}

/* May alias anything: the data are bytes for everybody else. */
typedef u32 __attribute__((may_alias)) word32;

static void crc32_update(struct hash *h, const u8 *p, size_t size)
{
	u32 crc = ~h->state[0];

	while (size) {
		if (size < 4 || !IS_ALIGNED((uintptr_t)p, 4)) {
			crc = crc >> 8 ^ crc_table[0][(crc ^ *p++) & 0xff];
			size--;
			continue;
		}
		crc ^= *(const word32 *)p; /* little-endian, as arm64 and the host are */
		crc = crc_table[3][crc & 0xff] ^ crc_table[2][crc >> 8 & 0xff] ^
		      crc_table[1][crc >> 16 & 0xff] ^ crc_table[0][crc >> 24];
		p += 4;
		size -= 4;
	}
	h->state[0] = ~crc;
}

static const struct {
	const char *name;
	size_t size;
} algos[HASH_NR_ALGOS] = {
	[HASH_CRC32] = {"crc32", 4},
	[HASH_SHA256] = {"sha256", SHA256_SIZE},
};

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
	memset(h, 0, sizeof(*h));
	h->algo = algo;
	if (algo == HASH_SHA256)
		sha256_begin(h);
	else
		build_crc_table();
}

void hash_update(struct hash *h, const void *data, size_t size)
{
	if (h->algo == HASH_SHA256)
		sha256_update(h, data, size);
	else
		crc32_update(h, data, size);
}

void hash_finish(struct hash *h, u8 value[HASH_MAX_SIZE])
{
	if (h->algo == HASH_SHA256)
		sha256_finish(h);
	for (u32 i = 0; i < hash_size(h->algo); i++)
		value[i] = (u8)(h->state[i / 4] >> (24 - 8 * (i % 4)));
}

void hash_sha256(const void *data, size_t size, u8 value[SHA256_SIZE])
{
	struct hash h;

	hash_begin(&h, HASH_SHA256);
	hash_update(&h, data, size);
	hash_finish(&h, value);
}
