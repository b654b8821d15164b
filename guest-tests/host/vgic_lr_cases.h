/* SPDX-License-Identifier: BSD-2-Clause */
/* Cases of test_vgic.c: hw interrupts, too few list registers, reset of one vCPU. */
#ifndef GUEST_TESTS_HOST_VGIC_LR_CASES_H
#define GUEST_TESTS_HOST_VGIC_LR_CASES_H

#include "guest-tests/host/vgic_fixture.h"

/* SGI 0 of group 0 at priority 0: its list register reads 0 when ended. */
static void test_all_zero_list_register(void **state)
{
	setup(state);
	write_dist(0, 4, 1);
	write_redist(0, SGI_FRAME + 0x100, 4, 1);
	vgic_send_sgi(&vm.c[0], 1, false);
	vgic_fill(&vm.c[0]);
	assert_int_equal(vm.c[0].lr[0], VGIC_LR_PENDING);
	vm.c[0].lr[0] = 0;
	vgic_fold(&vm.c[0], 0);
	expected.g.enable_group0 = true;
	expected.c[0].irq[0].enabled = true;
	expect(1);
}

static const u64 timer_lr = VGIC_LR_HW | (u64)TIMER_PHYS << 32;

static void test_hw_life(void **state)
{
	struct vgic_irq *timer = &expected.c[0].irq[TIMER];

	(void)state;
	vgic_set_line(&vm.g, &vm.c[0], TIMER, true);
	timer->line = true;
	expect(1);
	assert_int_equal(read_redist(0, SGI_FRAME + 0x200, 4), 1 << TIMER);
	vgic_fill(&vm.c[0]);
	expect_lrs(0, 1, (u64[]){lr_of(TIMER, VGIC_LR_PENDING, timer_lr)});
	expect(0);
	vgic_drop_hw(&vm.c[0], TIMER); /* in a list register: it may have been taken */
	expect(0);
	vm.c[0].lr[0] = lr_of(TIMER, VGIC_LR_ACTIVE, timer_lr);
	vgic_fold(&vm.c[0], 0);
	take_back(0);
	expected.c[0].lr[0] = vm.c[0].lr[0];
	timer->active = true;
	expect(0);
	vgic_drop_hw(&vm.c[0], TIMER); /* active: the guest will end it */
	expect(0);
	vgic_fill(&vm.c[0]);
	expect_lrs(0, 1, (u64[]){lr_of(TIMER, VGIC_LR_ACTIVE, timer_lr)});
	expect(0);
	/* Ended, which has deactivated the physical one; which fired again. */
	vm.c[0].lr[0] = lr_of(TIMER, 0, timer_lr);
	expected.c[0].lr[0] = vm.c[0].lr[0];
	vgic_fold(&vm.c[0], 0);
	take_back(0);
	timer->active = timer->line = false;
	expect(0);
	vgic_set_line(&vm.g, &vm.c[0], TIMER, true);
	timer->line = true;
	expect(1);
	vgic_fill(&vm.c[0]);
	vm.c[0].lr[0] = lr_of(TIMER, 0, timer_lr);
	vgic_fold(&vm.c[0], 0);
	expected.c[0].lr[0] = vm.c[0].lr[0];
	timer->line = false;
	expect(0);
	expect_deactivated(0);
}

