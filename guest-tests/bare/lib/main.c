/* SPDX-License-Identifier: BSD-2-Clause */
/* The way of a guest: from start.S through its tests to SYSTEM_OFF. */
#include "guest-tests/bare/bare.h"

#define QEMU_FDT_BASE 0x40000000ULL /* where QEMU leaves the FDT for an ELF file */
#define WHY_SIZE 160

struct entry entry;

static char why[WHY_SIZE];
static u32 failed; /* notes so far */
static const char *skipped;

void bare_start(u64 fdt_address, u64 current_el, u64 daif, u64 spsel, u64 sctlr, u64 icc_sre);

void test_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;
	char text[WHY_SIZE - 40];

	if (__atomic_fetch_add(&failed, 1, __ATOMIC_SEQ_CST))
		return;
	va_start(ap, fmt);
	vformat(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (const char *p = file; *p; p++)
		if (*p == '/')
			file = p + 1;
	format(why, sizeof(why), "CPU %u: %s:%d: %s", this_cpu()->index, file, line, text);
}

bool test_failed(void)
{
	return __atomic_load_n(&failed, __ATOMIC_SEQ_CST);
}

void test_skip(const char *reason)
{
	skipped = reason;
}

void bail_out(const char *fmt, ...)
{
	va_list ap;

	print("\nBail out! ");
	va_start(ap, fmt);
	vprint(fmt, ap);
	va_end(ap);
	print("\n");
	system_off();
}

static void run_test(u32 number, const struct test *test)
{
	failed = 0;
	skipped = NULL;
	irq_handler = NULL;
	irq_counts_clear();
	test->run();
	irq_disable();
	if (failed)
		print("not ok %u - %s # %s\n", number, test->name, why);
	else if (skipped)
		print("ok %u - %s # SKIP %s\n", number, test->name, skipped);
	else
		print("ok %u - %s\n", number, test->name);
}

void bare_start(u64 fdt_address, u64 current_el, u64 daif, u64 spsel, u64 sctlr, u64 icc_sre)
{
	u32 nr = 0;

	entry = (struct entry){fdt_address, current_el, daif, spsel, sctlr, icc_sre, 0, 0};
	entry.gicd_ctlr = mmio_read(GICD_BASE + GICD_CTLR);
	entry.spi_enabled = mmio_read(GICD_BASE + GIC_ISENABLER + 8);
	fdt = (const void *)(fdt_address ? fdt_address : QEMU_FDT_BASE);
	if (!fdt_valid(fdt)) {
		print("Bail out! no FDT at 0x%lx\n", (u64)fdt);
		system_off();
	}
	smp_init();
	mmu_init();
	mmu_on();
	gic_init();
	gic_init_redist(0);
	gic_init_interface();

	while (tests[nr].run)
		nr++;
	print("1..%u\n", nr);
	for (u32 i = 0; i < nr; i++)
		run_test(i + 1, &tests[i]);
	print("# done\n");
	system_off();
}
