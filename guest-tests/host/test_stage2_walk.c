/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the hardware finds in the tables, by a walk of the test's own after the Arm ARM (DDI 0487, D8.3),
 * which shares nothing with stage2/: block size by block size, whatever was mapped, unmapped and zeroed
 * before, each page is the block's, the zero page read-only, or a fault.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "stage2/stage2.h"
#include "guest-tests/host/tlb_fake.h"

#define IPA_BITS 40
#define NR_PAGES 64
#define BASE GIB(4)
#define RAM GIB(16)

static struct s2 s;

struct found {
	bool valid, writable, executable;
	u64 pa;
	u32 level;
};

/* VTTBR_EL2.BADDR, VTCR_EL2.SL0 = 1: the walk begins at level 1, roots concatenated. */
static struct found hardware_walk(u64 vttbr, u64 ipa)
{
	u64 table = vttbr & 0x0000fffffffffffeull;

	for (u32 level = 1;; level++) {
		u32 shift = 39 - 9 * level;
		u64 index = level == 1 ? ipa >> shift : (ipa >> shift) & 0x1ff;
		u64 pte = ((const u64 *)(uintptr_t)table)[index];
		bool upper = pte & 2;

		if (!(pte & 1) || (level == 3 && !upper))
			return (struct found){.level = level};
		if (level < 3 && upper) {
			table = pte & 0x0000fffffffff000ull;
			continue;
		}
		return (struct found){
			.valid = true,
			.writable = (pte >> 6 & 3) == 3,
			.executable = (pte >> 53 & 3) == 0,
			.pa = (pte & 0x0000fffffffff000ull & ~((1ull << shift) - 1)) |
			      (ipa & ((1ull << shift) - 1)),
			.level = level,
		};
	}
}

static void expect_block(u64 ipa, u64 pa, u32 level)
{
	struct found f = hardware_walk(s.vttbr, ipa);

	assert_true(f.valid && f.writable && f.executable);
	assert_int_equal(f.pa, pa);
	assert_int_equal(f.level, level);
}

static void expect_zero(u64 ipa)
{
	static const u8 zero[4096];
	struct found f = hardware_walk(s.vttbr, ipa);

	assert_true(f.valid && !f.writable && !f.executable);
	assert_memory_equal((const void *)(uintptr_t)(f.pa & ~0xfffull), zero, sizeof(zero));
	assert_int_equal(f.pa, (u64)(uintptr_t)s.zero_page | (ipa & 0xfff));
}

/* First, middle and last pages, and one at random of each sixteenth. */
static void for_pages(u64 ipa, u64 size, void (*check)(u64 ipa, u64 offset))
{
	static u64 rng = 1;

	for (u32 i = 0; i < 16; i++) {
		u64 part = size / 16, offset = i * part;

		rng = rng * 6364136223846793005ull + 1442695040888963407ull;
		check(ipa + offset, offset);
		check(ipa + offset + part - 1, offset + part - 1);
		offset += (rng >> 20) % part;
		check(ipa + offset, offset);
	}
}

static u64 mapped_pa;
static u32 mapped_level;

static void is_memory(u64 ipa, u64 offset)
{
	expect_block(ipa, mapped_pa + offset, mapped_level);
}

static void is_zero(u64 ipa, u64 offset)
{
	(void)offset;
	expect_zero(ipa);
}

static void is_fault(u64 ipa, u64 offset)
{
	(void)offset;
	assert_false(hardware_walk(s.vttbr, ipa).valid);
}

/* Slots of one size side by side, each in turn through every change of what it is. */
static void test_slots(u64 size, u32 level)
{
	enum {
		FAULT,
		ZERO,
		MEMORY,
		NR_SLOTS = 5
	};
	static void (*const checks[])(u64 ipa, u64 offset) = {is_fault, is_zero, is_memory};
	u32 is[NR_SLOTS] = {0};
	void *pool = aligned_alloc(KIB(32), NR_PAGES * PAGE_SIZE);

	memset(pool, 0, NR_PAGES * PAGE_SIZE);
	s2_fake_reset();
	assert_int_equal(s2_init(&s, 3, IPA_BITS, pool, NR_PAGES), 0);
	s2_fake_know(pool, NR_PAGES * PAGE_SIZE, s.vttbr);
	assert_int_equal(s2_prepare(&s, IPA(BASE), NR_SLOTS * size, size), 0);
	mapped_level = level;
	spin_lock(&s.lock);
	for (u32 round = 0; round < 60; round++) {
		u32 slot = round * 3 % NR_SLOTS, to = (is[slot] + 1 + round / 7 % 2) % 3;
		ipa_t ipa = IPA(BASE + slot * size);

		if (to == MEMORY)
			s2_map(&s, ipa, PADDR(RAM + slot * size), size);
		else if (to == ZERO)
			s2_zero(&s, ipa, size);
		else
			s2_unmap(&s, ipa, size, S2_ABSENT_EMPTY);
		is[slot] = to;
		for (u32 i = 0; i < NR_SLOTS; i++) {
			mapped_pa = RAM + i * size;
			for_pages(BASE + i * size, size, checks[is[i]]);
		}
		s2_fake_check_quiet();
		is_fault(BASE - 1, 0);
		is_fault(BASE + NR_SLOTS * size, 0);
	}
	spin_unlock(&s.lock);
	free(pool);
}

static void test_slots_of_2_mib(void **state)
{
	(void)state;
	test_slots(MIB(2), 2);
}

static void test_slots_of_128_mib(void **state)
{
	(void)state;
	test_slots(MIB(128), 2);
}

static void test_slots_of_1_gib(void **state)
{
	(void)state;
	test_slots(GIB(1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slots_of_2_mib),
		cmocka_unit_test(test_slots_of_128_mib),
		cmocka_unit_test(test_slots_of_1_gib),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
