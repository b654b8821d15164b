/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host FDTs as QEMU's virt machine and U-Boot hand them over, the whole result compared; then one
 * change at a time, and the line that it is refused with.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "dt/platform.h"
#include "guest-tests/host/fdt_edit.h"

static void set_gic(void *fdt)
{
	set(fdt, "/intc@8000000", "compatible", STR("arm,gic-v3"));
	set(fdt, "/intc@8000000", "phandle", U32(1));
	set(fdt, "/intc@8000000", "#interrupt-cells", U32(3));
	set(fdt, "/intc@8000000", "#redistributor-regions", U32(1));
	set(fdt, "/intc@8000000", "reg", U64(0x8000000, 0x10000, 0x80a0000, 0xf60000));
	set(fdt, "/intc@8000000", "interrupts", U32(1, 9, 4));
}

static void set_cpu(void *fdt, const char *path, u32 mpidr)
{
	set(fdt, path, "device_type", STR("cpu"));
	set(fdt, path, "compatible", STR("arm,cortex-a57"));
	set(fdt, path, "enable-method", STR("psci"));
	set(fdt, path, "reg", U32(mpidr));
}

/* What -M virt,gic-version=3,virtualization=on,its=off -m 3G -smp 2 -initrd ... looks like. */
static void *virt(void)
{
	void *fdt = fdt_edit_new();

	set(fdt, "/", "#address-cells", U32(2));
	set(fdt, "/", "#size-cells", U32(2));
	set(fdt, "/", "interrupt-parent", U32(1));
	set(fdt, "/chosen", "stdout-path", STR("/pl011@9000000"));
	set(fdt, "/chosen", "linux,initrd-start", U32(0x48000000));
	set(fdt, "/chosen", "linux,initrd-end", U32(0x4a000123));
	set(fdt, "/memory@40000000", "device_type", STR("memory"));
	set(fdt, "/memory@40000000", "reg", U64(0x40000000, 0xc0000000));
	set(fdt, "/cpus", "#address-cells", U32(1));
	set(fdt, "/cpus", "#size-cells", U32(0));
	set(fdt, "/cpus/cpu-map", NULL, NOTHING);
	set_cpu(fdt, "/cpus/cpu@1", 1);
	set_cpu(fdt, "/cpus/cpu@0", 0);
	set(fdt, "/psci", "compatible", STR("arm,psci-1.0\0arm,psci-0.2\0arm,psci"));
	set(fdt, "/psci", "method", STR("smc"));
	set(fdt, "/timer", "compatible", STR("arm,armv8-timer\0arm,armv7-timer"));
	set(fdt, "/timer", "interrupts", U32(1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4));
	set(fdt, "/pl011@9000000", "compatible", STR("arm,pl011\0arm,primecell"));
	set(fdt, "/pl011@9000000", "reg", U64(0x9000000, 0x1000));
	set(fdt, "/pl011@9000000", "interrupts", U32(0, 1, 4));
	set_gic(fdt);
	return fdt;
}

/* libfdt adds nodes at the front: cpu@0, added last, comes first. */
static const struct platform virt_platform = {
	.ram = {{0x40000000, 0xc0000000}},
	.nr_ram = 1,
	.cpu_mpidr = {0, 1},
	.nr_cpus = 2,
	.psci = PSCI_SMC,
	.uart_base = 0x9000000,
	.uart_size = 0x1000,
	.uart_intid = 33,
	.has_gicv3 = true,
	.gicd = {0x8000000, 0x10000},
	.gicr = {{0x80a0000, 0xf60000}},
	.nr_gicr = 1,
	.timer_hyp_intid = 26,
	.timer_virt_intid = 27,
	.timer_phys_intid = 30,
	.maintenance_intid = 25,
	.bundle = {0x48000000, 0x2000123},
};

static bool read_copy(const void *fdt, struct platform *p, char why[DT_WHY_SIZE])
{
	size_t size;
	void *copy = fdt_edit_packed(fdt, &size);
	const bool ok = platform_read(copy, size, p, why);

	free(copy);
	return ok;
}

/* Padding in struct platform is zero on both sides: static here, cleared there. */
static void expect(void *fdt, const struct platform *expected)
{
	char why[DT_WHY_SIZE];
	struct platform p;

	if (!read_copy(fdt, &p, why))
		fail_msg("refused: %s", why);
	assert_memory_equal(&p, expected, sizeof(p));
	free(fdt);
}

static void expect_refusal(void *fdt, const char *expected)
{
	char why[DT_WHY_SIZE];
	struct platform p;

	assert_false(read_copy(fdt, &p, why));
	assert_string_equal(why, expected);
	free(fdt);
}

