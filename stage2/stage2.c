/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Building and changing stage-2 tables. s2_prepare() settles the shape for good; the commit functions
 * only ever exchange one entry for another at the level the shape gives, which is why they cannot fail
 * and why nothing is shattered or coalesced.
 */
#include "hyp/lib/assert.h"
#include "hyp/lib/error.h"
#include "stage2/pte.h"
#include "stage2/stage2.h"
#include "stage2/tlb.h"
#include "stage2/walk.h"

#define NR_ZERO_PAGES 3 /* zero page, zero_l3, zero_l2 */

#define VTCR_RES1 BIT(31)
#define VTCR_SH0_INNER (3ULL << 12)
#define VTCR_ORGN0_WBWA (1ULL << 10)
#define VTCR_IRGN0_WBWA (1ULL << 8)
#define VTCR_SL0_LEVEL1 (1ULL << 6)
#define VTCR_PS_SHIFT 16
#define PS_48_BITS 5 /* the most a 4 KiB granule can say without FEAT_LPA2 */

u64 s2_vtcr(u32 ipa_bits, u32 pa_range)
{
	return VTCR_RES1 | min_u64(pa_range, PS_48_BITS) << VTCR_PS_SHIFT | VTCR_SH0_INNER |
	       VTCR_ORGN0_WBWA | VTCR_IRGN0_WBWA | VTCR_SL0_LEVEL1 | (64 - ipa_bits);
}

u32 s2_ipa_bits(u32 pa_range)
{
	static const u8 bits[] = {32, 36, 40, 42};

	return bits[min_u64(pa_range, ARRAY_SIZE(bits) - 1)];
}

static bool ipa_bits_ok(u32 ipa_bits)
{
	return ipa_bits == 32 || ipa_bits == 36 || ipa_bits == 40 || ipa_bits == 42;
}

/* One root page resolves 39 bits; each bit more doubles the concatenation. */
static size_t root_pages(u32 ipa_bits)
{
	return ipa_bits <= 39 ? 1 : (size_t)1 << (ipa_bits - 39);
}

size_t s2_pages_root(u32 ipa_bits)
{
	return root_pages(ipa_bits) + NR_ZERO_PAGES;
}

size_t s2_pages_range(u64 size)
{
	/* Worst when only the first 2 MiB lie in the first 1 GiB touched. */
	return size ? (size + GIB(1) - MIB(4)) / GIB(1) + 1 : 0;
}

static void *take_pages(struct s2 *s, size_t nr)
{
	void *p = s->pool;

	assert(s->pool_left >= nr);
	s->pool += nr * PAGE_SIZE;
	s->pool_left -= nr;
	s->count.tables_used += nr;
	return p;
}

static void set_entry(struct s2 *s, u64 *entry, u64 value)
{
	s2_write_entries(entry, 1, value, 0);
	s->count.descriptor_writes++;
}

int s2_init(struct s2 *s, u16 vmid, u32 ipa_bits, void *pool, size_t nr_pages)
{
	if (!ipa_bits_ok(ipa_bits))
		return ERR_INVAL;
	if (nr_pages < s2_pages_root(ipa_bits))
		return ERR_NOMEM;
	assert(vmid != 0);
	assert(IS_ALIGNED((u64)(uintptr_t)pool, root_pages(ipa_bits) * PAGE_SIZE));

	*s = (struct s2){.ipa_bits = ipa_bits, .vmid = vmid, .pool = pool, .pool_left = nr_pages};
	s->count.tables_total = nr_pages;
	s->root = take_pages(s, root_pages(ipa_bits));
	s->zero_page = take_pages(s, 1);
	s->zero_l3 = take_pages(s, 1);
	s->zero_l2 = take_pages(s, 1);
	s->vttbr = ptr_to_pa(s->root).pa | (u64)vmid << 48;
	for (u32 i = 0; i < ENTRIES_PER_TABLE; i++) {
		set_entry(s, &s->zero_l3[i], s2_zero_entry(s, 3));
		set_entry(s, &s->zero_l2[i], s2_zero_entry(s, 2));
	}
	s2_publish();
	return OK;
}

/* The level whose entries a range of this granule is changed by. */
static u32 granule_level(u64 granule)
{
	return granule >= GIB(1) ? 1 : granule >= MIB(2) ? 2 : 3;
}

/*
 * The tables that entries of leaf_level in the range need and that are not there yet: counts them,
 * and with take set puts them in. A finer shape that an earlier range settled stays.
 * ERR_INVAL where a table would have to go over an entry in use.
 */
static int shape(struct s2 *s, u64 ipa, u64 size, u32 leaf_level, bool take, size_t *missing)
{
	*missing = 0;
	for (u32 level = 2; level <= leaf_level; level++) {
		u64 step = s2_level_size(level - 1);

		for (u64 at = ALIGN_DOWN(ipa, step); at < ipa + size; at += step) {
			struct s2_slot slot = s2_find(s, at);

			if (slot.level >= level)
				continue;
			if (*slot.entry != s2_pte_absent(S2_ABSENT_NONE))
				return ERR_INVAL;
			if (take)
				set_entry(s, slot.entry, s2_pte_table(ptr_to_pa(take_pages(s, 1))));
			++*missing;
		}
	}
	return OK;
}

int s2_prepare(struct s2 *s, ipa_t ipa, u64 size, u64 granule)
{
	u32 level = granule_level(granule);
	size_t missing;
	int err;

	if (granule != PAGE_SIZE && (granule < MIB(2) || !is_power_of_two(granule)))
		return ERR_INVAL;
	if (!size || !IS_ALIGNED(ipa.ipa, granule) || !IS_ALIGNED(size, granule))
		return ERR_INVAL;
	if (ipa.ipa >> s->ipa_bits || size > BIT(s->ipa_bits) - ipa.ipa)
		return ERR_RANGE;

	err = shape(s, ipa.ipa, size, level, false, &missing);
	if (err)
		return err;
	if (missing > s->pool_left)
		return ERR_NOMEM;
	shape(s, ipa.ipa, size, level, true, &missing);
	/* The tables are visible to every walker before an entry in them can be. */
	s2_publish();
	return OK;
}

