/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM of three vCPUs for the tests of the virtual GIC, and the state it is expected to have: tests
 * change both, and expect() compares them whole, with who was kicked since.
 */
#ifndef GUEST_TESTS_HOST_VGIC_FIXTURE_H
#define GUEST_TESTS_HOST_VGIC_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "guest-tests/host/vgic_write.h"
#include "hyp/gic/vgic.h"

#define NR_CPUS 3
#define SGI_FRAME 0x10000
#define TIMER 27
#define TIMER_PHYS 43

struct vm {
	struct vgic g;
	struct vgic_cpu c[NR_CPUS];
};

static struct vm vm, expected;
static u32 kicked; /* bitmap of vCPUs, since the last expect() */
static u32 nr_deactivated, last_deactivated;

static inline void kick(struct vgic_cpu *c)
{
	kicked |= 1 << c->index;
}

static inline void deactivate_phys(struct vgic_cpu *c, u32 phys)
{
	nr_deactivated++;
	last_deactivated = c->index << 16 | phys;
}

static inline void compare_irq(const struct vgic_irq *a, const struct vgic_irq *b)
{
	assert_int_equal(a->priority, b->priority);
	assert_int_equal(a->target, b->target);
	assert_int_equal(a->where, b->where);
	assert_int_equal(a->active, b->active);
	if (a->active)
		assert_int_equal(a->active_on, b->active_on);
	assert_int_equal(a->group1, b->group1);
	assert_int_equal(a->enabled, b->enabled);
	assert_int_equal(a->edge, b->edge);
	assert_int_equal(a->latch, b->latch);
	assert_int_equal(a->lent, b->lent);
	assert_int_equal(a->line, b->line);
	assert_int_equal(a->hw, b->hw);
	assert_int_equal(a->phys, b->phys);
	assert_int_equal(a->irouter, b->irouter);
}

/* All state is as in expected, and exactly these vCPUs were kicked. */
static inline void expect(u32 kicks)
{
	assert_int_equal(vm.g.enable_group0, expected.g.enable_group0);
	assert_int_equal(vm.g.enable_group1, expected.g.enable_group1);
	for (u32 i = 0; i < VGIC_NR_SPIS; i++)
		compare_irq(&vm.g.spi[i], &expected.g.spi[i]);
	for (u32 i = 0; i < NR_CPUS; i++) {
		for (u32 j = 0; j < VGIC_NR_PRIVATE; j++)
			compare_irq(&vm.c[i].irq[j], &expected.c[i].irq[j]);
		for (u32 j = 0; j < VGIC_MAX_LRS; j++)
			assert_int_equal(vm.c[i].lr[j], expected.c[i].lr[j]);
		assert_int_equal(vm.c[i].nr_used, expected.c[i].nr_used);
		assert_int_equal(vm.c[i].awake, expected.c[i].awake);
		assert_int_equal(vm.c[i].overflow, expected.c[i].overflow);
		assert_int_equal(vm.c[i].pending_overflow, expected.c[i].pending_overflow);
	}
	assert_int_equal(kicked, kicks);
	kicked = 0;
}

static inline void expect_deactivated(u32 nr)
{
	assert_int_equal(nr_deactivated, nr);
	if (nr)
		assert_int_equal(last_deactivated, TIMER_PHYS);
	nr_deactivated = 0;
}

static inline void accept_state(void)
{
	expected = vm;
	kicked = 0;
	nr_deactivated = 0;
}

static inline void write_dist(u32 offset, u32 size, u64 value)
{
	assert_true(vgic_write(&vm.g, NULL, offset, size, value));
}

static inline u64 read_dist(u32 offset, u32 size)
{
	u64 value = 0xdead;

	assert_true(vgic_access(&vm.g, NULL, offset, size, false, &value));
	return value;
}

static inline void write_redist(u32 cpu, u32 offset, u32 size, u64 value)
{
	assert_true(vgic_write(&vm.g, &vm.c[cpu], offset, size, value));
}

static inline u64 read_redist(u32 cpu, u32 offset, u32 size)
{
	u64 value = 0xdead;

	assert_true(vgic_access(&vm.g, &vm.c[cpu], offset, size, false, &value));
	return value;
}

static inline void pulse(u32 intid)
{
	vgic_set_line(&vm.g, NULL, intid, true);
	vgic_set_line(&vm.g, NULL, intid, false);
}

static inline struct vgic_irq *spi(u32 intid)
{
	return &expected.g.spi[intid - 32];
}

static inline int setup(void **state)
{
	(void)state;
	memset(&vm, 0, sizeof(vm));
	vgic_deactivate_phys = deactivate_phys;
	vm.g.kick = kick;
	vm.g.nr_cpus = NR_CPUS;
	for (u32 i = 0; i < NR_CPUS; i++) {
		vm.g.cpu[i] = &vm.c[i];
		vm.c[i].vgic = &vm.g;
		vm.c[i].index = i;
		vm.c[i].mpidr = i == 2 ? 0x100 : i; /* a second cluster */
		vm.c[i].nr_lrs = 4;
		vm.c[i].irq[TIMER].hw = true;
		vm.c[i].irq[TIMER].phys = TIMER_PHYS;
	}
	vgic_reset(&vm.g);
	accept_state();
	return 0;
}

/* Both groups on; everything enabled, in group 1, at priority 0xa0. */
static inline int setup_enabled(void **state)
{
	setup(state);
	write_dist(0, 4, 3);
	for (u32 n = 1; n < 3; n++) {
		write_dist(0x80 + 4 * n, 4, 0xffffffff);
		write_dist(0x100 + 4 * n, 4, 0xffffffff);
	}
	for (u32 i = 0; i < NR_CPUS; i++) {
		write_redist(i, SGI_FRAME + 0x80, 4, 0xffffffff);
		write_redist(i, SGI_FRAME + 0x100, 4, 0xffffffff);
		for (u32 intid = 0; intid < 32; intid++)
			write_redist(i, SGI_FRAME + 0x400 + intid, 1, 0xa0);
		write_redist(i, 0x14, 4, 0);
	}
	for (u32 intid = 32; intid < VGIC_NR_INTIDS; intid++)
		write_dist(0x400 + intid, 1, 0xa0);
	accept_state();
	return 0;
}

static inline u64 lr_of(u32 intid, u64 state, u64 more)
{
	return state | 0xa0ULL << 48 | 1ULL << 60 | more | intid;
}

/* The expected result of a fill that puts these into the list registers of a vCPU. */
static inline void expect_lrs(u32 cpu, u32 nr, const u64 *lr)
{
	struct vgic_cpu *c = &expected.c[cpu];

	memset(c->lr, 0, sizeof(c->lr));
	c->nr_used = nr;
	for (u32 i = 0; i < nr; i++) {
		u32 intid = lr[i] & 0x3ff;
		struct vgic_irq *irq = intid < 32 ? &c->irq[intid] : spi(intid);

		c->lr[i] = lr[i];
		irq->where = cpu;
		if (lr[i] & VGIC_LR_PENDING) {
			irq->lent = irq->latch;
			irq->latch = false;
		}
	}
}

static inline void take_back(u32 cpu)
{
	expected.c[cpu].nr_used = 0;
	for (u32 i = 0; i < VGIC_NR_SPIS; i++)
		if (expected.g.spi[i].where == cpu)
			expected.g.spi[i].where = VGIC_NOWHERE;
	for (u32 i = 0; i < 32; i++)
		expected.c[cpu].irq[i].where = VGIC_NOWHERE;
}

#endif