static void qemu_virt(void **state)
{
	(void)state;
	expect(virt(), &virt_platform);
}

/* -smp 1: without enable-method. */
static void one_cpu(void **state)
{
	static struct platform expected;
	void *fdt = virt();

	(void)state;
	expected = virt_platform;
	expected.nr_cpus = 1;
	expected.cpu_mpidr[1] = 0;
	drop(fdt, "/cpus/cpu@1", NULL);
	drop(fdt, "/cpus/cpu@0", "enable-method");
	expect(fdt, &expected);
}

static void through_u_boot(void **state)
{
	static struct platform expected;
	void *fdt = virt();

	(void)state;
	expected = virt_platform;
	/* 8-byte cells, a reservation for the ramdisk, and /reserved-memory with and without reg */
	set(fdt, "/chosen", "linux,initrd-start", U64(0xe8000000));
	set(fdt, "/chosen", "linux,initrd-end", U64(0xea000000));
	fdt_edit_must(fdt_add_mem_rsv(fdt, 0xe8000000, 0x2000000));
	set(fdt, "/reserved-memory", "#address-cells", U32(2));
	set(fdt, "/reserved-memory", "#size-cells", U32(2));
	set(fdt, "/reserved-memory", "ranges", NOTHING);
	set(fdt, "/reserved-memory/cma", "size", U64(0x1000000));
	set(fdt, "/reserved-memory/fw@50000000", "reg",
	    U64(0x50000000, 0x1000, 0x60000000, 0x2000));
	set(fdt, "/reserved-memory/off@51000000", "reg", U64(0x51000000, 0x1000));
	set(fdt, "/reserved-memory/off@51000000", "status", STR("disabled"));
	expected.bundle = (struct phys_range){0xe8000000, 0x2000000};
	expected.nr_reserved = 3;
	expected.reserved[0] = (struct phys_range){0xe8000000, 0x2000000};
	expected.reserved[1] = (struct phys_range){0x50000000, 0x1000};
	expected.reserved[2] = (struct phys_range){0x60000000, 0x2000};
	expect(fdt, &expected);
}

/* Another board: devices on buses with 32-bit cells, four interrupt cells, regions, clusters. */
static void another_board(void **state)
{
	static struct platform expected;
	void *fdt = virt();

	(void)state;
	expected = virt_platform;
	drop(fdt, "/pl011@9000000", NULL);
	set(fdt, "/soc", "#address-cells", U32(1));
	set(fdt, "/soc", "#size-cells", U32(1));
	set(fdt, "/soc", "ranges", NOTHING);
	set(fdt, "/soc/bus", "#address-cells", U32(1));
	set(fdt, "/soc/bus", "#size-cells", U32(1));
	set(fdt, "/soc/bus", "ranges", NOTHING);
	set(fdt, "/soc/bus/serial@2000", "compatible", STR("arm,pl011"));
	set(fdt, "/soc/bus/serial@2000", "reg", U32(0x2000, 0x800));
	set(fdt, "/soc/bus/serial@2000", "interrupts", U32(0, 100, 4, 0));
	set(fdt, "/soc/bus/serial@1000", "compatible", STR("arm,pl011"));
	set(fdt, "/soc/bus/serial@1000", "reg", U32(0x1000, 0x800));
	set(fdt, "/soc/bus/serial@1000", "interrupts", U32(0, 101, 4, 0));
	set(fdt, "/aliases", "serial0", STR("/soc/bus/serial@2000"));
	set(fdt, "/chosen", "stdout-path", STR("serial0:115200n8"));
	set(fdt, "/psci", "method", STR("hvc"));
	set(fdt, "/intc@8000000", "#interrupt-cells", U32(4));
	set(fdt, "/intc@8000000", "interrupts", U32(1, 8, 4, 0));
	set(fdt, "/intc@8000000", "#redistributor-regions", U32(2));
	set(fdt, "/intc@8000000", "reg",
	    U64(0x8000000, 0x10000, 0x80a0000, 0xf60000, 0x4000000000, 0x20000));
	set(fdt, "/timer", "interrupt-names", STR("virt\0hyp-phys\0phys"));
	set(fdt, "/timer", "interrupts", U32(1, 1, 4, 0, 1, 2, 4, 0, 1, 3, 4, 0));
	set(fdt, "/cpus", "#address-cells", U32(2));
	set(fdt, "/cpus/cpu@0", "reg", U64(0x100000302));
	set(fdt, "/cpus/cpu@1", "reg", U64(0x100));
	set(fdt, "/cpus/cpu@1", "status", STR("fail"));
	set(fdt, "/memory@40000000", "reg", U64(0x80000000, 0x1000, 0x40000000, 0x2000, 0, 0));
	set(fdt, "/memory@1000", "device_type", STR("memory"));
	set(fdt, "/memory@1000", "reg", U64(0x1000, 0x3000));
	set(fdt, "/memory@9000", "device_type", STR("memory"));
	set(fdt, "/memory@9000", "reg", U64(0x9000, 0x1000));
	set(fdt, "/memory@9000", "status", STR("disabled"));
	drop(fdt, "/chosen", "linux,initrd-start");
	expected.ram[0] = (struct phys_range){0x1000, 0x3000};
	expected.ram[1] = (struct phys_range){0x40000000, 0x2000};
	expected.ram[2] = (struct phys_range){0x80000000, 0x1000};
	expected.nr_ram = 3;
	expected.cpu_mpidr[0] = 0x100000302;
	expected.cpu_mpidr[1] = 0;
	expected.nr_cpus = 1;
	expected.psci = PSCI_HVC;
	expected.uart_base = 0x2000;
	expected.uart_size = 0x800;
	expected.uart_intid = 132;
	expected.gicr[1] = (struct phys_range){0x4000000000, 0x20000};
	expected.nr_gicr = 2;
	expected.maintenance_intid = 24;
	expected.timer_virt_intid = 17;
	expected.timer_hyp_intid = 18;
	expected.timer_phys_intid = 19;
	expected.bundle = (struct phys_range){0, 0};
	expect(fdt, &expected);
}

