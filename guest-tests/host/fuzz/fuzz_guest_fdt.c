/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bundle's fields, as bundle_read() may leave them -> guest_fdt_write(). What it writes is a whole
 * tree, the reader of host FDTs finds in it the machine that was meant, /memory is the boot memory and
 * nothing else, and the lendmem node says what the bundle does. Too small a buffer is refused. The map for
 * a next kernel says the same, but for a seed that is 0 and a node for the blocks it is to adopt.
 */
#include <libfdt.h>
#include <string.h>
#include "dt/guest_fdt.h"
#include "dt/prop.h"
#include "guest-tests/host/fuzz/fuzz.h"
#include "hyp/lib/error.h"

#define IPA_END BIT(40)

static struct bundle b;
static struct guest_fdt_args args;
static struct guest_ranges blocks;

static void serve(void)
{
}

static void take_name(struct input *in, char *name, u32 id)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
	u32 len = take(in) % (BUNDLE_NAME_SIZE - 1);

	name[0] = (char)('0' + id); /* no two are the same */
	for (u32 i = 1; i <= len && i < BUNDLE_NAME_SIZE - 1; i++)
		name[i] = letters[take(in) % (sizeof(letters) - 1)];
}

static void take_bootargs(struct input *in, char *bootargs)
{
	static const char *const words[] = {"nokaslr",      "memhp_default_state=online",
					    "movable_node", "memory_hotplug.online_policy=auto",
					    "--",           "",
					    "quiet",        "memhp_default_state"};
	u64 len = take_number(in) % BUNDLE_BOOTARGS_SIZE;
	size_t at = 0;

	while (at < len && in->at < in->end) {
		u8 c = take(in);

		if (c < ARRAY_SIZE(words)) {
			at += (size_t)snprintf(bootargs + at, len - at + 1, " %s", words[c]);
			if (at > len)
				at = len;
		} else {
			bootargs[at++] = (char)(' ' + c % 95);
		}
	}
	bootargs[at] = '\0';
}

static void take_vm(struct input *in, u32 id)
{
	struct bundle_vm *vm = &b.vm[id];

	take_name(in, vm->name, id);
	take_bootargs(in, vm->bootargs);
	vm->cpus = 1 + take(in) % PLATFORM_MAX_CPUS;
	vm->boot_memory = MIB(2) * (1 + take_number(in) % ((IPA_END - GUEST_RAM_BASE) / MIB(2)));
	vm->has_window = take(in) & 1;
	vm->window_base = take_number(in);
	vm->window_size = take_number(in);
	vm->mode = take(in) % 3;
	vm->lend_to = (u32)take_number(in) & (u32)(BIT(b.nr_vms) - 1) & ~(u32)BIT(id);
}

/* None, or up to so many, each behind the one before; as LEND_MAP has them. */
static void take_blocks(struct input *in)
{
	u32 nr = take(in) * 4;
	u64 at = IPA_END;

	blocks.nr = 0;
	for (u32 i = 0; i < nr; i++) {
		at += take(in) % 3 * b.block_size;
		if (!guest_ranges_add(&blocks, at, b.block_size))
			break;
		at += b.block_size;
	}
	for (u32 i = 1; i < blocks.nr; i++)
		must(blocks.range[i].base > blocks.range[i - 1].base + blocks.range[i - 1].size);
	args.next_kernel = take(in) & 1;
	args.blocks = args.next_kernel ? &blocks : NULL;
}

static int find(const void *fdt, const char *path)
{
	return fdt_path_offset(fdt, path);
}

static u64 cells_of(const void *fdt, int node, const char *name, u32 index, u32 nr_cells)
{
	int len;
	const u8 *data = fdt_getprop(fdt, node, name, &len);

	must(data && (u32)len >= (index + 1) * nr_cells * 4);
	return dt_cells(data + index * nr_cells * 4, nr_cells);
}

