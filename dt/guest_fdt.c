/* SPDX-License-Identifier: BSD-2-Clause */
#include <libfdt.h>
#include "dt/bootargs.h"
#include "dt/guest_fdt.h"
#include "hyp/lib/error.h"
#include "hyp/lib/print.h"
#include "hyp/lib/string.h"

#define SLACK KIB(1) /* room for a boot loader in the guest that edits the tree in place */
#define PHANDLE_GIC 1
#define PHANDLE_CLOCK 2
#define CLOCK_HZ 24000000

/* The cells of an interrupt: type, number, active high (binding arm,gic-v3). */
#define SPI(intid) 0, (intid)-32, 4
#define PPI(intid) 1, (intid)-16, 4

/* The FDT on its way. err keeps every failure, so that the writers below need not look. */
struct writer {
	void *fdt;
	int err;
	const struct guest_fdt_args *args;
	const struct bundle_vm *vm;
};

static void begin(struct writer *w, const char *name)
{
	w->err |= fdt_begin_node(w->fdt, name);
}

static void end(struct writer *w)
{
	w->err |= fdt_end_node(w->fdt);
}

/* A property's name is looked for among all names so far: some thousand instructions each. */
static void data(struct writer *w, const char *name, const void *value, size_t size)
{
	w->err |= fdt_property(w->fdt, name, value, (int)size);
	w->args->serve();
}

static void string(struct writer *w, const char *name, const char *value)
{
	data(w, name, value, strlen(value) + 1);
}

static void cells(struct writer *w, const char *name, const u32 *values, u32 nr)
{
	fdt32_t cells[12];

	for (u32 i = 0; i < nr; i++)
		cells[i] = cpu_to_fdt32(values[i]);
	data(w, name, cells, nr * sizeof(*cells));
}

#define CELLS(w, name, ...)                                                                        \
	cells(w, name, (const u32[]){__VA_ARGS__}, ARRAY_SIZE(((const u32[]){__VA_ARGS__})))
#define TWO_CELLS(x) (u32)((x) >> 32), (u32)(x)
/* A string list: the literals with the NUL that each ends in. */
#define STRINGS(w, name, list) data(w, name, list, sizeof(list))

static void write_root(struct writer *w)
{
	CELLS(w, "#address-cells", 2);
	CELLS(w, "#size-cells", 2);
	CELLS(w, "interrupt-parent", PHANDLE_GIC);
	STRINGS(w, "compatible", "lendvisor,guest\0linux,dummy-virt");
	string(w, "model", "lendvisor guest");
}

/*
 * Seeds out of a one-way function: a guest must not find the host's seed, and with it those of other
 * VMs, from its own. Nothing where there is none: a guest would trust a constant.
 */
static void write_seeds(struct writer *w)
{
	u64 input[] = {w->args->seed, w->args->vm};
	u8 digest[SHA256_SIZE];

	if (w->args->next_kernel)
		CELLS(w, "kaslr-seed", TWO_CELLS(0ULL));
	if (w->args->next_kernel || !w->args->seed || bootargs_have(w->vm->bootargs, "nokaslr"))
		return;
	hash_sha256(input, sizeof(input), digest);
	data(w, "kaslr-seed", digest, 8);
	hash_sha256(digest, sizeof(digest), digest);
	data(w, "rng-seed", digest, sizeof(digest));
}

static void write_chosen(struct writer *w)
{
	char bootargs[BOOTARGS_MAX_SIZE];

	bootargs_complete(bootargs, w->vm);
	begin(w, "chosen");
	string(w, "stdout-path", "/pl011@9000000");
	string(w, "bootargs", bootargs);
	if (w->args->initrd_end) {
		CELLS(w, "linux,initrd-start", TWO_CELLS(w->args->initrd_start));
		CELLS(w, "linux,initrd-end", TWO_CELLS(w->args->initrd_end));
	}
	write_seeds(w);
	end(w);
}

static void write_memory(struct writer *w)
{
	begin(w, "memory@40000000");
	string(w, "device_type", "memory");
	CELLS(w, "reg", TWO_CELLS(GUEST_RAM_BASE), TWO_CELLS(w->vm->boot_memory));
	end(w);
}

static void write_blocks(struct writer *w)
{
	const struct guest_ranges *blocks = w->args->blocks;
	char name[32];
	void *reg;

	if (!blocks || !blocks->nr)
		return;
	print_format(name, sizeof(name), "memory@%llx", (unsigned long long)blocks->range[0].base);
	begin(w, name);
	string(w, "device_type", "memory");
	w->err |= fdt_property_placeholder(w->fdt, "reg", (int)(blocks->nr * 16), &reg);
	for (u32 i = 0; !w->err && i < blocks->nr; i++) {
		const u32 values[] = {TWO_CELLS(blocks->range[i].base),
				      TWO_CELLS(blocks->range[i].size)};

		for (u32 j = 0; j < 4; j++)
			((fdt32_t *)reg)[4 * i + j] = cpu_to_fdt32(values[j]);
	}
	end(w);
}

static void write_cpus(struct writer *w)
{
	char name[16];

	begin(w, "cpus");
	CELLS(w, "#address-cells", 1);
	CELLS(w, "#size-cells", 0);
	for (u32 i = 0; i < w->vm->cpus; i++) {
		u32 mpidr = (u32)guest_mpidr(i);

		print_format(name, sizeof(name), "cpu@%x", mpidr);
		begin(w, name);
		string(w, "device_type", "cpu");
		string(w, "compatible", "arm,armv8");
		CELLS(w, "reg", mpidr);
		string(w, "enable-method", "psci");
		end(w);
	}
	end(w);
	begin(w, "psci");
	STRINGS(w, "compatible", "arm,psci-1.0\0arm,psci-0.2");
	string(w, "method", "hvc");
	end(w);
}

