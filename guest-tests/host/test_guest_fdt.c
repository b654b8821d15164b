/* SPDX-License-Identifier: BSD-2-Clause */
/* The FDT of a guest, read back and compared whole, and what has to be left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "dt/guest_fdt.h"
#include "hyp/lib/error.h"
#include "guest-tests/host/fdt_edit.h"
#include "guest-tests/host/fdt_text.h"

static _Alignas(8) u8 fdt[GUEST_FDT_MAX_SIZE];

/* alice may lend to bob, carol to alice; bob has no window. */
static struct bundle vms(void)
{
	static struct bundle b;

	memset(&b, 0, sizeof(b));
	b.block_size = MIB(128);
	b.nr_vms = 4;
	b.vm[0] = (struct bundle_vm){
		.name = "alice",
		.bootargs = "console=ttyAMA0",
		.cpus = 2,
		.boot_memory = MIB(512),
		.has_window = true,
		.window_base = GIB(4),
		.window_size = MIB(640),
		.lend_to = BIT(1),
	};
	b.vm[1] = (struct bundle_vm){.name = "bob", .cpus = 1, .boot_memory = MIB(2)};
	b.vm[2] = (struct bundle_vm){
		.name = "carol",
		.cpus = 18,
		.boot_memory = GIB(6),
		.has_window = true,
		.window_base = GIB(7),
		.window_size = MIB(128),
		.mode = VM_MODE_DYNAMIC,
		.lend_to = BIT(0),
	};
	b.vm[3] = (struct bundle_vm){.name = "dave", .cpus = 1, .boot_memory = MIB(128)};
	return b;
}

/* Between any two of these the CPU looks for no interrupt. */
static u32 nr_served;

static void serve(void)
{
	nr_served++;
}

static void write_fdt(const struct bundle *b, u32 vm, u64 seed)
{
	const struct guest_fdt_args args = {
		.bundle = b,
		.vm = vm,
		.initrd_start = vm == 0 ? 0x48000000 : 0,
		.initrd_end = vm == 0 ? 0x48123457 : 0,
		.seed = seed,
		.serve = serve,
	};
	int length;

	memset(fdt, 0xee, sizeof(fdt));
	nr_served = 0;
	length = guest_fdt_write(fdt, sizeof(fdt), &args);
	assert_true(length > 0);
	assert_int_equal(fdt_totalsize(fdt), length);
	assert_int_equal(fdt_check_full(fdt, (size_t)length), 0);
	assert_int_equal(fdt_num_mem_rsv(fdt), 0);
}