/* The reader of host FDTs wants the maintenance interrupt that a guest's GIC has not. */
static void read_machine(const void *fdt, struct platform *p)
{
	static const u8 interrupts[12] = {0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 4};
	static _Alignas(8) u8 copy[2 * GUEST_FDT_MAX_SIZE];
	char why[DT_WHY_SIZE];
	int gic;

	must(!fdt_open_into(fdt, copy, sizeof(copy)));
	gic = fdt_node_offset_by_compatible(copy, -1, "arm,gic-v3");
	must(!fdt_setprop(copy, gic, "interrupts", interrupts, sizeof(interrupts)));
	if (!platform_read(copy, sizeof(copy), p, why)) {
		fprintf(stderr, "refused: %s\n", why);
		abort();
	}
}

/* It is told the same machine. */
static void check_machine(const void *fdt)
{
	const struct bundle_vm *vm = &b.vm[args.vm];
	static struct platform p;

	read_machine(fdt, &p);
	must(p.nr_ram == 1 + (args.blocks ? blocks.nr : 0));
	must(p.ram[0].base == GUEST_RAM_BASE && p.ram[0].size == vm->boot_memory);
	must(!p.nr_reserved);
	must(p.nr_cpus == vm->cpus);
	for (u32 i = 0; i < vm->cpus; i++)
		must(p.cpu_mpidr[i] == guest_mpidr(i));
	must(p.psci == PSCI_HVC);
	must(p.uart_base == GUEST_UART_BASE && p.uart_size == GUEST_UART_SIZE);
	must(p.uart_intid == GUEST_UART_INTID);
	must(p.has_gicv3 && p.gicd.base == GUEST_GICD_BASE && p.gicd.size == GUEST_GICD_SIZE);
	must(p.nr_gicr == 1 && p.gicr[0].base == GUEST_GICR_BASE);
	must(p.gicr[0].size == vm->cpus * GUEST_GICR_STRIDE);
	must(p.timer_hyp_intid == GUEST_TIMER_HYP_INTID);
	must(p.timer_virt_intid == GUEST_TIMER_VIRT_INTID);
	must(p.timer_phys_intid == GUEST_TIMER_PHYS_INTID);
	must(p.bundle.size == (args.initrd_end ? args.initrd_end - args.initrd_start : 0));
	must(!args.initrd_end || p.bundle.base == args.initrd_start);
	must(args.seed || args.next_kernel || !p.seed);
}

static void check_blocks(const void *fdt)
{
	char path[40];
	int node;

	if (!args.blocks || !blocks.nr)
		return;
	snprintf(path, sizeof(path), "/memory@%llx", (unsigned long long)blocks.range[0].base);
	node = find(fdt, path);
	for (u32 i = 0; i < blocks.nr; i++) {
		must(cells_of(fdt, node, "reg", 2 * i, 2) == blocks.range[i].base);
		must(cells_of(fdt, node, "reg", 2 * i + 1, 2) == blocks.range[i].size);
	}
}

/* Nothing else is memory to anybody: no other node says so by type or name. */
static void check_memory(const void *fdt)
{
	int node, nr = 0, expected = 1 + (args.blocks && blocks.nr);

	for (node = fdt_next_node(fdt, -1, NULL); node >= 0;
	     node = fdt_next_node(fdt, node, NULL)) {
		const char *type = fdt_getprop(fdt, node, "device_type", NULL);
		bool is_memory = type && !strcmp(type, "memory");

		must(is_memory == !strncmp(fdt_get_name(fdt, node, NULL), "memory", 6));
		nr += is_memory;
	}
	must(nr == expected && fdt_num_mem_rsv(fdt) == 0);
	must(find(fdt, "/reserved-memory") < 0);
}

static void check_peer(const void *fdt, int lendmem, u32 id)
{
	bool expected = b.vm[args.vm].lend_to & BIT(id) || b.vm[id].lend_to & BIT(args.vm);
	char name[16];
	int peer;

	snprintf(name, sizeof(name), "peer@%x", id);
	peer = fdt_subnode_offset(fdt, lendmem, name);
	must((peer >= 0) == expected);
	if (!expected)
		return;
	must(cells_of(fdt, peer, "reg", 0, 1) == id);
	must(!strcmp(fdt_getprop(fdt, peer, "label", NULL), b.vm[id].name));
}

