/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/vm/load.h"
#include "hyp/lib/assert.h"
#include "hyp/lib/print.h"
#include "hyp/lib/string.h"
#include "hyp/vm/guest_memory.h"

/* The arm64 Linux Image header (Documentation/arm64/booting.rst). */
struct linux_header {
	u32 code[2];
	u64 text_offset;
	u64 image_size;
	u64 flags;
	u64 reserved[3];
	u32 magic;
	u32 reserved2;
};
#define LINUX_MAGIC 0x644d5241u

/* Bytes copied between two looks at the interrupts: some 10,000 instructions. */
#define LOAD_CHUNK KIB(16)

static bool fits(u64 base, u64 size, u64 start, u64 end)
{
	return base >= start && base <= end && size <= end - base;
}

/* A Linux image goes where it asks to go; others where the bundle says. *size: with its bss. */
static void place_kernel(const struct bundle_image *image, struct vm_layout *out, u64 *size)
{
	struct linux_header header;

	*size = image->size;
	out->kernel = image->load;
	out->entry = image->entry;
	if (image->size < sizeof(header))
		return;
	memcpy(&header, image->data, sizeof(header));
	if (header.magic != LINUX_MAGIC)
		return;
	out->kernel = GUEST_RAM_BASE + header.text_offset;
	out->entry = out->kernel;
	*size = max_u64(image->size, header.image_size);
}

/*
 * FDT in the last 2 MiB, ramdisk right below: as far as can be from an image and a bss whose size only
 * the image knows.
 */
bool vm_layout(const struct bundle_vm *config, struct vm_layout *out, char why[DT_WHY_SIZE])
{
	u64 start = GUEST_RAM_BASE, end = start + config->boot_memory;
	u64 kernel_size;

	*out = (struct vm_layout){.fdt = end - MIB(2)};
	place_kernel(&config->kernel, out, &kernel_size);
	end = out->fdt;
	if (config->ramdisk.size) {
		if (config->ramdisk.size > end - start) {
			print_format(why, DT_WHY_SIZE,
				     "/configurations/%s: ramdisk does not fit into "
				     "boot memory",
				     config->name);
			return false;
		}
		out->ramdisk = ALIGN_DOWN(end - config->ramdisk.size, PAGE_SIZE);
		end = out->ramdisk;
	}
	if (!fits(out->kernel, kernel_size, start, end) || out->entry < out->kernel ||
	    out->entry - out->kernel >= kernel_size) {
		print_format(why, DT_WHY_SIZE,
			     "/configurations/%s: kernel does not fit into boot memory at 0x%llx",
			     config->name, (unsigned long long)out->kernel);
		return false;
	}
	return true;
}

bool vm_copy_in(struct vm *vm, ipa_t ipa, const void *src, u64 size, void (*serve)(void))
{
	for (u64 done = 0; done < size; done += LOAD_CHUNK) {
		u64 n = min_u64(LOAD_CHUNK, size - done);

		if (!guest_write(vm, IPA(ipa.ipa + done), (const u8 *)src + done, n))
			return false;
		serve();
	}
	return true;
}

static const struct bundle *bundle_of(const struct vm *vm)
{
	/* vm->config is element vm->id of the bundle's array. */
	return (const struct bundle *)((const u8 *)(vm->config - vm->id) -
				       offsetof(struct bundle, vm));
}

static struct vm_layout layout_of(const struct vm *vm)
{
	struct vm_layout layout;
	char why[DT_WHY_SIZE];
	bool ok = vm_layout(vm->config, &layout, why);

	assert(ok); /* refused at boot otherwise */
	return layout;
}

struct guest_fdt_args vm_fdt_args(const struct vm *vm, void (*serve)(void))
{
	struct guest_fdt_args args = {.bundle = bundle_of(vm), .vm = vm->id, .serve = serve};
	u64 ramdisk = layout_of(vm).ramdisk;

	if (ramdisk) {
		args.initrd_start = ramdisk;
		args.initrd_end = ramdisk + vm->config->ramdisk.size;
	}
	return args;
}

/* No two lives get the same seed: the host's, stirred with the time. */
static u64 next_seed(void)
{
	return platform.seed ^ (read_sysreg(cntpct_el0) * 0x9e3779b97f4a7c15ULL);
}

/* Boot memory is always mapped. */
static void copy(struct vm *vm, u64 ipa, const void *src, u64 size, void (*serve)(void))
{
	bool ok = vm_copy_in(vm, IPA(ipa), src, size, serve);

	assert(ok);
}

void vm_load(struct vm *vm, void (*serve)(void))
{
	const struct bundle_vm *config = vm->config;
	struct guest_fdt_args args = vm_fdt_args(vm, serve);
	struct vm_layout layout = layout_of(vm);
	struct vcpu *boot = &vm->vcpus[0];
	int size;

	copy(vm, layout.kernel, config->kernel.data, config->kernel.size, serve);
	copy(vm, layout.ramdisk, config->ramdisk.data, config->ramdisk.size, serve);
	args.seed = next_seed();
	size = guest_fdt_write(vm->fdt->buffer, sizeof(vm->fdt->buffer), &args);
	assert(size > 0);
	copy(vm, layout.fdt, vm->fdt->buffer, (u64)size, serve);
	boot->entry = layout.entry;
	memset(boot->context, 0, sizeof(boot->context));
	boot->context[0] = layout.fdt;
	if (vm_is_arm32(vm)) { /* Linux: r0 = 0, r1 = no machine number, r2 = FDT */
		boot->context[0] = 0;
		boot->context[1] = 0xffffffff;
		boot->context[2] = layout.fdt;
	}
}
