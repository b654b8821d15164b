/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults on purpose, and what is right and looks alike, each as a trace of its own for check_trace.py:
 *	faults			lists the names, each with the violations that it is to show
 *	S2_TRACE=FILE faults NAME
 * Two VMs, A and B, each with 4 slots of 2 MiB at 4 GiB, all zero pages; A's slot 0 holds BLOCK. Where
 * stage2.c or tlb.c is to forget something, the fake TLB forgets it for them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "guest-tests/host/trace/trace.h"
#include "hyp/lib/assert.h"
#include "stage2/pte.h"
#include "stage2/stage2.h"
#include "stage2/tlb.h"
#include "guest-tests/host/tlb_fake.h"

#define POOL_PAGES 16
#define WINDOW GIB(4)
#define SLOT MIB(2)
#define NR_SLOTS 4
#define BLOCK 0x4000000000ull

static struct s2 a, b;
static u8 *spare; /* pages of no tree yet */

static void make_vm(struct s2 *s, u16 vmid)
{
	void *pool = aligned_alloc(KIB(32), POOL_PAGES * PAGE_SIZE);

	memset(pool, 0, POOL_PAGES * PAGE_SIZE);
	assert(!s2_init(s, vmid, 36, pool, POOL_PAGES));
	s2_fake_know(pool, POOL_PAGES * PAGE_SIZE, s->vttbr);
	assert(!s2_prepare(s, IPA(WINDOW), NR_SLOTS * SLOT, SLOT));
	spin_lock(&s->lock);
	s2_zero(s, IPA(WINDOW), NR_SLOTS * SLOT);
	spin_unlock(&s->lock);
}

static void begin(void)
{
	spare = aligned_alloc(PAGE_SIZE, 2 * PAGE_SIZE);
	memset(spare, 0, 2 * PAGE_SIZE);
	s2_fake_reset();
	make_vm(&a, 1);
	make_vm(&b, 2);
	spin_lock(&a.lock);
	s2_map(&a, IPA(WINDOW), PADDR(BLOCK), SLOT);
	spin_unlock(&a.lock);
	/* B runs here. */
	s2_fake_write_vttbr_el2(b.vttbr);
	s2_fake_isb();
	s2_fake.tolerant = true;
}

/* The descriptor of a slot, and of the 1 GiB that holds it. */
static u64 *leaf(struct s2 *s, u32 slot)
{
	return (u64 *)pa_to_ptr(s2_pte_addr(s->root[WINDOW / GIB(1)])) + slot;
}

static u64 *upper(struct s2 *s)
{
	return &s->root[WINDOW / GIB(1)];
}

static void with_lock(struct s2 *s, void (*change)(struct s2 *s))
{
	spin_lock(&s->lock);
	change(s);
	spin_unlock(&s->lock);
}

static void zero_to_memory(struct s2 *s)
{
	s2_map(s, IPA(WINDOW + SLOT), PADDR(BLOCK + MIB(64)), SLOT);
}

static void memory_to_zero(struct s2 *s)
{
	s2_zero(s, IPA(WINDOW), SLOT);
}

static void memory_to_none(struct s2 *s)
{
	s2_unmap(s, IPA(WINDOW), SLOT, S2_ABSENT_REVOKED);
}

static void block_to_b(struct s2 *s)
{
	s2_map(s, IPA(WINDOW), PADDR(BLOCK), SLOT);
}

static void all_changes(void)
{
	with_lock(&a, zero_to_memory);
	with_lock(&a, memory_to_zero);
	with_lock(&a, block_to_b);
	with_lock(&a, memory_to_none);
	with_lock(&b, block_to_b);
}

static void switch_to_a(struct s2 *s)
{
	s2_fake_write_vttbr_el2(s->vttbr);
	s2_fake_isb();
}

static void unlocked(void)
{
	s2_fake_write(leaf(&a, 3), 0);
	s2_publish();
	s2_flush(a.vttbr, WINDOW, SLOT);
}

static void wrong_lock(void)
{
	spin_lock(&b.lock);
	unlocked();
	spin_unlock(&b.lock);
}

static void direct(struct s2 *s)
{
	s2_fake_write(leaf(s, 0), s2_pte_block(PADDR(BLOCK + SLOT)));
	s2_publish();
}

