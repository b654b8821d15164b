/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the hypervisor does in one piece under ledger->lock, function by function as hyp/lend has
 * it (docs/model.md). To be used in a d_step. Faults to be seeded are FAULT_*.
 */

hidden mtype rl_to;
hidden byte gr_l, hb_v, hb_s, hb_l, wd_v, wd_s, ta_b;
hidden byte rt_b, rt_n, rt_i, rl_b, ld_i, ld_s, ld_l, rc_i;

inline pool_put(bb)
{
	blk[bb].state = FREE;
	blk[bb].next = FREE;
	blk[bb].owner = POOL;
	blk[bb].holder = POOL;
	blk[bb].oslot = 0;
	blk[bb].hslot = 0;
	blk[bb].loan = NONE;
	blk[bb].own_data = 0
}

/* One block less is out. */
inline loan_less(ll)
{
	loan[ll].out--;
	if
	:: loan[ll].out == 0 ->
		loan[ll].in_use = 0;
		loan[ll].recalled = 0;
		loan[ll].offer_read = 0;
		loan[ll].revocable = 0;
		loan[ll].keep = 0;
		loan[ll].donate = 0;
		loan[ll].owner = 0;
		loan[ll].timer = NO_DEADLINE
	:: else
	fi
}

/* The slot has nothing to do with a loan any more. */
inline slot_move_off_loan(vv, ss, to)
{
	SLOT(vv, ss).state = to;
	SLOT(vv, ss).loan = NONE;
	SLOT(vv, ss).recalled = 0
}

inline block_scrub(bb, to, kept)
{
	blk[bb].state = SCRUBBING;
	blk[bb].next = to;
	blk[bb].claimed = 0;
	blk[bb].done = 0;
	if
	:: kept -> blk[bb].clean_only = 1; blk[bb].own_data = 1
	:: else
	fi;
	SLOT(blk[bb].holder, blk[bb].hslot).busy = 1
}

/*
 * The block becomes the VM's to use. From then on it holds that VM's data all over, for all we
 * know. A donated block changes its owner here.
 */
inline grant(vv, ss, bb)
{
	gr_l = blk[bb].loan;
	/* Rules 1 and 2 of lending.md, at the only place where they can be broken. */
	assert(blk[bb].sees == 0);
	assert(blk[bb].left == 0 || blk[bb].stain == vv ||
	       (blk[bb].stain == blk[bb].owner && gr_l != NONE && loan[gr_l].keep));
	blk[bb].sees = blk[bb].sees | (1 << vv);
	blk[bb].stain = vv;
	blk[bb].left = ALL;
	blk[bb].next = FREE;
	blk[bb].dirty = 1;
	blk[bb].own_data = 0;
	blk[bb].holder = vv;
	blk[bb].hslot = ss;
	if
	:: gr_l != NONE && loan[gr_l].donate ->
#ifndef FAULT_DONATE_TWICE
		slot_move_off_loan(blk[bb].owner, blk[bb].oslot, EMPTY);
		SLOT(blk[bb].owner, blk[bb].oslot).block = NONE;
#endif
		loan_less(gr_l);
		blk[bb].loan = NONE;
		blk[bb].owner = vv;
		blk[bb].oslot = ss;
		blk[bb].state = HELD;
		slot_move_off_loan(vv, ss, HELD)
	:: gr_l != NONE && !loan[gr_l].donate ->
		blk[bb].state = BORROWED;
		SLOT(vv, ss).state = BORROWED
	:: else ->
		blk[bb].state = HELD;
		SLOT(vv, ss).state = HELD
	fi
}

/* The block is back with its owner. */
inline loan_block_back(bb, tell)
{
	hb_v = blk[bb].owner;
	hb_s = blk[bb].oslot;
	hb_l = blk[bb].loan;
	blk[bb].holder = POOL;
	blk[bb].hslot = 0;
	blk[bb].loan = NONE;
	slot_move_off_loan(hb_v, hb_s, STANDBY);
#ifndef FAULT_FORGET_RETURNED
	if
	:: tell -> note(hb_v, hb_s, EV_RETURNED)
	:: else
	fi;
#endif
	loan_less(hb_l)
}

