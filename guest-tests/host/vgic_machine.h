/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine around the virtual GIC of test_vgic_random.c: CPU interfaces with list registers,
 * EOIcount and maintenance conditions as the architecture has them, physical timers; the guests that
 * take and end interrupts; and the ghost, an ideal GIC without list registers, which goes along.
 */
#ifndef GUEST_TESTS_HOST_VGIC_MACHINE_H
#define GUEST_TESTS_HOST_VGIC_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "guest-tests/host/vgic_write.h"
#include "hyp/gic/vgic.h"

#define NR_CPUS 3
#define SGI_FRAME 0x10000
#define IDLE 0x100
#define PHYS(intid) ((intid) + 13) /* of timers, so that it is not the same number */

/* Those in play: with 16 list registers they all fit. */
static const u32 intids[] = {0, 1, 15, 20, 21, 27, 30, 32, 33, 34, 35, 95};
#define NR_INTIDS ARRAY_SIZE(intids)

struct ghost {
	bool enabled, group1, edge, latch, line, active, owed;
	u8 priority, active_on, target;
	u64 irouter;
};

struct sim_cpu {
	u64 lr[VGIC_MAX_LRS];
	u32 eoi_count;
	bool kicked;
	struct {
		u32 intid, priority;
	} running[32]; /* not yet dropped, the innermost last */
	u32 nr_running;
	u32 dropped[32]; /* EOImode 1: dropped, not yet deactivated */
	u32 nr_dropped;
	struct {
		bool line, active;
	} phys[2]; /* timers 27 and 30 */
};

static struct {
	struct vgic g;
	struct vgic_cpu c[NR_CPUS];
	struct sim_cpu sim[NR_CPUS];
	struct ghost private[NR_CPUS][32], spi[VGIC_NR_INTIDS];
	bool group0, group1;
	bool in_step, split; /* split: EOImode 1 */
	u32 nr_taken, nr_overflows;
} m;

static inline u32 pick(u32 n)
{
	return (u32)rand() % n;
}

static inline struct ghost *ghost(u32 cpu, u32 intid)
{
	return intid < 32 ? &m.private[cpu][intid] : &m.spi[intid];
}

static inline bool is_timer(u32 intid)
{
	return intid == 27 || intid == 30;
}

static inline void kick(struct vgic_cpu *c)
{
	m.sim[c->index].kicked = true;
}

static inline void deactivate_phys(struct vgic_cpu *c, u32 phys)
{
	assert_true(phys == PHYS(27) || phys == PHYS(30));
	m.sim[c->index].phys[phys == PHYS(30)].active = false;
}

/* ---- The ghost */

static inline bool ghost_pending(const struct ghost *o)
{
	return o->latch || (o->line && !o->edge);
}

static inline bool ghost_deliverable(u32 cpu, u32 intid)
{
	const struct ghost *o = ghost(cpu, intid);

	return ghost_pending(o) && o->enabled && (o->group1 ? m.group1 : m.group0) && !o->active &&
	       (intid < 32 || o->target == cpu);
}

static inline u32 ghost_best(u32 cpu)
{
	u32 best = IDLE;

	for (u32 i = 0; i < NR_INTIDS; i++)
		if (ghost_deliverable(cpu, intids[i]) && ghost(cpu, intids[i])->priority < best)
			best = ghost(cpu, intids[i])->priority;
	return best;
}

static inline void ghost_route(void)
{
	for (u32 intid = 32; intid < VGIC_NR_INTIDS; intid++) {
		struct ghost *o = &m.spi[intid];

		o->target = o->irouter & BIT(31) ? 0 : VGIC_NOWHERE;
		for (u32 i = NR_CPUS; i-- > 0;)
			if (o->irouter & BIT(31) ? m.c[i].awake : o->irouter == m.c[i].mpidr)
				o->target = i;
	}
}

/* ---- The hypervisor's side */

