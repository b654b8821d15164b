/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtual GIC, case by case; here the life of edges, levels and SGIs, withdrawals and routing.
 * test_vgic_random.c lets it run against a model.
 */
#include "guest-tests/host/vgic_fixture.h"
#include "guest-tests/host/vgic_regs_cases.h"
#include "guest-tests/host/vgic_lr_cases.h"

static void test_edge_life(void **state)
{
	(void)state;
	write_dist(0xc08, 4, 2); /* 32 is an edge */
	write_dist(0x6100, 8, 1);
	spi(32)->edge = true;
	spi(32)->irouter = spi(32)->target = 1;
	expect(0);

	pulse(32);
	spi(32)->latch = true;
	expect(1 << 1);
	pulse(32); /* merged */
	expect(0);
	assert_true(vgic_has_pending(&vm.c[1]));
	assert_false(vgic_has_pending(&vm.c[0]));
	assert_int_equal(read_dist(0x204, 4), 1);
	assert_int_equal(read_dist(0x284, 4), 1);

	vgic_fill(&vm.c[0]);
	expect(0);
	vgic_fill(&vm.c[1]);
	expect_lrs(1, 1, (u64[]){lr_of(32, VGIC_LR_PENDING, 0)});
	expect(0);

	/* Again, while the list register has it: it may have been taken already. */
	pulse(32);
	spi(32)->latch = true;
	expect(1 << 1);
	vm.c[1].lr[0] = lr_of(32, VGIC_LR_ACTIVE, 0);
	vgic_fold(&vm.c[1], 0);
	take_back(1);
	expected.c[1].lr[0] = lr_of(32, VGIC_LR_ACTIVE, 0);
	spi(32)->lent = false;
	spi(32)->active = true;
	spi(32)->active_on = 1;
	expect(0);
	assert_int_equal(read_dist(0x204, 4), 1);
	assert_int_equal(read_dist(0x304, 4), 1);

	vgic_fill(&vm.c[1]);
	expect_lrs(1, 1, (u64[]){lr_of(32, VGIC_LR_STATE, 0)});
	expect(0);
	vm.c[1].lr[0] = lr_of(32, VGIC_LR_PENDING, 0); /* ended once */
	vgic_fold(&vm.c[1], 0);
	take_back(1);
	expected.c[1].lr[0] = lr_of(32, VGIC_LR_PENDING, 0);
	spi(32)->lent = false;
	spi(32)->latch = true;
	spi(32)->active = false;
	expect(0);
	/* A rise of its line counts too, its fall does not. */
	vgic_set_line(&vm.g, NULL, 32, true);
	vgic_set_line(&vm.g, NULL, 32, false);
	expect(0);
	write_dist(0x284, 4, 1);
	spi(32)->latch = false;
	expect(1 << 1);
	assert_false(vgic_has_pending(&vm.c[1]));
}

static void test_level_life(void **state)
{
	(void)state;
	vgic_set_line(&vm.g, NULL, 40, true);
	spi(40)->line = true;
	expect(1 << 0);
	vgic_set_line(&vm.g, NULL, 40, true);
	expect(0);
	vgic_fill(&vm.c[0]);
	expect_lrs(0, 1, (u64[]){lr_of(40, VGIC_LR_PENDING, VGIC_LR_EOI)});
	expect(0);

	/* The line falls before it was taken: it has to come out. */
	vgic_set_line(&vm.g, NULL, 40, false);
	spi(40)->line = false;
	expect(1 << 0);
	vgic_fold(&vm.c[0], 0);
	take_back(0);
	expect(0);
	vgic_fill(&vm.c[0]);
	expect_lrs(0, 0, NULL);
	expect(0);

	/* Ended with the line high: pending again. */
	vgic_set_line(&vm.g, NULL, 40, true);
	vgic_fold(&vm.c[0], 0);
	vgic_fill(&vm.c[0]);
	vm.c[0].lr[0] = lr_of(40, 0, VGIC_LR_EOI);
	vgic_fold(&vm.c[0], 0);
	vgic_fill(&vm.c[0]);
	spi(40)->line = true;
	expect_lrs(0, 1, (u64[]){lr_of(40, VGIC_LR_PENDING, VGIC_LR_EOI)});
	expect(1 << 0);

	/* ISPENDR outlives the line, ICPENDR takes only the latch. */
	vgic_fold(&vm.c[0], 0);
	write_dist(0x204, 4, 1 << 8);
	vgic_set_line(&vm.g, NULL, 40, false);
	assert_int_equal(read_dist(0x204, 4), 1 << 8);
	vgic_set_line(&vm.g, NULL, 40, true);
	write_dist(0x284, 4, 1 << 8);
	assert_int_equal(read_dist(0x204, 4), 1 << 8);
	vgic_set_line(&vm.g, NULL, 40, false);
	assert_int_equal(read_dist(0x204, 4), 0);
	take_back(0);
	spi(40)->line = false;
	expect(1 << 0);
	/* Taken with the latch: the latch is used up. */
	write_dist(0x204, 4, 1 << 8);
	vgic_fill(&vm.c[0]);
	vm.c[0].lr[0] = lr_of(40, 0, VGIC_LR_EOI);
	vgic_fold(&vm.c[0], 0);
	expected.c[0].lr[0] = vm.c[0].lr[0];
	expect(1 << 0);
}