/*
 * An OFFERED block, or one on its way to or from the borrower's offer, goes back. Its owner is told
 * when this is the borrower's doing; else the borrower, if it has read of the offer.
 */
inline loan_withdraw(bb, by_borrower)
{
	wd_v = blk[bb].holder;
	wd_s = blk[bb].hslot;
	if
	:: !by_borrower && loan[blk[bb].loan].offer_read -> note(wd_v, wd_s, EV_RECALL)
	:: else
	fi;
	slot_move_off_loan(wd_v, wd_s, EMPTY);
	if
	:: blk[bb].state == SCRUBBING -> blk[bb].next = STANDBY
	:: else ->
		blk[bb].state = STANDBY;
		SLOT(wd_v, wd_s).block = NONE;
		loan_block_back(bb, by_borrower)
	fi
}

/* The last chunk is done. */
inline block_arrive(bb)
{
	blk[bb].claimed = 0;
	blk[bb].done = 0;
	if
	:: blk[bb].clean_only -> blk[bb].clean_only = 0
	:: else -> blk[bb].dirty = 0; blk[bb].own_data = 0
	fi;
	SLOT(blk[bb].holder, blk[bb].hslot).busy = 0;
	if
	:: blk[bb].next == HELD || blk[bb].next == BORROWED ->
		grant(blk[bb].holder, blk[bb].hslot, bb)
	:: blk[bb].next == OFFERED -> blk[bb].state = OFFERED; blk[bb].next = FREE
	:: blk[bb].next == STANDBY ->
		blk[bb].state = STANDBY;
		blk[bb].next = FREE;
		if
		:: blk[bb].holder != blk[bb].owner ->
			SLOT(blk[bb].holder, blk[bb].hslot).block = NONE;
			loan_block_back(bb, 1)
		:: else -> blk[bb].holder = POOL; blk[bb].hslot = 0
		fi
	:: blk[bb].next == FREE ->
		SLOT(blk[bb].holder, blk[bb].hslot).block = NONE;
		pool_put(bb)
	fi
}

inline scrub_claim(bb, mine, chunk)
{
	mine = bb;
	chunk = blk[bb].claimed;
	blk[bb].claimed++;
#ifdef FAULT_ARRIVE_WHEN_CLAIMED
	if
	:: blk[bb].claimed == NCHUNK -> block_arrive(bb)
	:: else
	fi
#endif
}

/* Whoever claimed a chunk zeroes it at some time up to here. */
inline scrub_finish(mine, chunk)
{
	assert(blk[mine].state == SCRUBBING && blk[mine].sees == 0);
	if
	:: blk[mine].clean_only
#ifdef FAULT_FIRST_CHUNK_ONLY
	:: !blk[mine].clean_only && chunk > 0
#endif
	:: else ->
		blk[mine].left = blk[mine].left & ~(1 << chunk);
		if
		:: blk[mine].left == 0 -> blk[mine].stain = FOREIGN
		:: else
		fi
	fi;
	blk[mine].done++;
	if
	:: blk[mine].done == NCHUNK -> block_arrive(mine)
	:: else
	fi;
	mine = NONE;
	chunk = 0
}

/* The holder's slot loses its block, which goes off to another state. */
inline slot_take_away(vv, ss, to, kept)
{
	ta_b = SLOT(vv, ss).block;
#ifndef FAULT_NO_UNMAP
	blk[ta_b].sees = blk[ta_b].sees & ~(1 << vv);
#endif
	if
	:: kept -> blk[ta_b].stain = blk[ta_b].owner /* handed over */
	:: else
	fi;
	if
	:: to == OFFERED -> SLOT(vv, ss).state = OFFERED
	:: to != OFFERED && (IS_OWN(vv, ss) || IS_PROMISE(vv, ss)) ->
		slot_move_off_loan(vv, ss, STANDBY);
		SLOT(vv, ss).events = 0
	:: else ->
		slot_move_off_loan(vv, ss, EMPTY);
		SLOT(vv, ss).events = 0
	fi;
	block_scrub(ta_b, to, kept);
#ifdef FAULT_NO_SCRUB
	blk[ta_b].clean_only = 0;
	block_arrive(ta_b)
#endif
}
