/* SPDX-License-Identifier: BSD-2-Clause */
#include <libfdt.h>
#include "dt/hash.h"
#include "dt/platform_private.h"
#include "hyp/lib/string.h"

#define HOST_FDT "host FDT"
#define HOST_FDT_MAX_SIZE MIB(2) /* the arm64 boot protocol's limit, and ours where nobody tells */
#define MPIDR_AFFINITY 0xff00ffffffULL /* Aff3 and Aff2 to Aff0 */
#define UART "arm,pl011"

/* The node that "/path:options" or "alias:options" names. Aliases of aliases are not followed. */
static int find_stdout(const void *fdt)
{
	int len;
	const char *path = fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "stdout-path", &len);
	const char *colon = path ? memchr(path, ':', (size_t)len) : NULL;

	if (!path)
		return -1;
	len = colon ? (int)(colon - path) : (int)strnlen(path, (size_t)len);
	if (*path != '/') {
		path = fdt_get_alias_namelen(fdt, path, len);
		if (!path || *path != '/')
			return -1;
		len = (int)strlen(path);
	}
	return fdt_path_offset_namelen(fdt, path, len);
}

bool platform_find_uart(const struct dt_node *root, struct dt_node *uart)
{
	*uart = *root;
	uart->offset = find_stdout(root->fdt);
	return (uart->offset >= 0 && !fdt_node_check_compatible(uart->fdt, uart->offset, UART) &&
		dt_enabled(uart)) ||
	       dt_compatible(root, UART, uart);
}

static bool read_uart(const struct dt_node *root, struct platform *p)
{
	struct phys_range range;
	struct dt_node uart;

	if (!platform_find_uart(root, &uart))
		return dt_refuse(&uart, "no PL011 UART");
	if (dt_reg(&uart, 0, &range) || !range.size)
		return dt_refuse(&uart, "reg: no usable address");
	p->uart_base = range.base;
	p->uart_size = range.size;
	return true;
}

static bool read_psci(const struct dt_node *root, struct platform *p)
{
	struct dt_node psci;
	const char *method;

	/* Version 0.1 has no fixed function numbers: not for us. */
	if (!dt_compatible(root, "arm,psci-1.0", &psci) &&
	    !dt_compatible(root, "arm,psci-0.2", &psci))
		return dt_refuse(&psci, "no PSCI 0.2 or later");
	if (!dt_string(&psci, "method", &method))
		return false;
	if (!strcmp(method, "smc"))
		p->psci = PSCI_SMC;
	if (!strcmp(method, "hvc"))
		p->psci = PSCI_HVC;
	return p->psci || dt_refuse(&psci, "method: \"%s\" is neither smc nor hvc", method);
}

static bool add_cpu(const struct dt_node *cpu, u32 cells, struct platform *p)
{
	const char *method = "psci"; /* QEMU says nothing where there is one CPU only */
	u64 mpidr;

	if (dt_find(cpu, "enable-method", NULL) && !dt_string(cpu, "enable-method", &method))
		return false;
	if (strcmp(method, "psci"))
		return dt_refuse(cpu, "enable-method: \"%s\" is not supported", method);
	if (!dt_number(cpu, "reg", cells, &mpidr))
		return false;
	if (mpidr & ~MPIDR_AFFINITY)
		return dt_refuse(cpu, "reg: not an MPIDR affinity");
	if (p->nr_cpus == PLATFORM_MAX_CPUS)
		return dt_refuse(cpu, "more than %u CPUs", PLATFORM_MAX_CPUS);
	for (u32 i = 0; i < p->nr_cpus; i++)
		if (p->cpu_mpidr[i] == mpidr)
			return dt_refuse(cpu, "reg: another CPU has it");
	p->cpu_mpidr[p->nr_cpus++] = mpidr;
	return true;
}

static bool read_cpus(const struct dt_node *root, struct platform *p)
{
	struct dt_node cpus, cpu = {0};
	int cells;

	if (!dt_child(root, "cpus", &cpus))
		return dt_refuse(&cpus, "no /cpus node");
	cells = fdt_address_cells(cpus.fdt, cpus.offset);
	if (cells < 1 || cells > 2)
		return dt_refuse(&cpus, "#address-cells: should be 1 or 2");
	while (dt_next_child(&cpus, &cpu)) {
		/* Maps and caches stand among the CPUs. */
		if (fdt_stringlist_search(cpu.fdt, cpu.offset, "device_type", "cpu") == 0 &&
		    dt_enabled(&cpu) && !add_cpu(&cpu, (u32)cells, p))
			return false;
	}
	return p->nr_cpus || dt_refuse(&cpus, "no CPU");
}

static bool read_bundle(const struct dt_node *root, struct platform *p)
{
	struct dt_node chosen;
	u64 start, end;

	if (!dt_child(root, "chosen", &chosen) || !dt_find(&chosen, "linux,initrd-start", NULL))
		return true;
	if (!dt_number(&chosen, "linux,initrd-start", 0, &start) ||
	    !dt_number(&chosen, "linux,initrd-end", 0, &end))
		return false;
	if (end < start)
		return dt_refuse(&chosen, "linux,initrd-end: before linux,initrd-start");
	p->bundle = (struct phys_range){start, end - start};
	for (u32 i = 0; i < p->nr_ram; i++)
		if (start >= p->ram[i].base && end - p->ram[i].base <= p->ram[i].size)
			return true;
	return dt_refuse(&chosen, "linux,initrd-start: 0x%llx is not in RAM",
			 (unsigned long long)start);
}

static void read_seed(const struct dt_node *root, struct platform *p)
{
	static const char *const names[] = {"kaslr-seed", "rng-seed"};
	u8 digest[SHA256_SIZE];
	struct dt_node chosen;
	struct hash hash;

	dt_child(root, "chosen", &chosen);
	hash_begin(&hash, HASH_SHA256);
	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		u32 size;
		const void *seed = dt_find(&chosen, names[i], &size);

		if (seed)
			hash_update(&hash, seed, size);
	}
	if (hash.size) {
		hash_finish(&hash, digest);
		p->seed = dt_cells(digest, 2);
	}
}

void platform_read_early(const void *fdt, struct platform *p)
{
	char why[DT_WHY_SIZE];
	struct dt_node root = {fdt, 0, why, HOST_FDT};

	memset(p, 0, sizeof(*p));
	if (!fdt || dt_check(fdt, HOST_FDT_MAX_SIZE))
		return;
	read_uart(&root, p);
	read_psci(&root, p);
}

bool platform_read(const void *fdt, size_t fdt_size, struct platform *p, char why[DT_WHY_SIZE])
{
	struct dt_node tree = {fdt, -1, why, HOST_FDT}, root = {fdt, 0, why, HOST_FDT};
	int err = dt_check(fdt, fdt_size);

	memset(p, 0, sizeof(*p));
	why[0] = '\0';
	if (err)
		return dt_refuse(&tree, "%s", fdt_strerror(err));
	read_seed(&root, p);
	return platform_read_ram(&root, p) && platform_read_reserved(&root, p) &&
	       read_cpus(&root, p) && read_psci(&root, p) && read_bundle(&root, p) &&
	       read_uart(&root, p) && platform_read_gic(&root, p);
}
