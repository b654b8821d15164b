/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scrubbing: a block's way from one VM to the next, in chunks, with no lock held while a chunk is
 * zeroed and interrupts looked at between chunks. Any number of CPUs may work on one block: each claims
 * chunks under ledger->lock, and whoever finishes the last one lets the block arrive.
 */
#ifndef HYP_LEND_SCRUB_H
#define HYP_LEND_SCRUB_H

#include "hyp/lend/ledger.h"

/* Bytes zeroed between two looks at the interrupts: about 13,000 instructions. */
#define SCRUB_CHUNK KIB(256)

/* At most one chunk of block. WAIT: other CPUs have the rest, and each is busy with one chunk only. */
enum scrub_step {
	SCRUB_OVER, /* it is not SCRUBBING any longer */
	SCRUB_DID,
	SCRUB_WAIT,
};
enum scrub_step lend_scrub_step(struct ledger *l, u32 block);

/*
 * Works on block until it is no longer SCRUBBING (true), or an interrupt is pending (false); does at
 * least one chunk where one is left. Caller holds no lock.
 */
bool lend_scrub(struct ledger *l, u32 block);

/*
 * At most one chunk of what waits on vm's busy list, whoever began it; false: nothing does. For those
 * who finish what others began and left. Caller holds no lock.
 */
bool lend_scrub_some(struct ledger *l, struct lend_vm *vm);

#endif