static void write_devices(struct writer *w)
{
	begin(w, "intc@8000000");
	string(w, "compatible", "arm,gic-v3");
	CELLS(w, "reg", TWO_CELLS(GUEST_GICD_BASE), TWO_CELLS(GUEST_GICD_SIZE),
	      TWO_CELLS(GUEST_GICR_BASE), TWO_CELLS(w->vm->cpus * GUEST_GICR_STRIDE));
	CELLS(w, "#redistributor-regions", 1);
	CELLS(w, "#interrupt-cells", 3);
	data(w, "interrupt-controller", NULL, 0);
	CELLS(w, "#address-cells", 0);
	CELLS(w, "phandle", PHANDLE_GIC);
	end(w);

	begin(w, "timer");
	STRINGS(w, "compatible", "arm,armv8-timer\0arm,armv7-timer");
	CELLS(w, "interrupts", PPI(GUEST_TIMER_SEC_INTID), PPI(GUEST_TIMER_PHYS_INTID),
	      PPI(GUEST_TIMER_VIRT_INTID), PPI(GUEST_TIMER_HYP_INTID));
	data(w, "always-on", NULL, 0);
	end(w);

	begin(w, "apb-pclk");
	string(w, "compatible", "fixed-clock");
	CELLS(w, "#clock-cells", 0);
	CELLS(w, "clock-frequency", CLOCK_HZ);
	string(w, "clock-output-names", "clk24mhz");
	CELLS(w, "phandle", PHANDLE_CLOCK);
	end(w);

	begin(w, "pl011@9000000");
	STRINGS(w, "compatible", "arm,pl011\0arm,primecell");
	CELLS(w, "reg", TWO_CELLS(GUEST_UART_BASE), TWO_CELLS(GUEST_UART_SIZE));
	CELLS(w, "interrupts", SPI(GUEST_UART_INTID));
	CELLS(w, "clocks", PHANDLE_CLOCK, PHANDLE_CLOCK);
	STRINGS(w, "clock-names", "uartclk\0apb_pclk");
	end(w);
}

static void write_peers(struct writer *w)
{
	const struct bundle *b = w->args->bundle;
	char name[16];

	for (u32 i = 0; i < b->nr_vms; i++) {
		if (!(w->vm->lend_to & BIT(i)) && !(b->vm[i].lend_to & BIT(w->args->vm)))
			continue;
		print_format(name, sizeof(name), "peer@%x", i);
		begin(w, name);
		CELLS(w, "reg", i);
		string(w, "label", b->vm[i].name);
		end(w);
	}
}

static void write_lendmem(struct writer *w)
{
	char name[32];

	/* A window served by a virtio-mem device is not served this way too. */
	if (!w->vm->has_window || w->vm->mode == VM_MODE_VIRTIO_MEM)
		return;
	print_format(name, sizeof(name), "lendmem@%llx", (unsigned long long)w->vm->window_base);
	begin(w, name);
	string(w, "compatible", "lendvisor,lendmem");
	CELLS(w, "reg", TWO_CELLS(w->vm->window_base), TWO_CELLS(w->vm->window_size));
	CELLS(w, "lendvisor,block-size", TWO_CELLS(w->args->bundle->block_size));
	string(w, "lendvisor,mode", vm_mode_names[w->vm->mode]);
	CELLS(w, "interrupts", SPI(GUEST_LEND_INTID));
	CELLS(w, "#address-cells", 1);
	CELLS(w, "#size-cells", 0);
	write_peers(w);
	end(w);
}

bool guest_ranges_add(struct guest_ranges *ranges, u64 base, u64 size)
{
	if (ranges->nr) {
		struct guest_range *last = &ranges->range[ranges->nr - 1];

		if (last->base + last->size == base) {
			last->size += size;
			return true;
		}
	}
	if (ranges->nr == GUEST_FDT_MAX_RANGES)
		return false;
	ranges->range[ranges->nr++] = (struct guest_range){base, size};
	return true;
}

int guest_fdt_write(void *buf, size_t size, const struct guest_fdt_args *args)
{
	struct writer w = {buf, 0, args, &args->bundle->vm[args->vm]};

	/* Every name anew: to look for it among the others takes longer than all the rest together. */
	if (size < SLACK ||
	    fdt_create_with_flags(buf, (int)(size - SLACK), FDT_CREATE_FLAG_NO_NAME_DEDUP))
		return ERR_NOSPC;
	w.err |= fdt_finish_reservemap(buf);
	begin(&w, "");
	write_root(&w);
	write_chosen(&w);
	write_memory(&w);
	write_blocks(&w);
	write_cpus(&w);
	write_devices(&w);
	write_lendmem(&w);
	end(&w);
	args->serve();
	w.err |= fdt_finish(buf); /* one walk, indivisible: docs/design.md has figures */
	args->serve();
	if (w.err)
		return ERR_NOSPC;
	size = fdt_totalsize(buf);
	memset((u8 *)buf + size, 0, SLACK);
	fdt_set_totalsize(buf, (u32)(size + SLACK));
	return (int)(size + SLACK);
}