static const char alice_tree[] =
	" {\n"
	"  #address-cells 2\n"
	"  #size-cells 2\n"
	"  interrupt-parent 1\n"
	"  compatible 'lendvisor,guest' 'linux,dummy-virt'\n"
	"  model 'lendvisor guest'\n"
	"  chosen {\n"
	"    stdout-path '/pl011@9000000'\n"
	"    bootargs 'console=ttyAMA0 memhp_default_state=offline movable_node'\n"
	"    linux,initrd-start 0 48000000\n"
	"    linux,initrd-end 0 48123457\n"
	"  }\n"
	"  memory@40000000 {\n"
	"    device_type 'memory'\n"
	"    reg 0 40000000 0 20000000\n"
	"  }\n"
	"  cpus {\n"
	"    #address-cells 1\n"
	"    #size-cells 0\n"
	"    cpu@0 {\n"
	"      device_type 'cpu'\n"
	"      compatible 'arm,armv8'\n"
	"      reg 0\n"
	"      enable-method 'psci'\n"
	"    }\n"
	"    cpu@1 {\n"
	"      device_type 'cpu'\n"
	"      compatible 'arm,armv8'\n"
	"      reg 1\n"
	"      enable-method 'psci'\n"
	"    }\n"
	"  }\n"
	"  psci {\n"
	"    compatible 'arm,psci-1.0' 'arm,psci-0.2'\n"
	"    method 'hvc'\n"
	"  }\n"
	"  intc@8000000 {\n"
	"    compatible 'arm,gic-v3'\n"
	"    reg 0 8000000 0 10000 0 80a0000 0 40000\n"
	"    #redistributor-regions 1\n"
	"    #interrupt-cells 3\n"
	"    interrupt-controller\n"
	"    #address-cells 0\n"
	"    phandle 1\n"
	"  }\n"
	"  timer {\n"
	"    compatible 'arm,armv8-timer' 'arm,armv7-timer'\n"
	"    interrupts 1 d 4 1 e 4 1 b 4 1 a 4\n"
	"    always-on\n"
	"  }\n"
	"  apb-pclk {\n"
	"    compatible 'fixed-clock'\n"
	"    #clock-cells 0\n"
	"    clock-frequency 16e3600\n"
	"    clock-output-names 'clk24mhz'\n"
	"    phandle 2\n"
	"  }\n"
	"  pl011@9000000 {\n"
	"    compatible 'arm,pl011' 'arm,primecell'\n"
	"    reg 0 9000000 0 1000\n"
	"    interrupts 0 1 4\n"
	"    clocks 2 2\n"
	"    clock-names 'uartclk' 'apb_pclk'\n"
	"  }\n"
	"  lendmem@100000000 {\n"
	"    compatible 'lendvisor,lendmem'\n"
	"    reg 1 0 0 28000000\n"
	"    lendvisor,block-size 0 8000000\n"
	"    lendvisor,mode 'standby'\n"
	"    interrupts 0 3c 4\n"
	"    #address-cells 1\n"
	"    #size-cells 0\n"
	"    peer@1 {\n"
	"      reg 1\n"
	"      label 'bob'\n"
	"    }\n"
	"    peer@2 {\n"
	"      reg 2\n"
	"      label 'carol'\n"
	"    }\n"
	"  }\n"
	"}\n";

static void whole_tree(void **state)
{
	const struct bundle b = vms();

	(void)state;
	write_fdt(&b, 0, 0);
	assert_string_equal(fdt_text(fdt, 0), alice_tree);
	assert_true(nr_served > 50); /* once for each property */
}

static struct value get(const char *path, const char *name)
{
	int len;
	const void *data = fdt_getprop(fdt, fdt_path_offset(fdt, path), name, &len);

	return (struct value){data, data ? (size_t)len : 0};
}

static void assert_value(const char *path, const char *name, struct value expected)
{
	const struct value v = get(path, name);

	if (v.size != expected.size)
		fail_msg("%s: %s: %zu bytes", path, name, v.size);
	assert_memory_equal(v.data, expected.data, v.size);
}

/* carol: more than 16 CPUs, a large memory, the other mode, borrows from nobody that lends. */
static void another_vm(void **state)
{
	const struct bundle b = vms();

	(void)state;
	write_fdt(&b, 2, 0);
	assert_value("/memory@40000000", "reg", U64(0x40000000, GIB(6)));
	assert_value("/cpus/cpu@f", "reg", U32(0xf));
	assert_value("/cpus/cpu@100", "reg", U32(0x100));
	assert_value("/cpus/cpu@101", "reg", U32(0x101));
	assert_true(fdt_path_offset(fdt, "/cpus/cpu@102") < 0);
	assert_value("/intc@8000000", "reg", U64(0x8000000, 0x10000, 0x80a0000, 18 * 0x20000));
	assert_value("/lendmem@1c0000000", "reg", U64(GIB(7), MIB(128)));
	assert_value("/lendmem@1c0000000", "lendvisor,mode", STR("dynamic"));
	assert_value("/lendmem@1c0000000/peer@0", "label", STR("alice"));
	assert_true(fdt_path_offset(fdt, "/lendmem@1c0000000/peer@1") < 0);
	assert_true(fdt_path_offset(fdt, "/lendmem@1c0000000/peer@3") < 0);
	assert_value("/chosen", "bootargs", STR("memhp_default_state=online_movable"));
	assert_null(get("/chosen", "linux,initrd-start").data);
}

