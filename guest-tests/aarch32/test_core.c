/* SPDX-License-Identifier: BSD-2-Clause */
/* A 32-bit guest by itself: entry, PSCI, exceptions, trapped instructions, GIC, timer, its own blocks. */
#include "guest-tests/aarch32/arm32.h"

#define NOTHING 0x0b000000u /* no device */
#define NO_MEMORY 0xf0000000u /* no memory, mapped as such by the guest */
#define FSR_LPAE 0x200
#define FSR_SHORT_EXTERNAL 0x008
#define FSR_LONG_EXTERNAL 0x010
#define DFSR_FORMAT 0x23ff /* status, format bit and CM; of the rest the domain is unknown */
#define DFSR_WNR 0x800
#define TIMER_INTID 27
#define SGI 5
#define SEED 0xa32

u32 read_to_lr(u32 address), write_from_lr(u32 address, u32 value), id_to_lr(void);
u32 read_to_r8_fiq(u32 address), mmio_in_it_t32(u32 address);
u32 writeback_across_pages_t32(u32 address);
u32 smc_conditional_a32(u32 fn, u32 is_false);
u64 smc_in_it_t32(u32 fn, u32 is_false);

static void enters_as_linux_wants_it(void)
{
	const u8 *fdt = (const u8 *)entry.r[2];

	CHECK_EQ(entry.r[0], 0);
	CHECK_EQ(entry.r[1], ~0u);
	CHECK(entry.r[2] > (u32)bss_end && entry.r[2] % 8 == 0);
	CHECK(fdt[0] == 0xd0 && fdt[1] == 0x0d && fdt[2] == 0xfe && fdt[3] == 0xed);
}

static void state_is_that_of_a_reset(void)
{
	CHECK_EQ(entry.cpsr & 0x3ff, CPSR_A | CPSR_I | CPSR_F | MODE_SVC);
	CHECK_EQ(entry.sctlr, 0x00c50838);
	CHECK_EQ(read_cp15(0, c0, c0, 5) & 0xffffff, 0); /* MPIDR */
}

static void id_registers(void)
{
	u32 mvfr0;

	CHECK(read_cp15(0, c0, c2, 0) != 0); /* ID_ISAR0 */
	CHECK_EQ(FIELD(read_cp15(0, c0, c1, 1), 19, 16), 1); /* ID_PFR1: GenTimer */
	CHECK_EQ(FIELD(read_cp15(0, c0, c1, 1), 15, 12), 0); /* no Virtualization */
	CHECK_EQ(read_cp15(0, c0, c1, 2), 0); /* ID_DFR0 */
	CHECK_EQ(read_cp15(0, c0, c3, 0), 0); /* reserved: in AArch64 MVFR0 */
	CHECK_EQ(read_cp15(0, c0, c4, 0), 0); /* reserved: ID_AA64PFR0 */
	CHECK_EQ(read_cp15(0, c1, c0, 1), 0); /* ACTLR */
	CHECK_EQ(id_to_lr(), read_cp15(0, c0, c2, 0));
	write_cp15(0, c1, c0, 2, 0xf << 20); /* CPACR: the VMRS is allowed */
	__asm__ volatile(".fpu vfpv3\n\tvmrs %0, mvfr0" : "=r"(mvfr0));
	CHECK_EQ(mvfr0 & 0xff, 0x22); /* single and double precision, 32 registers */
}

static void debug_is_without_effect(void)
{
	u32 value = ~0u;

	__asm__ volatile("mcr p14, 0, %0, c0, c0, 5" ::"r"(value));
	__asm__ volatile("mrc p14, 0, %0, c0, c0, 0" : "=r"(value)); /* DBGDIDR */
	CHECK_EQ(value, 0);
}

