/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LEND_MAP: the FDT for a next kernel. This VM has four own slots or more, a promised one and room for
 * two loans of one block; it may lend to its only peer, which runs test_map_lender.c and lends to it when
 * it is given a sign: an offer of slot SIGN, of slot SIGN + 1 for the next one. It is reset once.
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/lend.h"

#define ROOM 0x4000 /* bytes, more than an FDT of ours has */
#define NR_ROOMS 4
#define SEED 0xfd7
#define HELD (w.nr_own - 2) /* own slots held from the first adopt map on: the first ones */
#define SIGN HELD
#define NOTE ((volatile struct note *)0x42000000) /* boot memory behind the image */
#define NOTE_MAGIC 0x6d61706e6f7465ULL

struct note {
	u64 magic, marked;
};

static _Alignas(8) u8 rooms[NR_ROOMS][ROOM];
static u8 *const room = rooms[0];
static struct lend_window w;
static u32 promised, adoptable, plain; /* slots */

static struct smccc map_to(const void *address, u64 size, u64 mode)
{
	return lend(LEND_MAP, (u64)address, size, mode, 0);
}

static s64 map_status(u64 mode)
{
	return (s64)map_to(room, ROOM, mode).x[0];
}

static u64 map_length(u64 mode)
{
	return map_to(room, ROOM, mode).x[1];
}

static bool is_adopted(u32 slot)
{
	return slot_flags(slot) & LEND_FLAG_ADOPTED;
}

static bool starts_with(const char *s, const char *start)
{
	while (*start && *s == *start) {
		s++;
		start++;
	}
	return !*start;
}

static bool is_seed(const char *name)
{
	return starts_with(name, "kaslr-seed") || starts_with(name, "rng-seed");
}

/* And the node that an adopt map has besides: the window lies at 4 GiB. */
static bool is_seed_or_blocks(const char *name)
{
	return is_seed(name) || starts_with(name, "memory@100000000");
}

/* What look() finds when the FDT is the map in room. */
static u64 in_map(u64 (*look)(void))
{
	const void *first = fdt;
	u64 found;

	fdt = room;
	found = look();
	fdt = first;
	return found;
}

static u64 has_rng_seed(void)
{
	u32 length;

	return fdt_prop(fdt_find("chosen", 0), "rng-seed", &length) != NULL;
}

/* All ones when there is none. */
static u64 kaslr_seed(void)
{
	u32 length;

	if (!fdt_prop(fdt_find("chosen", 0), "kaslr-seed", &length) || length != 8)
		return ~0ULL;
	return fdt_u64(fdt_find("chosen", 0), "kaslr-seed", 0);
}

/* Bytes of the node that lists blocks, 16 for each range; 0 without one. */
static u64 blocks_length(void)
{
	u32 length = 0;
	struct fdt_node node = fdt_find("memory", 1);

	if (node.inside)
		fdt_prop(node, "reg", &length);
	return length;
}

/* The index-th range of the map in room is that of n blocks from slot on. */
static bool lists(u32 index, u32 slot, u32 n)
{
	const void *first = fdt;
	u64 base, size;

	fdt = room;
	base = fdt_u64(fdt_find("memory", 1), "reg", 2 * index);
	size = fdt_u64(fdt_find("memory", 1), "reg", 2 * index + 1);
	fdt = first;
	return base == slot_address(slot) && size == n * w.block_size;
}