static void late_publish(struct s2 *s)
{
	s2_fake_write(leaf(s, 0), s2_pte_absent(S2_ABSENT_EMPTY));
	s2_flush(s->vttbr, WINDOW, SLOT);
	s2_publish();
	s2_fake_write(leaf(s, 0), s2_pte_block(PADDR(BLOCK)));
	s2_publish();
}

static void no_publish(struct s2 *s)
{
	s2_fake_write(leaf(s, 0), s2_pte_absent(S2_ABSENT_EMPTY));
	s2_publish();
	s2_flush(s->vttbr, WINDOW, SLOT);
	s2_fake_write(leaf(s, 0), s2_pte_absent(S2_ABSENT_REVOKED));
}

/* The block goes to B while A's TLBs may still hold it. */
static void hand_over_early(void)
{
	spin_lock(&a.lock);
	spin_lock(&b.lock);
	s2_fake_write(leaf(&a, 0), s2_pte_absent(S2_ABSENT_EMPTY));
	s2_publish();
	s2_map(&b, IPA(WINDOW), PADDR(BLOCK), SLOT);
	s2_flush(a.vttbr, WINDOW, SLOT);
	spin_unlock(&b.lock);
	spin_unlock(&a.lock);
}

/* A's table goes, and its page becomes one of B's. */
static void move_table(bool break_it, bool flush_before, bool flush_after, bool hint)
{
	u8 *table = pa_to_ptr(s2_pte_addr(*upper(&a)));

	spin_lock(&a.lock);
	if (break_it)
		s2_fake_write(upper(&a), s2_pte_absent(S2_ABSENT_NONE));
	s2_publish();
	if (flush_before)
		s2_flush(a.vttbr, WINDOW, SLOT);
	if (hint)
		trace_page_free(table);
	memset(table, 0, PAGE_SIZE);
	trace_page_init(table, b.root);
	if (flush_after)
		s2_flush(a.vttbr, WINDOW, SLOT);
	spin_unlock(&a.lock);
	spin_lock(&b.lock);
	s2_fake_write(&b.root[8], s2_pte_table(ptr_to_pa(table)));
	s2_publish();
	spin_unlock(&b.lock);
}

static void table_moved(void)
{
	move_table(true, true, false, true);
}

static void table_freed_early(void)
{
	move_table(true, false, true, true);
}

static void table_reused_early(void)
{
	move_table(true, false, true, false);
}

static void table_freed_in_place(void)
{
	move_table(false, true, false, true);
}

static void put_at_8(struct s2 *s)
{
	s2_fake_write(&s->root[8], s2_pte_table(ptr_to_pa(spare)));
	s2_publish();
}

static void table_initialised(void)
{
	trace_page_init(spare, a.root);
	with_lock(&a, put_at_8);
}

static void table_of_another(void)
{
	trace_page_init(spare, b.root);
	with_lock(&a, put_at_8);
}

static void map_root(struct s2 *s)
{
	s2_fake_write(&s->root[8], s2_pte_block(PADDR(ALIGN_DOWN(ptr_to_pa(b.root).pa, GIB(1)))));
	s2_publish();
}

static void unknown_root(void)
{
	s2_fake_write_vttbr_el2(ptr_to_pa(spare).pa | 3ull << 48);
	s2_fake_isb();
}

static void twice_locked(void)
{
	spin_lock(&a.lock);
	a.lock.taken = 0;
	spin_lock(&a.lock);
	spin_unlock(&a.lock);
}

/* A's slot 0 by IPA, in the way of tlb.c; stage-1 entries as well or not. */
static void by_ipa(const char *op, u64 operand, const char *middle, bool stage1)
{
	spin_lock(&a.lock);
	s2_fake_write(leaf(&a, 0), s2_pte_absent(S2_ABSENT_EMPTY));
	s2_publish();
	s2_fake_write_vttbr_el2(a.vttbr);
	s2_fake_isb();
	s2_fake_tlbi_operand(op, operand);
	s2_fake_dsb(middle);
	if (stage1)
		s2_fake_tlbi("vmalle1is");
	s2_fake_dsb("ish");
	s2_fake_write_vttbr_el2(b.vttbr);
	s2_fake_isb();
	s2_fake_write(leaf(&a, 0), s2_pte_block(PADDR(BLOCK + SLOT)));
	s2_publish();
	spin_unlock(&a.lock);
}