/* A group off, an interrupt off, another priority, another group: each reaches who holds it. */
static void test_withdrawals(void **state)
{
	(void)state;
	vgic_set_line(&vm.g, NULL, 41, true);
	vgic_fill(&vm.c[0]);
	accept_state();
	write_dist(0, 4, 1);
	expected.g.enable_group1 = false;
	expect(1 << 0);
	assert_false(vgic_has_pending(&vm.c[0]));
	write_dist(0, 4, 3);
	expected.g.enable_group1 = true;
	expect(1 << 0);
	write_dist(0, 4, 2);
	expected.g.enable_group0 = false;
	expect(0);
	write_dist(0x184, 4, 1 << 9);
	spi(41)->enabled = false;
	expect(1 << 0);
	write_dist(0x104, 4, 1 << 9);
	spi(41)->enabled = true;
	expect(1 << 0);
	write_dist(0x429, 1, 0x10);
	spi(41)->priority = 0x10;
	expect(1 << 0);
	write_dist(0x429, 1, 0x17);
	expect(0);
	write_dist(0x84, 4, ~(1U << 9));
	spi(41)->group1 = false;
	expect(1 << 0);
	vgic_fold(&vm.c[0], 0);
	vgic_fill(&vm.c[0]);
	take_back(0);
	expect_lrs(0, 0, NULL);
	expect(0);
	write_dist(0, 4, 3);
	expected.g.enable_group0 = true;
	expect(1 << 0);
	vgic_fill(&vm.c[0]);
	expect_lrs(0, 1, (u64[]){VGIC_LR_PENDING | 0x10ULL << 48 | VGIC_LR_EOI | 41});
	expect(0);
}

static void test_rerouting(void **state)
{
	u64 lr = lr_of(50, VGIC_LR_PENDING, VGIC_LR_EOI);

	(void)state;
	vgic_set_line(&vm.g, NULL, 50, true);
	vgic_fill(&vm.c[0]);
	spi(50)->line = true;
	expect_lrs(0, 1, &lr);
	expect(1 << 0);

	/* It stays where it is until folded out; then the next one hears of it. */
	write_dist(0x6000 + 8 * 50, 8, 0x100);
	spi(50)->irouter = 0x100;
	spi(50)->target = 2;
	expect(1 << 0);
	vgic_fill(&vm.c[2]);
	expect(0);
	vgic_fold(&vm.c[0], 0);
	take_back(0);
	expect(1 << 2);
	vgic_fill(&vm.c[0]);
	expect_lrs(0, 0, NULL);
	vgic_fill(&vm.c[2]);
	expect_lrs(2, 1, &lr);
	expect(0);

	/* Active there, and routed away: delivered elsewhere only after its end. */
	vm.c[2].lr[0] = lr_of(50, VGIC_LR_ACTIVE, VGIC_LR_EOI);
	write_dist(0x6000 + 8 * 50, 8, 1);
	spi(50)->irouter = spi(50)->target = 1;
	expected.c[2].lr[0] = vm.c[2].lr[0];
	expect(1 << 2);
	vgic_fold(&vm.c[2], 0);
	take_back(2);
	spi(50)->active = true;
	spi(50)->active_on = 2;
	expect(0);
	write_dist(0x304, 4, 1 << 18); /* it is already */
	expect(0);
	vgic_fill(&vm.c[1]);
	expect(0);
	vgic_fill(&vm.c[2]);
	expect_lrs(2, 1, (u64[]){lr_of(50, VGIC_LR_ACTIVE, VGIC_LR_EOI)});
	expect(0);
	vm.c[2].lr[0] = lr_of(50, 0, VGIC_LR_EOI);
	vgic_fold(&vm.c[2], 0);
	take_back(2);
	expected.c[2].lr[0] = vm.c[2].lr[0];
	spi(50)->active = false;
	expect(1 << 1);
	vgic_fill(&vm.c[1]);
	expect_lrs(1, 1, &lr);
	expect(0);

	/* To nowhere. */
	vgic_fold(&vm.c[1], 0);
	write_dist(0x6000 + 8 * 50, 8, 0x7700);
	vgic_fill(&vm.c[1]);
	take_back(1);
	expect_lrs(1, 0, NULL);
	spi(50)->irouter = 0x7700;
	spi(50)->target = VGIC_NOWHERE;
	expect(1 << 1);
}

