/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/lend/scrub.h"

static void scrub_chunk(const struct ledger *l, paddr_t pa, bool clean_only)
{
	if (clean_only)
		l->host->clean(pa, SCRUB_CHUNK);
	else
		l->host->zero(pa, SCRUB_CHUNK);
}

/* One chunk, if one is left to claim. False: the block is not SCRUBBING any more. */
static bool scrub_step(struct ledger *l, struct block *b)
{
	u32 nr_chunks = (u32)(l->block_size / SCRUB_CHUNK);
	bool clean_only, claimed, more;
	paddr_t pa;

	ledger_lock(l);
	if (b->state != BLOCK_SCRUBBING) {
		ledger_unlock(l);
		return false;
	}
	claimed = b->scrub_claimed < nr_chunks;
	pa = PADDR(b->pa.pa + b->scrub_claimed * SCRUB_CHUNK);
	clean_only = b->flags & BLOCK_CLEAN_ONLY;
	b->scrub_claimed += claimed;
	ledger_unlock(l);
	if (!claimed)
		return true; /* others have the rest, and each is busy with one chunk only */

	/* A claimed chunk keeps the block SCRUBBING, whatever happens to the VMs meanwhile. */
	scrub_chunk(l, pa, clean_only);
	ledger_lock(l);
	more = ++b->scrub_done < nr_chunks;
	if (!more)
		block_arrive(l, b);
	ledger_unlock(l);
	return more;
}

bool lend_scrub(struct ledger *l, u32 block)
{
	while (scrub_step(l, &l->blocks[block]))
		if (l->host->interrupt_pending())
			return false;
	return true;
}
