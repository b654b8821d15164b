/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The physical GICv3: set up by EL2 for itself. EOImode is 1: after gic_acknowledge() comes
 * gic_drop_priority(), and gic_deactivate() only where no guest does that through a list register
 * (ICH_LR.HW). Source: Arm IHI 0069 chapters 4, 12.
 */
#ifndef HYP_GIC_GIC_H
#define HYP_GIC_GIC_H

#include "dt/platform.h"
#include "hyp/cpu/percpu.h"
#include "hyp/lib/types.h"

#define GIC_SPURIOUS 1020 /* and above: nothing to acknowledge */

/* The distributor: all interrupts off, group 1. Once. */
void gic_init(const struct platform *p);

/* This CPU's redistributor and CPU interface, its private interrupts of our use on. False: no frame. */
bool gic_init_cpu(void);

/* Level SPI intid, on, to the CPU that calls. */
void gic_enable_spi(u32 intid);

u32 gic_acknowledge(void);
void gic_drop_priority(u32 intid);
void gic_deactivate(u32 intid);

/* A private interrupt (under 32) of another CPU; any CPU may ask. */
void gic_deactivate_on(const struct cpu *cpu, u32 intid);

#endif
