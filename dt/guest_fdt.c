// SPDX-License-Identifier: BSD-2-Clause
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

/* First cell of an interrupt, and its trigger (binding arm,gic-v3). */
#define SPI 0
#define PPI 1
#define LEVEL_HIGH 4

/* The FDT on its way. err keeps the first failure, so that the writers below need not look. */
struct writer {
	void *fdt;
	int err;
	const struct guest_fdt_args *args;
	const struct bundle_vm *vm;
};

static void note(struct writer *w, int err)
{
	if (!w->err)
		w->err = err;
}

static void begin(struct writer *w, const char *name)
{
	note(w, fdt_begin_node(w->fdt, name));
}

static void end(struct writer *w)
{
	note(w, fdt_end_node(w->fdt));
}

static void data(struct writer *w, const char *name, const void *value, size_t size)
{
	note(w, fdt_property(w->fdt, name, value, (int)size));
}

static void flag(struct writer *w, const char *name)
{
	data(w, name, NULL, 0);
}

static void string(struct writer *w, const char *name, const char *value)
{
	data(w, name, value, strlen(value) + 1);
}

static void u64s(struct writer *w, const char *name, const u64 *values, u32 nr)
{
	fdt64_t cells[4];

	for (u32 i = 0; i < nr; i++)
		cells[i] = cpu_to_fdt64(values[i]);
	data(w, name, cells, nr * sizeof(*cells));
}

static void u32s(struct writer *w, const char *name, const u32 *values, u32 nr)
{
	fdt32_t cells[12];

	for (u32 i = 0; i < nr; i++)
		cells[i] = cpu_to_fdt32(values[i]);
	data(w, name, cells, nr * sizeof(*cells));
}

#define U64S(w, name, ...)                                                                         \
	u64s(w, name, (const u64[]){__VA_ARGS__}, ARRAY_SIZE(((const u64[]){__VA_ARGS__})))
#define U32S(w, name, ...)                                                                         \
	u32s(w, name, (const u32[]){__VA_ARGS__}, ARRAY_SIZE(((const u32[]){__VA_ARGS__})))
/* A string list: the literals with the NUL that each ends in. */
#define STRINGS(w, name, list) data(w, name, list, sizeof(list))

static void write_root(struct writer *w)
{
	U32S(w, "#address-cells", 2);
	U32S(w, "#size-cells", 2);
	U32S(w, "interrupt-parent", PHANDLE_GIC);
	STRINGS(w, "compatible", "lendvisor,guest\0linux,dummy-virt");
	string(w, "model", "lendvisor guest");
}

/*
 * Seeds out of a one-way function: a guest must not find the host's seed, and with it those of other
 * VMs, from its own. Nothing where there is none: a guest would trust a constant.
 */
static void write_seeds(struct writer *w)
{
	u64 input[3] = {w->args->seed, w->args->vm, 0};
	u8 digest[SHA256_SIZE];

	if (!w->args->seed || bootargs_have(w->vm->bootargs, "nokaslr"))
		return;
	hash_sha256(input, sizeof(input), digest);
	data(w, "kaslr-seed", digest, 8);
	input[2] = 1;
	hash_sha256(input, sizeof(input), digest);
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
		U64S(w, "linux,initrd-start", w->args->initrd_start);
		U64S(w, "linux,initrd-end", w->args->initrd_end);
	}
	write_seeds(w);
	end(w);
}

static void write_memory(struct writer *w)
{
	begin(w, "memory@40000000");
	string(w, "device_type", "memory");
	U64S(w, "reg", GUEST_RAM_BASE, w->vm->boot_memory);
	end(w);
}

