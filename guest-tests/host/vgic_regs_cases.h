/* SPDX-License-Identifier: BSD-2-Clause */
/* Cases of test_vgic.c: every register of the distributor and of a redistributor. */
#ifndef GUEST_TESTS_HOST_VGIC_REGS_CASES_H
#define GUEST_TESTS_HOST_VGIC_REGS_CASES_H

#include "guest-tests/host/vgic_fixture.h"

struct word {
	u32 offset, value;
};

static u32 word_of(const struct word *w, size_t nr, u32 offset)
{
	for (size_t i = 0; i < nr; i++)
		if (w[i].offset == offset)
			return w[i].value;
	return 0;
}

/* Every word of all frames. */
static void test_reset_values(void **state)
{
	static const struct word dist[] = {
		{0x0000, 0x50}, {0x0004, 0x04480002}, {0x0008, 0x43b}, {0xffd0, 0x44},
		{0xffe0, 0x92}, {0xffe4, 0xb4},       {0xffe8, 0x3b},  {0xfff0, 0x0d},
		{0xfff4, 0xf0}, {0xfff8, 0x05},       {0xfffc, 0xb1},
	};
	static const struct word redist[] = {
		{0x0004, 0x43b},       {0x0008, 0x210}, {0x000c, 0x100}, {0x0014, 0x6},
		{0xffd0, 0x44},        {0xffe0, 0x93},  {0xffe4, 0xb4},  {0xffe8, 0x3b},
		{0xfff0, 0x0d},        {0xfff4, 0xf0},  {0xfff8, 0x05},  {0xfffc, 0xb1},
		{0x10c00, 0xaaaaaaaa},
	};

	(void)state;
	for (u32 offset = 0; offset < 0x10000; offset += 4)
		assert_int_equal(read_dist(offset, 4), word_of(dist, ARRAY_SIZE(dist), offset));
	for (u32 offset = 0; offset < 0x20000; offset += 4)
		assert_int_equal(read_redist(2, offset, 4),
				 word_of(redist, ARRAY_SIZE(redist), offset));
	assert_int_equal(read_redist(0, 8, 8), 0);
	assert_int_equal(read_redist(1, 8, 8), 0x100000100);
	assert_int_equal(read_redist(2, 8, 8), 0x10000000210);
	expect(0);
}

/* All ones to every word, writable or not: what sticks. */
static void test_writable_bits(void **state)
{
	(void)state;
	vm.c[1].awake = true;
	for (u32 offset = 0; offset < 0x10000; offset += 4) {
		if ((offset < 0x180 || offset >= 0x400) && offset != 0)
			write_dist(offset, 4, 0xffffffff);
	}
	write_dist(0, 4, 0xffffffff);
	assert_int_equal(read_dist(0, 4), 0x53);
	assert_int_equal(read_dist(0x80, 4), 0);
	assert_int_equal(read_dist(0x84, 4), 0xffffffff);
	assert_int_equal(read_dist(0x88, 4), 0xffffffff);
	assert_int_equal(read_dist(0x8c, 4), 0);
	assert_int_equal(read_dist(0x100, 4), 0);
	assert_int_equal(read_dist(0x104, 4), 0xffffffff);
	assert_int_equal(read_dist(0x41c, 4), 0);
	assert_int_equal(read_dist(0x420, 4), 0xf8f8f8f8);
	assert_int_equal(read_dist(0x45c, 4), 0xf8f8f8f8);
	assert_int_equal(read_dist(0x460, 4), 0);
	assert_int_equal(read_dist(0xc04, 4), 0);
	assert_int_equal(read_dist(0xc08, 4), 0xaaaaaaaa);
	assert_int_equal(read_dist(0xc14, 4), 0xaaaaaaaa);
	assert_int_equal(read_dist(0x60f8, 8), 0);
	assert_int_equal(read_dist(0x6100, 8), 0x80ffffff);
	assert_int_equal(read_dist(0x62f8, 8), 0x80ffffff);
	assert_int_equal(read_dist(0x6300, 8), 0);

	expected.c[1].awake = true;
	expected.g.enable_group0 = expected.g.enable_group1 = true;
	for (u32 i = 0; i < VGIC_NR_SPIS; i++) {
		expected.g.spi[i].group1 = expected.g.spi[i].enabled = true;
		expected.g.spi[i].edge = true;
		expected.g.spi[i].priority = 0xf8;
		expected.g.spi[i].irouter = 0x80ffffff;
		expected.g.spi[i].target = 1;
	}
	expect(0);

	for (u32 offset = 0; offset < 0x20000; offset += 4) {
		if (offset < SGI_FRAME + 0x180 || offset >= SGI_FRAME + 0x400)
			write_redist(0, offset, 4, 0xffffffff);
	}
	for (u32 i = 0; i < VGIC_NR_PRIVATE; i++) {
		expected.c[0].irq[i].group1 = expected.c[0].irq[i].enabled = true;
		expected.c[0].irq[i].edge = i != TIMER;
		expected.c[0].irq[i].priority = 0xf8;
	}
	expect(0);
	assert_int_equal(read_redist(0, SGI_FRAME + 0xc04, 4), 0xaa2aaaaa);
	assert_int_equal(read_redist(0, SGI_FRAME + 0xc08, 4), 0);

	/* Zeros take nothing back from the registers that set. */
	write_dist(0x104, 4, 0);
	write_redist(0, SGI_FRAME + 0x100, 4, 0);
	expect(0);
	write_dist(0x184, 4, 2);
	spi(33)->enabled = false;
	expect(0);
	write_dist(0, 4, 0);
	write_dist(0x84, 4, 0);
	expected.g.enable_group0 = expected.g.enable_group1 = false;
	for (u32 i = 0; i < 32; i++)
		expected.g.spi[i].group1 = false;
	expect(0);
}

