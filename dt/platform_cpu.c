// SPDX-License-Identifier: BSD-2-Clause
#include <libfdt.h>
#include "dt/platform_private.h"
#include "hyp/lib/string.h"

#define MPIDR_AFFINITY 0xff00ffffffULL /* Aff3 and Aff2 to Aff0 */

static bool add_cpu(const struct dt_node *cpu, u32 cells, struct platform *p)
{
	struct dt_prop prop;
	const char *method = "psci"; /* QEMU says nothing where there is one CPU only */
	u64 mpidr;

	if (dt_find(cpu, "enable-method", &prop) && !dt_string(cpu, &prop, &method))
		return false;
	if (strcmp(method, "psci"))
		return dt_refuse(cpu, "enable-method: \"%s\" is not supported", method);
	if (!dt_need(cpu, "reg", &prop))
		return false;
	if (prop.size != cells * 4)
		return dt_refuse(cpu, "reg: %u bytes long, should be %u", prop.size, cells * 4);
	mpidr = dt_cells(prop.data, cells);
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

/* Has this node the device_type "cpu"? Maps and caches stand among the CPUs. */
static bool is_cpu(const struct dt_node *node)
{
	struct dt_prop type;

	return dt_find(node, "device_type", &type) && type.size == sizeof("cpu") &&
	       !memcmp(type.data, "cpu", sizeof("cpu"));
}

bool platform_read_cpus(const struct dt_node *root, struct platform *p)
{
	struct dt_node cpus, cpu = *root;
	int cells;

	if (!dt_child(root, "cpus", &cpus))
		return dt_refuse_whole(root->why, HOST_FDT, "no /cpus node");
	cells = fdt_address_cells(cpus.fdt, cpus.offset);
	if (cells < 1 || cells > 2)
		return dt_refuse(&cpus, "#address-cells: should be 1 or 2");
	for (cpu.offset = fdt_first_subnode(cpu.fdt, cpus.offset); cpu.offset >= 0;
	     cpu.offset = fdt_next_subnode(cpu.fdt, cpu.offset))
		if (is_cpu(&cpu) && dt_enabled(cpu.fdt, cpu.offset) &&
		    !add_cpu(&cpu, (u32)cells, p))
			return false;
	return p->nr_cpus || dt_refuse(&cpus, "no CPU");
}

bool platform_read_psci(const struct dt_node *root, struct platform *p)
{
	/* Version 0.1 has no fixed function numbers: not for us. */
	static const char *const compatible[] = {"arm,psci-1.0", "arm,psci-0.2"};
	struct dt_node psci = *root;
	struct dt_prop prop;
	const char *method;

	psci.offset = platform_find(root->fdt, compatible, ARRAY_SIZE(compatible));
	if (psci.offset < 0)
		return dt_refuse_whole(root->why, HOST_FDT, "no PSCI 0.2 or later");
	if (!dt_need(&psci, "method", &prop) || !dt_string(&psci, &prop, &method))
		return false;
	if (!strcmp(method, "smc"))
		p->psci = PSCI_SMC;
	else if (!strcmp(method, "hvc"))
		p->psci = PSCI_HVC;
	else
		return dt_refuse(&psci, "method: \"%s\" is neither smc nor hvc", method);
	return true;
}
