// SPDX-License-Identifier: BSD-2-Clause
/* Recording twin of tlb.c for the host, with a checker for break-before-make. */
#include "hyp/lib/assert.h"
#include "stage2/pte.h"
#include "stage2/tlb.h"
#include "stage2/tlb_fake.h"

#define VMID_SHIFT 48

struct broken_entry {
	const u64 *entry;
	bool published;
};

static const struct s2_fake empty;
struct s2_fake s2_fake;

static struct {
	uintptr_t start, end;
	u64 vttbr;
} vms[S2_FAKE_VMS];
static u32 nr_vms;

static struct broken_entry broken[S2_FAKE_BROKEN];
static u32 nr_broken;
static bool unpublished;

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

	record((struct s2_fake_op){S2_FAKE_WRITE, entry, old, value});
	if (s2_pte_is_valid(old) && s2_pte_is_valid(value) && old != value)
		fault("valid entry replaced by a valid one", entry);
	if (s2_pte_is_valid(value) && is_broken(entry))
		fault("entry made valid before the flush for what it was", entry);
	if (s2_pte_is_valid(old) && !s2_pte_is_valid(value)) {
		assert(nr_broken < S2_FAKE_BROKEN);
		broken[nr_broken++] = (struct broken_entry){entry, false};
	}
	*entry = value;
	unpublished = true;
}

void s2_publish(void)
{
	if (s2_fake.seed == S2_FAKE_DROP_PUBLISH)
		return;
	record((struct s2_fake_op){S2_FAKE_PUBLISH, NULL, 0, 0});
	for (u32 i = 0; i < nr_broken; i++)
		broken[i].published = true;
	unpublished = false;
}

static bool flush_reaches(const u64 *entry, u64 vttbr)
{
	for (u32 i = 0; i < nr_vms; i++)
		if ((uintptr_t)entry >= vms[i].start && (uintptr_t)entry < vms[i].end)
			return vms[i].vttbr >> VMID_SHIFT == vttbr >> VMID_SHIFT;
	return true;
}

void s2_flush_vmid(u64 vttbr)
{
	u32 left = 0;

	if (s2_fake.seed == S2_FAKE_DROP_FLUSH)
		return;
	if (s2_fake.seed == S2_FAKE_WRONG_VMID)
		vttbr += BIT(VMID_SHIFT);
	record((struct s2_fake_op){S2_FAKE_FLUSH, NULL, 0, vttbr});
	for (u32 i = 0; i < nr_broken; i++)
		if (!broken[i].published || !flush_reaches(broken[i].entry, vttbr))
			broken[left++] = broken[i];
	nr_broken = left;
}

void s2_fake_check_quiet(void)
{
	if (nr_broken)
		fault("an entry was broken and never flushed", broken[0].entry);
	if (unpublished)
		fault("a write was never published", NULL);
}
