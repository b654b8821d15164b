/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host twin of tlb.c: the same tlb_steps.h, on instructions that record themselves, and a checker of the
 * break-before-make rule as they come. An entry that was valid and became invalid is "broken": a TLB
 * may hold what it said until a DSB, a TLBI of its VMID on all CPUs, and a DSB for that one were made. The
 * TLBI is that of all its entries, or one by range that covers the entry, a DSB, and that of stage-1.
 *
 * Faults, each of which panics (or is counted, with s2_fake.tolerant set):
 *  - a valid entry replaced by another valid one;
 *  - a valid entry written to a broken one;
 *  - by s2_fake_check_quiet(), at the end of an operation: an entry still broken, or a write that no
 *    DSB followed.
 */
#ifndef STAGE2_TLB_FAKE_H
#define STAGE2_TLB_FAKE_H

#include "hyp/lib/types.h"

#define S2_FAKE_LOG 4096
#define S2_FAKE_VMS 16
#define S2_FAKE_BROKEN (1u << 18)

enum s2_fake_kind {
	S2_FAKE_WRITE,
	S2_FAKE_PUBLISH, /* DSB for stores */
	S2_FAKE_FLUSH, /* TLBI */
	S2_FAKE_DSB, /* for loads and stores */
	S2_FAKE_ISB,
	S2_FAKE_VTTBR, /* a write of VTTBR_EL2 */
	S2_FAKE_NR_KINDS
};

struct s2_fake_op {
	enum s2_fake_kind kind;
	u64 *entry; /* S2_FAKE_WRITE */
	u64 old,
		value; /* WRITE; value: what VTTBR_EL2 becomes, VTTBR_EL2 at a FLUSH by VMID, or its operand */
	const char *what; /* of PUBLISH, DSB and FLUSH: "ishst", "vmalls12e1is" */
};

/* What tlb.c or its caller forgets, on purpose: proves that a checker sees it. */
enum s2_fake_seed {
	S2_FAKE_NO_FAULT,
	S2_FAKE_DROP_BREAK, /* entries are not made invalid first */
	S2_FAKE_DROP_PUBLISH,
	S2_FAKE_DROP_SWITCH, /* TLBI for the VM that runs here */
	S2_FAKE_DROP_ISB,
	S2_FAKE_DROP_FLUSH,
	S2_FAKE_DROP_DSB,
	S2_FAKE_WRONG_VMID,
	S2_FAKE_THIS_CPU_ONLY,
	S2_FAKE_RANGE_BEHIND, /* TLBI by range for what lies behind the range */
	S2_FAKE_RANGE_SHORT, /* ... for all but its end */
	S2_FAKE_NO_COMBINED, /* no TLBI of stage-1 after those by range */
	S2_FAKE_NO_DSB_BETWEEN,
};

struct s2_fake {
	struct s2_fake_op log[S2_FAKE_LOG]; /* the first ones since s2_fake_reset() */
	u64 nr_ops[S2_FAKE_NR_KINDS];
	u64 nr_log; /* how many of the log are filled */
	u64 nr_faults;
	bool tolerant;
	enum s2_fake_seed seed;
};

extern struct s2_fake s2_fake;

/* What stands here for the CPU and for a build option; not forgotten by s2_fake_reset(). */
struct s2_fake_machine {
	bool has_range; /* FEAT_TLBIRANGE */
	u32 tlbi_times; /* S2_TLBI_TIMES */
};

extern struct s2_fake_machine s2_fake_machine;

/* Who else wants to know; set once and not forgotten by s2_fake_reset(). */
struct s2_fake_observer {
	void (*op)(const struct s2_fake_op *op); /* before it takes effect */
	void (*reset)(void);
};

extern struct s2_fake_observer s2_fake_observer;

/* Forgets log, counts, faults, seed and known VMs. */
void s2_fake_reset(void);

/* Forgets log and counts only, between the steps of a test. */
void s2_fake_restart_log(void);

/* Tables in [pool, pool + size) belong to vttbr. Entries of no known VM take any VMID's flush. */
void s2_fake_know(const void *pool, size_t size, u64 vttbr);

void s2_fake_check_quiet(void);

/* One descriptor, as s2_write_entries() writes each. */
void s2_fake_write(u64 *entry, u64 value);

/* The instructions. what: their operand's name as in the manual. */
void s2_fake_dsb(const char *what);
void s2_fake_isb(void);
u64 s2_fake_read_id_aa64isar0_el1(void);
u64 s2_fake_read_vttbr_el2(void);
void s2_fake_write_vttbr_el2(u64 vttbr);
void s2_fake_tlbi(const char *what); /* by the VMID in VTTBR_EL2, all of it */
void s2_fake_tlbi_operand(const char *what, u64 operand);

#endif
