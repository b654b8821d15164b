/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The next image after a Linux that kexec'd: no Linux, and told nothing. Finds boot memory by the FDT
 * and asks for each slot of the window what is there; whoever drives the test compares that with what
 * the kernel before knew.
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/lend.h"

static void fdt_lists_boot_memory_only(void)
{
	CHECK_EQ(ram_base(), 0x40000000);
	CHECK(ram_size() > 0 && ram_size() < lend_window().base);
	CHECK(!fdt_find("memory", 1).inside);
}

static void boot_memory_is_all_there(void)
{
	u64 end = ram_base() + ram_size();

	for (u64 at = ALIGN_UP((u64)bss_end, MIB(2)); at < end; at += MIB(2)) {
		/* It holds our device tree, too. */
		volatile u64 *last = (volatile u64 *)(at + MIB(2) - 8);
		u64 saved = *last;

		*last = ~at;
		CHECK_EQ(*last, ~at);
		*last = saved;
	}
}

static void each_slot_is_what_it_says(void)
{
	struct lend_window window = lend_window();

	for (u32 slot = 0; slot < window.nr_slots; slot++) {
		u32 state = slot_state(slot);
		volatile u64 *last = (volatile u64 *)(slot_address(slot) + window.block_size - 8);

		print("# slot %u state %u peer %u flags 0x%x\n", slot, state, slot_peer(slot),
		      slot_flags(slot));
		if (state == LEND_SLOT_HELD || state == LEND_SLOT_BORROWED) {
			*last = slot + 1;
			CHECK_EQ(*last, slot + 1);
		} else {
			CHECK(slot_is_absent(slot));
		}
	}
}

/* Else kexec had left one running, in memory that is another's now. */
static void the_other_vcpus_are_off(void)
{
	for (u32 cpu = 1; cpu < nr_cpus; cpu++)
		CHECK_EQ(psci(PSCI_AFFINITY_INFO, cpu_of(cpu)->mpidr, 0, 0), PSCI_AFFINITY_OFF);
}

static void a_clean_start_gives_all_back(void)
{
	struct lend_window window = lend_window();

	CHECK_EQ(lend_status(LEND_RELINQUISH_ALL, 0, 0, 0, 0), LEND_SUCCESS);
	for (u32 slot = 0; slot < window.nr_slots; slot++) {
		CHECK(slot_state(slot) != LEND_SLOT_HELD && slot_state(slot) != LEND_SLOT_BORROWED);
		CHECK(slot_is_absent(slot));
	}
}

TESTS(TEST(fdt_lists_boot_memory_only), TEST(boot_memory_is_all_there),
      TEST(the_other_vcpus_are_off), TEST(each_slot_is_what_it_says),
      TEST(a_clean_start_gives_all_back));
