/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Data cache maintenance by address to the point of coherency, and zeroing through it.
 * Needed wherever one side may see memory with caches off: a guest before it turns its MMU on, a
 * secondary CPU at entry. Source: Arm ARM D7.5.
 */
#ifndef HYP_CPU_CACHE_H
#define HYP_CPU_CACHE_H

#include "hyp/lib/types.h"

/* Reads line and zeroing sizes; once, before the others are used. */
void cache_init(void);

/* Any range; complete on return (DSB). */
void cache_clean(const void *p, size_t size);
void cache_clean_invalidate(const void *p, size_t size);

/*
 * Zeroes [p, p + size), 4 KiB aligned both, by DC ZVA where the CPU allows it, and cleans and
 * invalidates each line to the point of coherency; no instruction cache keeps what was there. Complete on return.
 */
void cache_zero(void *p, size_t size);

#endif