static void a_reset_clears_marks(void)
{
	w = lend_window();
	promised = w.nr_own;
	CHECK(w.nr_own >= 4);
	CHECK_EQ(w.nr_promised, 1);
	if (NOTE->magic != NOTE_MAGIC) {
		NOTE->magic = NOTE_MAGIC;
		CHECK_EQ(lend_status(LEND_RETRIEVE, 0, 1, 0, 0), LEND_SUCCESS);
		CHECK_EQ(map_status(LEND_MAP_ADOPT), LEND_SUCCESS);
		NOTE->marked = is_adopted(0);
		cache_clean((const void *)NOTE, sizeof(*NOTE));
		psci(PSCI_SYSTEM_RESET, 0, 0, 0);
	}
	CHECK_EQ(NOTE->marked, true);
	CHECK_EQ(slot_state(0), LEND_SLOT_STANDBY);
	CHECK_EQ(slot_flags(0), LEND_FLAG_OWN);
	CHECK_EQ(lend_status(LEND_RETRIEVE, 0, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(slot_flags(0), LEND_FLAG_OWN);
	CHECK_EQ(lend_status(LEND_RELINQUISH, 0, 1, 0, 0), LEND_SUCCESS);
}

static void a_boot_map_is_the_first_fdt_but_seeds(void)
{
	struct smccc got;

	fill_pattern((u64)room, ROOM, SEED);
	got = map_to(room, ROOM, LEND_MAP_BOOT);
	CHECK_EQ(got.x[0], LEND_SUCCESS);
	CHECK(fdt_valid(room));
	CHECK_EQ(got.x[1], fdt_size(room));
	CHECK_EQ(first_unlike_pattern(ALIGN_UP((u64)room + got.x[1], 8), 64, SEED), 0);
	CHECK(fdt_same(fdt, room, is_seed));
	CHECK(kaslr_seed() != 0 && kaslr_seed() != ~0ULL);
	CHECK_EQ(in_map(kaslr_seed), 0);
	CHECK(has_rng_seed());
	CHECK(!in_map(has_rng_seed));
}

static void refusals(void)
{
	const u64 end = ram_base() + ram_size(), last = end - PAGE_SIZE, here = (u64)room;
	const struct {
		u64 address, size, mode;
	} rows[] = {
		{here, ROOM, 2},
		{here, ROOM, ~0ULL},
		{here + 4, ROOM, LEND_MAP_BOOT},
		{here, 1ULL << 32, LEND_MAP_BOOT}, /* more than 32 bits */
		{here, ~0ULL >> 32, LEND_MAP_BOOT}, /* begins in memory */
		{last, PAGE_SIZE + 1, LEND_MAP_ADOPT},
		{end, ROOM, LEND_MAP_BOOT},
		{ram_base() - PAGE_SIZE, ROOM, LEND_MAP_BOOT},
		{UART_BASE, PAGE_SIZE, LEND_MAP_BOOT},
		{0, ROOM, LEND_MAP_ADOPT},
		{slot_address(0), ROOM, LEND_MAP_BOOT}, /* nothing held there now */
		{slot_address(0) + w.block_size - 8, ROOM, LEND_MAP_ADOPT},
		{w.base + w.nr_slots * w.block_size, ROOM, LEND_MAP_BOOT},
		{~0ULL << 3, ROOM, LEND_MAP_BOOT},
		{~0ULL << 63, ROOM, LEND_MAP_BOOT},
	};

	fill_pattern((u64)room, ROOM, SEED);
	fill_pattern(last, PAGE_SIZE, SEED);
	CHECK_EQ(lend_status(LEND_RETRIEVE, 1, 1, 0, 0), LEND_SUCCESS);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 before = slots_snapshot(0, w.nr_own + 1);
		struct smccc got = map_to((void *)rows[i].address, rows[i].size, rows[i].mode);

		if ((s64)got.x[0] != LEND_INVALID || got.x[1] ||
		    slots_snapshot(0, w.nr_own + 1) != before)
			test_fail(__FILE__, __LINE__, "row %u: %d", i, (int)got.x[0]);
	}
	CHECK_EQ(first_unlike_pattern((u64)room, ROOM, SEED), 0);
	CHECK_EQ(first_unlike_pattern(last, PAGE_SIZE, SEED), 0);
}

/* Slot 1 is held: an adopt map would mark it. */
static void one_byte_too_small_changes_nothing(void)
{
	for (u64 mode = LEND_MAP_BOOT; mode <= LEND_MAP_ADOPT; mode++) {
		u64 length = map_length(mode), before;

		CHECK_EQ(map_status(LEND_MAP_BOOT), LEND_SUCCESS);
		CHECK(!is_adopted(1));
		before = slots_snapshot(0, w.nr_own + 1);
		fill_pattern((u64)room, ROOM, SEED);
		CHECK_EQ(map_to(room, length - 1, mode).x[0], (s64)LEND_NO_MEMORY);
		CHECK_EQ(map_to(room, 0, mode).x[0], (s64)LEND_NO_MEMORY);
		CHECK_EQ(first_unlike_pattern((u64)room, ROOM, SEED), 0);
		CHECK(!is_adopted(1));
		if (mode == LEND_MAP_BOOT)
			CHECK_EQ(slots_snapshot(0, w.nr_own + 1), before);
		CHECK_EQ(map_to(room, length, mode).x[0], LEND_SUCCESS);
	}
	CHECK(is_adopted(1));
	/* No call that fails takes away a mark that was there. */
	CHECK_EQ(map_to(room, 8, LEND_MAP_BOOT).x[0], (s64)LEND_NO_MEMORY);
	CHECK(is_adopted(1));
	CHECK_EQ(lend_status(LEND_RETRIEVE, 0, HELD, 0, 0), LEND_SUCCESS);
	CHECK_EQ(map_to(room, 8, LEND_MAP_ADOPT).x[0], (s64)LEND_NO_MEMORY);
	for (u32 i = 0; i < w.nr_slots; i++)
		CHECK_EQ(is_adopted(i), i == 1);
}

static void own_blocks_held_now_are_listed(void)
{
	CHECK_EQ(lend_status(LEND_RETRIEVE, promised, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(map_status(LEND_MAP_ADOPT), LEND_SUCCESS);
	CHECK(fdt_same(fdt, room, is_seed_or_blocks));
	CHECK_EQ(in_map(kaslr_seed), 0);
	CHECK_EQ(in_map(blocks_length), 16);
	CHECK(lists(0, 0, HELD));
	for (u32 i = 0; i < w.nr_slots; i++)
		CHECK_EQ(is_adopted(i), i < HELD);
}

/* Two loans, in any order. */
static void loans_come(void)
{
	struct lend_event offer[2];

	lend_events_begin();
	CHECK_EQ(lend_status(LEND_LEND, SIGN, 1, lend_peer(), 0), LEND_SUCCESS);
	for (u32 i = 0; i < 2; i++) {
		CHECK(lend_wait_event(LEND_EVENT_OFFER, &offer[i]));
		CHECK_EQ(lend_status(LEND_RETRIEVE, offer[i].slot, 1, 0, 0), LEND_SUCCESS);
		if (slot_flags(offer[i].slot) & LEND_FLAG_ADOPTABLE)
			adoptable = offer[i].slot;
		else
			plain = offer[i].slot;
	}
	CHECK(adoptable > promised && plain > promised && adoptable != plain);
}

static void adoptable_loans_are_listed(void)
{
	CHECK_EQ(map_status(LEND_MAP_ADOPT), LEND_SUCCESS);
	CHECK(fdt_same(fdt, room, is_seed_or_blocks));
	CHECK_EQ(in_map(blocks_length), 32);
	CHECK(lists(0, 0, HELD));
	CHECK(lists(1, adoptable, 1));
	for (u32 i = 0; i < w.nr_slots; i++)
		CHECK_EQ(is_adopted(i), i < HELD || i == adoptable);
}

static void what_is_adopted_stays(void)
{
	u64 before = slots_snapshot(0, w.nr_slots);
	const u64 flags[] = {0, LEND_RELINQUISH_KEEP_OFFER};

	for (u32 i = 0; i < ARRAY_SIZE(flags); i++) {
		CHECK_EQ(lend_status(LEND_RELINQUISH, 0, 1, flags[i], 0), (s64)LEND_DENIED);
		CHECK_EQ(lend_status(LEND_RELINQUISH, adoptable, 1, flags[i], 0), (s64)LEND_DENIED);
		/* The first is not adopted: none is done. */
		CHECK_EQ(lend_status(LEND_RELINQUISH, promised, adoptable - promised + 1, flags[i],
				     0),
			 (s64)LEND_DENIED);
	}
	CHECK_EQ(slots_snapshot(0, w.nr_slots), before);
	/* A map that fails marks nothing more and takes no mark away. */
	CHECK_EQ(map_to(room, 64, LEND_MAP_ADOPT).x[0], (s64)LEND_NO_MEMORY);
	CHECK_EQ(slots_snapshot(0, w.nr_slots), before);
}

/* The lender asks for both now, and is refused the one. */
static void only_the_other_is_recalled(void)
{
	struct lend_event event;

	lend_events_begin();
	CHECK_EQ(lend_status(LEND_LEND, SIGN + 1, 1, lend_peer(), 0), LEND_SUCCESS);
	CHECK(lend_wait_event(LEND_EVENT_RECALL, &event));
	CHECK_EQ(event.slot, plain);
	CHECK(!(slot_flags(adoptable) & LEND_FLAG_RECALLED));
	CHECK_EQ(lend_status(LEND_RELINQUISH, plain, 1, 0, 0), LEND_SUCCESS);
	CHECK(is_adopted(adoptable));
}

/* By SMC32, whose address takes two registers, into a block that is itself adopted. */
static void a_boot_map_clears_marks(void)
{
	u64 to = slot_address(0);
	struct smccc got = hvc(LEND_MAP, (u32)to, to >> 32, ROOM, LEND_MAP_BOOT);

	CHECK_EQ((u32)got.x[0], LEND_SUCCESS);
	CHECK_EQ((u32)got.x[1], fdt_size((void *)to));
	CHECK_EQ((u32)got.x[2], 0);
	CHECK(fdt_same(fdt, (void *)to, is_seed));
	for (u32 i = 0; i < w.nr_slots; i++)
		CHECK(!is_adopted(i));
	CHECK(slots_are(0, HELD, LEND_SLOT_HELD));
	CHECK_EQ(lend_status(LEND_RELINQUISH, adoptable, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(lend_status(LEND_RELINQUISH, 0, HELD, 0, 0), LEND_SUCCESS);
	CHECK_EQ((u32)hvc(LEND_MAP, (u32)to, to >> 32, ROOM, LEND_MAP_BOOT).x[0],
		 (u32)LEND_INVALID);
}

static void map_on_each(void)
{
	u8 *mine = rooms[this_cpu()->index % NR_ROOMS];

	for (u32 i = 0; i < 20; i++) {
		struct smccc got;

		CHECK(WAIT_FOR((s64)(got = map_to(mine, ROOM, i % 2)).x[0] != LEND_BUSY));
		CHECK_EQ(got.x[0], LEND_SUCCESS);
		CHECK(fdt_same(fdt, mine, is_seed_or_blocks));
		CHECK_EQ(got.x[1], fdt_size(mine));
	}
}

static void maps_on_all_cpus(void)
{
	CHECK_EQ(lend_status(LEND_RETRIEVE, 0, 1, 0, 0), LEND_SUCCESS);
	CHECK(on_all_cpus(map_on_each));
	CHECK_EQ(map_status(LEND_MAP_BOOT), LEND_SUCCESS);
	CHECK_EQ(slot_flags(0), LEND_FLAG_OWN);
	CHECK_EQ(lend_status(LEND_RELINQUISH, 0, 1, 0, 0), LEND_SUCCESS);
	CHECK_EQ(lend_status(LEND_RELINQUISH, promised, 1, 0, 0), LEND_SUCCESS);
}

TESTS(TEST(a_reset_clears_marks), TEST(a_boot_map_is_the_first_fdt_but_seeds), TEST(refusals),
      TEST(one_byte_too_small_changes_nothing), TEST(own_blocks_held_now_are_listed),
      TEST(loans_come), TEST(adoptable_loans_are_listed), TEST(what_is_adopted_stays),
      TEST(only_the_other_is_recalled), TEST(a_boot_map_clears_marks), TEST(maps_on_all_cpus));
