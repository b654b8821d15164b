/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EL2's own mem* and str*, under names of their own, against the C library's: every alignment of
 * both sides, every length around the word loops, and not a byte beyond.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void *libc_memset(void *dst, int c, size_t n)
{
	return memset(dst, c, n);
}

static void *libc_memmove(void *dst, const void *src, size_t n)
{
	return memmove(dst, src, n);
}

#define memchr el2_memchr
#define memcmp el2_memcmp
#define memcpy el2_memcpy
#define memmove el2_memmove
#define memset el2_memset
#define strlen el2_strlen
#define strnlen el2_strnlen
#define strrchr el2_strrchr
#define strcmp el2_strcmp
#define strncmp el2_strncmp
#include "hyp/lib/string.c"

#define ROOM 160

static u8 *pattern(void)
{
	static _Alignas(16) u8 room[ROOM];

	for (u32 i = 0; i < ROOM; i++)
		room[i] = (u8)(i * 13 + 1);
	return room;
}

static void copies(void **state)
{
	_Alignas(16) u8 ours[ROOM], theirs[ROOM];
	const u8 *src = pattern();

	(void)state;
	for (u32 to = 0; to < 16; to++) {
		for (u32 from = 0; from < 16; from++) {
			for (u32 n = 0; n < 100; n++) {
				libc_memset(ours, 0xee, ROOM);
				libc_memset(theirs, 0xee, ROOM);
				libc_memmove(theirs + to, src + from, n);
				assert_ptr_equal(memcpy(ours + to, src + from, n), ours + to);
				assert_memory_equal(ours, theirs, ROOM);
			}
		}
	}
}

static void overlapping_moves(void **state)
{
	u8 theirs[ROOM];

	(void)state;
	for (u32 to = 0; to < 50; to++) {
		for (u32 from = 0; from < 50; from++) {
			for (u32 n = 0; n < 100; n += 3) {
				u8 *ours = pattern();

				libc_memmove(theirs, ours, ROOM);
				libc_memmove(theirs + to, theirs + from, n);
				assert_ptr_equal(memmove(ours + to, ours + from, n), ours + to);
				assert_memory_equal(ours, theirs, ROOM);
			}
		}
	}
}

static void sets(void **state)
{
	_Alignas(16) u8 ours[ROOM], theirs[ROOM];

	(void)state;
	for (u32 to = 0; to < 16; to++) {
		for (u32 n = 0; n < 120; n++) {
			libc_memset(ours, 0xee, ROOM);
			libc_memset(theirs, 0xee, ROOM);
			libc_memset(theirs + to, 0x1a5, n);
			assert_ptr_equal(memset(ours + to, 0x1a5, n), ours + to);
			assert_memory_equal(ours, theirs, ROOM);
		}
	}
}

static void searches(void **state)
{
	const char *s = "abcabc\x80";
	const char *end = s + 7;

	(void)state;
	assert_ptr_equal(memchr(s, 'b', 7), s + 1);
	assert_ptr_equal(memchr(s, 0x180, 7), s + 6); /* converted to unsigned char */
	assert_null(memchr(s, 'b', 1));
	assert_null(memchr(s, 'a', 0));
	assert_ptr_equal(strrchr(s, 'c'), s + 5);
	assert_ptr_equal(strrchr(s, '\0'), end);
	assert_null(strrchr(s, 'd'));
	assert_int_equal(strlen(s), 7);
	assert_int_equal(strlen(""), 0);
	assert_int_equal(strnlen(s, 3), 3);
	assert_int_equal(strnlen(s, 30), 7);
	assert_int_equal(strnlen((char[]){'a', 'b'}, 2), 2);
}

static void comparisons(void **state)
{
	(void)state;
	assert_int_equal(memcmp("ab\0c", "ab\0c", 4), 0);
	assert_true(memcmp("ab\0c", "ab\0d", 4) < 0);
	assert_true(memcmp("\x80", "\x7f", 1) > 0);
	assert_int_equal(memcmp("a", "b", 0), 0);
	assert_int_equal(strcmp("", ""), 0);
	assert_int_equal(strcmp("abc", "abc"), 0);
	assert_true(strcmp("abc", "abcd") < 0);
	assert_true(strcmp("abcd", "abc") > 0);
	assert_true(strcmp("\x80", "\x7f") > 0);
	assert_int_equal(strncmp("abc", "abd", 2), 0);
	assert_true(strncmp("abc", "abd", 3) < 0);
	assert_int_equal(strncmp("ab", "ab", 9), 0);
	assert_int_equal(strncmp("a", "b", 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies),      cmocka_unit_test(overlapping_moves),
		cmocka_unit_test(sets),        cmocka_unit_test(searches),
		cmocka_unit_test(comparisons),
	};

	return cmocka_run_group_tests_name("string", tests, NULL, NULL);
}