static inline void fold(u32 cpu)
{
	memcpy(m.c[cpu].lr, m.sim[cpu].lr, sizeof(m.c[cpu].lr));
	vgic_fold(&m.c[cpu], m.split ? 0 : m.sim[cpu].eoi_count);
	m.sim[cpu].eoi_count = 0;
	for (u32 t = 0; t < 2; t++)
		if (!m.sim[cpu].phys[t].line)
			vgic_drop_hw(&m.c[cpu], t ? 30 : 27);
}

static inline void fill(u32 cpu)
{
	vgic_fill(&m.c[cpu]);
	memcpy(m.sim[cpu].lr, m.c[cpu].lr, sizeof(m.c[cpu].lr));
	m.sim[cpu].kicked = false;
	m.nr_overflows += m.c[cpu].overflow;
	for (u32 i = 0; i < VGIC_MAX_LRS; i++) {
		u64 lr = m.c[cpu].lr[i];

		assert_int_equal(!!lr, i < m.c[cpu].nr_used);
		assert_true(i < m.c[cpu].nr_lrs || !lr);
		/* Forbidden by the architecture. */
		assert_false((lr & VGIC_LR_HW) && (lr & VGIC_LR_STATE) == VGIC_LR_STATE);
	}
}

static inline bool wants_maintenance(u32 cpu)
{
	const struct vgic_cpu *c = &m.c[cpu];
	bool pending = false, ended = false;

	for (u32 i = 0; i < c->nr_lrs; i++) {
		u64 lr = m.sim[cpu].lr[i];

		pending |= (lr & VGIC_LR_STATE) == VGIC_LR_PENDING;
		ended |= !(lr & VGIC_LR_STATE) && (lr & VGIC_LR_EOI) && !(lr & VGIC_LR_HW);
	}
	return ended || (c->overflow && m.sim[cpu].eoi_count) || (c->pending_overflow && !pending);
}

static inline bool serve(u32 cpu)
{
	if (!m.sim[cpu].kicked && !wants_maintenance(cpu))
		return false;
	fold(cpu);
	fill(cpu);
	/* Or else the CPU would do nothing any more but maintain. */
	assert_false(wants_maintenance(cpu));
	return true;
}

static inline bool fire_timers(u32 cpu)
{
	bool fired = false;

	for (u32 t = 0; t < 2; t++) {
		if (!m.sim[cpu].phys[t].line || m.sim[cpu].phys[t].active)
			continue;
		m.sim[cpu].phys[t].active = true;
		fold(cpu);
		vgic_set_line(&m.g, &m.c[cpu], t ? 30 : 27, true);
		fill(cpu);
		fired = true;
	}
	return fired;
}

/* Everything that happens by itself. Out of step, most of it happens later. */
static inline void settle(bool all)
{
	bool again = true;

	for (u32 rounds = 0; again; rounds++) {
		assert_true(rounds < 20);
		again = false;
		for (u32 cpu = 0; cpu < NR_CPUS; cpu++) {
			if (!all && wants_maintenance(cpu) == 0 && pick(4))
				continue;
			again |= fire_timers(cpu);
			again |= serve(cpu);
		}
	}
}

static inline void hold_all(void)
{
	for (u32 cpu = 0; cpu < NR_CPUS; cpu++)
		fold(cpu);
}

static inline void release_all(void)
{
	for (u32 cpu = 0; cpu < NR_CPUS; cpu++)
		fill(cpu);
}

/* ---- What a guest does */

static inline int hppi(u32 cpu)
{
	int best = -1;

	for (u32 i = 0; i < m.c[cpu].nr_lrs; i++)
		if ((m.sim[cpu].lr[i] & VGIC_LR_STATE) == VGIC_LR_PENDING &&
		    (best < 0 ||
		     VGIC_LR_PRIORITY(m.sim[cpu].lr[i]) < VGIC_LR_PRIORITY(m.sim[cpu].lr[best])))
			best = (int)i;
	return best;
}

static inline u32 running_priority(u32 cpu)
{
	const struct sim_cpu *s = &m.sim[cpu];

	return s->nr_running ? s->running[s->nr_running - 1].priority : IDLE;
}

