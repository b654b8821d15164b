/* SPDX-License-Identifier: BSD-2-Clause */
/* Recording twin of stage2/tlb.c for the host, with a checker for break-before-make. */
#include "hyp/lib/assert.h"
#include "hyp/lib/string.h"
#include "stage2/pte.h"
#include "guest-tests/host/tlb_fake.h"
#include "stage2/tlb_range.h"

#define VMID_SHIFT 48

enum progress {
	WRITTEN,
	PUBLISHED,
	RANGE_SENT, /* a TLBI by range that covers it: gone but for combined entries ... */
	RANGE_DONE, /* ... after a DSB */
	INVALIDATED, /* and forgotten at the DSB after it */
};

struct broken_entry {
	const u64 *entry;
	enum progress progress;
};

static const struct s2_fake empty;
struct s2_fake s2_fake;
struct s2_fake_observer s2_fake_observer;
struct s2_fake_machine s2_fake_machine = {.tlbi_times = 1};

static struct {
	uintptr_t start, end;
	u64 vttbr;
} vms[S2_FAKE_VMS];
static u32 nr_vms;

static struct broken_entry broken[S2_FAKE_BROKEN];
static u32 nr_broken;
static bool unpublished;

static struct {
	u64 vttbr;
	bool synchronized; /* an ISB came after the last write */
	bool range_sent; /* no DSB came after a TLBI by range */
	bool switching; /* read, so the next write is for somebody else's TLBI */
} cpu;

void s2_fake_restart_log(void)
{
	s2_fake.nr_log = 0;
	for (u32 i = 0; i < ARRAY_SIZE(s2_fake.nr_ops); i++)
		s2_fake.nr_ops[i] = 0;
}

void s2_fake_reset(void)
{
	s2_fake = empty;
	nr_vms = 0;
	nr_broken = 0;
	unpublished = false;
	cpu.vttbr = 0;
	cpu.synchronized = true;
	cpu.switching = false;
	cpu.range_sent = false;
	if (s2_fake_observer.reset)
		s2_fake_observer.reset();
}

void s2_fake_know(const void *pool, size_t size, u64 vttbr)
{
	assert(nr_vms < S2_FAKE_VMS);
	vms[nr_vms].start = (uintptr_t)pool;
	vms[nr_vms].end = (uintptr_t)pool + size;
	vms[nr_vms++].vttbr = vttbr;
}

static void fault(const char *what, const void *entry)
{
	s2_fake.nr_faults++;
	if (!s2_fake.tolerant)
		panic("stage-2 protocol: %s (entry %p)", what, entry);
}

static void record(struct s2_fake_op op)
{
	s2_fake.nr_ops[op.kind]++;
	if (s2_fake.nr_log < S2_FAKE_LOG)
		s2_fake.log[s2_fake.nr_log++] = op;
	if (s2_fake_observer.op)
		s2_fake_observer.op(&op);
}

static bool is_broken(const u64 *entry)
{
	for (u32 i = 0; i < nr_broken; i++)
		if (broken[i].entry == entry)
			return true;
	return false;
}

void s2_fake_write(u64 *entry, u64 value)
{
	u64 old = *entry;
	bool breaks = s2_pte_is_valid(old) && !s2_pte_is_valid(value);

	if (breaks && s2_fake.seed == S2_FAKE_DROP_BREAK)
		return;
	record((struct s2_fake_op){S2_FAKE_WRITE, entry, old, value, NULL});
	if (s2_pte_is_valid(old) && s2_pte_is_valid(value) && old != value)
		fault("valid entry replaced by a valid one", entry);
	if (s2_pte_is_valid(value) && is_broken(entry))
		fault("entry made valid before the flush for what it was", entry);
	if (breaks) {
		assert(nr_broken < S2_FAKE_BROKEN);
		broken[nr_broken++] = (struct broken_entry){entry, WRITTEN};
	}
	*entry = value;
	unpublished = true;
}

void s2_write_entries(u64 *entry, u32 nr, u64 value, u64 step)
{
	for (u32 i = 0; i < nr; i++)
		s2_fake_write(entry + i, value + i * step);
}

void s2_fake_dsb(const char *what)
{
	bool stores_only = !strcmp(what, "ishst");
	u32 left = 0;

	if (!strcmp(what, "nsh")) { /* for this CPU's own walks; publishes and completes nothing */
		record((struct s2_fake_op){S2_FAKE_DSB, NULL, 0, 0, what});
		return;
	}
	if (s2_fake.seed == (stores_only ? S2_FAKE_DROP_PUBLISH : S2_FAKE_DROP_DSB))
		return;
	if (s2_fake.seed == S2_FAKE_NO_DSB_BETWEEN && cpu.range_sent)
		stores_only = true, what = "ishst";
	cpu.range_sent = false;
	record((struct s2_fake_op){stores_only ? S2_FAKE_PUBLISH : S2_FAKE_DSB, NULL, 0, 0, what});
	for (u32 i = 0; i < nr_broken; i++) {
		if (broken[i].progress == INVALIDATED && !stores_only)
			continue;
		if (broken[i].progress == WRITTEN)
			broken[i].progress = PUBLISHED;
		if (broken[i].progress == RANGE_SENT && !stores_only)
			broken[i].progress = RANGE_DONE;
		broken[left++] = broken[i];
	}
	nr_broken = left;
	unpublished = false;
}

