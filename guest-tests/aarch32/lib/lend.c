/* SPDX-License-Identifier: BSD-2-Clause */
/* The lending calls by SMC32: results of 64 bits come in two registers, low word first. */
#include "guest-tests/aarch32/arm32.h"

#define ODD 0x9e3779b9u
#define EACH_BYTE_SET 0x01010101u

struct regs smc(u32 fn, u32 a, u32 b, u32 c, u32 d)
{
	struct regs r = {{fn, a, b, c, d, 0x55555555, 0x66666666, 0x77777777}};

	smc_a32(&r);
	return r;
}

s32 lend(u32 fn, u32 a, u32 b, u32 c)
{
	return (s32)smc(fn, a, b, c, 0).r[0];
}

struct window window(void)
{
	struct regs w = smc(LEND_INFO, LEND_INFO_WINDOW, 0, 0, 0);
	struct regs pool = smc(LEND_INFO, LEND_INFO_POOL, 0, 0, 0);

	if (w.r[0] || w.r[2] || w.r[4])
		bail_out("a window above 4 GiB", w.r[2]);
	return (struct window){w.r[1], w.r[3], w.r[5], w.r[6], pool.r[5]};
}

u32 slot_state(u32 slot)
{
	return smc(LEND_SLOT_INFO, slot, 0, 0, 0).r[1] & 0xff;
}

u64 slot_loan(u32 slot)
{
	struct regs r = smc(LEND_SLOT_INFO, slot, 0, 0, 0);

	return r.r[3] | (u64)r.r[4] << 32;
}

u32 slot_address(u32 slot)
{
	struct window w = window();

	return w.base + slot * w.block_size;
}

u32 first_nonzero(u32 address, u32 size)
{
	for (const u32 *p = (const u32 *)address; p < (const u32 *)(address + size); p++)
		if (*p)
			return (u32)p;
	return 0;
}

static u32 pattern(u32 address, u32 seed)
{
	return (address * ODD ^ seed) | EACH_BYTE_SET;
}

void fill_pattern(u32 address, u32 size, u32 seed)
{
	for (u32 at = address; at < address + size; at += 4)
		*(volatile u32 *)at = pattern(at, seed);
}

u32 first_unlike_pattern(u32 address, u32 size, u32 seed)
{
	for (u32 at = address; at < address + size; at += 4)
		if (*(volatile u32 *)at != pattern(at, seed))
			return at;
	return 0;
}
