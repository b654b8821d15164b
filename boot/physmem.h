/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one split of physical RAM, at boot: what is free, and pieces taken out of it for good. Pure.
 */
#ifndef BOOT_PHYSMEM_H
#define BOOT_PHYSMEM_H

#include "dt/platform.h"
#include "hyp/lib/types.h"

/* Each reservation can cut one range in two. */
#define PHYSMEM_MAX_RANGES 128

struct physmem {
	struct phys_range free[PHYSMEM_MAX_RANGES]; /* ascending, apart, page aligned */
	u32 nr;
};

/* All RAM of p, less its reserved ranges and its bundle. */
void physmem_init(struct physmem *m, const struct platform *p);

/* Takes [base, base + size) out, as far as it is free; widened to pages. */
void physmem_reserve(struct physmem *m, u64 base, u64 size);

/* The lowest free piece of size bytes, aligned to align (a power of two, at least a page). 0: none. */
u64 physmem_alloc(struct physmem *m, u64 size, u64 align);

/* Free bytes in pieces of size, aligned to their size (a power of two). */
u64 physmem_count(const struct physmem *m, u64 size);

#endif
