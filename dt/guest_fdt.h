/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The FDT that a VM boots from, written by libfdt from nothing but the arguments. Pure.
 * The address map is that of QEMU's virt machine (IPAs).
 */
#ifndef DT_GUEST_FDT_H
#define DT_GUEST_FDT_H

#include "dt/bundle.h"
#include "hyp/lib/types.h"

#define GUEST_GICD_BASE 0x08000000ULL
#define GUEST_GICD_SIZE 0x00010000ULL
#define GUEST_GICR_BASE 0x080a0000ULL
#define GUEST_GICR_STRIDE 0x00020000ULL /* one redistributor: RD_base and SGI_base */
#define GUEST_UART_BASE 0x09000000ULL
#define GUEST_UART_SIZE 0x00001000ULL
#define GUEST_RAM_BASE 0x40000000ULL
#define GUEST_FDT_MAX_SIZE 0x10000ULL /* bytes an FDT of ours may have */

#define GUEST_UART_INTID 33 /* SPI 1, level, as on virt */
#define GUEST_LEND_INTID 92 /* SPI 60, level */
#define GUEST_TIMER_SEC_INTID 29
#define GUEST_TIMER_PHYS_INTID 30
#define GUEST_TIMER_VIRT_INTID 27
#define GUEST_TIMER_HYP_INTID 26

/* MPIDR affinity of vCPU i, as virt numbers them: 16 to a cluster. */
static inline u64 guest_mpidr(u32 vcpu)
{
	return (u64)(vcpu / 16) << 8 | vcpu % 16;
}

/* The most ranges of blocks that an FDT may list: Linux reads 1,024 before its allocator is up. */
#define GUEST_FDT_MAX_RANGES 512

/* Memory of a VM by address, apart from boot memory. */
struct guest_range {
	u64 base; /* IPA */
	u64 size; /* bytes */
};

struct guest_ranges {
	u32 nr;
	struct guest_range range[GUEST_FDT_MAX_RANGES];
};

/* Adds [base, base + size) to the last range that it continues, or as a new one. False: no room. */
bool guest_ranges_add(struct guest_ranges *ranges, u64 base, u64 size);

struct guest_fdt_args {
	const struct bundle *bundle;
	u32 vm; /* whose FDT, index into bundle->vm */
	u64 initrd_start; /* IPA; both 0 without a ramdisk */
	u64 initrd_end;
	u64 seed; /* for kaslr-seed and rng-seed; left out when it is 0 or bootargs have nokaslr */
	/* For a kexec: kaslr-seed is there and 0, as kexec-tools wants it, and no rng-seed. */
	bool next_kernel;
	const struct guest_ranges *blocks; /* listed as memory, too; NULL for none */
	void (*serve)(void); /* called every few thousand instructions */
};

/*
 * Writes the FDT into buf of size bytes (8-byte aligned). Returns its length in bytes, or ERR_NOSPC.
 * /memory is boot memory only; blocks have one further node. The whole window stands in the lendmem node; bootargs are those of the
 * bundle and, unless these set them, the defaults of lending.md §9 for the VM's mode.
 */
int guest_fdt_write(void *buf, size_t size, const struct guest_fdt_args *args);

#endif
