/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host FDT -> platform_read() and platform_read_early(); what is refused has its one line, what is not
 * holds what platform.h promises, and both agree.
 */
#include <libfdt.h>
#include <string.h>
#include "dt/platform.h"
#include "guest-tests/host/fuzz/fdt_mutate.h"
#include "guest-tests/host/fuzz/fuzz.h"

static struct platform p, early;

static bool wraps(const struct phys_range *range)
{
	return !range->size || range->base + range->size < range->base;
}

static void check_cpus(void)
{
	must(p.nr_cpus >= 1 && p.nr_cpus <= PLATFORM_MAX_CPUS);
	for (u32 i = 0; i < p.nr_cpus; i++) {
		must(!(p.cpu_mpidr[i] & ~0xff00ffffffull));
		for (u32 k = 0; k < i; k++)
			must(p.cpu_mpidr[i] != p.cpu_mpidr[k]);
	}
}

static void check_gic(void)
{
	const u32 ppis[] = {p.timer_hyp_intid, p.timer_virt_intid, p.timer_phys_intid,
			    p.maintenance_intid, p.uart_intid};

	must(!wraps(&p.gicd) && p.nr_gicr >= 1 && p.nr_gicr <= PLATFORM_MAX_GICR);
	for (u32 i = 0; i < p.nr_gicr; i++)
		must(!wraps(&p.gicr[i]));
	for (u32 i = 0; i < ARRAY_SIZE(ppis); i++)
		must(ppis[i] >= 16 && ppis[i] < 1020);
}

static void check_platform(void)
{
	must(p.nr_ram >= 1 && p.nr_ram <= PLATFORM_MAX_RAM);
	for (u32 i = 0; i < p.nr_ram; i++) {
		must(!wraps(&p.ram[i]));
		must(!i || p.ram[i - 1].base + p.ram[i - 1].size <= p.ram[i].base);
	}
	must(p.nr_reserved <= PLATFORM_MAX_RESERVED);
	for (u32 i = 0; i < p.nr_reserved; i++)
		must(!wraps(&p.reserved[i]));
	check_cpus();
	must(p.psci == PSCI_SMC || p.psci == PSCI_HVC);
	must(p.uart_size && p.uart_base + p.uart_size >= p.uart_base);
	must(p.bundle.base + p.bundle.size >= p.bundle.base);
	if (p.has_gicv3)
		check_gic();
}

/* It is given no size and believes the header, as at boot: as many bytes are there. */
static void read_early(const u8 *data, size_t size)
{
	struct fdt_header header = {0};
	size_t total;
	u8 *fdt;

	memcpy(&header, data, size < sizeof(header) ? size : sizeof(header));
	total = fdt32_to_cpu(header.totalsize);
	if (total < sizeof(header) || total > MIB(2))
		total = sizeof(header);
	fdt = calloc(1, total);
	memcpy(fdt, data, size < total ? size : total);
	platform_read_early(fdt, &early);
	free(fdt);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 *fdt = malloc(size + !size);
	char why[DT_WHY_SIZE];

	if (!size) {
		free(fdt);
		return 0;
	}
	memcpy(fdt, data, size);
	memset(why, 0xff, sizeof(why));
	read_early(data, size);
	if (platform_read(fdt, size, &p, why)) {
		check_platform();
		must(early.uart_base == p.uart_base && early.psci == p.psci);
	} else {
		fuzz_check_why(why);
	}
	free(fdt);
	return 0;
}
