/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host twin of tlb.c: records every descriptor write, publish and flush, and checks the
 * break-before-make rule as they come. An entry that was valid and became invalid is "broken": a TLB
 * may hold what it said until a publish and then a flush of its VMID were made.
 *
 * Faults, each of which panics (or is counted, with s2_fake.tolerant set):
 *  - a valid entry replaced by another valid one;
 *  - a valid entry written to a broken one;
 *  - by s2_fake_check_quiet(), at the end of an operation: an entry still broken, or a write that no
 *    publish followed.
 */
#ifndef STAGE2_TLB_FAKE_H
#define STAGE2_TLB_FAKE_H

#include "hyp/lib/types.h"

#define S2_FAKE_LOG 4096
#define S2_FAKE_VMS 16
#define S2_FAKE_BROKEN (1u << 18)

enum s2_fake_kind {
	S2_FAKE_WRITE,
	S2_FAKE_PUBLISH,
	S2_FAKE_FLUSH
};

struct s2_fake_op {
	enum s2_fake_kind kind;
	u64 *entry; /* S2_FAKE_WRITE */
	u64 old, value; /* S2_FAKE_WRITE; value: VTTBR of an S2_FAKE_FLUSH */
};

/* What tlb.c's caller forgets, on purpose: proves that the checker sees it. */
enum s2_fake_seed {
	S2_FAKE_NO_FAULT,
	S2_FAKE_DROP_PUBLISH,
	S2_FAKE_DROP_FLUSH,
	S2_FAKE_WRONG_VMID,
};

struct s2_fake {
	struct s2_fake_op log[S2_FAKE_LOG]; /* the first ones since s2_fake_reset() */
	u64 nr_ops[3]; /* by enum s2_fake_kind */
	u64 nr_log; /* how many of the log are filled */
	u64 nr_faults;
	bool tolerant;
	enum s2_fake_seed seed;
};

extern struct s2_fake s2_fake;

/* Forgets log, counts, faults, seed and known VMs. */
void s2_fake_reset(void);

/* Forgets log and counts only, between the steps of a test. */
void s2_fake_restart_log(void);

/* Tables in [pool, pool + size) belong to vttbr. Entries of no known VM take any VMID's flush. */
void s2_fake_know(const void *pool, size_t size, u64 vttbr);

void s2_fake_check_quiet(void);

#endif
