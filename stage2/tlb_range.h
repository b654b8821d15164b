/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operand of a TLBI by range of IPA, pure. Source: Arm ARM (DDI 0487) C5.5, TLBI RIPAS2E1IS:
 *
 *	bits 36:0  BaseADDR: IPA[48:12]
 *	bits 38:37 TTL: 0, entries of any level
 *	bits 43:39 NUM
 *	bits 45:44 SCALE
 *	bits 47:46 TG: 0b01, 4 KiB
 *
 * The range is (NUM + 1) * 2^(5 * SCALE + 1) pages: 8 KiB to 8 GiB in one operand.
 */
#ifndef STAGE2_TLB_RANGE_H
#define STAGE2_TLB_RANGE_H

#include "hyp/lib/types.h"

#define TLBI_RANGE_TG_4K (1ULL << 46)
#define TLBI_RANGE_SCALE_SHIFT 44
#define TLBI_RANGE_NUM_SHIFT 39
#define TLBI_RANGE_NR_NUM 32

/* The bytes that NUM counts. */
static inline u64 s2_range_unit(u32 scale)
{
	return PAGE_SIZE << (5 * scale + 1);
}

/*
 * The largest first part of [ipa, ipa + size) that one operand can say; *covered: its bytes. More than
 * size only where that is no multiple of 8 KiB. A power of two up to 8 GiB is one part.
 */
static inline u64 s2_range_operand(u64 ipa, u64 size, u64 *covered)
{
	u32 scale = 3;
	u64 nr;

	while (scale && size < s2_range_unit(scale))
		scale--;
	nr = min_u64(max_u64(size / s2_range_unit(scale), 1), TLBI_RANGE_NR_NUM);
	*covered = nr * s2_range_unit(scale);
	return TLBI_RANGE_TG_4K | (u64)scale << TLBI_RANGE_SCALE_SHIFT |
	       (nr - 1) << TLBI_RANGE_NUM_SHIFT | ipa / PAGE_SIZE;
}

#endif