#define TTL_LEVEL(level) ((u64)(4 + (level)) << 44)
#define RANGE_4K (1ull << 46)
#define RANGE_SCALE_1_NUM(num) (1ull << 44 | (u64)(num) << 39) /* (num + 1) * 256 KiB */

static void ipa_right(void)
{
	by_ipa("ipas2e1is", WINDOW >> 12 | TTL_LEVEL(2), "ish", true);
}

static void ipa_range(void)
{
	by_ipa("ripas2e1is", WINDOW >> 12 | RANGE_4K | RANGE_SCALE_1_NUM(7), "ish", true);
}

static void ipa_range_short(void)
{
	by_ipa("ripas2e1is", WINDOW >> 12 | RANGE_4K | RANGE_SCALE_1_NUM(6), "ish", true);
}

static void ipa_range_of_64k(void)
{
	by_ipa("ripas2e1is", WINDOW >> 12 | RANGE_4K << 1 | RANGE_SCALE_1_NUM(7), "ish", true);
}

static void ipa_wrong(void)
{
	by_ipa("ipas2e1is", (WINDOW + SLOT) >> 12, "ish", true);
}

static void ipa_wrong_level(void)
{
	by_ipa("ipas2e1is", WINDOW >> 12 | TTL_LEVEL(3), "ish", true);
}

static void ipa_without_stage1(void)
{
	by_ipa("ipas2e1is", WINDOW >> 12, "ish", false);
}

static void ipa_without_dsb(void)
{
	by_ipa("ipas2e1is", WINDOW >> 12, "ishst", true);
}

