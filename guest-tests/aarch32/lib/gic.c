/* SPDX-License-Identifier: BSD-2-Clause */
/* GICv3 by its CP15 registers, and the second CPU. */
#include "guest-tests/aarch32/arm32.h"

#define GICD_BASE 0x08000000u
#define GICR_BASE 0x080a0000u
#define GICR_STRIDE 0x20000u
#define GICR_SGI_FRAME 0x10000u
#define GICR_WAKER 0x14
#define GIC_IGROUPR 0x080
#define GIC_ISENABLER 0x100
#define GIC_IPRIORITYR 0x400
#define CTLR_ARE_GROUP1 0x12
#define DEFAULT_PRIORITIES 0xa0a0a0a0u
#define INTID_SPECIAL 1020

void (*irq_handler)(u32 intid);
volatile u32 irq_counts[2][NR_COUNTED];

static u8 stack_of_1[0x4000] __attribute__((aligned(16)));
struct cpu cpus[2] = {{.index = 0}, {.index = 1}};

static u32 this_cpu(void)
{
	return ((struct cpu *)read_cp15(0, c13, c0, 4))->index;
}

void irq_take(void)
{
	u32 intid = read_cp15(0, c12, c12, 0); /* ICC_IAR1 */

	if (intid >= INTID_SPECIAL)
		return;
	dsb();
	if (intid < NR_COUNTED)
		irq_counts[this_cpu()][intid]++;
	if (irq_handler)
		irq_handler(intid);
	dsb();
	write_cp15(0, c12, c12, 1, intid); /* ICC_EOIR1 */
}

void gic_init(void)
{
	mmio_write(GICD_BASE, CTLR_ARE_GROUP1);
	for (u32 word = 1; word < 4; word++)
		mmio_write(GICD_BASE + GIC_IGROUPR + word * 4, ~0u);
	for (u32 word = 8; word < 32; word++)
		mmio_write(GICD_BASE + GIC_IPRIORITYR + word * 4, DEFAULT_PRIORITIES);
}

void gic_init_cpu(u32 cpu)
{
	u32 frame = GICR_BASE + cpu * GICR_STRIDE + GICR_SGI_FRAME;

	mmio_write(frame - GICR_SGI_FRAME + GICR_WAKER, 0);
	mmio_write(frame + GIC_IGROUPR, ~0u);
	for (u32 word = 0; word < 8; word++)
		mmio_write(frame + GIC_IPRIORITYR + word * 4, DEFAULT_PRIORITIES);
	mmio_write(frame + GIC_ISENABLER, 0xffff);
	write_cp15(0, c12, c12, 5, 7); /* ICC_SRE */
	write_cp15(0, c4, c6, 0, 0xff); /* ICC_PMR */
	write_cp15(0, c12, c12, 3, 0); /* ICC_BPR1 */
	write_cp15(0, c12, c12, 4, 0); /* ICC_CTLR */
	write_cp15(0, c12, c12, 7, 1); /* ICC_IGRPEN1 */
}

void gic_enable(u32 cpu, u32 intid)
{
	u32 frame = intid < 32 ? GICR_BASE + cpu * GICR_STRIDE + GICR_SGI_FRAME : GICD_BASE;

	mmio_write(frame + GIC_ISENABLER + intid / 32 * 4, 1u << intid % 32);
	dsb();
}

void gic_send_sgi(u32 cpu, u32 intid)
{
	dsb();
	write_cp15_64(0, c12, (u64)intid << 24 | 1u << cpu); /* ICC_SGI1R */
}

_Noreturn void secondary_main(struct cpu *cpu, u32 thumb, u32 cpsr)
{
	mmu_on(false);
	cpu->thumb = thumb;
	cpu->cpsr = cpsr;
	gic_init_cpu(cpu->index);
	cpu->fn();
	irq_disable();
	smc(PSCI_CPU_OFF, 0, 0, 0, 0);
	for (;;)
		;
}

s32 cpu_start(void (*start)(void), void (*fn)(void))
{
	cpus[1].fn = fn;
	cpus[1].stack = (u32)stack_of_1 + sizeof(stack_of_1);
	cache_clean(image_start, (u32)(bss_end - image_start));
	return (s32)smc(PSCI_CPU_ON, 1, (u32)start, (u32)&cpus[1], 0).r[0];
}

bool cpu_wait_off(void)
{
	return WAIT_FOR(smc(PSCI_AFFINITY_INFO, 1, 0, 0, 0).r[0] == 1);
}