static void another_gic(void **state)
{
	static struct platform expected;
	void *fdt = virt();

	(void)state;
	expected = virt_platform;
	set(fdt, "/intc@8000000", "compatible", STR("arm,cortex-a15-gic"));
	drop(fdt, "/timer", "interrupts");
	expected.has_gicv3 = false;
	expected.gicd = expected.gicr[0] = (struct phys_range){0, 0};
	expected.nr_gicr = expected.uart_intid = expected.maintenance_intid = 0;
	expected.timer_hyp_intid = expected.timer_virt_intid = expected.timer_phys_intid = 0;
	expect(fdt, &expected);
}

static u64 seed_of(struct value kaslr, struct value rng)
{
	void *fdt = virt();
	char why[DT_WHY_SIZE];
	struct platform p;

	if (kaslr.size)
		set(fdt, "/chosen", "kaslr-seed", kaslr);
	if (rng.size)
		set(fdt, "/chosen", "rng-seed", rng);
	assert_true(read_copy(fdt, &p, why));
	free(fdt);
	return p.seed;
}

static void seeds(void **state)
{
	const u64 both = seed_of(U64(1), BYTES("random"));

	(void)state;
	assert_int_equal(seed_of(NOTHING, NOTHING), 0);
	assert_true(both && both == seed_of(U64(1), BYTES("random")));
	assert_true(both != seed_of(U64(2), BYTES("random")));
	assert_true(both != seed_of(U64(1), BYTES("rand0m")));
	assert_true(seed_of(U64(1), NOTHING) != seed_of(U64(2), NOTHING));
	assert_true(seed_of(NOTHING, BYTES("random")) != 0);
}

