/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the host FDT says of the machine: the only source of addresses. Pure.
 * Source: Devicetree Specification 0.4, and the Linux bindings for arm,gic-v3, arm,pl011, arm,psci
 * and arm,armv8-timer.
 */
#ifndef DT_PLATFORM_H
#define DT_PLATFORM_H

#include "hyp/lib/types.h"

#define PLATFORM_MAX_CPUS 64
#define PLATFORM_MAX_RAM 8
#define PLATFORM_MAX_GICR 4
#define PLATFORM_MAX_RESERVED 16

struct phys_range {
	u64 base; /* PA */
	u64 size; /* bytes */
};

enum psci_conduit {
	PSCI_NONE,
	PSCI_SMC,
	PSCI_HVC,
};

struct platform {
	struct phys_range ram[PLATFORM_MAX_RAM]; /* as the FDT lists it, ascending */
	u32 nr_ram;
	struct phys_range reserved[PLATFORM_MAX_RESERVED]; /* memreserve and /reserved-memory */
	u32 nr_reserved;
	u64 cpu_mpidr[PLATFORM_MAX_CPUS]; /* affinity fields, in FDT order */
	u32 nr_cpus;
	enum psci_conduit psci;
	u64 uart_base; /* PL011 */
	u64 uart_size;
	u32 uart_intid;
	bool has_gicv3;
	struct phys_range gicd;
	struct phys_range gicr[PLATFORM_MAX_GICR];
	u32 nr_gicr;
	u32 timer_hyp_intid; /* EL2 physical timer */
	u32 timer_virt_intid;
	u32 timer_phys_intid; /* EL1 physical timer */
	u32 maintenance_intid; /* of the GIC's virtual interface */
	struct phys_range bundle; /* linux,initrd-start/end; size 0 without one */
	u64 seed; /* from kaslr-seed or rng-seed, 0 without */
};

/* Longest reason, in bytes, that the functions of this room write. */
#define DT_WHY_SIZE 160

/*
 * Only what is needed to say something and switch off, for early refusals: uart_base and psci are set,
 * or 0 / PSCI_NONE where the FDT does not tell. Needs no MMU.
 */
void platform_read_early(const void *fdt, struct platform *p);

/*
 * Reads everything. fdt: 8-byte aligned, at most fdt_size bytes are looked at. False with one line
 * in why (node and reason) when something the hypervisor cannot do without is missing or
 * malformed. No GICv3 is not a failure: has_gicv3 says it. Cells of any legal size are taken.
 */
bool platform_read(const void *fdt, size_t fdt_size, struct platform *p, char why[DT_WHY_SIZE]);

#endif
