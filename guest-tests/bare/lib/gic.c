/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest-tests/bare/bare.h"

void (*irq_handler)(u32 intid);
static volatile u32 counts[MAX_CPUS][NR_COUNTED];

u32 irq_count(u32 cpu, u32 intid)
{
	return counts[cpu][intid];
}

void irq_counts_clear(void)
{
	for (u32 cpu = 0; cpu < MAX_CPUS; cpu++)
		for (u32 intid = 0; intid < NR_COUNTED; intid++)
			counts[cpu][intid] = 0;
}

void irq_take(void)
{
	u32 intid = (u32)read_icc(ICC_IAR1);

	if (intid >= INTID_SPECIAL)
		return;
	/* The acknowledge is seen by the GIC before the handler touches the device. */
	dsb();
	if (intid < NR_COUNTED)
		counts[this_cpu()->index][intid]++;
	if (irq_handler)
		irq_handler(intid);
	dsb();
	write_icc(ICC_EOIR1, intid);
}

u64 gic_frame(u32 cpu, u32 intid)
{
	return intid < 32 ? GICR_BASE + cpu * GICR_STRIDE + GICR_SGI_FRAME : GICD_BASE;
}

static void wait_write_pending(void)
{
	while (mmio_read(GICD_BASE + GICD_CTLR) & GICD_CTLR_RWP)
		cpu_relax();
}

void gic_write_bit(u32 cpu, u32 intid, u32 reg)
{
	mmio_write(gic_frame(cpu, intid) + reg + intid / 32 * 4, BIT(intid % 32));
	dsb();
}

bool gic_read_bit(u32 cpu, u32 intid, u32 reg)
{
	return mmio_read(gic_frame(cpu, intid) + reg + intid / 32 * 4) & BIT(intid % 32);
}

void gic_enable(u32 cpu, u32 intid)
{
	gic_write_bit(cpu, intid, GIC_ISENABLER);
}

void gic_disable(u32 cpu, u32 intid)
{
	gic_write_bit(cpu, intid, GIC_ICENABLER);
	if (intid >= 32)
		wait_write_pending();
}

void gic_set_priority(u32 cpu, u32 intid, u8 priority)
{
	*(volatile u8 *)(gic_frame(cpu, intid) + GIC_IPRIORITYR + intid) = priority;
	dsb();
}

void gic_set_edge(u32 intid, bool edge)
{
	u64 reg = GICD_BASE + GIC_ICFGR + intid / 16 * 4;
	u32 bit = (u32)BIT(intid % 16 * 2 + 1);

	mmio_write(reg, edge ? mmio_read(reg) | bit : mmio_read(reg) & ~bit);
}

void gic_route(u32 intid, u64 mpidr)
{
	*(volatile u64 *)(GICD_BASE + GICD_IROUTER + intid * 8) = mpidr;
	dsb();
}

static u64 sgi_affinity(u64 mpidr)
{
	return FIELD(mpidr, 39, 32) << 48 | FIELD(mpidr, 23, 16) << 32 | FIELD(mpidr, 15, 8) << 16;
}

void gic_send_sgi_list(u32 first_cpu, u16 list, u32 intid)
{
	dsb();
	write_icc(ICC_SGI1R, sgi_affinity(cpu_of(first_cpu)->mpidr) | (u64)intid << 24 | list);
}

void gic_send_sgi(u32 cpu, u32 intid)
{
	gic_send_sgi_list(cpu, (u16)BIT(cpu_of(cpu)->mpidr & 0xf), intid);
}

void gic_send_sgi_others(u32 intid)
{
	dsb();
	write_icc(ICC_SGI1R, SGI1R_ALL_BUT_SELF | (u64)intid << 24);
}

void gic_init(void)
{
	u32 nr_words = FIELD(mmio_read(GICD_BASE + GICD_TYPER), 4, 0) + 1;

	mmio_write(GICD_BASE + GICD_CTLR, 0);
	wait_write_pending();
	for (u32 word = 1; word < nr_words; word++) {
		mmio_write(GICD_BASE + GIC_ICENABLER + word * 4, ~0u);
		mmio_write(GICD_BASE + GIC_ICPENDR + word * 4, ~0u);
		mmio_write(GICD_BASE + GIC_ICACTIVER + word * 4, ~0u);
		mmio_write(GICD_BASE + GIC_IGROUPR + word * 4, ~0u);
	}
	for (u32 word = 8; word < nr_words * 8; word++)
		mmio_write(GICD_BASE + GIC_IPRIORITYR + word * 4, DEFAULT_PRIORITY * 0x01010101u);
	wait_write_pending();
	mmio_write(GICD_BASE + GICD_CTLR, GICD_CTLR_ARE);
	mmio_write(GICD_BASE + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GROUP1);
	wait_write_pending();
}

void gic_init_redist(u32 cpu)
{
	u64 rd = GICR_BASE + cpu * GICR_STRIDE, sgi = rd + GICR_SGI_FRAME;

	mmio_write(rd + GICR_WAKER, 0);
	while (mmio_read(rd + GICR_WAKER) & BIT(2))
		cpu_relax();
	mmio_write(sgi + GIC_ICENABLER, ~0u);
	mmio_write(sgi + GIC_ICPENDR, ~0u);
	mmio_write(sgi + GIC_ICACTIVER, ~0u);
	mmio_write(sgi + GIC_IGROUPR, ~0u);
	for (u32 word = 0; word < 8; word++)
		mmio_write(sgi + GIC_IPRIORITYR + word * 4, DEFAULT_PRIORITY * 0x01010101u);
	mmio_write(sgi + GIC_ISENABLER, 0xffff);
	dsb();
}

void gic_init_interface(void)
{
	write_icc(ICC_SRE, 7);
	write_icc(ICC_PMR, 0xff);
	write_icc(ICC_BPR1, 0);
	write_icc(ICC_CTLR, 0);
	write_icc(ICC_IGRPEN1, 1);
}