static void check_lendmem(const void *fdt)
{
	const struct bundle_vm *vm = &b.vm[args.vm];
	int node = fdt_node_offset_by_compatible(fdt, -1, "lendvisor,lendmem");

	must((node >= 0) == (vm->has_window && vm->mode != VM_MODE_VIRTIO_MEM));
	if (node < 0)
		return;
	must(cells_of(fdt, node, "reg", 0, 2) == vm->window_base);
	must(cells_of(fdt, node, "reg", 1, 2) == vm->window_size);
	must(cells_of(fdt, node, "lendvisor,block-size", 0, 2) == b.block_size);
	must(!strcmp(fdt_getprop(fdt, node, "lendvisor,mode", NULL), vm_mode_names[vm->mode]));
	must(cells_of(fdt, node, "interrupts", 1, 1) == GUEST_LEND_INTID - 32);
	for (u32 id = 0; id < b.nr_vms; id++)
		check_peer(fdt, node, id);
}

static void check_chosen(const void *fdt)
{
	const char *given = b.vm[args.vm].bootargs;
	int chosen = find(fdt, "/chosen"), len;
	const char *bootargs = fdt_getprop(fdt, chosen, "bootargs", &len);
	bool has_seed = fdt_getprop(fdt, chosen, "kaslr-seed", NULL);

	must(bootargs && len && !bootargs[len - 1] && strlen(bootargs) == (size_t)len - 1);
	must((size_t)len >= strlen(given) || b.vm[args.vm].has_window || strchr(given, ' '));
	if (args.next_kernel) {
		must(cells_of(fdt, chosen, "kaslr-seed", 0, 2) == 0);
		must(!fdt_getprop(fdt, chosen, "rng-seed", NULL));
		return;
	}
	must(has_seed == !!fdt_getprop(fdt, chosen, "rng-seed", NULL));
	must(args.seed || !has_seed);
	must(!args.seed || has_seed || strstr(given, "nokaslr"));
}

static void check_sizes(const u8 *whole, size_t length, size_t small)
{
	u8 *fdt = aligned_alloc(8, ALIGN_UP(small + !small, 8));
	int again = guest_fdt_write(fdt, small, &args);

	must(again == ERR_NOSPC || again == (int)length);
	if (again > 0)
		must(small >= length && !memcmp(fdt, whole, length));
	free(fdt);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = {data, data + size};
	static _Alignas(8) u8 fdt[GUEST_FDT_MAX_SIZE];
	u64 start, length_of_initrd, memory;
	size_t small;
	int length;

	memset(&b, 0, sizeof(b));
	b.nr_vms = 1 + take(&in) % 5;
	if (b.nr_vms == 5)
		b.nr_vms = BUNDLE_MAX_VMS;
	b.block_size = MIB(2) << take(&in) % 10;
	args = (struct guest_fdt_args){.bundle = &b, .vm = take(&in) % b.nr_vms};
	args.serve = serve;
	args.seed = take_number(&in);
	start = take_number(&in);
	length_of_initrd = take_number(&in);
	small = take_number(&in) * 32 % sizeof(fdt);
	for (u32 i = 0; i < b.nr_vms; i++)
		take_vm(&in, i);
	/* As vm_layout() has it: within boot memory. */
	memory = b.vm[args.vm].boot_memory;
	start %= memory;
	length_of_initrd %= memory - start;
	if (length_of_initrd) {
		args.initrd_start = GUEST_RAM_BASE + start;
		args.initrd_end = args.initrd_start + length_of_initrd;
	}

	take_blocks(&in);
	length = guest_fdt_write(fdt, sizeof(fdt), &args);
	must(length > 0 && (size_t)length == fdt_totalsize(fdt));
	must(!fdt_check_full(fdt, (size_t)length));
	if (!args.blocks || blocks.nr < PLATFORM_MAX_RAM)
		check_machine(fdt);
	check_blocks(fdt);
	check_memory(fdt);
	check_lendmem(fdt);
	check_chosen(fdt);
	check_sizes(fdt, (size_t)length, small);
	return 0;
}
