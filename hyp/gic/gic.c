/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/gic/gic.h"
#include "hyp/cpu/barrier.h"
#include "hyp/cpu/percpu.h"
#include "hyp/cpu/sysreg.h"

#define GICD_CTLR 0x0000
#define GICD_CTLR_ENABLE_GRP1 BIT(1)
#define GICD_CTLR_ARE BIT(4)
#define GICD_CTLR_RWP BIT(31)
#define GICD_TYPER 0x0004
#define GICD_IGROUPR 0x0080
#define GICD_ISENABLER 0x0100
#define GICD_ICENABLER 0x0180
#define GICD_ICACTIVER 0x0380
#define GICD_IPRIORITYR 0x0400
#define GICD_IROUTER 0x6000

#define GICR_CTLR 0x0000
#define GICR_CTLR_RWP BIT(3)
#define GICR_TYPER 0x0008
#define GICR_TYPER_LAST BIT(4)
#define GICR_TYPER_VLPIS BIT(1)
#define GICR_WAKER 0x0014
#define GICR_WAKER_PROCESSOR_SLEEP BIT(1)
#define GICR_WAKER_CHILDREN_ASLEEP BIT(2)
#define GICR_SGI_FRAME 0x10000

#define PRIORITIES 0xa0a0a0a0u

static const struct platform *platform;
static u64 redistributors[PLATFORM_MAX_CPUS];

static u32 read32(u64 address)
{
	return *(volatile u32 *)address;
}

static void write32(u64 address, u32 value)
{
	*(volatile u32 *)address = value;
}

static void wait_clear(u64 address, u64 bits)
{
	while (read32(address) & bits)
		;
}

/* 32 interrupts: off, inactive, of group 1, and of one priority. */
static void init_irqs(u64 frame, u32 word)
{
	write32(frame + GICD_ICENABLER + 4 * word, ~0u);
	write32(frame + GICD_ICACTIVER + 4 * word, ~0u);
	write32(frame + GICD_IGROUPR + 4 * word, ~0u);
	for (u32 i = 0; i < 32; i += 4)
		write32(frame + GICD_IPRIORITYR + 32 * word + i, PRIORITIES);
}

void gic_init(const struct platform *p)
{
	u64 d = p->gicd.base;

	platform = p;
	/* Firmware may have set ARE already; to clear it then is unpredictable. */
	write32(d + GICD_CTLR, GICD_CTLR_ARE);
	wait_clear(d + GICD_CTLR, GICD_CTLR_RWP);
	for (u32 i = 1; i <= FIELD(read32(d + GICD_TYPER), 4, 0); i++)
		init_irqs(d, i);
	wait_clear(d + GICD_CTLR, GICD_CTLR_RWP);
	write32(d + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_ENABLE_GRP1);
	wait_clear(d + GICD_CTLR, GICD_CTLR_RWP);
}

/* The redistributor whose affinity is this CPU's. 0: there is none. */
static u64 find_redistributor(u64 mpidr)
{
	u64 affinity = FIELD(mpidr, 39, 32) << 24 | FIELD(mpidr, 23, 0);

	for (u32 i = 0; i < platform->nr_gicr; i++) {
		u64 r = platform->gicr[i].base, end = r + platform->gicr[i].size;

		while (r < end) {
			u64 typer = *(volatile u64 *)(r + GICR_TYPER);

			if (typer >> 32 == affinity)
				return r;
			if (typer & GICR_TYPER_LAST)
				break;
			r += typer & GICR_TYPER_VLPIS ? 0x40000 : 0x20000;
		}
	}
	return 0;
}

bool gic_init_cpu(void)
{
	u64 r = find_redistributor(this_cpu()->mpidr), sgi = r + GICR_SGI_FRAME;
	u32 ours = BIT(SGI_KICK) | BIT(platform->timer_hyp_intid) |
		   BIT(platform->timer_virt_intid) | BIT(platform->timer_phys_intid) |
		   BIT(platform->maintenance_intid);

	if (!r)
		return false;
	redistributors[this_cpu()->index] = r;
	write32(r + GICR_WAKER, read32(r + GICR_WAKER) & ~(u32)GICR_WAKER_PROCESSOR_SLEEP);
	wait_clear(r + GICR_WAKER, GICR_WAKER_CHILDREN_ASLEEP);
	init_irqs(sgi, 0);
	wait_clear(r + GICR_CTLR, GICR_CTLR_RWP);
	write32(sgi + GICD_ISENABLER, ours);
	write_sysreg(icc_sre_el2, 0xf); /* SRE, no bypass, EL1 may use its registers */
	isb();
	write_sysreg(icc_pmr_el1, 0xff);
	write_sysreg(icc_bpr1_el1, 0);
	write_sysreg(icc_ctlr_el1, BIT(1)); /* EOImode */
	write_sysreg(icc_igrpen1_el1, 1);
	isb();
	return true;
}

void gic_enable_spi(u32 intid)
{
	u64 d = platform->gicd.base;

	*(volatile u64 *)(d + GICD_IROUTER + 8 * intid) = this_cpu()->mpidr;
	write32(d + GICD_ISENABLER + 4 * (intid / 32), (u32)BIT(intid % 32));
}

u32 gic_acknowledge(void)
{
	u32 intid = (u32)read_sysreg(icc_iar1_el1);

	/* The acknowledge is seen before memory that the interrupt announced is read. */
	dsb(sy);
	return intid;
}

void gic_drop_priority(u32 intid)
{
	write_sysreg(icc_eoir1_el1, intid);
}

void gic_deactivate(u32 intid)
{
	write_sysreg(icc_dir_el1, intid);
}

void gic_deactivate_on(const struct cpu *cpu, u32 intid)
{
	write32(redistributors[cpu->index] + GICR_SGI_FRAME + GICD_ICACTIVER, (u32)BIT(intid));
}

void cpu_kick(const struct cpu *cpu)
{
	u64 m = cpu->mpidr;
	u64 value = FIELD(m, 39, 32) << 48 | FIELD(m, 23, 16) << 32 | FIELD(m, 15, 8) << 16 |
		    (u64)SGI_KICK << 24 | FIELD(m, 7, 4) << 44 | BIT(FIELD(m, 3, 0));

	/* What the other CPU is to look at is visible before it looks. */
	dsb(ish);
	write_sysreg(icc_sgi1r_el1, value);
	isb();
}
