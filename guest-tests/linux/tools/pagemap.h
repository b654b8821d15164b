/* SPDX-License-Identifier: BSD-2-Clause */
/* Where pages of this process lie in physical memory (Linux: pagemap.rst). Needs root. */
#ifndef MEMFILL_PAGEMAP_H
#define MEMFILL_PAGEMAP_H

#include <stddef.h>
#include <stdint.h>

/* Physical addresses of @nr pages from @start on, 0 for one that is not present. 0 or -errno. */
int pagemap_read(const void *start, size_t nr, uint64_t *addresses);

#endif
