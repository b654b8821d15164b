/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/trap/decode.h"

#define P BIT(24)
#define W BIT(21)
#define L BIT(20)
#define PC 15

static bool indexed(struct access *out, u32 base, u32 reg, bool up, u32 offset)
{
	out->reg = reg;
	out->writeback = true;
	out->base = base;
	out->offset = up ? (s64)offset : -(s64)offset;
	return base != PC && reg != PC;
}

/* Post-indexed has neither P nor W, pre-indexed both. */
bool decode_a32(u32 i, struct access *out)
{
	u32 base = (u32)FIELD(i, 19, 16), reg = (u32)FIELD(i, 15, 12), kind = (u32)FIELD(i, 6, 5);
	bool up = i & BIT(23);

	*out = (struct access){0};
	if (FIELD(i, 31, 28) == 0xf || !(i & P) != !(i & W))
		return false;
	if ((i & 0x0e000000) == 0x04000000) { /* LDR, STR, LDRB, STRB (immediate) */
		out->size = i & BIT(22) ? 1 : 4;
		return indexed(out, base, reg, up, (u32)FIELD(i, 11, 0));
	}
	/* STRH, LDRH, LDRSB, LDRSH (immediate): kinds 1 to 3; the last two as stores are LDRD, STRD */
	if ((i & 0x0e400090) != 0x00400090 || !kind || (kind > 1 && !(i & L)))
		return false;
	out->size = kind == 2 ? 1 : 2;
	out->sign_extend = kind > 1;
	return indexed(out, base, reg, up, (u32)(FIELD(i, 11, 8) << 4 | FIELD(i, 3, 0)));
}

/* LDR*, STR* (immediate, T4 and its like), of 32 bits with an 8-bit offset. */
bool decode_t32(u32 i, struct access *out)
{
	u32 first = (u32)FIELD(i, 15, 0), second = i >> 16, size = (u32)FIELD(first, 6, 5);
	bool is_signed = first & BIT(8), is_load = first & BIT(4);

	/* W, and bit 11, which tells these from register offsets */
	if ((first & 0xfe80) != 0xf800 || (second & 0x900) != 0x900 || size == 3 ||
	    (is_signed && !is_load))
		return false;
	*out = (struct access){.size = 1u << size, .sign_extend = is_signed};
	return indexed(out, (u32)FIELD(first, 3, 0), (u32)FIELD(second, 15, 12), second & BIT(9),
		       (u32)FIELD(second, 7, 0));
}
