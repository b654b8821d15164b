/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything outside the guest's map aborts, synchronously and externally, whatever the access: with
 * the MMU on and off, read, write and fetch, at the edges, at every 64 KiB of the device area, at each
 * power of two, and at random.
 */
#include "guest-tests/bare/bare.h"

#define NR_RANDOM 2000
#define DEVICE_STEP KIB(64)

struct range {
	u64 start, end;
};

static struct range own[8];
static u32 nr_own;
static u32 nr_probes; /* of the running test: none proves nothing */

static void add_own(u64 start, u64 size)
{
	if (size)
		own[nr_own++] = (struct range){start, start + size};
}

static void find_own(void)
{
	struct fdt_node lendmem = fdt_find("lendmem", 0);

	if (nr_own)
		return;
	add_own(ram_base(), ram_size());
	add_own(GICD_BASE, 0x10000);
	add_own(GICR_BASE, nr_cpus * GICR_STRIDE);
	add_own(UART_BASE, 0x1000);
	if (lendmem.inside) /* reads may find zero there: test_lend_*.c look at it */
		add_own(fdt_u64(lendmem, "reg", 0), fdt_u64(lendmem, "reg", 1));
}

static bool is_own(u64 address)
{
	for (u32 i = 0; i < nr_own; i++)
		if (address + 8 > own[i].start && address < own[i].end)
			return true;
	return false;
}

/* A plain machine has more devices below 1 GiB than the VM is given. */
static bool is_judged(u64 address)
{
	return !is_own(address) && (address >= GIB(1) || is_lendvisor()) &&
	       (is_lendvisor() || address < BIT(38));
}

typedef struct probe (*access_fn)(u64 address);

static bool no_access(u64 address, access_fn access, const char *how)
{
	struct probe p = access(address);

	nr_probes++;
	if (probe_is_external(p) && p.far == address)
		return true;
	test_fail(__FILE__, __LINE__, "%s of 0x%lx: %s, ESR 0x%lx, FAR 0x%lx", how, address,
		  p.aborted ? "abort" : "no abort", p.esr, p.far);
	return false;
}

static bool no_data_access(u64 address)
{
	return no_access(address, probe_read, "read") && no_access(address, probe_write, "write");
}

static bool mmu_is_on(void)
{
	return read_reg(sctlr_el1) & 1;
}

/* Data accesses, and with the MMU off, when nothing is execute-never, fetches too. */
static bool no_access_at_all(u64 address)
{
	if (!is_judged(address))
		return true;
	if (mmu_is_on() && address >= GIB(1) && !mmu_map(address, 8, MMU_NORMAL))
		return true; /* out of tables: the MMU-off round has it */
	return no_data_access(address) &&
	       (mmu_is_on() || no_access(address, probe_execute, "fetch"));
}

static bool edges(void)
{
	for (u32 i = 0; i < nr_own; i++)
		for (u64 away = 8; away <= MIB(2); away = away == 8 ? KIB(4) : away * 2)
			if (!no_access_at_all(own[i].start - away) ||
			    !no_access_at_all(own[i].end + away - 8))
				return false;
	return true;
}

static bool device_area(void)
{
	for (u64 address = 0; address < GIB(1); address += DEVICE_STEP)
		if (!no_access_at_all(address))
			return false;
	/* The devices' pages next to their own. */
	return no_access_at_all(UART_BASE + KIB(4)) && no_access_at_all(UART_BASE - KIB(4));
}

static bool powers_of_two(void)
{
	for (u32 bit = 12; bit < pa_bits() && bit < 48; bit++)
		if (!no_access_at_all(BIT(bit)) || !no_access_at_all(BIT(bit + 1) - 8))
			return false;
	return true;
}

static bool random_addresses(void)
{
	u64 mask = BIT(min_u64(pa_bits(), 48)) - 1, x = 88172645463325252ULL;

	for (u32 i = 0; i < NR_RANDOM; i++) {
		/* xorshift; a random number of upper bits cleared, so that small ones come, too */
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		if (!no_access_at_all((x & mask) >> x % 24 & ~7ULL))
			return false;
	}
	return true;
}

