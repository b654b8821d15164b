/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The zero table while it comes and goes: CPU 0 retrieves and relinquishes slot 1 without pause, the
 * others read, write and fetch there. Slots 0 and 2 beside it are held all the time, full of a pattern;
 * what is beyond the VM's three blocks is empty. The VM's bundle says absent = "zero".
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/lend.h"
#include "guest-tests/bare/lib/random.h"

#define SEED 0x2e50
#define MOVED 1 /* the slot that comes and goes */
#define ABSENT 8 /* a slot that is always empty; its distance is that of free RAM, too */
#define ROUNDS 400
#define RET_TWICE 0xd65f03c0d65f03c0ULL
#define REMAPS 1000
#define FSC_TRANSLATION 0x04 /* to 0x07, by level */

static struct lend_window w;
static u32 stop;
static u64 nr_zero, nr_data, nr_aborted, nr_done, nr_unmapped, nr_fetched;

static void count(u64 *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static bool stopped(void)
{
	return __atomic_load_n(&stop, __ATOMIC_SEQ_CST) || test_failed();
}

static u64 nr_accesses(void)
{
	return __atomic_load_n(&nr_aborted, __ATOMIC_SEQ_CST) +
	       __atomic_load_n(&nr_done, __ATOMIC_SEQ_CST) +
	       __atomic_load_n(&nr_unmapped, __ATOMIC_SEQ_CST) +
	       __atomic_load_n(&nr_fetched, __ATOMIC_SEQ_CST);
}

/* Waits until the others have made n accesses from here on: the host runs one CPU or the other. */
static void let_others(u32 n)
{
	u64 before = nr_accesses();

	CHECK(WAIT_FOR(nr_accesses() >= before + n || test_failed()));
}

/* Runs fn on the other CPUs while rounds() runs here. */
static void beside(void (*fn)(void), void (*rounds)(void))
{
	stop = 0;
	nr_zero = nr_data = nr_aborted = nr_done = nr_unmapped = nr_fetched = 0;
	for (u32 i = 1; i < nr_cpus; i++)
		CHECK_EQ(cpu_start(i, fn), PSCI_SUCCESS);
	rounds();
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	for (u32 i = 1; i < nr_cpus; i++)
		CHECK(cpu_wait_off(i));
}

static u64 base_of(u32 slot)
{
	return w.base + slot * w.block_size;
}

static void setup(void)
{
	w = lend_window();
	CHECK(nr_cpus >= 2);
	CHECK_EQ(w.nr_own, 3);
	CHECK(w.nr_slots > ABSENT);
	CHECK_EQ(lend_status(LEND_RETRIEVE, 0, 3, 0, 0), LEND_SUCCESS);
	fill_pattern(w.base, 3 * w.block_size, SEED);
}

/* Of two words side by side the 8 bytes from byte k of the first on. */
static u64 straddling(u64 first, u64 second, u32 k)
{
	return first >> 8 * k | second << (64 - 8 * k);
}

static bool is_either(u64 value, u64 absent, u64 present)
{
	count(value == present ? &nr_data : &nr_zero);
	return value == absent || value == present;
}

/* Inside, over the lower border and over the upper one: zero or the data, and no abort ever. */
static bool read_moved(struct random *r)
{
	u64 lower = base_of(MOVED), upper = base_of(MOVED + 1), address;
	u32 k = 1 + random_below(r, 7);
	struct probe p;

	switch (random_below(r, 3)) {
	case 0:
		address = lower + ALIGN_DOWN(random_u64(r) % w.block_size, 8);
		p = probe_read64(address);
		return !p.aborted && is_either(p.value, 0, pattern(address, SEED));
	case 1:
		p = probe_read64(lower - 8 + k);
		return !p.aborted &&
		       is_either(p.value, straddling(pattern(lower - 8, SEED), 0, k),
				 straddling(pattern(lower - 8, SEED), pattern(lower, SEED), k));
	default:
		p = probe_read64(upper - 8 + k);
		return !p.aborted &&
		       is_either(p.value, straddling(0, pattern(upper, SEED), k),
				 straddling(pattern(upper - 8, SEED), pattern(upper, SEED), k));
	}
}

static void read_all_the_while(void)
{
	struct random r = random_from(this_cpu()->index);

	while (!stopped())
		CHECK(read_moved(&r));
}

static void come_and_go(void)
{
	for (u32 i = 0; i < ROUNDS && !test_failed(); i++) {
		bool keep = i % 2;

		CHECK_EQ(lend_status(LEND_RELINQUISH, MOVED, 1, keep ? LEND_RELINQUISH_KEEP : 0, 0),
			 LEND_SUCCESS);
		CHECK_EQ(probe_read64(base_of(MOVED)).value, 0);
		CHECK_EQ(lend_status(LEND_RETRIEVE, MOVED, 1, 0, 0), LEND_SUCCESS);
		if (!keep) {
			CHECK_EQ(first_nonzero(base_of(MOVED), w.block_size), 0);
			fill_pattern(base_of(MOVED), w.block_size, SEED);
		}
	}
	CHECK_EQ(first_unlike_pattern(w.base, 3 * w.block_size, SEED), 0);
}

static void readers(void)
{
	beside(read_all_the_while, come_and_go);
	print("# %lu reads found zero, %lu data\n", nr_zero, nr_data);
	CHECK(nr_zero > 100);
	CHECK(nr_data > 100);
}

/* A write goes through or aborts, and so does a fetch: the block holds nothing but RET. */
static void write_and_fetch(void)
{
	struct random r = random_from(this_cpu()->index);

	while (!stopped()) {
		u64 address = base_of(MOVED) + ALIGN_DOWN(random_u64(&r) % w.block_size, 8);
		bool fetch = random_below(&r, 2);
		struct probe p = fetch ? probe_execute(address) : probe_write64(address, RET_TWICE);

		CHECK(!p.aborted || (probe_is_external(p) && p.far == address));
		count(p.aborted ? &nr_aborted : fetch ? &nr_fetched : &nr_done);
	}
}

static void come_and_go_kept(void)
{
	for (u32 i = 0; i < ROUNDS && !test_failed(); i++) {
		CHECK_EQ(lend_status(LEND_RELINQUISH, MOVED, 1, LEND_RELINQUISH_KEEP, 0),
			 LEND_SUCCESS);
		CHECK_EQ(probe_read64(base_of(MOVED) + w.block_size - 8).value, 0);
		let_others(i % 4);
		CHECK_EQ(lend_status(LEND_RETRIEVE, MOVED, 1, 0, 0), LEND_SUCCESS);
		let_others(i % 4);
	}
}

static u64 aborts_counted(void)
{
	return lend(LEND_INFO, LEND_INFO_COUNTERS, 0, 0, 0).x[3];
}

static void writers(void)
{
	u64 before = aborts_counted();

	for (u64 at = base_of(MOVED); at < base_of(MOVED + 1); at += 8)
		*(volatile u64 *)at = RET_TWICE;
	cache_clean((const void *)base_of(MOVED), w.block_size);
	__asm__ volatile("ic ialluis\n\tdsb ish\n\tisb" ::: "memory");
	beside(write_and_fetch, come_and_go_kept);
	print("# %lu aborts, %lu writes, %lu fetches\n", nr_aborted, nr_done, nr_fetched);
	CHECK(nr_aborted > 100);
	CHECK(nr_done > 100);
	CHECK(nr_fetched > 100);
	CHECK_EQ(aborts_counted() - before, nr_aborted);
	for (u64 at = base_of(MOVED); at < base_of(MOVED + 1); at += 8)
		CHECK_EQ(*(volatile u64 *)at, RET_TWICE);
	CHECK(slot_is_absent(ABSENT));
}

/* A level 1 table whose first entry leads to an absent slot, to RAM, and nowhere, in turn. */
static u64 changing[512] __attribute__((aligned(4096)));
#define CHANGING_VA (5 * GIB(512))

static void set_entry(volatile u64 *table, u64 entry)
{
	table[0] = 0;
	__asm__ volatile("dsb ish\n\ttlbi vmalle1is\n\tdsb ish\n\tisb" ::: "memory");
	table[0] = entry;
	dsb();
}

static u64 changing_address(struct random *r)
{
	return CHANGING_VA + ABSENT * w.block_size + ALIGN_DOWN(random_u64(r) % w.block_size, 8);
}

static bool is_translation_fault(struct probe p)
{
	return p.aborted && (FIELD(p.esr, 5, 0) & ~3ULL) == FSC_TRANSLATION;
}

static void write_through_changes(void)
{
	struct random r = random_from(this_cpu()->index);

	while (!stopped()) {
		u64 address = changing_address(&r);
		struct probe p =
			random_below(&r, 8) ? probe_write64(address, SEED) : probe_read64(address);

		CHECK(!p.aborted || probe_is_external(p) || is_translation_fault(p));
		CHECK(!p.aborted || p.far == address);
		count(!p.aborted ? &nr_done : probe_is_external(p) ? &nr_aborted : &nr_unmapped);
	}
}

/* Each entry is met by some accesses, and most changes fall into one. */
static void change_stage_1(void)
{
	const u64 entries[] = {mmu_block_entry(w.base, MMU_NORMAL),
			       mmu_block_entry(ram_base(), MMU_NORMAL), 0};

	for (u32 i = 0; i < REMAPS && !test_failed(); i++) {
		set_entry(changing, entries[i % 3]);
		let_others(i % 16);
	}
}

/* The hypervisor asks for the address of a permission fault when it may be another one already. */
static void stage_1_changes_under_the_fault(void)
{
	struct probe p;

	CHECK(ram_base() + ABSENT * w.block_size > (u64)bss_end);
	mmu_map_table(CHANGING_VA, (u64)changing);
	beside(write_through_changes, change_stage_1);
	print("# %lu aborts, %lu accesses, %lu unmapped\n", nr_aborted, nr_done, nr_unmapped);
	CHECK(nr_aborted > 20);
	CHECK(nr_done > 20);
	CHECK(nr_unmapped > 20);
	p = probe_read64(base_of(ABSENT));
	CHECK(!p.aborted && !p.value);
	mmu_map_table(CHANGING_VA, 0);
}

/* A stage-1 table in the block that comes and goes: its entry is there, or a zero is read. */
static void read_through_moved_table(void)
{
	struct random r = random_from(this_cpu()->index);

	while (!stopped()) {
		struct probe p = probe_read64(changing_address(&r));

		__asm__ volatile("tlbi vmalle1\n\tdsb nsh\n\tisb" ::: "memory");
		CHECK(!p.aborted || is_translation_fault(p));
		count(p.aborted ? &nr_unmapped : &nr_done);
	}
}

static void stage_1_table_comes_and_goes(void)
{
	for (u64 at = base_of(MOVED); at < base_of(MOVED) + KIB(4); at += 8)
		*(volatile u64 *)at = 0;
	*(volatile u64 *)base_of(MOVED) = mmu_block_entry(ram_base(), MMU_NORMAL);
	mmu_map_table(CHANGING_VA, base_of(MOVED));
	beside(read_through_moved_table, come_and_go_kept);
	print("# %lu accesses, %lu unmapped\n", nr_done, nr_unmapped);
	CHECK(nr_done > 20);
	CHECK(nr_unmapped > 20);
	mmu_map_table(CHANGING_VA, 0);
}

TESTS(TEST(setup), TEST(readers), TEST(writers), TEST(stage_1_changes_under_the_fault),
      TEST(stage_1_table_comes_and_goes));