static void write_cpus(struct writer *w)
{
	char name[16];

	begin(w, "cpus");
	U32S(w, "#address-cells", 1);
	U32S(w, "#size-cells", 0);
	for (u32 i = 0; i < w->vm->cpus; i++) {
		const u32 mpidr = (u32)guest_mpidr(i);

		print_format(name, sizeof(name), "cpu@%x", mpidr);
		begin(w, name);
		string(w, "device_type", "cpu");
		string(w, "compatible", "arm,armv8");
		U32S(w, "reg", mpidr);
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
	U64S(w, "reg", GUEST_GICD_BASE, GUEST_GICD_SIZE, GUEST_GICR_BASE,
	     w->vm->cpus * GUEST_GICR_STRIDE);
	U32S(w, "#redistributor-regions", 1);
	U32S(w, "#interrupt-cells", 3);
	flag(w, "interrupt-controller");
	U32S(w, "#address-cells", 0);
	U32S(w, "phandle", PHANDLE_GIC);
	end(w);

	begin(w, "timer");
	STRINGS(w, "compatible", "arm,armv8-timer\0arm,armv7-timer");
	U32S(w, "interrupts", PPI, GUEST_TIMER_SEC_INTID - 16, LEVEL_HIGH, PPI,
	     GUEST_TIMER_PHYS_INTID - 16, LEVEL_HIGH, PPI, GUEST_TIMER_VIRT_INTID - 16, LEVEL_HIGH,
	     PPI, GUEST_TIMER_HYP_INTID - 16, LEVEL_HIGH);
	flag(w, "always-on");
	end(w);

	begin(w, "apb-pclk");
	string(w, "compatible", "fixed-clock");
	U32S(w, "#clock-cells", 0);
	U32S(w, "clock-frequency", CLOCK_HZ);
	string(w, "clock-output-names", "clk24mhz");
	U32S(w, "phandle", PHANDLE_CLOCK);
	end(w);

	begin(w, "pl011@9000000");
	STRINGS(w, "compatible", "arm,pl011\0arm,primecell");
	U64S(w, "reg", GUEST_UART_BASE, GUEST_UART_SIZE);
	U32S(w, "interrupts", SPI, GUEST_UART_INTID - 32, LEVEL_HIGH);
	U32S(w, "clocks", PHANDLE_CLOCK, PHANDLE_CLOCK);
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
		U32S(w, "reg", i);
		string(w, "label", b->vm[i].name);
		end(w);
	}
}

static void write_lendmem(struct writer *w)
{
	static const char *const modes[] = {
		[VM_MODE_STANDBY] = "standby",
		[VM_MODE_DYNAMIC] = "dynamic",
	};
	char name[32];

	/* A window served by a virtio-mem device is not served this way too. */
	if (!w->vm->has_window || w->vm->mode == VM_MODE_VIRTIO_MEM)
		return;
	print_format(name, sizeof(name), "lendmem@%llx", (unsigned long long)w->vm->window_base);
	begin(w, name);
	string(w, "compatible", "lendvisor,lendmem");
	U64S(w, "reg", w->vm->window_base, w->vm->window_size);
	U64S(w, "lendvisor,block-size", w->args->bundle->block_size);
	string(w, "lendvisor,mode", modes[w->vm->mode]);
	U32S(w, "interrupts", SPI, GUEST_LEND_INTID - 32, LEVEL_HIGH);
	U32S(w, "#address-cells", 1);
	U32S(w, "#size-cells", 0);
	write_peers(w);
	end(w);
}

int guest_fdt_write(void *buf, size_t size, const struct guest_fdt_args *args)
{
	struct writer w = {buf, 0, args, &args->bundle->vm[args->vm]};
	u32 length;

	size = min_u64(size, INT32_MAX);
	if (fdt_create(buf, (int)size))
		return ERR_NOSPC;
	note(&w, fdt_finish_reservemap(buf));
	begin(&w, "");
	write_root(&w);
	write_chosen(&w);
	write_memory(&w);
	write_cpus(&w);
	write_devices(&w);
	write_lendmem(&w);
	end(&w);
	note(&w, fdt_finish(buf));
	if (w.err)
		return ERR_NOSPC;
	length = fdt_totalsize(buf);
	if (size - length < SLACK)
		return ERR_NOSPC;
	memset((u8 *)buf + length, 0, SLACK);
	length += SLACK;
	fdt_set_totalsize(buf, length);
	return (int)length;
}
