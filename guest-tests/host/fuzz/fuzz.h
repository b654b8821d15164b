/* SPDX-License-Identifier: BSD-2-Clause */
/* What the fuzz targets share: their entry points, a reader of the input, a check that ends the run. */
#ifndef HOST_FUZZ_H
#define HOST_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include "hyp/lib/types.h"

/* libFuzzer calls these. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size, unsigned int seed);

/* libFuzzer's own mutations, with the dictionary; the new size. */
size_t LLVMFuzzerMutate(u8 *data, size_t size, size_t max_size);

#define must(x)                                                                                    \
	do {                                                                                       \
		if (!(x)) {                                                                        \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #x);     \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* The input as numbers; zeros behind its end. */
struct input {
	const u8 *at, *end;
};

static inline u8 take(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

/* Most are small and take one byte; from 0xf0 on 1 to 8 more bytes follow, or all bits are set. */
static inline u64 take_number(struct input *in)
{
	u8 first = take(in);
	u64 number = 0;

	if (first < 0xf0)
		return first;
	if (first == 0xff)
		return ~0ull;
	for (u32 i = 0; i <= (first & 7u); i++)
		number |= (u64)take(in) << 8 * i;
	return number;
}

#endif
