/* SPDX-License-Identifier: BSD-2-Clause */
/* Recording twin of tlb.c for the host, with a checker for break-before-make. */
#include "hyp/lib/assert.h"
#include "hyp/lib/string.h"
#include "stage2/pte.h"
#include "stage2/tlb_fake.h"

#define VMID_SHIFT 48

enum progress {
	WRITTEN,
	PUBLISHED,
	INVALIDATED, /* and forgotten at the DSB after it */
};

struct broken_entry {
	const u64 *entry;
	enum progress progress;
};

static const struct s2_fake empty;
struct s2_fake s2_fake;
struct s2_fake_observer s2_fake_observer;

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

void s2_write_entry(u64 *entry, u64 value)
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

void s2_fake_dsb(const char *what)
{
	bool stores_only = !strcmp(what, "ishst");
	u32 left = 0;

	if (s2_fake.seed == (stores_only ? S2_FAKE_DROP_PUBLISH : S2_FAKE_DROP_DSB))
		return;
	record((struct s2_fake_op){stores_only ? S2_FAKE_PUBLISH : S2_FAKE_DSB, NULL, 0, 0, what});
	for (u32 i = 0; i < nr_broken; i++) {
		if (broken[i].progress == INVALIDATED && !stores_only)
			continue;
		if (broken[i].progress == WRITTEN)
			broken[i].progress = PUBLISHED;
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

static bool flush_reaches(const u64 *entry)
{
	for (u32 i = 0; i < nr_vms; i++)
		if ((uintptr_t)entry >= vms[i].start && (uintptr_t)entry < vms[i].end)
			return vms[i].vttbr >> VMID_SHIFT == cpu.vttbr >> VMID_SHIFT;
	return true;
}

void s2_fake_tlbi(const char *what)
{
	if (s2_fake.seed == S2_FAKE_DROP_FLUSH)
		return;
	if (s2_fake.seed == S2_FAKE_THIS_CPU_ONLY)
		what = "vmalls12e1";
	record((struct s2_fake_op){S2_FAKE_FLUSH, NULL, 0, cpu.vttbr, what});
	if (strcmp(what, "vmalls12e1is") || !cpu.synchronized)
		return;
	for (u32 i = 0; i < nr_broken; i++)
		if (broken[i].progress == PUBLISHED && flush_reaches(broken[i].entry))
			broken[i].progress = INVALIDATED;
}

void s2_fake_tlbi_ipa(const char *what, u64 operand)
{
	record((struct s2_fake_op){S2_FAKE_FLUSH, NULL, 0, operand, what});
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
#define read_sysreg(name) s2_fake_read_##name()
#define write_sysreg(name, value) s2_fake_write_##name(value)
#include "stage2/tlb_steps.h"
