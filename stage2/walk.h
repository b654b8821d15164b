/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one way down a table, for this room only. The tables that s2_prepare() put in place decide at
 * which level an address has its entry; the shared zero tables end the way as a leaf does, so nothing
 * that walks can write into them.
 */
#ifndef STAGE2_WALK_H
#define STAGE2_WALK_H

#include "stage2/stage2.h"

struct s2_slot {
	u64 *entry;
	u32 level; /* 1 to 3 */
};

/* The entry that decides at ipa, which is within ipa_bits. Cannot fail. */
struct s2_slot s2_find(const struct s2 *s, u64 ipa);

/* The entry that makes 1 GiB, 2 MiB or 4 KiB (level 1 to 3) read as the VM's zero page. */
u64 s2_zero_entry(const struct s2 *s, u32 level);

#endif
