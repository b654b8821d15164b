/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GICv3 as a guest drives it (IHI 0069): one security state, group 1, affinity routing. Functions that
 * name a CPU reach its redistributor from any CPU; INTIDs from 32 on are SPIs and ignore the CPU.
 */
#ifndef BARE_GIC_H
#define BARE_GIC_H

#include "hyp/lib/types.h"
#include "guest-tests/bare/lib/cpu.h"

#define GICD_BASE 0x08000000ULL
#define GICR_BASE 0x080a0000ULL
#define GICR_STRIDE 0x20000ULL

#define GICD_CTLR 0x000
#define GICD_TYPER 0x004
#define GIC_IGROUPR 0x080
#define GIC_ISENABLER 0x100
#define GIC_ICENABLER 0x180
#define GIC_ISPENDR 0x200
#define GIC_ICPENDR 0x280
#define GIC_ISACTIVER 0x300
#define GIC_ICACTIVER 0x380
#define GIC_IPRIORITYR 0x400
#define GIC_ICFGR 0xc00
#define GICD_IROUTER 0x6000

#define GICR_TYPER 0x008
#define GICR_WAKER 0x014
#define GICR_SGI_FRAME 0x10000

#define GICD_CTLR_GROUP1 BIT(1)
#define GICD_CTLR_ARE BIT(4)
#define GICD_CTLR_RWP BIT(31)

#define INTID_SPECIAL 1020 /* and above: nothing to handle */
#define DEFAULT_PRIORITY 0xa0

#define ICC_PMR S3_0_C4_C6_0
#define ICC_IAR1 S3_0_C12_C12_0
#define ICC_EOIR1 S3_0_C12_C12_1
#define ICC_BPR1 S3_0_C12_C12_3
#define ICC_CTLR S3_0_C12_C12_4
#define ICC_SRE S3_0_C12_C12_5
#define ICC_IGRPEN1 S3_0_C12_C12_7
#define ICC_RPR S3_0_C12_C11_3
#define ICC_SGI1R S3_0_C12_C11_5
#define ICC_HPPIR1 S3_0_C12_C12_2

#define SGI1R_ALL_BUT_SELF BIT(40)

/* The assembler wants the register's spelling, not our name for it. */
#define read_icc(reg) read_icc_(reg)
#define read_icc_(spelling) read_reg(spelling)
#define write_icc(reg, value) write_icc_(reg, value)
#define write_icc_(spelling, value) write_reg(spelling, value)

/* Distributor, once; a redistributor, from any CPU; the CPU interface of the calling CPU. */
void gic_init(void);
void gic_init_redist(u32 cpu);
void gic_init_interface(void);

/* Address of a register frame: the distributor's for SPIs, else the SGI frame of that CPU. */
u64 gic_frame(u32 cpu, u32 intid);

/* One bit of a register array of a bit per INTID, such as GIC_ISENABLER. */
void gic_write_bit(u32 cpu, u32 intid, u32 reg);
bool gic_read_bit(u32 cpu, u32 intid, u32 reg);

void gic_enable(u32 cpu, u32 intid);
void gic_disable(u32 cpu, u32 intid);
void gic_set_priority(u32 cpu, u32 intid, u8 priority);
void gic_set_edge(u32 intid, bool edge); /* SPIs */
void gic_route(u32 intid, u64 mpidr); /* SPIs */

void gic_send_sgi(u32 cpu, u32 intid); /* to one CPU */
void gic_send_sgi_list(u32 first_cpu, u16 list, u32 intid); /* to CPUs of one cluster of 16 */
void gic_send_sgi_others(u32 intid);

/*
 * What an interrupt runs, on the CPU that takes it, between acknowledge and end. NULL: counts only.
 * Set while no interrupt can come.
 */
extern void (*irq_handler)(u32 intid);

/* Interrupts taken by a CPU since its last start, by INTID. */
#define NR_COUNTED 128
u32 irq_count(u32 cpu, u32 intid);
void irq_counts_clear(void);

#endif