/* What a range is to become. */
struct change {
	u64 ipa;
	u64 size;
	enum s2_kind kind;
	enum s2_absent why; /* S2_INVALID */
	u64 pa; /* S2_MEMORY */
};

/* Entries of one table, one after the other, that hold the same but for the PA, which goes on. */
struct run {
	u64 *entry;
	u32 level;
	u32 nr;
	u64 size; /* bytes that they stand for */
};

static bool is_memory(const struct s2 *s, u64 pte, u32 level)
{
	return s2_pte_is_leaf(pte, level) && pte != s2_zero_entry(s, level);
}

/* The run at offset into the range: at least one entry, never beyond the range. */
static struct run find_run(const struct s2 *s, const struct change *c, u64 offset)
{
	u64 ipa = c->ipa + offset;
	struct s2_slot at = s2_find(s, ipa);
	u64 size = s2_level_size(at.level), expected = *at.entry;
	u64 step = is_memory(s, expected, at.level) ? size : 0;
	u64 left_in_table = ENTRIES_PER_TABLE - ipa / size % ENTRIES_PER_TABLE;
	u64 *end = at.entry + min_u64((c->size - offset) / size, left_in_table), *entry;

	/* The caller keeps to the granule it prepared: no entry is changed in part. */
	assert(IS_ALIGNED(ipa, size) && end > at.entry);
#pragma GCC unroll 4
	for (entry = at.entry + 1; entry < end; entry++)
		if (*entry != (expected += step))
			break;
	return (struct run){at.entry, at.level, (u32)(entry - at.entry),
			    (u64)(entry - at.entry) * size};
}

/* The final value of the first entry of the run at offset into the range. */
static u64 wanted(const struct s2 *s, const struct change *c, u64 offset, u32 level)
{
	switch (c->kind) {
	case S2_MEMORY:
		assert(IS_ALIGNED(c->pa + offset, s2_level_size(level)));
		return level == 3 ? s2_pte_page(PADDR(c->pa + offset))
				  : s2_pte_block(PADDR(c->pa + offset));
	case S2_ZERO:
		return s2_zero_entry(s, level);
	default:
		return s2_pte_absent(c->why);
	}
}

static void set_run(struct s2 *s, const struct run *run, u64 value, u64 step)
{
	s2_write_entries(run->entry, run->nr, value, step);
	s->count.descriptor_writes += run->nr;
}

/*
 * Break: every valid entry that is to change becomes invalid; one that is to end invalid gets its
 * reason at once. Returns whether a TLB may hold anything of what was there. *first is the first run,
 * and still is one: that is all there is where a block comes or goes, and not looked for again.
 */
static bool break_range(struct s2 *s, const struct change *c, struct run *first)
{
	struct run run;
	bool cached = false;

	for (u64 offset = 0; offset < c->size; offset += run.size) {
		bool valid;

		run = find_run(s, c, offset);
		if (!offset)
			*first = run;
		valid = s2_pte_is_valid(*run.entry);
		if (is_memory(s, *run.entry, run.level)) {
			assert(c->kind != S2_MEMORY);
			s->count.mappings[run.level] -= run.nr;
		}
		if (*run.entry == wanted(s, c, offset, run.level))
			continue;
		cached |= valid;
		if (valid || c->kind == S2_INVALID)
			set_run(s, &run, s2_pte_absent(c->why), 0);
	}
	return cached;
}

/* Make: nothing valid is left in the range but what is to stay as it is. */
static void make_range(struct s2 *s, const struct change *c, struct run run)
{
	for (u64 offset = 0; offset < c->size; offset += run.size) {
		u64 value;

		if (offset)
			run = find_run(s, c, offset);
		value = wanted(s, c, offset, run.level);
		if (*run.entry != value)
			set_run(s, &run, value,
				c->kind == S2_MEMORY ? s2_level_size(run.level) : 0);
		if (c->kind == S2_MEMORY)
			s->count.mappings[run.level] += run.nr;
	}
}

static void commit(struct s2 *s, const struct change *c)
{
	struct run first;

	assert(spin_is_locked(&s->lock) && c->size);
	assert(!(c->ipa >> s->ipa_bits) && c->size <= BIT(s->ipa_bits) - c->ipa);

	if (break_range(s, c, &first)) {
		/* Walkers see the invalid entries before the TLBI drops what they replaced. */
		s2_publish();
		s2_flush(s->vttbr, c->ipa, c->size);
		s->count.tlb_flushes++;
	}
	/* Invalid entries are in no TLB: what replaces them needs no TLBI. */
	if (c->kind != S2_INVALID)
		make_range(s, c, first);
	s2_publish();
}

void s2_map(struct s2 *s, ipa_t ipa, paddr_t pa, u64 size)
{
	commit(s, &(struct change){ipa.ipa, size, S2_MEMORY, S2_ABSENT_EMPTY, pa.pa});
}

void s2_unmap(struct s2 *s, ipa_t ipa, u64 size, enum s2_absent why)
{
	commit(s, &(struct change){ipa.ipa, size, S2_INVALID, why, 0});
}

void s2_zero(struct s2 *s, ipa_t ipa, u64 size)
{
	commit(s, &(struct change){ipa.ipa, size, S2_ZERO, S2_ABSENT_EMPTY, 0});
}
