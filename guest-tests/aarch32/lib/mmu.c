/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest-tests/aarch32/lib/cpu.h"

#define SCTLR_M BIT(0)
#define SCTLR_C BIT(2)
#define SCTLR_I BIT(12)

/* Sections of 1 MiB: read-write; device without execution, or normal write-back, shared. */
#define SECTION_DEVICE 0xc16u
#define SECTION_NORMAL 0x11c0eu
#define TTBR_WALK 0x4a /* write-back, shared */

/* Blocks of 1 GiB. */
#define ATTRIBUTES 0xff00 /* MAIR: 0 device, 1 normal write-back */
#define LONG_DEVICE (1ULL << 54 | 0x401)
#define LONG_NORMAL 0x705
#define TTBCR_LONG 0x80003500u

static u32 sections[4096] __attribute__((aligned(16384)));
static u64 gib[4] __attribute__((aligned(32)));

void cache_clean(const void *start, u32 size)
{
	u32 line = 4u << FIELD(read_cp15(0, c0, c0, 1), 19, 16); /* CTR.DminLine */

	for (u32 p = (u32)start & ~(line - 1); p < (u32)start + size; p += line)
		write_cp15(0, c7, c14, 1, p); /* DCCIMVAC */
	dsb();
}

void mmu_on(bool long_descriptors)
{
	for (u32 i = 0; i < 4096; i++)
		sections[i] = i << 20 | (i < 1024 ? SECTION_DEVICE : SECTION_NORMAL);
	for (u32 i = 0; i < 4; i++)
		gib[i] = GIB(i) | (i ? LONG_NORMAL : LONG_DEVICE);
	dsb();
	if (long_descriptors) {
		write_cp15(0, c10, c2, 0, ATTRIBUTES); /* MAIR0 */
		write_cp15(0, c2, c0, 2, TTBCR_LONG);
		write_cp15_64(0, c2, (u32)gib);
	} else {
		write_cp15(0, c2, c0, 2, 0); /* TTBCR */
		write_cp15(0, c2, c0, 0, (u32)sections | TTBR_WALK);
		write_cp15(0, c3, c0, 0, 1); /* DACR: domain 0 is checked */
	}
	write_cp15(0, c8, c7, 0, 0); /* TLBIALL */
	dsb();
	write_cp15(0, c1, c0, 0, read_cp15(0, c1, c0, 0) | SCTLR_M | SCTLR_C | SCTLR_I);
}

void mmu_off(void)
{
	extern char image_start[], bss_end[];

	cache_clean(image_start, (u32)(bss_end - image_start));
	write_cp15(0, c1, c0, 0, read_cp15(0, c1, c0, 0) & ~(u32)(SCTLR_M | SCTLR_C));
}