static void psci(void)
{
	struct regs r = {{PSCI_VERSION}};

	CHECK_EQ(smc(PSCI_VERSION, 0, 0, 0, 0).r[0], 0x10001);
	hvc_a32(&r);
	CHECK_EQ(r.r[0], 0x10001);
	r.r[0] = PSCI_VERSION;
	smc_t32(&r);
	CHECK_EQ(r.r[0], 0x10001);
	CHECK_EQ(smc(PSCI_FEATURES, PSCI_CPU_ON, 0, 0, 0).r[0], 0);
	CHECK_EQ(smc(PSCI_CPU_ON, 7, (u32)secondary_a32, 0, 0).r[0], (u32)-2);
	CHECK_EQ(smc(PSCI_CPU_ON, 1, NO_MEMORY, 0, 0).r[0], (u32)-9);
	CHECK_EQ(smc(PSCI_CPU_ON, 1, (u32)secondary_a32 + 2, 0, 0).r[0], (u32)-9);
}

static void no_smc64(void)
{
	CHECK_EQ(smc(PSCI_CPU_ON | SMC64_BIT, 1, (u32)secondary_a32, 0, 0).r[0], NOT_SUPPORTED);
	CHECK_EQ(smc(PSCI_FEATURES, PSCI_CPU_ON | SMC64_BIT, 0, 0, 0).r[0], NOT_SUPPORTED);
	CHECK_EQ(smc(LEND_VERSION | SMC64_BIT, 0, 0, 0, 0).r[0], NOT_SUPPORTED);
	CHECK_EQ(smc(LEND_VERSION, 0, 0, 0, 0).r[1], LEND_ABI_MAJOR << 16 | LEND_ABI_MINOR);
}

static void nothing(void)
{
}

static void second_cpu(void)
{
	CHECK_EQ(smc(PSCI_AFFINITY_INFO, 1, 0, 0, 0).r[0], 1);
	CHECK_EQ(cpu_start(secondary_a32, nothing), 0);
	CHECK(cpu_wait_off());
	CHECK_EQ(cpus[1].thumb, 0);
	CHECK_EQ(cpus[1].cpsr & 0x3ff, CPSR_A | CPSR_I | CPSR_F | MODE_SVC);
	CHECK_EQ((u32)secondary_t32 & 3, 3);
	CHECK_EQ(cpu_start(secondary_t32, nothing), 0);
	CHECK(cpu_wait_off());
	CHECK_EQ(cpus[1].thumb, 1);
}

static void answer(u32 intid)
{
	if (read_cp15(0, c0, c0, 5) & 1)
		gic_send_sgi(0, intid + 1);
}

static void wait_sgi(void)
{
	irq_enable();
	CHECK(WAIT_FOR(irq_counts[1][SGI] == 1));
}

static void sgi_there_and_back(void)
{
	irq_handler = answer;
	irq_enable();
	CHECK_EQ(cpu_start(secondary_a32, wait_sgi), 0);
	gic_send_sgi(1, SGI);
	CHECK(WAIT_FOR(irq_counts[0][SGI + 1] == 1));
	CHECK(cpu_wait_off());
	CHECK_EQ(irq_counts[1][SGI], 1);
	CHECK_EQ(irq_counts[0][SGI], 0);
}

static void timer_off(u32 intid)
{
	if (intid == TIMER_INTID)
		write_cp15(0, c14, c3, 1, 0); /* CNTV_CTL */
}

static void virtual_timer(void)
{
	irq_handler = timer_off;
	gic_enable(0, TIMER_INTID);
	for (u32 i = 1; i <= 3; i++) {
		write_cp15(0, c14, c3, 0, counter_hz() / 1000); /* CNTV_TVAL */
		write_cp15(0, c14, c3, 1, 1);
		irq_enable();
		while (irq_counts[0][TIMER_INTID] < i) {
			irq_disable();
			if (irq_counts[0][TIMER_INTID] < i)
				__asm__ volatile("dsb sy\n\twfi" ::: "memory");
			irq_enable();
		}
		CHECK_EQ(irq_counts[0][TIMER_INTID], i);
	}
}

static bool handler_state_is(u32 kind, u32 mode)
{
	return caught_one.kind == kind &&
	       (caught_one.cpsr & 0x3ff) == (CPSR_I | CPSR_F | CPSR_A | mode);
}

static u32 address_of(u32 (*fn)(u32 a, u32 b))
{
	return (u32)fn & ~1u;
}