/* What the guest may do to a hw interrupt otherwise: the physical one never stays active for it. */
static void test_hw_given_back(void **state)
{
	struct vgic_irq *timer = &expected.c[0].irq[TIMER];

	(void)state;
	/* The line fell. */
	vgic_set_line(&vm.g, &vm.c[0], TIMER, true);
	vgic_drop_hw(&vm.c[0], TIMER);
	expect(1);
	expect_deactivated(1);
	vgic_drop_hw(&vm.c[0], TIMER);
	expect(0);
	expect_deactivated(0);

	/* ICPENDR while pending: forgotten here; if the line is high it fires again. */
	vgic_set_line(&vm.g, &vm.c[0], TIMER, true);
	write_redist(0, SGI_FRAME + 0x280, 4, 1 << TIMER);
	expect(1);
	expect_deactivated(1);

	/* ICACTIVER while active; ICPENDR then is nothing. */
	vgic_set_line(&vm.g, &vm.c[0], TIMER, true);
	vgic_fill(&vm.c[0]);
	vm.c[0].lr[0] = lr_of(TIMER, VGIC_LR_ACTIVE, timer_lr);
	vgic_fold(&vm.c[0], 0);
	write_redist(0, SGI_FRAME + 0x280, 4, 1 << TIMER);
	expect_deactivated(0);
	write_redist(0, SGI_FRAME + 0x380, 4, 1 << TIMER);
	expected.c[0].lr[0] = vm.c[0].lr[0];
	expect(1);
	expect_deactivated(1);
	write_redist(0, SGI_FRAME + 0x380, 4, 1 << TIMER);
	expect(0);
	expect_deactivated(0);

	/* Disabled: held, so that it cannot storm; delivered when enabled. */
	vgic_set_line(&vm.g, &vm.c[0], TIMER, true);
	write_redist(0, SGI_FRAME + 0x180, 4, 1 << TIMER);
	vgic_fill(&vm.c[0]);
	timer->line = true;
	timer->enabled = false;
	expect_lrs(0, 0, NULL);
	expect(1);
	write_redist(0, SGI_FRAME + 0x100, 4, 1 << TIMER);
	timer->enabled = true;
	expect(1);
	/* Reset of the vCPU, and of the VM. */
	expect_deactivated(0);
	vgic_reset_cpu(&vm.c[0]);
	expect_deactivated(1);
	vgic_set_line(&vm.g, &vm.c[0], TIMER, true);
	vgic_reset(&vm.g);
	expect_deactivated(1);
	setup(state);
	vgic_reset(&vm.g);
	expect(0);
}

/* ISPENDR on a hw interrupt: there is nothing physical behind it, until there is. */
static void test_hw_set_pending(void **state)
{
	struct vgic_irq *timer = &expected.c[0].irq[TIMER];

	(void)state;
	write_redist(0, SGI_FRAME + 0x200, 4, 1 << TIMER);
	vgic_fill(&vm.c[0]);
	timer->latch = true;
	expect_lrs(0, 1, (u64[]){lr_of(TIMER, VGIC_LR_PENDING, VGIC_LR_EOI)});
	expect(1);
	vm.c[0].lr[0] = lr_of(TIMER, VGIC_LR_ACTIVE, VGIC_LR_EOI);
	vgic_fold(&vm.c[0], 0);
	vgic_set_line(&vm.g, &vm.c[0], TIMER, true);
	vgic_fill(&vm.c[0]);
	take_back(0);
	timer->lent = false;
	timer->active = timer->line = true;
	expect_lrs(0, 1, (u64[]){lr_of(TIMER, VGIC_LR_ACTIVE, timer_lr)});
	expect(1);
	/* Pending while active: not with HW, so its end is ours to carry through. */
	vgic_fold(&vm.c[0], 0);
	write_redist(0, SGI_FRAME + 0x200, 4, 1 << TIMER);
	vgic_fill(&vm.c[0]);
	take_back(0);
	timer->latch = true;
	expect_lrs(0, 1, (u64[]){lr_of(TIMER, VGIC_LR_STATE, VGIC_LR_EOI)});
	expect(1);
	vm.c[0].lr[0] = lr_of(TIMER, VGIC_LR_PENDING, VGIC_LR_EOI);
	vgic_fold(&vm.c[0], 0);
	expect_deactivated(1);
	take_back(0);
	expected.c[0].lr[0] = vm.c[0].lr[0];
	timer->active = timer->line = timer->lent = false;
	timer->latch = true;
	expect(0);
}

