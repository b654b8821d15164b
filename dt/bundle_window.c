// SPDX-License-Identifier: BSD-2-Clause
#include "dt/bundle_private.h"
#include "dt/guest_fdt.h"
#include "hyp/lib/print.h"

#define LINUX_BLOCK_SIZE MIB(128) /* memory block of arm64 Linux with 4K and 16K pages */
#define WINDOW "lendvisor,window"

static bool read_given(const struct dt_node *node, const struct dt_prop *prop, struct bundle_vm *vm)
{
	if (prop->size != 16)
		return dt_refuse(node,
				 WINDOW ": %u bytes long, should be 16: base and size, two u64",
				 prop->size);
	vm->window_base = dt_cells(prop->data, 2);
	vm->window_size = dt_cells((const u8 *)prop->data + 8, 2);
	return true;
}

/* promised: bytes of the slots that are more than room for loans. */
static bool check(const struct dt_node *node, const struct bundle_limits *limits, u64 unit,
		  u64 promised, const struct bundle_vm *vm)
{
	const u64 base = vm->window_base, size = vm->window_size;
	char text[24];

	if (!IS_ALIGNED(vm->boot_memory, LINUX_BLOCK_SIZE))
		return dt_refuse(node,
				 "lendvisor,boot-memory: not a multiple of 128 MiB, as a VM with "
				 "a window needs it");
	if (!size || !IS_ALIGNED(base, unit) || !IS_ALIGNED(size, unit))
		return dt_refuse(node, WINDOW ": base and size are not multiples of %s above 0",
				 print_size(text, unit));
	if (size < promised)
		return dt_refuse(node, WINDOW ": smaller than owned-memory and pool-slots, %s",
				 print_size(text, promised));
	if (base < GUEST_RAM_BASE)
		return dt_refuse(node, WINDOW ": 0x%llx lies among the devices below 1 GiB",
				 (unsigned long long)base);
	if (ranges_overlap(base, size, GUEST_RAM_BASE, vm->boot_memory))
		return dt_refuse(node, WINDOW ": overlaps the boot memory");
	if (base >= limits->ipa_end || size > limits->ipa_end - base)
		return dt_refuse(node, WINDOW ": ends beyond a VM's addresses, 0x%llx",
				 (unsigned long long)limits->ipa_end);
	return true;
}

bool bundle_read_window(const struct dt_node *node, const struct bundle_limits *limits,
			struct bundle_vm *vm)
{
	const u64 unit = max_u64(limits->block_size, LINUX_BLOCK_SIZE);
	const u64 promised = vm->owned_memory + vm->pool_slots * limits->block_size;
	struct dt_prop prop;
	const bool given = dt_find(node, WINDOW, &prop);

	if (!given && !promised)
		return true;
	vm->has_window = true;
	if (given) {
		if (!read_given(node, &prop, vm))
			return false;
	} else {
		vm->window_base =
			max_u64(GIB(4), ALIGN_UP(GUEST_RAM_BASE + vm->boot_memory, GIB(1)));
		vm->window_size = ALIGN_UP(promised, unit);
	}
	return check(node, limits, unit, promised, vm);
}
