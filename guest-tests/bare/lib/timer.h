/* SPDX-License-Identifier: BSD-2-Clause */
/* The generic timer of EL1 (Arm ARM D12): virtual and physical, by the same functions. */
#ifndef BARE_TIMER_H
#define BARE_TIMER_H

#include "hyp/lib/types.h"
#include "guest-tests/bare/lib/cpu.h"

#define TIMER_ENABLE BIT(0)
#define TIMER_IMASK BIT(1)
#define TIMER_ISTATUS BIT(2)

enum timer {
	TIMER_VIRT,
	TIMER_PHYS
};

static inline u32 timer_intid(enum timer t)
{
	return t == TIMER_VIRT ? 27 : 30;
}

static inline u64 counter_hz(void)
{
	return read_reg(cntfrq_el0);
}

static inline u64 counter_virt(void)
{
	isb();
	return read_reg(cntvct_el0);
}

/* The counter that timer t compares with. */
static inline u64 timer_count(enum timer t)
{
	isb();
	return t == TIMER_VIRT ? read_reg(cntvct_el0) : read_reg(cntpct_el0);
}

static inline u64 timer_ctl(enum timer t)
{
	return t == TIMER_VIRT ? read_reg(cntv_ctl_el0) : read_reg(cntp_ctl_el0);
}

static inline void timer_set_ctl(enum timer t, u64 ctl)
{
	if (t == TIMER_VIRT)
		write_reg(cntv_ctl_el0, ctl);
	else
		write_reg(cntp_ctl_el0, ctl);
}

static inline u64 timer_cval(enum timer t)
{
	return t == TIMER_VIRT ? read_reg(cntv_cval_el0) : read_reg(cntp_cval_el0);
}

static inline void timer_set_cval(enum timer t, u64 cval)
{
	if (t == TIMER_VIRT)
		write_reg(cntv_cval_el0, cval);
	else
		write_reg(cntp_cval_el0, cval);
}

static inline s32 timer_tval(enum timer t)
{
	return (s32)(t == TIMER_VIRT ? read_reg(cntv_tval_el0) : read_reg(cntp_tval_el0));
}

static inline void timer_set_tval(enum timer t, s32 tval)
{
	if (t == TIMER_VIRT)
		write_reg(cntv_tval_el0, (u32)tval);
	else
		write_reg(cntp_tval_el0, (u32)tval);
}

#endif