static const struct {
	const char *path, *name;
	u32 nr; /* cells, or 0: text */
	const void *value; /* NULL: the property, or the node without a name, is dropped */
	const char *why;
} refusals[] = {
	{"/memory@40000000", NULL, 0, NULL, "host FDT: no memory node"},
	{"/memory@40000000", "reg", 3, (u32[]){0, 0x40000000, 0},
	 "/memory@40000000: reg: malformed"},
	{"/memory@40000000", "reg", 4, (u32[]){~0u, ~0u, 0, 2}, "/memory@40000000: reg: malformed"},
	{"/memory@40000000", "reg", 8, (u32[]){0, 0x1000, 0, 0x2000, 0, 0x2000, 0, 1},
	 "/memory@40000000: reg: RAM at 0x2000 is listed twice"},
	{"/memory@40000000", "reg", 36,
	 (u32[]){0, 0, 0, 1, 0, 2, 0, 1, 0, 4, 0, 1, 0, 6, 0, 1, 0, 8,
		 0, 1, 1, 0, 0, 1, 1, 2, 0, 1, 1, 4, 0, 1, 1, 6, 0, 1},
	 "/memory@40000000: reg: more than 8 ranges of RAM"},
	{"/cpus", NULL, 0, NULL, "host FDT: no /cpus node"},
	{"/cpus", "#address-cells", 1, (u32[]){3}, "/cpus: #address-cells: should be 1 or 2"},
	{"/cpus/cpu@1", "reg", 1, (u32[]){0}, "/cpus/cpu@1: reg: another CPU has it"},
	{"/cpus/cpu@1", "reg", 1, (u32[]){0x1000000}, "/cpus/cpu@1: reg: not an MPIDR affinity"},
	{"/cpus/cpu@1", "reg", 2, (u32[]){0, 1}, "/cpus/cpu@1: reg: 8 bytes long, should be 4"},
	{"/cpus/cpu@1", "enable-method", 0, "spin-table",
	 "/cpus/cpu@1: enable-method: \"spin-table\" is not supported"},
	{"/psci", NULL, 0, NULL, "host FDT: no PSCI 0.2 or later"},
	{"/psci", "compatible", 0, "arm,psci", "host FDT: no PSCI 0.2 or later"},
	{"/psci", "method", 0, "svc", "/psci: method: \"svc\" is neither smc nor hvc"},
	{"/psci", "method", 1, (u32[]){'a'},
	 "/psci: method: not one string of printable characters"},
	{"/chosen", "linux,initrd-end", 0, NULL, "/chosen: linux,initrd-end: missing"},
	{"/chosen", "linux,initrd-end", 1, (u32[]){0x47ffffff},
	 "/chosen: linux,initrd-end: before linux,initrd-start"},
	{"/chosen", "linux,initrd-start", 3, (u32[]){0, 0, 0},
	 "/chosen: linux,initrd-start: 12 bytes long, should be 8"},
	{"/pl011@9000000", NULL, 0, NULL, "host FDT: no PL011 UART"},
	{"/pl011@9000000", "status", 0, "disabled", "host FDT: no PL011 UART"},
	{"/pl011@9000000", "reg", 0, NULL, "/pl011@9000000: reg: no usable address"},
	{"/pl011@9000000", "interrupts", 0, NULL, "/pl011@9000000: interrupts: missing"},
	{"/pl011@9000000", "interrupts", 2, (u32[]){0, 1},
	 "/pl011@9000000: interrupts: no entry 0 of 3 cells"},
	{"/pl011@9000000", "interrupts", 3, (u32[]){0, 988, 4},
	 "/pl011@9000000: interrupts: entry 0 is neither SPI nor PPI"},
	{"/pl011@9000000", "interrupts", 3, (u32[]){1, 16, 4},
	 "/pl011@9000000: interrupts: entry 0 is neither SPI nor PPI"},
	{"/pl011@9000000", "interrupts", 3, (u32[]){2, 1, 4},
	 "/pl011@9000000: interrupts: entry 0 is neither SPI nor PPI"},
	{"/intc@8000000", "reg", 4, (u32[]){0, 0x8000000, 0, 0x10000},
	 "/intc@8000000: reg: no usable redistributor region 0"},
	{"/intc@8000000", "reg", 0, NULL, "/intc@8000000: reg: no usable distributor"},
	{"/intc@8000000", "#redistributor-regions", 1, (u32[]){5},
	 "/intc@8000000: #redistributor-regions: 5, should be 1 to 4"},
	{"/intc@8000000", "redistributor-stride", 2, (u32[]){0, 0x40000},
	 "/intc@8000000: redistributor-stride: only 0x20000 is supported"},
	{"/intc@8000000", "#interrupt-cells", 1, (u32[]){1},
	 "/intc@8000000: #interrupt-cells: should be 3 or 4"},
	{"/intc@8000000", "interrupts", 0, NULL, "/intc@8000000: interrupts: missing"},
	{"/timer", NULL, 0, NULL, "host FDT: no timer node"},
	{"/timer", "interrupts", 9, (u32[]){1, 13, 4, 1, 14, 4, 1, 11, 4},
	 "/timer: interrupts: no entry 3 of 3 cells"},
	{"/timer", "interrupt-names", 0, "phys", "/timer: interrupts: no entry 65535 of 3 cells"},
};

static struct value row_value(size_t row)
{
	const char *text = refusals[row].value;

	return refusals[row].nr ? fdt_edit_u32(refusals[row].value, refusals[row].nr * 4)
				: (struct value){text, strlen(text) + 1};
}

static void refused_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		void *fdt = virt();

		if (refusals[i].value)
			set(fdt, refusals[i].path, refusals[i].name, row_value(i));
		else
			drop(fdt, refusals[i].path, refusals[i].name);
		expect_refusal(fdt, refusals[i].why);
	}
}