void s2_fake_isb(void)
{
	if (s2_fake.seed == S2_FAKE_DROP_ISB)
		return;
	record((struct s2_fake_op){S2_FAKE_ISB, NULL, 0, 0, NULL});
	cpu.synchronized = true;
}

u64 s2_fake_read_vttbr_el2(void)
{
	cpu.switching = true;
	return cpu.vttbr;
}

void s2_fake_write_vttbr_el2(u64 vttbr)
{
	bool target = cpu.switching;

	cpu.switching = false;
	if (target && s2_fake.seed == S2_FAKE_DROP_SWITCH)
		return;
	if (target && s2_fake.seed == S2_FAKE_WRONG_VMID)
		vttbr += BIT(VMID_SHIFT);
	record((struct s2_fake_op){S2_FAKE_VTTBR, NULL, cpu.vttbr, vttbr, NULL});
	cpu.vttbr = vttbr;
	cpu.synchronized = false;
}

u64 s2_fake_read_id_aa64isar0_el1(void)
{
	return s2_fake_machine.has_range ? 2ULL << 56 /* TLB: FEAT_TLBIRANGE */ : 0;
}

static bool flush_reaches(const u64 *entry)
{
	for (u32 i = 0; i < nr_vms; i++)
		if ((uintptr_t)entry >= vms[i].start && (uintptr_t)entry < vms[i].end)
			return vms[i].vttbr >> VMID_SHIFT == cpu.vttbr >> VMID_SHIFT;
	return true;
}

void s2_fake_tlbi(const char *what)
{
	bool stage1 = !strcmp(what, "vmalle1is");

	if (s2_fake.seed == S2_FAKE_DROP_FLUSH || (stage1 && s2_fake.seed == S2_FAKE_NO_COMBINED))
		return;
	if (s2_fake.seed == S2_FAKE_THIS_CPU_ONLY)
		what = stage1 ? "vmalle1" : "vmalls12e1";
	record((struct s2_fake_op){S2_FAKE_FLUSH, NULL, 0, cpu.vttbr, what});
	if ((strcmp(what, "vmalls12e1is") && strcmp(what, "vmalle1is")) || !cpu.synchronized)
		return;
	for (u32 i = 0; i < nr_broken; i++)
		if (broken[i].progress >= (stage1 ? RANGE_DONE : PUBLISHED) &&
		    flush_reaches(broken[i].entry))
			broken[i].progress = INVALIDATED;
}

struct range {
	u64 start, end;
};

/* By the manual, not by tlb_range.h, which it is to check. */
static struct range range_of(u64 operand)
{
	u64 start = FIELD(operand, 36, 0) << 12;
	u64 size = (FIELD(operand, 43, 39) + 1) << (5 * FIELD(operand, 45, 44) + 1 + 12);

	return (struct range){start, FIELD(operand, 47, 46) == 1 ? start + size : start};
}

/* Does all that entry translates, found by the way down from table, lie in the range? */
static bool covers(struct range range, const u64 *table, u32 level, u64 base, const u64 *entry)
{
	u64 size = s2_level_size(level), end = level == 1 ? range.end : base + 512 * size;

	for (u64 at = max_u64(ALIGN_DOWN(range.start, size), base); at < min_u64(range.end, end);
	     at += size) {
		const u64 *there = &table[(at - base) / size];

		if (there == entry)
			return range.start <= at && at + size <= range.end;
		if (s2_pte_is_table(*there, level) &&
		    covers(range, pa_to_ptr(s2_pte_addr(*there)), level + 1, at, entry))
			return true;
	}
	return false;
}

void s2_fake_tlbi_operand(const char *what, u64 operand)
{
	const u64 *root = pa_to_ptr(s2_pte_addr(cpu.vttbr));

	if (s2_fake.seed == S2_FAKE_DROP_FLUSH)
		return;
	if (s2_fake.seed == S2_FAKE_THIS_CPU_ONLY)
		what = "ripas2e1";
	if (s2_fake.seed == S2_FAKE_RANGE_BEHIND)
		operand += (range_of(operand).end - range_of(operand).start) / PAGE_SIZE;
	if (s2_fake.seed == S2_FAKE_RANGE_SHORT)
		operand -= 1ULL << TLBI_RANGE_NUM_SHIFT;
	record((struct s2_fake_op){S2_FAKE_FLUSH, NULL, 0, operand, what});
	cpu.range_sent = true;
	/* By single IPAs nothing here flushes: observed, and never enough. */
	if (strcmp(what, "ripas2e1is") || !cpu.synchronized)
		return;
	for (u32 i = 0; i < nr_broken; i++)
		if (broken[i].progress == PUBLISHED && flush_reaches(broken[i].entry) &&
		    covers(range_of(operand), root, 1, 0, broken[i].entry))
			broken[i].progress = RANGE_SENT;
}

void s2_fake_check_quiet(void)
{
	if (nr_broken)
		fault("an entry was broken and never flushed", broken[0].entry);
	if (unpublished)
		fault("a write was never published", NULL);
}

/* The instructions of tlb_steps.h, in place of hyp/cpu/barrier.h and sysreg.h. */
#define dsb(what) s2_fake_dsb(#what)
#define isb() s2_fake_isb()
#define tlbi(what) s2_fake_tlbi(#what)
#define tlbi_operand(what, operand) s2_fake_tlbi_operand(#what, operand)
#define S2_TLBI_TIMES s2_fake_machine.tlbi_times
#define read_sysreg(name) s2_fake_read_##name()
#define write_sysreg(name, value) s2_fake_write_##name(value)
#include "stage2/tlb_steps.h"
