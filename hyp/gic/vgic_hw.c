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

#define EACH_LR(op)                                                                                \
	op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12) op(13)    \
		op(14) op(15)

/* A system register's name is part of the instruction: one case each. */
static u64 read_lr(u32 n)
{
#define CASE(i)                                                                                    \
	case i:                                                                                    \
		return read_sysreg(ich_lr##i##_el2);
	switch (n) {
		EACH_LR(CASE)
	default:
		return 0;
	}
#undef CASE
}

static void write_lr(u32 n, u64 value)
{
#define CASE(i)                                                                                    \
	case i:                                                                                    \
		write_sysreg(ich_lr##i##_el2, value);                                              \
		break;
	switch (n) {
		EACH_LR(CASE)
	default:
		break;
	}
#undef CASE
}

/* The guest's timer interrupts, and the host's behind them. */
static struct {
	u32 intid;
	u32 phys;
	bool virtual;
} timers[] = {
	{.intid = GUEST_TIMER_VIRT_INTID, .virtual = true},
	{.intid = GUEST_TIMER_PHYS_INTID, .virtual = false},
};

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

u32 vgic_hw_nr_lrs(void)
{
	return ICH_VTR_LISTREGS(read_sysreg(ich_vtr_el2));
}

void vgic_hw_init(struct vgic_hw *hw, struct vgic_hw_cpu *cpus[], u32 nr, const struct platform *p)
{
	vgic_deactivate_phys = deactivate_phys;
	for (u32 t = 0; t < ARRAY_SIZE(timers); t++)
		timers[t].phys = timers[t].virtual ? p->timer_virt_intid : p->timer_phys_intid;
	hw->g.nr_cpus = nr;
	hw->g.kick = kick;
	for (u32 i = 0; i < nr; i++) {
		struct vgic_cpu *state = &cpus[i]->state;

		hw->g.cpu[i] = state;
		cpus[i]->hw = hw;
		state->vgic = &hw->g;
		state->nr_lrs = vgic_hw_nr_lrs();
		for (u32 t = 0; t < ARRAY_SIZE(timers); t++) {
			state->irq[timers[t].intid].hw = true;
			state->irq[timers[t].intid].phys = (u16)timers[t].phys;
		}
	}
}

static void fold(struct vgic_hw_cpu *c)
{
	struct vgic_cpu *state = &c->state;
	u32 eoi_count = 0;

	for (u32 i = 0; i < state->nr_used; i++)
		state->lr[i] = read_lr(i);
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
	for (u32 i = 0; i < state->nr_lrs; i++)
		write_lr(i, state->lr[i]);
	if (state->overflow)
		hcr |= ICH_HCR_LRENPIE |
		       (read_sysreg(ich_vtr_el2) & ICH_VTR_TDS ? ICH_HCR_TDIR : 0);
	if (state->pending_overflow)
		hcr |= ICH_HCR_NPIE;
	write_sysreg(ich_hcr_el2, hcr);
	c->refill = false;
}

void vgic_hw_power_on(struct vgic_hw_cpu *c)
{
	spin_lock(&c->hw->g.lock);
	vgic_reset_cpu(&c->state);
	write_sysreg(ich_vmcr_el2, 0);
	fill(c);
	__atomic_store_n(&c->loaded, true, __ATOMIC_RELEASE);
	spin_unlock(&c->hw->g.lock);
}

void vgic_hw_power_off(struct vgic_hw_cpu *c)
{
	spin_lock(&c->hw->g.lock);
	fold(c);
	__atomic_store_n(&c->loaded, false, __ATOMIC_RELEASE);
	spin_unlock(&c->hw->g.lock);
	cpu_send_event(); /* a holder need not wait for us */
}

void vgic_hw_refill(struct vgic_hw_cpu *c)
{
	spin_lock(&c->hw->g.lock);
	fold(c);
	fill(c);
	spin_unlock(&c->hw->g.lock);
}

/*
 * If somebody else wants us held: folded we wait, until nobody holds any more. Caller holds the lock, here
 * given up while waiting; on return the list registers are folded.
 */
static void be_held(struct vgic_hw_cpu *c)
{
	struct vgic_hw *hw = c->hw;

	fold(c);
	while (hw->holder && hw->holder != c) {
		c->held = true;
		spin_unlock(&hw->g.lock);
		while (__atomic_load_n(&hw->holder, __ATOMIC_ACQUIRE))
			cpu_wait_event();
		spin_lock(&hw->g.lock);
	}
	c->held = false;
}

void vgic_hw_serve(struct vgic_hw_cpu *c)
{
	if (!c->loaded)
		return;
	spin_lock(&c->hw->g.lock);
	be_held(c);
	fill(c);
	spin_unlock(&c->hw->g.lock);
}

bool vgic_hw_timer(struct vgic_hw_cpu *c, u32 phys)
{
	u32 intid = 0;

	for (u32 t = 0; t < ARRAY_SIZE(timers); t++)
		if (timers[t].phys == phys)
			intid = timers[t].intid;
	if (!intid || !c->loaded)
		return false;
	spin_lock(&c->hw->g.lock);
	fold(c);
	vgic_raise_hw(&c->state, intid);
	fill(c);
	spin_unlock(&c->hw->g.lock);
	return true;
}

static void hold_others(struct vgic_hw_cpu *c)
{
	struct vgic_hw *hw = c->hw;

	spin_lock(&hw->g.lock);
	be_held(c);
	hw->holder = c;
	fill(c);
	spin_unlock(&hw->g.lock);
	for (u32 i = 0; i < hw->g.nr_cpus; i++) {
		struct vgic_hw_cpu *other = outer(hw->g.cpu[i]);

		if (other == c || !__atomic_load_n(&other->loaded, __ATOMIC_ACQUIRE))
			continue;
		cpu_kick(other->cpu);
		while (__atomic_load_n(&other->loaded, __ATOMIC_ACQUIRE) &&
		       !__atomic_load_n(&other->held, __ATOMIC_ACQUIRE))
			cpu_wait_event();
	}
}

void vgic_hw_begin(struct vgic_hw_cpu *c, bool hold)
{
	if (hold)
		hold_others(c);
	spin_lock(&c->hw->g.lock);
	fold(c);
}

void vgic_hw_end(struct vgic_hw_cpu *c, bool hold)
{
	fill(c);
	if (hold)
		__atomic_store_n(&c->hw->holder, NULL, __ATOMIC_RELEASE);
	spin_unlock(&c->hw->g.lock); /* its SEV wakes who was held */
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

	spin_lock(&c->hw->g.lock);
	fold(c);
	pending = vgic_has_pending(&c->state);
	fill(c);
	spin_unlock(&c->hw->g.lock);
	return pending;
}