static void too_many_cpus(void **state)
{
	void *fdt = virt();
	char path[32];

	(void)state;
	for (u32 i = 2; i < 65; i++) {
		snprintf(path, sizeof(path), "/cpus/cpu@%x", i);
		set_cpu(fdt, path, i);
	}
	expect_refusal(fdt, "/cpus/cpu@1: more than 64 CPUs");
}

static void too_many_reservations(void **state)
{
	void *fdt = virt();

	(void)state;
	for (u32 i = 0; i < 17; i++)
		fdt_edit_must(fdt_add_mem_rsv(fdt, i * 0x1000, 0x1000));
	expect_refusal(fdt, "/: more than 16 reserved ranges");
}

/* A bus that does not hand the UART's address on, or hands on another one. */
static void untranslated(void **state)
{
	void *fdt = virt();

	(void)state;
	drop(fdt, "/pl011@9000000", NULL);
	set(fdt, "/soc", "#address-cells", U32(1));
	set(fdt, "/soc", "#size-cells", U32(1));
	set(fdt, "/soc/serial@2000", "compatible", STR("arm,pl011"));
	set(fdt, "/soc/serial@2000", "reg", U32(0x2000, 0x800));
	for (u32 i = 0; i < 2; i++) {
		char why[DT_WHY_SIZE];
		struct platform p;

		if (i)
			set(fdt, "/soc", "ranges", U32(0x2000, 0, 0x9000000, 0x800));
		assert_false(read_copy(fdt, &p, why));
		assert_string_equal(why, "/soc/serial@2000: reg: no usable address");
	}
	free(fdt);
}

static void no_tree_at_all(void **state)
{
	static u64 zero[64];
	char why[DT_WHY_SIZE];
	struct platform p;
	void *fdt = virt();

	(void)state;
	assert_false(platform_read(zero, sizeof(zero), &p, why));
	assert_string_equal(why, "host FDT: FDT_ERR_BADMAGIC");
	assert_false(platform_read(fdt, 100, &p, why));
	assert_string_equal(why, "host FDT: FDT_ERR_TRUNCATED");
	free(fdt);
}

static void early(void **state)
{
	static struct platform expected;
	static u64 zero[64];
	struct platform p;
	void *fdt = virt();

	(void)state;
	expected.uart_base = 0x9000000;
	expected.uart_size = 0x1000;
	expected.psci = PSCI_SMC;
	platform_read_early(fdt, &p);
	assert_memory_equal(&p, &expected, sizeof(p));

	drop(fdt, "/psci", NULL);
	expected.psci = PSCI_NONE;
	platform_read_early(fdt, &p);
	assert_memory_equal(&p, &expected, sizeof(p));

	memset(&expected, 0, sizeof(expected));
	drop(fdt, "/pl011@9000000", NULL);
	platform_read_early(fdt, &p);
	assert_memory_equal(&p, &expected, sizeof(p));
	platform_read_early(zero, &p);
	assert_memory_equal(&p, &expected, sizeof(p));
	platform_read_early(NULL, &p);
	assert_memory_equal(&p, &expected, sizeof(p));
	free(fdt);
}

/* Every cut, and every byte changed to a few values: no crash, no read past the end. */
static void damaged(void **state)
{
	void *fdt = virt();
	char why[DT_WHY_SIZE];
	struct platform p;
	size_t size;
	u8 *copy = fdt_edit_packed(fdt, &size);

	(void)state;
	for (size_t cut = 0; cut < size; cut++) {
		u8 *part = malloc(cut);

		memcpy(part, copy, cut);
		assert_false(platform_read(part, cut, &p, why));
		free(part);
	}
	for (size_t at = 0; at < size; at++) {
		static const u8 values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
		const u8 was = copy[at];

		for (size_t i = 0; i < sizeof(values); i++) {
			bool ok;

			copy[at] = values[i];
			ok = platform_read(copy, size, &p, why);
			assert_int_equal(ok, !why[0]);
		}
		copy[at] = was;
	}
	free(copy);
	free(fdt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(qemu_virt),
		cmocka_unit_test(one_cpu),
		cmocka_unit_test(through_u_boot),
		cmocka_unit_test(another_board),
		cmocka_unit_test(another_gic),
		cmocka_unit_test(seeds),
		cmocka_unit_test(refused_by_name),
		cmocka_unit_test(too_many_cpus),
		cmocka_unit_test(too_many_reservations),
		cmocka_unit_test(untranslated),
		cmocka_unit_test(no_tree_at_all),
		cmocka_unit_test(early),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests_name("platform", tests, NULL, NULL);
}
