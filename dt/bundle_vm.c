/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/bundle_private.h"
#include "dt/guest_fdt.h"
#include "hyp/lib/print.h"

#define LINUX_BLOCK_SIZE MIB(128) /* memory block of arm64 Linux with 4K and 16K pages */
#define BOOT_MEMORY "lendvisor,boot-memory"
#define OWNED_MEMORY "lendvisor,owned-memory"
#define WINDOW "lendvisor,window"

static bool check_sizes(const struct dt_node *node, const struct bundle_limits *limits,
			const struct bundle_vm *vm)
{
	char text[24];

	if (!vm->cpus)
		return dt_refuse(node, "lendvisor,cpus: must not be 0");
	if (!dt_need(node, BOOT_MEMORY, NULL))
		return false;
	if (!vm->boot_memory || !IS_ALIGNED(vm->boot_memory, MIB(2)))
		return dt_refuse(node, BOOT_MEMORY ": not a multiple of 2 MiB above 0");
	if (vm->boot_memory > limits->ipa_end - GUEST_RAM_BASE)
		return dt_refuse(node, BOOT_MEMORY ": ends beyond a VM's addresses");
	if (!IS_ALIGNED(vm->owned_memory, limits->block_size))
		return dt_refuse(node, OWNED_MEMORY ": not a multiple of block-size, %s",
				 print_size(text, limits->block_size));
	if (vm->owned_memory >= limits->ipa_end)
		return dt_refuse(node, OWNED_MEMORY ": more than a VM's addresses");
	return true;
}

/* First address that is not the VM's: 32-bit guests are given nothing above 4 GiB. */
static u64 addresses_end(const struct bundle_limits *limits, const struct bundle_vm *vm)
{
	return vm->kernel.arm32 ? min_u64(GIB(4), limits->ipa_end) : limits->ipa_end;
}

/* unit: of its base and size; promised: of the slots that are more than room for loans; bytes. */
static bool check_window(const struct dt_node *node, u64 ipa_end, u64 unit, u64 promised,
			 const struct bundle_vm *vm)
{
	u64 base = vm->window_base, size = vm->window_size;
	char text[24];

	if (!IS_ALIGNED(vm->boot_memory, LINUX_BLOCK_SIZE))
		return dt_refuse(node, BOOT_MEMORY ": not a multiple of 128 MiB, as a VM with a "
						   "window needs it");
	if (!size || !IS_ALIGNED(base | size, unit))
		return dt_refuse(node, WINDOW ": base and size are not multiples of %s above 0",
				 print_size(text, unit));
	if (size < promised)
		return dt_refuse(node, WINDOW ": smaller than owned-memory and pool-slots, %s",
				 print_size(text, promised));
	if (base < GUEST_RAM_BASE)
		return dt_refuse(node, WINDOW ": 0x%llx lies among the devices below 1 GiB",
				 (unsigned long long)base);
	if (base < GUEST_RAM_BASE + vm->boot_memory)
		return dt_refuse(node, WINDOW ": overlaps the boot memory");
	if (base >= ipa_end || size > ipa_end - base)
		return dt_refuse(node, WINDOW ": ends beyond a VM's addresses, 0x%llx",
				 (unsigned long long)ipa_end);
	return true;
}

static u64 default_base(const struct bundle_vm *vm, u64 unit)
{
	u64 end = GUEST_RAM_BASE + vm->boot_memory;

	return vm->kernel.arm32 ? ALIGN_UP(end, unit) : max_u64(GIB(4), ALIGN_UP(end, GIB(1)));
}

static bool read_window(const struct dt_node *node, const struct bundle_limits *limits,
			struct bundle_vm *vm)
{
	u64 unit = max_u64(limits->block_size, LINUX_BLOCK_SIZE);
	u64 promised = vm->owned_memory + vm->pool_slots * limits->block_size;
	u32 size;
	const u8 *given = dt_find(node, WINDOW, &size);

	vm->has_window = given || promised;
	if (!vm->has_window)
		return true;
	if (given && size != 16)
		return dt_refuse(
			node, WINDOW ": %u bytes long, should be 16: base and size, two u64", size);
	if (given) {
		vm->window_base = dt_cells(given, 2);
		vm->window_size = dt_cells(given + 8, 2);
	} else {
		vm->window_base = default_base(vm, unit);
		vm->window_size = ALIGN_UP(promised, unit);
	}
	return check_window(node, addresses_end(limits, vm), unit, promised, vm);
}

bool bundle_read_vm(const struct dt_node *node, const struct bundle_limits *limits,
		    struct bundle_vm *vm)
{
	vm->cpus = 1;
	if (!bundle_read_rows(node, vm))
		return false;
	if (!dt_find(node, "lendvisor,quota", NULL))
		vm->quota = vm->pool_slots;
	if (!check_sizes(node, limits, vm) || !bundle_read_images(node, &limits->images, vm))
		return false;
	if (vm->boot_memory > addresses_end(limits, vm) - GUEST_RAM_BASE)
		return dt_refuse(node, BOOT_MEMORY ": ends beyond 4 GiB, which is all that a "
						   "32-bit kernel has");
	return read_window(node, limits, vm);
}