static void undefined(void)
{
	PROBE(pmu_a32, 0, 0);
	CHECK(handler_state_is(CAUGHT_UNDEFINED, MODE_UND));
	CHECK_EQ(caught_one.lr, address_of(pmu_a32_at) + 4);
	PROBE(pmu_t32, 0, 0);
	CHECK(handler_state_is(CAUGHT_UNDEFINED, MODE_UND));
	CHECK_EQ(caught_one.lr, address_of(pmu_t32_at) + 2);
	PROBE(c15_a32, 0, 0);
	CHECK(handler_state_is(CAUGHT_UNDEFINED, MODE_UND));
	CHECK_EQ(caught_one.lr, address_of(c15_a32_at) + 4);
}

/* A is masked by an abort, and I; F stays. */
static void masks_of_handlers(void)
{
	__asm__ volatile("cpsie af");
	PROBE(pmu_a32, 0, 0);
	CHECK_EQ(caught_one.cpsr & 0x3ff, CPSR_I | MODE_UND);
	__asm__ volatile("cpsie af");
	PROBE(read_a32, NOTHING, 0);
	CHECK_EQ(caught_one.cpsr & 0x3ff, CPSR_I | CPSR_A | MODE_ABT);
	__asm__ volatile("cpsid af");
}

static void aborts(u32 fsr)
{
	PROBE(read_a32, NOTHING + 8, 0);
	CHECK(handler_state_is(CAUGHT_DATA_ABORT, MODE_ABT));
	CHECK_EQ(caught_one.lr, address_of(read_a32_at) + 8);
	CHECK_EQ(caught_one.dfar, NOTHING + 8);
	CHECK_EQ(caught_one.dfsr & (DFSR_FORMAT | DFSR_WNR), fsr);
	PROBE(write_t32, NO_MEMORY + 12, 1);
	CHECK(handler_state_is(CAUGHT_DATA_ABORT, MODE_ABT));
	CHECK_EQ(caught_one.lr, address_of(write_t32_at) + 8);
	CHECK_EQ(caught_one.dfar, NO_MEMORY + 12);
	CHECK_EQ(caught_one.dfsr & (DFSR_FORMAT | DFSR_WNR), fsr | DFSR_WNR);
	PROBE(read_pair_a32, UART_PERIPH_ID, 0); /* no syndrome to emulate it by */
	CHECK_EQ(caught_one.kind, CAUGHT_DATA_ABORT);
	PROBE(execute_t32, NO_MEMORY, 0);
	CHECK(handler_state_is(CAUGHT_PREFETCH_ABORT, MODE_ABT));
	CHECK_EQ(caught_one.lr, NO_MEMORY + 4);
	CHECK_EQ(caught_one.ifar, NO_MEMORY);
	CHECK_EQ(caught_one.ifsr & DFSR_FORMAT, fsr);
	CHECK_EQ(caught_one.dfar, UART_PERIPH_ID); /* of the abort before */
	PROBE(execute_t32, NO_MEMORY | 1, 0);
	CHECK(handler_state_is(CAUGHT_PREFETCH_ABORT, MODE_ABT));
	CHECK_EQ(caught_one.lr, NO_MEMORY + 4);
}

static void aborts_short_format(void)
{
	aborts(FSR_SHORT_EXTERNAL);
}

static void aborts_long_format(void)
{
	mmu_off();
	mmu_on(true);
	aborts(FSR_LPAE | FSR_LONG_EXTERNAL);
	mmu_off();
	mmu_on(false);
}

static void aborts_with_the_mmu_off(void)
{
	mmu_off();
	PROBE(read_a32, NOTHING, 0);
	mmu_on(false);
	CHECK_EQ(caught_one.kind, CAUGHT_DATA_ABORT);
	CHECK_EQ(caught_one.dfar, NOTHING);
}

static void conditional_smc(void)
{
	CHECK_EQ(smc_conditional_a32(PSCI_VERSION, 0), 0x10001);
	CHECK_EQ(smc_conditional_a32(PSCI_VERSION, 1), 0);
}