static void test_access_sizes(void **state)
{
	u64 value;

	(void)state;
	for (u32 offset = 0x100; offset < 0x400; offset += 0x80) {
		assert_false(vgic_access(&vm.g, NULL, offset + 4, 1, false, &value));
		assert_false(vgic_access(&vm.g, NULL, offset + 4, 2, false, &value));
		assert_false(vgic_write(&vm.g, NULL, offset, 8, ~0ULL));
	}
	assert_false(vgic_write(&vm.g, NULL, 0x420, 2, ~0ULL));
	assert_false(vgic_write(&vm.g, NULL, 0x420, 8, ~0ULL));
	assert_false(vgic_write(&vm.g, NULL, 0xc08, 1, ~0ULL));
	assert_false(vgic_write(&vm.g, NULL, 0x6100, 2, ~0ULL));
	assert_false(vgic_write(&vm.g, NULL, 0x6104, 8, ~0ULL));
	assert_false(vgic_write(&vm.g, NULL, 0, 8, ~0ULL));
	assert_false(vgic_write(&vm.g, NULL, 2, 4, ~0ULL));
	assert_false(vgic_write(&vm.g, NULL, 0, 3, ~0ULL));
	assert_false(vgic_write(&vm.g, NULL, 0, 16, ~0ULL));
	assert_false(vgic_write(&vm.g, NULL, 0, 0, ~0ULL));
	assert_false(vgic_write(&vm.g, &vm.c[0], 0x14, 8, 0));
	assert_false(vgic_write(&vm.g, &vm.c[0], 0x14, 1, 0));
	expect(0);
	/* What is reserved has no wrong size. */
	assert_int_equal(read_redist(0, 0x70, 8), 0);
	write_redist(0, 0x78, 8, ~0ULL);
	assert_int_equal(read_dist(0xf00, 1), 0);

	write_dist(0x421, 1, 0xff);
	spi(33)->priority = 0xf8;
	expect(0);
	assert_int_equal(read_dist(0x420, 4), 0xf800);
	write_dist(0x6108, 4, 0x100);
	spi(33)->irouter = 0x100;
	spi(33)->target = 2;
	expect(0);
	write_dist(0x610c, 4, 1); /* no Aff3 */
	expect(0);
	assert_int_equal(read_dist(0x6108, 4), 0x100);
	assert_int_equal(read_dist(0x610c, 4), 0);
	write_dist(0x6108, 8, 1);
	spi(33)->irouter = 1;
	spi(33)->target = 1;
	expect(0);
}

static void test_needs_hold(void **state)
{
	(void)state;
	for (u32 offset = 0; offset < 0x20000; offset += 4) {
		assert_int_equal(vgic_needs_hold(NULL, offset), offset >= 0x180 && offset < 0x400);
		assert_int_equal(vgic_needs_hold(&vm.c[0], offset),
				 offset >= 0x10180 && offset < 0x10400);
	}
}

#endif