static const struct fault {
	const char *name;
	void (*run)(void);
	void (*change)(struct s2 *s); /* or this, of A, with its lock */
	enum s2_fake_seed seed;
	const char *shows; /* the violations, ordered by name; none: it is right */
	bool has_range; /* on a CPU with FEAT_TLBIRANGE */
} faults[] = {
	{"right", all_changes, NULL, S2_FAKE_NO_FAULT, "", false},
	{"right-by-ipa", ipa_right, NULL, S2_FAKE_NO_FAULT, "", false},
	{"right-by-ipa-range", ipa_range, NULL, S2_FAKE_NO_FAULT, "", false},
	{"right-table-moved", table_moved, NULL, S2_FAKE_NO_FAULT, "", false},
	{"right-table-added", table_initialised, NULL, S2_FAKE_NO_FAULT, "", false},
	{"no-break", NULL, zero_to_memory, S2_FAKE_DROP_BREAK, "valid-to-valid", false},
	{"valid-over-valid", NULL, direct, S2_FAKE_NO_FAULT, "valid-to-valid", false},
	{"no-tlbi", NULL, zero_to_memory, S2_FAKE_DROP_FLUSH, "not-invalidated", false},
	{"no-tlbi-unmap", NULL, memory_to_none, S2_FAKE_DROP_FLUSH, "left-behind", false},
	{"no-tlbi-hand-over", all_changes, NULL, S2_FAKE_DROP_FLUSH, "left-behind not-invalidated",
	 false},
	{"no-dsb-before", NULL, zero_to_memory, S2_FAKE_DROP_PUBLISH, "not-invalidated unpublished",
	 false},
	{"no-dsb-before-unmap", NULL, memory_to_none, S2_FAKE_DROP_PUBLISH, "left-behind", false},
	{"late-dsb-before", NULL, late_publish, S2_FAKE_NO_FAULT, "not-invalidated", false},
	{"no-dsb-after", NULL, zero_to_memory, S2_FAKE_DROP_DSB, "not-invalidated", false},
	{"no-dsb-after-unmap", NULL, memory_to_none, S2_FAKE_DROP_DSB, "left-behind", false},
	{"no-dsb-at-the-end", NULL, no_publish, S2_FAKE_NO_FAULT, "unpublished", false},
	{"no-isb", NULL, zero_to_memory, S2_FAKE_DROP_ISB, "not-invalidated not-restored", false},
	{"wrong-vmid", NULL, zero_to_memory, S2_FAKE_WRONG_VMID, "not-invalidated wrong-vmid",
	 false},
	{"wrong-vmid-unmap", NULL, memory_to_none, S2_FAKE_WRONG_VMID, "left-behind wrong-vmid",
	 false},
	{"vttbr-not-restored", NULL, switch_to_a, S2_FAKE_NO_FAULT, "not-restored", false},
	{"running-vm-only", NULL, zero_to_memory, S2_FAKE_DROP_SWITCH, "not-invalidated", false},
	{"this-cpu-only", NULL, zero_to_memory, S2_FAKE_THIS_CPU_ONLY, "not-invalidated", false},
	{"right-changes-by-range", all_changes, NULL, S2_FAKE_NO_FAULT, "", true},
	{"range-no-tlbi", NULL, zero_to_memory, S2_FAKE_DROP_FLUSH, "not-invalidated", true},
	{"range-no-dsb-before-unmap", NULL, memory_to_none, S2_FAKE_DROP_PUBLISH, "left-behind",
	 true},
	{"range-no-dsb-between", NULL, zero_to_memory, S2_FAKE_NO_DSB_BETWEEN, "not-invalidated",
	 true},
	{"range-no-dsb", NULL, memory_to_none, S2_FAKE_DROP_DSB, "left-behind", true},
	{"range-no-combined", NULL, zero_to_memory, S2_FAKE_NO_COMBINED, "not-invalidated", true},
	{"range-no-combined-unmap", NULL, memory_to_none, S2_FAKE_NO_COMBINED, "left-behind", true},
	{"range-behind", NULL, memory_to_none, S2_FAKE_RANGE_BEHIND, "left-behind", true},
	{"range-short", NULL, zero_to_memory, S2_FAKE_RANGE_SHORT, "not-invalidated", true},
	{"range-wrong-vmid", NULL, zero_to_memory, S2_FAKE_WRONG_VMID, "not-invalidated wrong-vmid",
	 true},
	{"range-running-vm-only", NULL, memory_to_none, S2_FAKE_DROP_SWITCH, "left-behind", true},
	{"range-this-cpu-only", NULL, memory_to_none, S2_FAKE_THIS_CPU_ONLY, "left-behind", true},
	{"ipa-of-neighbour", ipa_wrong, NULL, S2_FAKE_NO_FAULT, "not-invalidated", false},
	{"ipa-wrong-level", ipa_wrong_level, NULL, S2_FAKE_NO_FAULT, "not-invalidated", false},
	{"ipa-range-too-short", ipa_range_short, NULL, S2_FAKE_NO_FAULT, "not-invalidated", false},
	{"ipa-range-wrong-granule", ipa_range_of_64k, NULL, S2_FAKE_NO_FAULT, "not-invalidated",
	 false},
	{"ipa-no-combined", ipa_without_stage1, NULL, S2_FAKE_NO_FAULT, "not-invalidated", false},
	{"ipa-no-dsb-between", ipa_without_dsb, NULL, S2_FAKE_NO_FAULT, "not-invalidated", false},
	{"unlocked", unlocked, NULL, S2_FAKE_NO_FAULT, "unlocked", false},
	{"wrong-lock", wrong_lock, NULL, S2_FAKE_NO_FAULT, "unlocked", false},
	{"locked-twice", twice_locked, NULL, S2_FAKE_NO_FAULT, "lock", false},
	{"table-freed-early", table_freed_early, NULL, S2_FAKE_NO_FAULT, "freed-early", false},
	{"table-reused-early", table_reused_early, NULL, S2_FAKE_NO_FAULT, "freed-early", false},
	{"table-freed-in-place", table_freed_in_place, NULL, S2_FAKE_NO_FAULT, "freed-early",
	 false},
	{"block-reused-early", hand_over_early, NULL, S2_FAKE_NO_FAULT, "reused-early", false},
	{"table-uninitialised", NULL, put_at_8, S2_FAKE_NO_FAULT, "uninitialised", false},
	{"root-uninitialised", unknown_root, NULL, S2_FAKE_NO_FAULT, "uninitialised", false},
	{"table-of-another", table_of_another, NULL, S2_FAKE_NO_FAULT, "wrong-tree", false},
	{"tables-mapped", NULL, map_root, S2_FAKE_NO_FAULT, "maps-table", false},
};

int main(int argc, char **argv)
{
	trace_deliberate = true;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		if (argc < 2)
			printf("%s: %s\n", faults[i].name, faults[i].shows);
		else if (!strcmp(argv[1], faults[i].name)) {
			s2_fake_machine.has_range = faults[i].has_range;
			begin();
			s2_fake.seed = faults[i].seed;
			if (faults[i].run)
				faults[i].run();
			else
				with_lock(&a, faults[i].change);
			return 0;
		}
	}
	return argc < 2 ? 0 : 1;
}
