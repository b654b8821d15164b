/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/sha256.h"
#include "hyp/lib/string.h"

/* FIPS 180-4, 5.3.3 and 4.2.2. */
static const u32 initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
			       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static const u32 constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2};

static u32 rotate(u32 x, u32 bits)
{
	return x >> bits | x << (32 - bits);
}

/* 6.2.2: one block of the message. The schedule is kept as a ring of its last 16 words. */
static void compress(u32 state[8], const u32 block[16])
{
	u32 w[16];
	u32 a = state[0], b = state[1], c = state[2], d = state[3];
	u32 e = state[4], f = state[5], g = state[6], h = state[7];

	for (u32 t = 0; t < 64; t++) {
		u32 *word = &w[t % 16];
		u32 t1, t2;

		if (t < 16) {
			*word = __builtin_bswap32(block[t]);
		} else {
			u32 w2 = w[(t - 2) % 16], w15 = w[(t - 15) % 16];

			*word += (rotate(w2, 17) ^ rotate(w2, 19) ^ w2 >> 10) + w[(t - 7) % 16] +
				 (rotate(w15, 7) ^ rotate(w15, 18) ^ w15 >> 3);
		}
		t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) +
		     constants[t] + *word;
		t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
		h = g;
		g = f;
		f = e;
		e = d + t1;
		d = c;
		c = b;
		b = a;
		a = t1 + t2;
	}
	for (u32 i = 0; i < 8; i++)
		state[i] += (u32[]){a, b, c, d, e, f, g, h}[i];
}

void sha256_begin(struct hash *h)
{
	memcpy(h->state, initial, sizeof(initial));
}

void sha256_update(struct hash *h, const u8 *data, size_t size)
{
	for (size_t n; size; data += n, size -= n) {
		size_t have = h->size % SHA256_BLOCK_SIZE;

		n = min_u64(size, SHA256_BLOCK_SIZE - have);
		memcpy((u8 *)h->block + have, data, n);
		h->size += n;
		if (have + n == SHA256_BLOCK_SIZE)
			compress(h->state, h->block);
	}
}

void sha256_finish(struct hash *h)
{
	static const u8 padding[SHA256_BLOCK_SIZE] = {0x80};
	size_t have = h->size % SHA256_BLOCK_SIZE;
	u64 length = __builtin_bswap64(h->size * 8); /* in bits, and big-endian */

	/* Up to 8 bytes short of a whole block: one more block where the length would not fit. */
	sha256_update(h, padding, (have < 56 ? 56 : 120) - have);
	sha256_update(h, (const u8 *)&length, sizeof(length));
}
