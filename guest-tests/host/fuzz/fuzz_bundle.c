/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A FIT image -> bundle_read(); what is refused has its one line. What is not holds what bundle.h
 * promises, its hashes are checked alike in steps of any length, and each VM gets its FDT.
 */
#include <libfdt.h>
#include <string.h>
#include "dt/bundle.h"
#include "dt/guest_fdt.h"
#include "guest-tests/host/fuzz/fdt_mutate.h"
#include "guest-tests/host/fuzz/fuzz.h"

#define NR_CPUS 24
#define IPA_BITS 40

static struct bundle b;

static bool is_inside(const struct bundle_image *image, const u8 *fit, size_t size)
{
	const u8 *data = image->data;

	return image->size && data >= fit && image->size <= size &&
	       data <= fit + size - image->size;
}

static void check_window(const struct bundle_vm *vm)
{
	u64 unit = b.block_size > MIB(128) ? b.block_size : MIB(128);

	must(IS_ALIGNED(vm->window_base, unit) && IS_ALIGNED(vm->window_size, unit));
	must(vm->window_base >= GUEST_RAM_BASE + vm->boot_memory);
	must(vm->window_base < BIT(IPA_BITS) && vm->window_size <= BIT(IPA_BITS) - vm->window_base);
	must(vm->owned_memory / b.block_size + vm->pool_slots <= vm->window_size / b.block_size);
	must(IS_ALIGNED(vm->boot_memory, MIB(128)));
}

static void check_vm(u32 id, const u8 *fit, size_t size)
{
	const struct bundle_vm *vm = &b.vm[id];
	const struct bundle_image *kernel = &vm->kernel;

	must(vm->name[0] && strnlen(vm->name, sizeof(vm->name)) < sizeof(vm->name));
	must(strnlen(vm->bootargs, sizeof(vm->bootargs)) < sizeof(vm->bootargs));
	for (u32 i = 0; i < id; i++)
		must(strcmp(vm->name, b.vm[i].name));
	must(vm->boot_memory && IS_ALIGNED(vm->boot_memory, MIB(2)));
	must(vm->boot_memory <= BIT(IPA_BITS) - GUEST_RAM_BASE);
	must(IS_ALIGNED(vm->owned_memory, b.block_size));
	must(vm->has_window || (!vm->owned_memory && !vm->pool_slots));
	if (vm->has_window)
		check_window(vm);
	must(vm->mode <= VM_MODE_VIRTIO_MEM);
	must(!(vm->lend_to & BIT(id)) && !(vm->lend_to >> b.nr_vms));
	must(is_inside(kernel, fit, size));
	must(!vm->ramdisk.size || is_inside(&vm->ramdisk, fit, size));
	if (kernel->has_load) {
		must(kernel->load >= GUEST_RAM_BASE);
		must(kernel->load - GUEST_RAM_BASE + kernel->size <= vm->boot_memory);
		must(kernel->entry >= kernel->load && kernel->entry < kernel->load + kernel->size);
	}
}

static enum bundle_hash_result check_hashes(const u8 *fit, size_t nr)
{
	enum bundle_hash_result result;
	struct bundle_hash_job job;
	char why[DT_WHY_SIZE];

	bundle_hash_begin(&job, fit, &b);
	do
		result = bundle_hash_step(&job, nr, why);
	while (result == BUNDLE_HASH_MORE);
	if (result == BUNDLE_HASH_MISMATCH)
		fuzz_check_why(why);
	return result;
}

static void serve(void)
{
}

static void write_guest_fdt(u32 vm)
{
	const struct guest_fdt_args args = {.bundle = &b, .vm = vm, .seed = vm, .serve = serve};
	static _Alignas(8) u8 fdt[GUEST_FDT_MAX_SIZE];
	int length = guest_fdt_write(fdt, sizeof(fdt), &args);

	must(length > 0 && !fdt_check_full(fdt, (size_t)length));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 *fit = malloc(size + !size);
	char why[DT_WHY_SIZE];
	u32 nr_cpus = 0;

	if (size)
		memcpy(fit, data, size);
	memset(why, 0xff, sizeof(why));
	if (!bundle_read(fit, size, NR_CPUS, IPA_BITS, &b, why)) {
		fuzz_check_why(why);
		free(fit);
		return 0;
	}
	must(is_power_of_two(b.block_size) && b.block_size >= MIB(2) && b.block_size <= GIB(1));
	must(b.nr_vms >= 1 && b.nr_vms <= BUNDLE_MAX_VMS);
	for (u32 vm = 0; vm < b.nr_vms; vm++) {
		check_vm(vm, fit, size);
		must(b.vm[vm].cpus >= 1 && b.vm[vm].cpus <= NR_CPUS);
		nr_cpus += b.vm[vm].cpus;
	}
	must(nr_cpus <= NR_CPUS);
	must(check_hashes(fit, 7) == check_hashes(fit, SIZE_MAX));
	for (u32 vm = 0; vm < b.nr_vms; vm++)
		write_guest_fdt(vm);
	free(fit);
	return 0;
}