static inline bool guest_takes(u32 cpu)
{
	struct sim_cpu *s = &m.sim[cpu];
	int n = hppi(cpu);
	u32 priority = n < 0 ? IDLE : VGIC_LR_PRIORITY(s->lr[n]);
	bool takes = priority < running_priority(cpu);
	u32 intid;
	struct ghost *o;

	if (m.in_step) {
		u32 best = ghost_best(cpu);

		assert_int_equal(takes, best < running_priority(cpu));
		assert_true(!takes || best == priority);
	}
	if (!takes)
		return false;
	intid = VGIC_LR_INTID(s->lr[n]);
	o = ghost(cpu, intid);
	if (m.in_step) {
		assert_true(ghost_deliverable(cpu, intid));
		assert_int_equal(!!(s->lr[n] & VGIC_LR_GROUP1), o->group1);
	}
	s->lr[n] ^= VGIC_LR_STATE;
	s->running[s->nr_running].intid = intid;
	s->running[s->nr_running++].priority = priority;
	o->latch = o->owed = false;
	o->active = true;
	o->active_on = cpu;
	m.nr_taken++;
	return true;
}

/* Its fall is seen when the vCPU's list registers are filled next: soon, in this test. */
static inline void set_timer(u32 cpu, u32 intid, bool level)
{
	m.sim[cpu].phys[intid == 30].line = level;
	m.sim[cpu].kicked |= !level;
}

/* The device's side of a handler. */
static inline void guest_serves_device(u32 cpu, u32 intid)
{
	struct ghost *o = ghost(cpu, intid);

	if (is_timer(intid))
		set_timer(cpu, intid, false);
	else if (intid >= 16 && o->line)
		vgic_set_line(&m.g, intid < 32 ? &m.c[cpu] : NULL, intid, false);
	if (intid >= 16)
		o->line = false;
}

/* Deactivation by the CPU interface; false: no list register has it. */
static inline bool deactivate_listed(u32 cpu, u32 intid)
{
	struct sim_cpu *s = &m.sim[cpu];

	for (u32 i = 0; i < m.c[cpu].nr_lrs; i++) {
		if (!(s->lr[i] & VGIC_LR_ACTIVE) || VGIC_LR_INTID(s->lr[i]) != intid)
			continue;
		s->lr[i] &= ~VGIC_LR_ACTIVE;
		if (s->lr[i] & VGIC_LR_HW)
			s->phys[VGIC_LR_PHYS(s->lr[i]) == PHYS(30)].active = false;
		return true;
	}
	return false;
}

/* After an ICACTIVER it may have been taken by another vCPU since: that is not ours to end. */
static inline void ghost_ends(u32 cpu, u32 intid)
{
	struct ghost *o = ghost(cpu, intid);

	if (o->active_on == cpu)
		o->active = false;
}

static inline void guest_deactivates(u32 cpu, u32 intid)
{
	ghost_ends(cpu, intid);
	if (!m.c[cpu].overflow) {
		deactivate_listed(cpu, intid);
		return;
	}
	fold(cpu);
	vgic_deactivate(&m.c[cpu], intid);
	fill(cpu);
}

static inline bool guest_ends(u32 cpu)
{
	struct sim_cpu *s = &m.sim[cpu];
	u32 intid;

	if (!s->nr_running)
		return false;
	intid = s->running[s->nr_running - 1].intid;
	if (pick(4))
		guest_serves_device(cpu, intid);
	s->nr_running--;
	if (m.split) {
		s->dropped[s->nr_dropped++] = intid;
		return true;
	}
	ghost_ends(cpu, intid);
	if (!deactivate_listed(cpu, intid))
		s->eoi_count++;
	return true;
}

static inline bool guest_ends_dropped(u32 cpu)
{
	struct sim_cpu *s = &m.sim[cpu];
	u32 n, intid;

	if (!s->nr_dropped)
		return false;
	n = pick(s->nr_dropped);
	intid = s->dropped[n];
	s->dropped[n] = s->dropped[--s->nr_dropped];
	guest_deactivates(cpu, intid);
	return true;
}

#endif
