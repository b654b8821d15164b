/* SPDX-License-Identifier: BSD-2-Clause */
/* What a raw image finds at its entry, and what the machine says of itself. */
#include "guest-tests/bare/bare.h"

#define CURRENT_EL1 (1 << 2)
#define DAIF_ALL 0x3c0
#define FDT_DISTANCE MIB(16) /* room for a .bss that the loader cannot know of */

static void enters_at_el1h(void)
{
	CHECK_EQ(entry.current_el, CURRENT_EL1);
	CHECK_EQ(entry.spsel, 1);
}

static void interrupts_are_masked(void)
{
	CHECK_EQ(entry.daif, DAIF_ALL);
}

static void mmu_and_data_cache_are_off(void)
{
	CHECK_EQ(entry.sctlr & (BIT(0) | BIT(2)), 0);
}

static void gic_system_registers_are_on(void)
{
	CHECK_EQ(entry.icc_sre & 1, 1);
}

static void runs_where_it_was_linked(void)
{
	u64 here;

	__asm__("adr %0, ." : "=r"(here));
	CHECK(here >= 0x40080000 && here < (u64)bss_end);
}

static void fdt_is_in_x0(void)
{
	CHECK(entry.fdt != 0);
	CHECK(IS_ALIGNED(entry.fdt, 8));
	CHECK(fdt_valid(fdt));
}

static void fdt_is_out_of_the_way(void)
{
	u64 end = ram_base() + ram_size();

	CHECK(entry.fdt >= ram_base());
	CHECK(entry.fdt + fdt_size(fdt) <= end);
	CHECK(entry.fdt >= (u64)bss_end);
	if (ram_size() >= MIB(64))
		CHECK(entry.fdt >= (u64)bss_end + FDT_DISTANCE);
}

/* Every 2 MiB of it takes a write; what lies beyond is not there. */
static void memory_node_is_boot_memory(void)
{
	u64 end = ram_base() + ram_size();

	CHECK_EQ(ram_base(), 0x40000000);
	CHECK(ram_size() > 0 && IS_ALIGNED(ram_size(), MIB(2)));
	CHECK(!fdt_find("memory", 1).inside);
	for (u64 at = ALIGN_UP((u64)bss_end, MIB(2)); at <= end - 8; at += MIB(2)) {
		u64 last = at + MIB(2) - 8, saved = *(volatile u64 *)last;

		*(volatile u64 *)last = ~at;
		CHECK_EQ(*(volatile u64 *)last, ~at);
		*(volatile u64 *)last = saved;
	}
	CHECK(mmu_map(end, MIB(2), MMU_NORMAL));
	CHECK(probe_is_external(probe_read(end)));
}

static void mpidr_is_that_of_the_fdt(void)
{
	CHECK_EQ(my_mpidr(), this_cpu()->mpidr);
}

static void mpidr_of_all_cpus(void)
{
	CHECK(nr_cpus >= 1);
	CHECK(on_all_cpus(mpidr_is_that_of_the_fdt));
}

static void id_registers_hide_what_is_not_given(void)
{
	SKIP_UNLESS(is_lendvisor(), "plain machine");
	CHECK_EQ(FIELD(read_reg(id_aa64pfr0_el1), 35, 32), 0); /* SVE */
	CHECK_EQ(FIELD(read_reg(id_aa64pfr1_el1), 27, 24), 0); /* SME */
	CHECK_EQ(FIELD(read_reg(id_aa64pfr1_el1), 11, 8), 0); /* MTE */
	CHECK_EQ(FIELD(read_reg(id_aa64dfr0_el1), 11, 8), 0); /* PMU */
	CHECK_EQ(FIELD(read_reg(id_aa64dfr0_el1), 35, 32), 0); /* SPE */
	CHECK_EQ(read_reg(S3_0_C0_C4_4), 0); /* ID_AA64ZFR0_EL1 */
	CHECK_EQ(FIELD(mmio_read(GICD_BASE + GICD_TYPER), 17, 17), 0); /* LPIs */
}

static void id_registers_fit_the_machine(void)
{
	CHECK(FIELD(read_reg(id_aa64mmfr0_el1), 3, 0) <= 6);
	CHECK_EQ(FIELD(read_reg(id_aa64pfr0_el1), 27, 24), 1); /* GIC system registers */
}

/* Hidden, not broken: floating point stays. */
static void floating_point_works(void)
{
	u64 got;

	write_reg(cpacr_el1, 3 << 20);
	__asm__ volatile(".arch_extension fp\n\t"
			 "fmov d0, #2.0\n\tfmul d0, d0, d0\n\tfcvtzs %0, d0"
			 : "=r"(got));
	CHECK_EQ(got, 4);
}

TESTS(TEST(enters_at_el1h), TEST(interrupts_are_masked), TEST(mmu_and_data_cache_are_off),
      TEST(gic_system_registers_are_on), TEST(runs_where_it_was_linked), TEST(fdt_is_in_x0),
      TEST(fdt_is_out_of_the_way), TEST(memory_node_is_boot_memory), TEST(mpidr_of_all_cpus),
      TEST(id_registers_hide_what_is_not_given), TEST(id_registers_fit_the_machine),
      TEST(floating_point_works));
