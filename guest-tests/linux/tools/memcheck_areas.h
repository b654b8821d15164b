/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of the kinds that Linux migrates in ways of their own, with a pattern in it that is different
 * for each word and each time it is written. Functions return 0 or a negative errno.
 */
#ifndef MEMCHECK_AREAS_H
#define MEMCHECK_AREAS_H

#include <stddef.h>
#include <stdint.h>

enum area_kind {
	AREA_ANONYMOUS,
	AREA_HUGE,
	AREA_TMPFS,
	AREA_FILE,
	AREA_KINDS
};

struct area {
	enum area_kind kind;
	const char *name;
	size_t size;
	char *memory; /* NULL: it goes by read and write */
	char *mapping;
	size_t mapped; /* bytes from @mapping on */
	int fd; /* -1 without a file */
	char path[64];
	uint64_t seed;
};

struct mismatch {
	size_t offset;
	uint64_t wanted, found;
};

/* Takes nothing yet: area_renew() does. @dir: where the file is that is read and written. */
void area_init(struct area *area, enum area_kind kind, size_t size, const char *dir);

/* Gives back what it has, and takes it anew. */
int area_renew(struct area *area);
void area_release(struct area *area);

/* Writes the next pattern all over. */
int area_write(struct area *area);

/* 1 where the pattern last written is not there, with the first such word in @wrong. */
int area_verify(const struct area *area, struct mismatch *wrong);

/* How much of this process' memory is in transparent huge pages, in KiB. */
long area_huge_kib(void);

#endif