static bool has_lendmem(void)
{
	return fdt_node_offset_by_compatible(fdt, -1, "lendvisor,lendmem") >= 0;
}

static void no_lendmem_node(void **state)
{
	struct bundle b = vms();

	(void)state;
	write_fdt(&b, 1, 0);
	assert_false(has_lendmem());
	assert_value("/chosen", "bootargs", STR(""));
	b.vm[0].mode = VM_MODE_VIRTIO_MEM;
	write_fdt(&b, 0, 0);
	assert_false(has_lendmem());
	b.vm[0].mode = VM_MODE_STANDBY;
	write_fdt(&b, 0, 0);
	assert_true(has_lendmem());
}

static void seeds(void **state)
{
	struct bundle b = vms();
	u8 kaslr[2][8], rng[2][32];
	struct value v;

	(void)state;
	for (u32 vm = 0; vm < 2; vm++) {
		write_fdt(&b, vm, 1234);
		v = get("/chosen", "kaslr-seed");
		assert_int_equal(v.size, 8);
		memcpy(kaslr[vm], v.data, 8);
		v = get("/chosen", "rng-seed");
		assert_int_equal(v.size, 32);
		memcpy(rng[vm], v.data, 32);
		assert_memory_not_equal(rng[vm], kaslr[vm], 8);
	}
	assert_memory_not_equal(kaslr[0], kaslr[1], 8);
	assert_memory_not_equal(rng[0], rng[1], 32);
	write_fdt(&b, 0, 1235);
	assert_memory_not_equal(get("/chosen", "kaslr-seed").data, kaslr[0], 8);
	write_fdt(&b, 0, 1234);
	assert_value("/chosen", "kaslr-seed", (struct value){kaslr[0], 8});
	assert_value("/chosen", "rng-seed", (struct value){rng[0], 32});

	strcpy(b.vm[0].bootargs, "quiet nokaslr");
	write_fdt(&b, 0, 1234);
	assert_null(get("/chosen", "kaslr-seed").data);
	assert_null(get("/chosen", "rng-seed").data);
	strcpy(b.vm[0].bootargs, "nokaslrx xnokaslr -- nokaslr");
	write_fdt(&b, 0, 1234);
	assert_value("/chosen", "kaslr-seed", (struct value){kaslr[0], 8});
}

/* The largest VM fits the room that is kept for it, and no smaller room is written past. */
static void room(void **state)
{
	static struct bundle b;
	const struct guest_fdt_args args = {.bundle = &b, .seed = 1, .serve = serve};
	int length;

	(void)state;
	b = vms();
	b.nr_vms = 16;
	b.vm[0].cpus = 64;
	b.vm[0].lend_to = 0xfffe;
	memset(b.vm[0].bootargs, 'x', sizeof(b.vm[0].bootargs) - 1);
	length = guest_fdt_write(fdt, sizeof(fdt), &args);
	assert_true(length > 0);
	for (size_t size = 0; size < (size_t)length; size += size + 64 < (size_t)length ? 17 : 1) {
		void *small = malloc(size);

		memset(small, 0, size);
		assert_int_equal(guest_fdt_write(small, size, &args), ERR_NOSPC);
		free(small);
	}
}

static void slack_to_edit(void **state)
{
	const struct bundle b = vms();
	u8 value[900] = {0};

	(void)state;
	write_fdt(&b, 0, 1);
	assert_int_equal(fdt_setprop(fdt, 0, "more", value, sizeof(value)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_tree),
		cmocka_unit_test(another_vm),
		cmocka_unit_test(no_lendmem_node),
		cmocka_unit_test(seeds),
		cmocka_unit_test(room),
		cmocka_unit_test(slack_to_edit),
	};

	return cmocka_run_group_tests_name("guest_fdt", tests, NULL, NULL);
}