/* test_fail() has noted what went wrong. */
static void all_of(bool (*round)(void), bool with_mmu)
{
	find_own();
	if (with_mmu)
		mmu_on();
	else
		mmu_off();
	nr_probes = 0;
	if (round() && !nr_probes)
		test_skip("plain machine");
	mmu_on();
	print("# %u accesses\n", nr_probes);
}

#define ROUND(round)                                                                               \
	static void round##_mmu_off(void)                                                          \
	{                                                                                          \
		all_of(round, false);                                                              \
	}                                                                                          \
	static void round##_mmu_on(void)                                                           \
	{                                                                                          \
		all_of(round, true);                                                               \
	}

ROUND(edges)
ROUND(device_area)
ROUND(powers_of_two)
ROUND(random_addresses)

static u64 beyond_ram(void)
{
	u64 end = ram_base() + ram_size();

	find_own();
	mmu_map(end - KIB(4), KIB(8), MMU_NORMAL);
	return end;
}

/* Accesses for which hardware gives no syndrome to emulate by. */
static void unusual_accesses(void)
{
	u64 address = beyond_ram();

	CHECK(no_access(address, probe_read_pair, "pair read"));
	CHECK(no_access(address, probe_read_exclusive, "exclusive read"));
	CHECK(no_access(address, probe_zva, "DC ZVA"));
	CHECK(no_access(address, probe_read64, "64-bit read"));
	CHECK(no_access(address, probe_execute, "fetch"));
}

static void access_across_the_end(void)
{
	u64 end = beyond_ram();
	struct probe p = probe_read64(end - 4);

	CHECK(probe_is_external(p));
	CHECK(p.far >= end - 4 && p.far < end + 4);
	p = probe_write64(end - 4, 0);
	CHECK(probe_is_external(p));
	CHECK(!probe_read64(end - 8).aborted);
}

/* A hypervisor cannot know at which level the walk was: it may report the access itself. */
static bool no_walk(struct probe p)
{
	return probe_is_external(p) || probe_is_external_on_walk(p);
}

/* A stage-1 table of the guest that lies outside: the walk aborts, not the machine. */
static void translation_table_outside(void)
{
	u64 va = 5 * GIB(512);

	mmu_map_table(va, beyond_ram());
	CHECK(no_walk(probe_read(va)));
	CHECK(no_walk(probe_write(va)));
	CHECK(no_walk(probe_execute(va)));
	mmu_map_table(va, 0);
}

/* Odd ways at the own devices are the guest's own harm. */
static void odd_device_accesses(void)
{
	(void)probe_read_pair(GICD_BASE);
	(void)probe_read_pair(UART_BASE + 0x18);
	(void)probe_read64(UART_BASE + 0x18);
	(void)probe_read64(GICD_BASE + 0xfff8);
	(void)probe_write(GICD_BASE + 0xfff8);
	(void)probe_read_exclusive(GICR_BASE);
	CHECK(!probe_read(UART_FR).aborted);
	CHECK(!probe_read(GICD_BASE + GICD_TYPER).aborted);
}

static void on_another_cpu(void)
{
	u64 address = beyond_ram();

	CHECK(no_data_access(address));
	CHECK(no_access(address, probe_execute, "fetch"));
}

static void on_all_cpus_at_once(void)
{
	CHECK(on_all_cpus(on_another_cpu));
}

TESTS(TEST(edges_mmu_off), TEST(edges_mmu_on), TEST(device_area_mmu_off), TEST(device_area_mmu_on),
      TEST(powers_of_two_mmu_off), TEST(powers_of_two_mmu_on), TEST(random_addresses_mmu_off),
      TEST(random_addresses_mmu_on), TEST(unusual_accesses), TEST(access_across_the_end),
      TEST(translation_table_outside), TEST(odd_device_accesses), TEST(on_all_cpus_at_once));
