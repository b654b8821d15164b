/* SPDX-License-Identifier: BSD-2-Clause */
/* The hashes of FIT images against published values, whole and in steps of every length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "dt/hash.h"

static const struct {
	enum hash_algo algo;
	const char *text;
	size_t times; /* how often text is repeated */
	const char *value; /* hex */
} vectors[] = {
	{HASH_CRC32, "", 1, "00000000"},
	{HASH_CRC32, "a", 1, "e8b7be43"},
	{HASH_CRC32, "123456789", 1, "cbf43926"},
	{HASH_CRC32, "The quick brown fox jumps over the lazy dog", 1, "414fa339"},
	{HASH_SHA256, "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{HASH_SHA256, "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{HASH_SHA256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
	 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	{HASH_SHA256, "aaaaaaaaaa", 100000,
	 "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

static void assert_value(const struct hash *finished, const u8 *value, const char *expected)
{
	char hex[2 * HASH_MAX_SIZE + 1];

	for (size_t i = 0; i < hash_size(finished->algo); i++)
		sprintf(hex + 2 * i, "%02x", value[i]);
	assert_string_equal(hex, expected);
}

static void published_values(void **state)
{
	u8 value[HASH_MAX_SIZE];
	struct hash h;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		hash_begin(&h, vectors[i].algo);
		for (size_t n = 0; n < vectors[i].times; n++)
			hash_update(&h, vectors[i].text, strlen(vectors[i].text));
		hash_finish(&h, value);
		assert_value(&h, value, vectors[i].value);
	}
}

/* Every start, so that every alignment of the data, and every step from 1 to over two blocks. */
static void steps_make_no_difference(void **state)
{
	u8 data[400], whole[HASH_MAX_SIZE], value[HASH_MAX_SIZE];
	struct hash h;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (u8)(i * 7 + i / 50);
	for (enum hash_algo algo = 0; algo < HASH_NR_ALGOS; algo++) {
		for (size_t step = 1; step < 140; step++) {
			const size_t start = step % 9, size = sizeof(data) - start;

			hash_begin(&h, algo);
			hash_update(&h, data + start, size);
			hash_finish(&h, whole);
			hash_begin(&h, algo);
			for (size_t at = 0; at < size; at += step)
				hash_update(&h, data + start + at, min_u64(step, size - at));
			hash_finish(&h, value);
			assert_memory_equal(value, whole, hash_size(algo));
		}
	}
}

/* Bit by bit, as the polynomial is defined, against the tables. */
static void crc32_is_the_division(void **state)
{
	u8 data[67], value[HASH_MAX_SIZE];
	u32 crc = 0xffffffff;
	struct hash h;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++) {
		data[i] = (u8)(i * 37 + 11);
		for (u32 bit = 0; bit < 8; bit++) {
			const bool out = (crc ^ data[i] >> bit) & 1;

			crc = crc >> 1 ^ (out ? 0xedb88320 : 0);
		}
	}
	crc = ~crc;
	hash_begin(&h, HASH_CRC32);
	hash_update(&h, data, sizeof(data));
	hash_finish(&h, value);
	assert_memory_equal(value,
			    ((u8[]){(u8)(crc >> 24), (u8)(crc >> 16), (u8)(crc >> 8), (u8)crc}), 4);
}

/* Where the length of the message does and does not fit into the last block. */
static void padding_at_every_length(void **state)
{
	u8 data[130] = {0}, seen[130][SHA256_SIZE], value[SHA256_SIZE];

	(void)state;
	for (size_t size = 0; size < sizeof(data); size++) {
		hash_sha256(data, size, seen[size]);
		for (size_t other = 0; other < size; other++)
			assert_memory_not_equal(seen[other], seen[size], SHA256_SIZE);
	}
	hash_sha256(data, 55, value); /* sha256sum of 55, 56 and 64 zero bytes */
	assert_memory_equal(value, "\x02\x77\x94\x66\xcd\xec\x16\x38", 8);
	hash_sha256(data, 56, value);
	assert_memory_equal(value, "\xd4\x81\x7a\xa5\x49\x76\x28\xe7", 8);
	hash_sha256(data, 64, value);
	assert_memory_equal(value, "\xf5\xa5\xfd\x42\xd1\x6a\x20\x30", 8);
}

static void names(void **state)
{
	(void)state;
	assert_int_equal(hash_by_name("crc32"), HASH_CRC32);
	assert_int_equal(hash_by_name("sha256"), HASH_SHA256);
	assert_int_equal(hash_by_name("sha25"), HASH_NR_ALGOS);
	assert_int_equal(hash_by_name("sha1"), HASH_NR_ALGOS);
	assert_int_equal(hash_by_name(""), HASH_NR_ALGOS);
	assert_string_equal(hash_name(HASH_SHA256), "sha256");
	assert_int_equal(hash_size(HASH_CRC32), 4);
	assert_int_equal(hash_size(HASH_SHA256), 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_values),
		cmocka_unit_test(steps_make_no_difference),
		cmocka_unit_test(crc32_is_the_division),
		cmocka_unit_test(padding_at_every_length),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