/* More than list registers: the pending ones by priority; then what EOIcount and DIR end. */
static void test_overflow(void **state)
{
	struct vgic_cpu *c = &vm.c[0];

	(void)state;
	c->nr_lrs = 1;
	for (u32 i = 0; i < 3; i++) {
		vgic_set_line(&vm.g, NULL, 70 + i, true);
		write_dist(0x400 + 70 + i, 1, 0x60 - 0x10 * i);
		expected.g.spi[38 + i].line = true;
		expected.g.spi[38 + i].priority = 0x60 - 0x10 * i;
	}
	vgic_fill(c);
	expected.c[0].overflow = expected.c[0].pending_overflow = true;
	expect_lrs(0, 1, (u64[]){VGIC_LR_PENDING | BIT(60) | 0x40ULL << 48 | VGIC_LR_EOI | 72});
	expect(1);

	/* Each taken in turn, as if it had preempted: 70, 71, 72 active, none has a list register. */
	for (u32 i = 0; i < 3; i++) {
		c->lr[0] ^= VGIC_LR_STATE;
		vgic_fold(c, 0);
		vgic_fill(c);
	}
	assert_int_equal(c->nr_used, 1);
	assert_int_equal(VGIC_LR_INTID(c->lr[0]), 72);
	assert_true(c->overflow);
	assert_false(c->pending_overflow);
	vgic_set_line(&vm.g, NULL, 80, true);
	vgic_fold(c, 0);
	vgic_fill(c);
	/* A pending one goes before the active ones, whatever their priority. */
	spi(80)->line = true;
	for (u32 i = 0; i < 3; i++) {
		spi(70 + i)->active = true;
		spi(70 + i)->active_on = 0;
		spi(70 + i)->where = VGIC_NOWHERE;
	}
	expect_lrs(0, 1, (u64[]){lr_of(80, VGIC_LR_PENDING, VGIC_LR_EOI)});
	expected.c[0].overflow = true;
	expected.c[0].pending_overflow = false;
	expect(1);
	assert_int_equal(read_dist(0x308, 4), 0x1c0);

	/* Two ended without list register: 72 and 71. Their lines are high: pending again. */
	vgic_fold(c, 2);
	take_back(0);
	spi(71)->active = spi(72)->active = false;
	expect(0);
	vgic_deactivate(c, 70);
	spi(70)->active = false;
	expect(1);
	vgic_deactivate(c, 70);
	vgic_deactivate(c, 1023);
	vgic_deactivate(c, 0xffffffff);
	expect(0);
	vgic_fold(c, 5);
	expect(0);
}

/* A list register's interrupt is not what EOIcount means. */
static void test_eoi_count_spares_list_registers(void **state)
{
	struct vgic_cpu *c = &vm.c[0];

	(void)state;
	c->nr_lrs = 1;
	write_dist(0x304, 4, 3);
	vgic_fill(c);
	assert_int_equal(c->lr[0], lr_of(32, VGIC_LR_ACTIVE, VGIC_LR_EOI));
	vgic_fold(c, 1);
	assert_int_equal(read_dist(0x304, 4), 1);
	vgic_fill(c);
	vgic_fold(c, 1);
	assert_int_equal(read_dist(0x304, 4), 1);
	write_dist(0x384, 4, 1);
	assert_int_equal(read_dist(0x304, 4), 0);
}

static void test_order_and_reset_cpu(void **state)
{
	struct vgic_cpu *c = &vm.c[1];

	(void)state;
	vgic_send_sgi(&vm.c[0], 3 << 24 | 2, true);
	vgic_send_sgi(&vm.c[0], 2 << 24 | 2, true);
	vgic_set_line(&vm.g, c, 20, true);
	write_redist(1, SGI_FRAME + 0x400 + 20, 1, 0x20);
	write_dist(0x6000 + 8 * 90, 8, 1);
	write_dist(0x208, 4, 1 << 26);
	write_redist(1, SGI_FRAME + 0x300, 4, 1 << 9);
	vgic_fill(c);
	expected.c[1].irq[2].latch = expected.c[1].irq[3].latch = true;
	expected.c[1].irq[9].active = true;
	expected.c[1].irq[9].active_on = 1;
	expected.c[1].irq[20].line = true;
	expected.c[1].irq[20].priority = 0x20;
	spi(90)->latch = true;
	spi(90)->irouter = spi(90)->target = 1;
	expected.c[1].overflow = true;
	expect_lrs(1, 4,
		   (u64[]){VGIC_LR_PENDING | BIT(60) | 0x20ULL << 48 | VGIC_LR_EOI | 20,
			   lr_of(2, VGIC_LR_PENDING, 0), lr_of(3, VGIC_LR_PENDING, 0),
			   lr_of(90, VGIC_LR_PENDING, VGIC_LR_EOI)});
	/* Not vCPU 0: 90 was not pending when it was routed there. */
	expect(1 << 1);

	/* The private ones are gone, the SPI waits. */
	vgic_reset_cpu(c);
	take_back(1);
	for (u32 i = 0; i < VGIC_NR_PRIVATE; i++)
		expected.c[1].irq[i] = (struct vgic_irq){.where = VGIC_NOWHERE,
							 .edge = i < 16,
							 .hw = i == TIMER,
							 .phys = i == TIMER ? TIMER_PHYS : 0};
	memset(expected.c[1].lr, 0, sizeof(expected.c[1].lr));
	expected.c[1].awake = expected.c[1].overflow = false;
	spi(90)->latch = true;
	spi(90)->lent = false;
	expect(0);
	assert_true(vgic_has_pending(c));
}

#endif
