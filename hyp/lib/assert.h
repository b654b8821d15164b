/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For what only this code can break: assert() and panic() are never within a guest's reach.
 * The host tests bring their own panic(), which fails the test.
 */
#ifndef HYP_LIB_ASSERT_H
#define HYP_LIB_ASSERT_H

/* Prints one marker line "PANIC: ...", what helps to find the reason, and powers the machine off. */
_Noreturn void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define assert(x)                                                                                  \
	do {                                                                                       \
		if (!(x))                                                                          \
			panic("%s:%d: assertion failed: %s", __FILE__, __LINE__, #x);              \
	} while (0)

#endif
