/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/lend/scrub.h"

enum scrub_step lend_scrub_step(struct ledger *l, u32 block)
{
	struct block *b = &l->blocks[block];
	enum scrub_step step;
	bool clean_only;
	paddr_t pa;

	ledger_lock(l);
	step = b->state != BLOCK_SCRUBBING        ? SCRUB_OVER
	       : b->scrub_claimed == l->nr_chunks ? SCRUB_WAIT
						  : SCRUB_DID;
	pa = PADDR(b->pa.pa + b->scrub_claimed * SCRUB_CHUNK);
	clean_only = b->flags & BLOCK_CLEAN_ONLY;
	b->scrub_claimed += step == SCRUB_DID;
	ledger_unlock(l);
	if (step != SCRUB_DID)
		return step;

	/* A claimed chunk keeps the block SCRUBBING, whatever happens to the VMs meanwhile. */
	if (clean_only)
		l->host->clean(pa, SCRUB_CHUNK);
	else
		l->host->zero(pa, SCRUB_CHUNK);
	ledger_lock(l);
	if (++b->scrub_done == l->nr_chunks) {
		block_arrive(l, b);
		step = SCRUB_OVER;
	}
	ledger_unlock(l);
	return step;
}

bool lend_scrub(struct ledger *l, u32 block)
{
	while (lend_scrub_step(l, block) != SCRUB_OVER)
		if (l->host->interrupt_pending())
			return false;
	return true;
}

bool lend_scrub_some(struct ledger *l, struct lend_vm *vm)
{
	u32 block = __atomic_load_n(&vm->busy_head, __ATOMIC_RELAXED);

	if (block == LEND_NONE)
		return false;
	lend_scrub_step(l, block);
	return true;
}
