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

struct guest_fdt_args {
	const struct bundle *bundle;
	u32 vm; /* whose FDT, index into bundle->vm */
	u64 initrd_start; /* IPA; both 0 without a ramdisk */
	u64 initrd_end;
	u64 seed; /* for kaslr-seed and rng-seed; left out when it is 0 or bootargs have nokaslr */
};

/*
 * Writes the FDT into buf of size bytes (8-byte aligned). Returns its length in bytes, or ERR_NOSPC.
 * /memory is boot memory only. The whole window stands in the lendmem node; bootargs are those of the
 * bundle and, unless these set them, the defaults of lending.md §9 for the VM's mode.
 */
int guest_fdt_write(void *buf, size_t size, const struct guest_fdt_args *args);

#endif
