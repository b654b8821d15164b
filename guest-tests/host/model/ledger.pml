/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the hypervisor does in one piece under ledger->lock, function by function as hyp/lend has it
 * (docs/model.md). To be used in a d_step. Faults to be seeded are FAULT_*.
 */

hidden byte gr_l, hb_v, hb_s, hb_l, wd_v, wd_s, ta_b, rt_b, rt_n, rt_i, rl_b, ld_i, ld_s, ld_l, rc_i;

inline pool_put(b)
{
	blk[b].state = FREE;
	blk[b].next = FREE;
	blk[b].owner = POOL;
	blk[b].holder = POOL;
	blk[b].oslot = 0;
	blk[b].hslot = 0;
	blk[b].loan = NONE;
	blk[b].own_data = 0
}

/* One block less is out. */
inline loan_less(l)
{
	loan[l].out--;
	if
	:: loan[l].out == 0 ->
		loan[l].in_use = 0;
		loan[l].recalled = 0;
		loan[l].revocable = 0;
		loan[l].keep = 0;
		loan[l].donate = 0;
		loan[l].owner = 0;
		loan[l].timer = NO_DEADLINE
	:: else
	fi
}

/* The slot has nothing to do with a loan any more. */
inline slot_move_off_loan(v, s, to)
{
	SLOT(v, s).state = to;
	SLOT(v, s).loan = NONE;
	SLOT(v, s).recalled = 0
}

inline block_scrub(b, to, kept)
{
	blk[b].state = SCRUBBING;
	blk[b].next = to;
	blk[b].claimed = 0;
	blk[b].done = 0;
	if
	:: kept -> blk[b].clean_only = 1; blk[b].own_data = 1
	:: else
	fi;
	SLOT(blk[b].holder, blk[b].hslot).busy = 1
}

/*
 * The block becomes the VM's to use. From then on it holds that VM's data all over, for all we know. A
 * donated block changes its owner here.
 */
inline grant(v, s, b)
{
	gr_l = blk[b].loan;
	/* Rules 1 and 2 of lending.md, at the only place where they can be broken. */
	assert(blk[b].sees == 0);
	assert(blk[b].left == 0 || blk[b].stain == v ||
	       (blk[b].stain == blk[b].owner && gr_l != NONE && loan[gr_l].keep));
	blk[b].sees = blk[b].sees | (1 << v);
	blk[b].stain = v;
	blk[b].left = ALL;
	blk[b].next = FREE;
	blk[b].dirty = 1;
	blk[b].own_data = 0;
	blk[b].holder = v;
	blk[b].hslot = s;
	if
	:: gr_l != NONE && loan[gr_l].donate ->
#ifndef FAULT_DONATE_TWICE
		slot_move_off_loan(blk[b].owner, blk[b].oslot, EMPTY);
		SLOT(blk[b].owner, blk[b].oslot).block = NONE;
#endif
		loan_less(gr_l);
		blk[b].loan = NONE;
		blk[b].owner = v;
		blk[b].oslot = s;
		blk[b].state = HELD;
		slot_move_off_loan(v, s, HELD)
	:: gr_l != NONE && !loan[gr_l].donate ->
		blk[b].state = BORROWED;
		SLOT(v, s).state = BORROWED
	:: else ->
		blk[b].state = HELD;
		SLOT(v, s).state = HELD
	fi
}

/* The block is back with its owner. */
inline loan_block_back(b, tell)
{
	hb_v = blk[b].owner;
	hb_s = blk[b].oslot;
	hb_l = blk[b].loan;
	blk[b].holder = POOL;
	blk[b].hslot = 0;
	blk[b].loan = NONE;
	slot_move_off_loan(hb_v, hb_s, STANDBY);
#ifndef FAULT_FORGET_RETURNED
	if
	:: tell -> note(hb_v, hb_s, EV_RETURNED)
	:: else
	fi;
#endif
	loan_less(hb_l)
}

/* An OFFERED block, or one on its way to or from the borrower's offer, goes back. */
inline loan_withdraw(b, tell)
{
	wd_v = blk[b].holder;
	wd_s = blk[b].hslot;
	SLOT(wd_v, wd_s).events = 0;
	slot_move_off_loan(wd_v, wd_s, EMPTY);
	if
	:: blk[b].state == SCRUBBING -> blk[b].next = STANDBY
	:: else ->
		blk[b].state = STANDBY;
		SLOT(wd_v, wd_s).block = NONE;
		loan_block_back(b, tell)
	fi
}

/* The last chunk is done. */
inline block_arrive(b)
{
	blk[b].claimed = 0;
	blk[b].done = 0;
	if
	:: blk[b].clean_only -> blk[b].clean_only = 0
	:: else -> blk[b].dirty = 0; blk[b].own_data = 0
	fi;
	SLOT(blk[b].holder, blk[b].hslot).busy = 0;
	if
	:: blk[b].next == HELD || blk[b].next == BORROWED -> grant(blk[b].holder, blk[b].hslot, b)
	:: blk[b].next == OFFERED -> blk[b].state = OFFERED; blk[b].next = FREE
	:: blk[b].next == STANDBY ->
		blk[b].state = STANDBY;
		blk[b].next = FREE;
		if
		:: blk[b].holder != blk[b].owner ->
			SLOT(blk[b].holder, blk[b].hslot).block = NONE;
			loan_block_back(b, 1)
		:: else -> blk[b].holder = POOL; blk[b].hslot = 0
		fi
	:: blk[b].next == FREE ->
		SLOT(blk[b].holder, blk[b].hslot).block = NONE;
		pool_put(b)
	fi
}

inline scrub_claim(b, mine, chunk)
{
	mine = b;
	chunk = blk[b].claimed;
	blk[b].claimed++;
#ifdef FAULT_ARRIVE_WHEN_CLAIMED
	if
	:: blk[b].claimed == NCHUNK -> block_arrive(b)
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
inline slot_take_away(v, s, to, kept)
{
	ta_b = SLOT(v, s).block;
#ifndef FAULT_NO_UNMAP
	blk[ta_b].sees = blk[ta_b].sees & ~(1 << v);
#endif
	if
	:: kept -> blk[ta_b].stain = blk[ta_b].owner /* handed over */
	:: else
	fi;
	if
	:: to == OFFERED -> SLOT(v, s).state = OFFERED
	:: to != OFFERED && (IS_OWN(v, s) || IS_PROMISE(v, s)) ->
		slot_move_off_loan(v, s, STANDBY);
		SLOT(v, s).events = 0
	:: else ->
		slot_move_off_loan(v, s, EMPTY);
		SLOT(v, s).events = 0
	fi;
	block_scrub(ta_b, to, kept);
#ifdef FAULT_NO_SCRUB
	blk[ta_b].clean_only = 0;
	block_arrive(ta_b)
#endif
}