static void test_one_of_many(void **state)
{
	static const struct {
		u32 awake, target;
	} row[] = {{7, 0}, {6, 1}, {4, 2}, {5, 0}, {2, 1}, {0, 0}};
	u32 last = 0;

	(void)state;
	vgic_set_line(&vm.g, NULL, 60, true);
	write_dist(0x6000 + 8 * 60, 8, 1U << 31);
	spi(60)->irouter = 1U << 31;
	spi(60)->line = true;
	expect(1 << 0);
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		u32 seen = 1 << last;

		for (u32 c = 0; c < NR_CPUS; c++) {
			bool awake = row[i].awake & 1 << c;

			write_redist(c, 0x14, 4, awake ? 0 : 2);
			assert_int_equal(read_redist(c, 0x14, 4), awake ? 0 : 6);
			expected.c[c].awake = awake;
			seen |= 1 << vm.g.spi[60 - 32].target;
		}
		spi(60)->target = row[i].target;
		expect(row[i].target == last && seen == 1U << last ? 0 : seen);
		last = row[i].target;
	}
}

static void test_sgis(void **state)
{
	static const struct {
		u32 from;
		u64 value;
		bool group1;
		u32 targets; /* who gets SGI 5 */
	} row[] = {
		{0, 5 << 24 | 0x1, true, 1}, /* self */
		{0, 5 << 24 | 0x2, true, 2},
		{0, 5 << 24 | 0xffff, true, 3},
		{0, 5 << 24 | 1 << 16 | 0x1, true, 4},
		{0, 5 << 24 | 1 << 16 | 0x2, true, 0},
		{2, 5 << 24 | 0xffff, true, 3},
		{0, BIT(40) | 5 << 24, true, 6},
		{1, BIT(40) | 5 << 24 | 0xffff, true, 5},
		{0, BIT(44) | 5 << 24 | 0xffff, true, 0},
		{0, BIT(32) | 5 << 24 | 0xffff, true, 0},
		{0, BIT(48) | 5 << 24 | 0xffff, true, 0},
		{0, BIT(40) | 5 << 24, false, 0}, /* of group 1, by SGI0R or ASGI1R */
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		setup_enabled(state);
		vgic_send_sgi(&vm.c[row[i].from], row[i].value, row[i].group1);
		for (u32 c = 0; c < NR_CPUS; c++)
			expected.c[c].irq[5].latch = row[i].targets & 1 << c;
		expect(row[i].targets);
	}
	/* Aff0 of 16 and more: the range selector. */
	setup_enabled(state);
	vm.c[1].mpidr = expected.c[1].mpidr = 35;
	vgic_send_sgi(&vm.c[0], 2ULL << 44 | 5 << 24 | 1 << 3, true);
	expected.c[1].irq[5].latch = true;
	expect(2);
	/* Group 0: by either. */
	write_redist(0, SGI_FRAME + 0x80, 4, ~(1U << 6));
	expected.c[0].irq[6].group1 = false;
	vgic_send_sgi(&vm.c[2], 6 << 24 | 1, false);
	expected.c[0].irq[6].latch = true;
	expect(1);
	write_redist(0, SGI_FRAME + 0x280, 4, 1 << 6);
	vgic_send_sgi(&vm.c[2], 6 << 24 | 1, true);
	expect(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_reset_values, setup),
		cmocka_unit_test_setup(test_writable_bits, setup),
		cmocka_unit_test_setup(test_access_sizes, setup),
		cmocka_unit_test_setup(test_needs_hold, setup),
		cmocka_unit_test_setup(test_edge_life, setup_enabled),
		cmocka_unit_test_setup(test_level_life, setup_enabled),
		cmocka_unit_test_setup(test_withdrawals, setup_enabled),
		cmocka_unit_test_setup(test_rerouting, setup_enabled),
		cmocka_unit_test_setup(test_one_of_many, setup_enabled),
		cmocka_unit_test_setup(test_sgis, setup_enabled),
		cmocka_unit_test_setup(test_all_zero_list_register, setup),
		cmocka_unit_test_setup(test_hw_life, setup_enabled),
		cmocka_unit_test_setup(test_hw_given_back, setup_enabled),
		cmocka_unit_test_setup(test_hw_set_pending, setup_enabled),
		cmocka_unit_test_setup(test_overflow, setup_enabled),
		cmocka_unit_test_setup(test_eoi_count_spares_list_registers, setup_enabled),
		cmocka_unit_test_setup(test_order_and_reset_cpu, setup_enabled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
