/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/gic/vgic_hw.h"
#include "dt/guest_fdt.h"
#include "hyp/cpu/barrier.h"
#include "hyp/gic/gic.h"

#define ICH_HCR_EN BIT(0)
#define ICH_HCR_LRENPIE BIT(2)
#define ICH_HCR_NPIE BIT(3)
#define ICH_HCR_TDIR BIT(14)
#define ICH_HCR_EOICOUNT(hcr) ((u32)FIELD(hcr, 31, 27))
#define ICH_VMCR_VEOIM BIT(9)
#define ICH_VTR_LISTREGS(vtr) ((u32)FIELD(vtr, 4, 0) + 1)
#define ICH_VTR_TDS BIT(19)
#define ICH_VTR_PREBITS(vtr) ((u32)FIELD(vtr, 28, 26) + 1)

/*
 * A system register's name is part of the instruction: one case each, jumped into at nr, and each
 * goes on to the one below.
 */
#define EACH_LR(op)                                                                                \
	op(15) op(14) op(13) op(12) op(11) op(10) op(9) op(8) op(7) op(6) op(5) op(4) op(3) op(2)  \
		op(1) op(0)
#define READ_LR(i)                                                                                 \
	case i + 1:                                                                                \
		lr[i] = read_sysreg(ich_lr##i##_el2);                                              \
		__attribute__((fallthrough));
#define WRITE_LR(i)                                                                                \
	case i + 1:                                                                                \
		write_sysreg(ich_lr##i##_el2, lr[i]);                                              \
		__attribute__((fallthrough));

static void read_lrs(u64 *lr, u32 nr)
{
	switch (nr) {
		EACH_LR(READ_LR)
	default:
		break;
	}
}

static void write_lrs(const u64 *lr, u32 nr)
{
	switch (nr) {
		EACH_LR(WRITE_LR)
	default:
		break;
	}
}

/* The guest's timer interrupts; the host's behind them are in vgic_irq.phys. */
static const struct {
	u32 intid;
	bool virtual;
} timers[] = {{GUEST_TIMER_VIRT_INTID, true}, {GUEST_TIMER_PHYS_INTID, false}};

static bool timer_asserted(bool virtual)
{
	u64 ctl = virtual ? read_sysreg(cntv_ctl_el0) : read_sysreg(cntp_ctl_el0);

	return (ctl & (CNT_CTL_ENABLE | CNT_CTL_IMASK | CNT_CTL_ISTATUS)) ==
	       (CNT_CTL_ENABLE | CNT_CTL_ISTATUS);
}

static struct vgic_hw_cpu *outer(struct vgic_cpu *c)
{
	return (struct vgic_hw_cpu *)c;
}

/* Own vCPU: refilled on the way back to the guest. Another's: its CPU is interrupted. */
static void kick(struct vgic_cpu *state)
{
	struct vgic_hw_cpu *c = outer(state);

	if (c->cpu == this_cpu())
		c->refill = true;
	else
		cpu_kick(c->cpu);
}

static void deactivate_phys(struct vgic_cpu *state, u32 phys)
{
	gic_deactivate_on(outer(state)->cpu, phys);
}

void vgic_hw_init(struct vgic_hw *hw, struct vgic_hw_cpu *vcpus[], u32 nr, const struct platform *p)
{
	vgic_deactivate_phys = deactivate_phys;
	hw->g.nr_cpus = nr;
	hw->g.kick = kick;
	for (u32 i = 0; i < nr; i++) {
		struct vgic_cpu *state = &vcpus[i]->state;

		hw->g.cpu[i] = state;
		vcpus[i]->hw = hw;
		state->vgic = &hw->g;
		state->nr_lrs = ICH_VTR_LISTREGS(read_sysreg(ich_vtr_el2));
		for (u32 t = 0; t < ARRAY_SIZE(timers); t++) {
			struct vgic_irq *irq = &state->irq[timers[t].intid];

			irq->hw = true;
			irq->phys = timers[t].virtual ? p->timer_virt_intid : p->timer_phys_intid;
		}
	}
}

static void fold(struct vgic_hw_cpu *c)
{
	struct vgic_cpu *state = &c->state;
	u32 eoi_count = 0;

	read_lrs(state->lr, state->nr_used);
	/* With EOImode 1 an EOI ends nothing: DIR does, and is trapped on overflow. */
	if (!(read_sysreg(ich_vmcr_el2) & ICH_VMCR_VEOIM))
		eoi_count = ICH_HCR_EOICOUNT(read_sysreg(ich_hcr_el2));
	vgic_fold(state, eoi_count);
	/* What is folded is not to be delivered, nor its EOI counted twice. */
	write_sysreg(ich_hcr_el2, 0);
	for (u32 t = 0; t < ARRAY_SIZE(timers); t++)
		if (state->irq[timers[t].intid].line && !timer_asserted(timers[t].virtual))
			vgic_drop_hw(state, timers[t].intid);
}

static void fill(struct vgic_hw_cpu *c)
{
	struct vgic_cpu *state = &c->state;
	u64 hcr = ICH_HCR_EN;

	vgic_fill(state);
	write_lrs(state->lr, state->nr_lrs);
	if (state->overflow)
		hcr |= ICH_HCR_LRENPIE |
		       (read_sysreg(ich_vtr_el2) & ICH_VTR_TDS ? ICH_HCR_TDIR : 0);
	if (state->pending_overflow)
		hcr |= ICH_HCR_NPIE;
	write_sysreg(ich_hcr_el2, hcr);
	c->refill = false;
}

/* While there is a holder, we are held. Caller is folded and holds the lock, given up meanwhile. */
static void be_held(struct vgic_hw_cpu *c)
{
	struct vgic_hw *hw = c->hw;

	while (hw->holder) {
		c->held = true;
		spin_unlock(&hw->g.lock);
		while (__atomic_load_n(&hw->holder, __ATOMIC_ACQUIRE))
			cpu_wait_event();
		spin_lock(&hw->g.lock);
	}
	c->held = false;
}

/*
 * An interrupt that the guest had not ended when its CPU went off would mask those of its priority,
 * and less, in the next life. Source: IHI 0069, ICH_AP0R<n>_EL2: how many there are.
 */
static void clear_active_priorities(void)
{
	u32 bits = ICH_VTR_PREBITS(read_sysreg(ich_vtr_el2));

	write_sysreg(ich_ap0r0_el2, 0);
	write_sysreg(ich_ap1r0_el2, 0);
	if (bits >= 6) {
		write_sysreg(ich_ap0r1_el2, 0);
		write_sysreg(ich_ap1r1_el2, 0);
	}
	if (bits >= 7) {
		write_sysreg(ich_ap0r2_el2, 0);
		write_sysreg(ich_ap1r2_el2, 0);
		write_sysreg(ich_ap0r3_el2, 0);
		write_sysreg(ich_ap1r3_el2, 0);
	}
}

void vgic_hw_power_on(struct vgic_hw_cpu *c)
{
	spin_lock(&c->hw->g.lock);
	/* A holder did not wait for us: what it changes is not in our list registers meanwhile. */
	be_held(c);
	write_sysreg(ich_vmcr_el2, 0);
	clear_active_priorities();
	fill(c);
	c->loaded = true;
	spin_unlock(&c->hw->g.lock);
}

void vgic_hw_power_off(struct vgic_hw_cpu *c)
{
	spin_lock(&c->hw->g.lock);
	fold(c);
	__atomic_store_n(&c->loaded, false, __ATOMIC_RELEASE);
	spin_unlock(&c->hw->g.lock); /* its SEV tells a holder not to wait for us */
}

static bool is_in_the_way(struct vgic_cpu *state)
{
	struct vgic_hw_cpu *c = outer(state);

	return __atomic_load_n(&c->loaded, __ATOMIC_ACQUIRE) &&
	       !__atomic_load_n(&c->held, __ATOMIC_ACQUIRE);
}

/* Caller is folded and holds the lock, given up while waiting: it counts as held itself. */
static void hold_others(struct vgic_hw_cpu *c)
{
	struct vgic *g = &c->hw->g;

	c->hw->holder = c;
	c->held = true;
	spin_unlock(&g->lock);
	/* All are on their way before we wait for the first. */
	for (u32 i = 0; i < g->nr_cpus; i++)
		if (is_in_the_way(g->cpu[i]))
			cpu_kick(outer(g->cpu[i])->cpu);
	for (u32 i = 0; i < g->nr_cpus; i++)
		while (is_in_the_way(g->cpu[i]))
			cpu_wait_event();
	spin_lock(&g->lock);
}

void vgic_hw_begin(struct vgic_hw_cpu *c, bool hold)
{
	spin_lock(&c->hw->g.lock);
	fold(c);
	be_held(c);
	if (hold)
		hold_others(c);
}

void vgic_hw_end(struct vgic_hw_cpu *c, bool hold)
{
	fill(c);
	c->held = false;
	if (hold)
		__atomic_store_n(&c->hw->holder, NULL, __ATOMIC_RELEASE);
	spin_unlock(&c->hw->g.lock); /* its SEV wakes who was held */
}

void vgic_hw_refill(struct vgic_hw_cpu *c)
{
	vgic_hw_begin(c, false);
	vgic_hw_end(c, false);
}

void vgic_hw_serve(struct vgic_hw_cpu *c)
{
	if (c->loaded)
		vgic_hw_refill(c);
}

bool vgic_hw_timer(struct vgic_hw_cpu *c, u32 phys)
{
	for (u32 t = 0; c->loaded && t < ARRAY_SIZE(timers); t++) {
		if (c->state.irq[timers[t].intid].phys != phys)
			continue;
		vgic_hw_begin(c, false);
		vgic_set_line(&c->hw->g, &c->state, timers[t].intid, true);
		vgic_hw_end(c, false);
		return true;
	}
	return false;
}

void vgic_hw_set_line(struct vgic_hw *hw, u32 intid, bool level)
{
	spin_lock(&hw->g.lock);
	vgic_set_line(&hw->g, NULL, intid, level);
	spin_unlock(&hw->g.lock);
}

bool vgic_hw_has_pending(struct vgic_hw_cpu *c)
{
	bool pending;

	vgic_hw_begin(c, false);
	pending = vgic_has_pending(&c->state);
	vgic_hw_end(c, false);
	return pending;
}