static void smc_in_an_it_block(void)
{
	u64 r = smc_in_it_t32(PSCI_VERSION, 0);

	CHECK_EQ((u32)r, 0x10001);
	CHECK_EQ(r >> 32, 0);
	r = smc_in_it_t32(PSCI_VERSION, 1);
	CHECK_EQ((u32)r, PSCI_VERSION);
	CHECK_EQ(r >> 32, 0);
}

static void device_registers(void)
{
	u32 priorities = 0x080b0400;

	CHECK_EQ(mmio_read(UART_PERIPH_ID) & 0xff, 0x11);
	CHECK_EQ(*(volatile u8 *)UART_PERIPH_ID, 0x11);
	CHECK_EQ(*(volatile u16 *)UART_PERIPH_ID, 0x11);
	*(volatile u8 *)(priorities + 2) = 0x80;
	CHECK_EQ(mmio_read(priorities), 0xa080a0a0);
	CHECK_EQ(read_to_lr(priorities), 0xa080a0a0);
	write_from_lr(priorities, 0xa0a0a0a0);
	CHECK_EQ(mmio_read(priorities), 0xa0a0a0a0);
	CHECK_EQ(read_to_r8_fiq(UART_PERIPH_ID), 0x11);
	CHECK_EQ(mmio_in_it_t32(UART_PERIPH_ID), 0);
	CHECK_EQ(writeback_across_pages_t32(UART_PERIPH_ID), 4);
	CHECK_EQ(PROBE(read_t32, UART_PERIPH_ID, 0), 0x11);
	CHECK_EQ(caught_one.kind, CAUGHT_NOTHING);
}

/* The window is where a 32-bit guest can reach it, above boot memory; its blocks are zero. */
static void own_block(void)
{
	struct window w = window();
	u32 block = w.base;

	CHECK_EQ(w.nr_own, 1);
	CHECK(w.base >= 0x40000000 + MIB(128) && w.base + (u64)w.nr_slots * w.block_size <= GIB(4));
	CHECK_EQ(slot_state(0), LEND_SLOT_STANDBY);
	CHECK_EQ(lend(LEND_RETRIEVE, 0, 1, 0), LEND_SUCCESS);
	CHECK_EQ(slot_state(0), LEND_SLOT_HELD);
	CHECK_EQ(first_nonzero(block, w.block_size), 0);
	fill_pattern(block, w.block_size, SEED);
	CHECK_EQ(first_unlike_pattern(block, w.block_size, SEED), 0);
	CHECK_EQ(lend(LEND_RELINQUISH, 0, 1, LEND_RELINQUISH_KEEP), LEND_SUCCESS);
	CHECK_EQ(lend(LEND_RETRIEVE, 0, 1, 0), LEND_SUCCESS);
	CHECK_EQ(first_unlike_pattern(block, w.block_size, SEED), 0);
	CHECK_EQ(lend(LEND_RELINQUISH, 0, 1, 0), LEND_SUCCESS);
	CHECK_EQ(slot_state(0), LEND_SLOT_STANDBY);
}

static void refusals(void)
{
	CHECK_EQ(lend(LEND_RETRIEVE, 1000, 1, 0), LEND_INVALID);
	CHECK_EQ(lend(LEND_LEND, 0, 1, 9), LEND_NO_SUCH_VM);
	CHECK_EQ(smc(0x86001234, 0, 0, 0, 0).r[0], NOT_SUPPORTED);
	CHECK_EQ(smc(LEND_FN_UID, 0, 0, 0, 0).r[3], LEND_UID_3);
}

TESTS(TEST(enters_as_linux_wants_it), TEST(state_is_that_of_a_reset), TEST(id_registers),
      TEST(debug_is_without_effect), TEST(psci), TEST(no_smc64), TEST(second_cpu),
      TEST(sgi_there_and_back), TEST(virtual_timer), TEST(undefined), TEST(masks_of_handlers),
      TEST(aborts_short_format), TEST(aborts_long_format), TEST(aborts_with_the_mmu_off),
      TEST(conditional_smc), TEST(smc_in_an_it_block), TEST(device_registers), TEST(own_block),
      TEST(refusals));
