/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls of lending.md §3 as steps on one slot, each with the condition under which it changes
 * anything: one that fails or changes nothing is no step. A caller that is interrupted leaves
 * after any step or chunk and need not come back, so that a long call is any number of steps and
 * chunks.
 */

#define CAN_RETRIEVE(vv, ss) \
	(!SLOT(vv, ss).busy && \
	 (SLOT(vv, ss).state == STANDBY || \
	  (SLOT(vv, ss).state == OFFERED && !loan[SLOT(vv, ss).loan].recalled)))

/* Would the VM see contents that are not its own and that nobody meant it to see? */
#ifdef FAULT_NO_SCRUB_ON_RETRIEVE
#define MUST_SCRUB(vv, bb) false
#else
#define MUST_SCRUB(vv, bb) \
	(blk[bb].dirty && (!blk[bb].own_data || \
			  (blk[bb].owner != vv && \
			   (blk[bb].loan == NONE || !loan[blk[bb].loan].keep))))
#endif

/* Takes from the pool for a promise, within quota and stock. */
inline reserve(vv, ss)
{
	rt_b = NONE;
	rt_n = 0;
	for (rt_i : 0 .. NB - 1) {
		if
		:: blk[rt_i].owner == POOL && blk[rt_i].holder == vv -> rt_n++
		:: blk[rt_i].state == FREE && rt_b == NONE -> rt_b = rt_i
		:: else
		fi
	}
	if
	:: rt_n >= QUOTA -> rt_b = NONE
	:: else
	fi;
	if
	:: rt_b != NONE -> SLOT(vv, ss).block = rt_b
	:: else
	fi
}

inline retrieve(vv, ss)
{
	rt_b = SLOT(vv, ss).block;
	if
	:: rt_b == NONE -> reserve(vv, ss)
	:: else
	fi;
	if
	:: rt_b != NONE ->
		blk[rt_b].holder = vv;
		blk[rt_b].hslot = ss;
		if
		:: MUST_SCRUB(vv, rt_b) ->
			block_scrub(rt_b, (SLOT(vv, ss).state == OFFERED -> BORROWED : HELD), 0)
		:: else -> grant(vv, ss, rt_b)
		fi
	:: else
	fi
}

#define CAN_RELINQUISH(vv, ss) \
	(SLOT(vv, ss).state == REVOKED || \
	 (!SLOT(vv, ss).busy && (SLOT(vv, ss).state == HELD || SLOT(vv, ss).state == BORROWED)))
#define CAN_KEEP(vv, ss) \
	((SLOT(vv, ss).state == HELD && IS_OWN(vv, ss)) || \
	 (SLOT(vv, ss).state == BORROWED && loan[SLOT(vv, ss).loan].keep))

inline relinquish(vv, ss, kept, keep_offer)
{
	rl_b = SLOT(vv, ss).block;
	if
	:: SLOT(vv, ss).state == REVOKED ->
		slot_move_off_loan(vv, ss, EMPTY);
		SLOT(vv, ss).events = 0
	:: else ->
		rl_to = STANDBY;
		if
		:: blk[rl_b].owner == POOL -> rl_to = FREE
		:: keep_offer && !loan[SLOT(vv, ss).loan].recalled -> rl_to = OFFERED
		:: else
		fi;
		slot_take_away(vv, ss, rl_to, kept)
	fi
}

#define CAN_REFUSE(vv, ss) (SLOT(vv, ss).state == OFFERED)

inline refuse(vv, ss)
{
	rl_b = SLOT(vv, ss).block;
	SLOT(vv, ss).events = 0;
	loan_withdraw(rl_b, 1)
}

/* With NS <= 2, n slots in a row of the borrower are the first empty one, or both. */
#define IS_EMPTY(vv, ss) (SLOT(vv, ss).state == EMPTY && !SLOT(vv, ss).busy)
#ifdef FAULT_LEND_BUSY
#define CAN_LEND_SLOT(vv, ss) (SLOT(vv, ss).state == STANDBY && IS_OWN(vv, ss))
#else
#define CAN_LEND_SLOT(vv, ss) \
	(SLOT(vv, ss).state == STANDBY && !SLOT(vv, ss).busy && IS_OWN(vv, ss))
#endif
#if NS == 1
#define HAS_EMPTY(vv) IS_EMPTY(vv, 0)
#define HAS_EMPTY_PAIR(vv) false
#define OFFER_UNREAD(vv) (SLOT(vv, 0).events & EV_OFFER)
#else
#define HAS_EMPTY(vv) (IS_EMPTY(vv, 0) || IS_EMPTY(vv, 1))
#define HAS_EMPTY_PAIR(vv) (IS_EMPTY(vv, 0) && IS_EMPTY(vv, 1))
#define OFFER_UNREAD(vv) ((SLOT(vv, 0).events | SLOT(vv, 1).events) & EV_OFFER)
#endif
#define MAY_LEND(vv) (IS_RUNNING(PEER(vv)) && !OFFER_UNREAD(PEER(vv)))
#define CAN_LEND(vv, ss) (MAY_LEND(vv) && CAN_LEND_SLOT(vv, ss) && HAS_EMPTY(PEER(vv)))
#define CAN_LEND_PAIR(vv) \
	(MAY_LEND(vv) && CAN_LEND_SLOT(vv, 0) && CAN_LEND_SLOT(vv, 1) && HAS_EMPTY_PAIR(PEER(vv)))

/* LEND and DONATE of nn slots from ss on. */
inline lend(vv, ss, nn, is_revocable, is_kept, is_donation)
{
	ld_l = 0;
	do
	:: loan[ld_l].in_use -> ld_l++
	:: else -> break
	od;
	loan[ld_l].in_use = 1;
	loan[ld_l].owner = vv;
	loan[ld_l].out = nn;
	loan[ld_l].revocable = is_revocable;
	loan[ld_l].keep = is_kept;
	loan[ld_l].donate = is_donation;
	ld_s = 0;
	do
	:: !IS_EMPTY(PEER(vv), ld_s) -> ld_s++
	:: else -> break
	od;
	for (ld_i : 0 .. nn - 1) {
		SLOT(vv, ss + ld_i).state = LENT;
		SLOT(vv, ss + ld_i).loan = ld_l;
		SLOT(vv, ss + ld_i).events = 0;
		SLOT(PEER(vv), ld_s + ld_i).state = OFFERED;
		SLOT(PEER(vv), ld_s + ld_i).events = 0;
		SLOT(PEER(vv), ld_s + ld_i).loan = ld_l;
		SLOT(PEER(vv), ld_s + ld_i).block = SLOT(vv, ss + ld_i).block;
		blk[SLOT(vv, ss + ld_i).block].state = OFFERED;
		blk[SLOT(vv, ss + ld_i).block].holder = PEER(vv);
		blk[SLOT(vv, ss + ld_i).block].hslot = ld_s + ld_i;
		blk[SLOT(vv, ss + ld_i).block].loan = ld_l
	}
	note(PEER(vv), ld_s, EV_OFFER)
}

#define CAN_RECLAIM(vv, ll) (loan[ll].in_use && loan[ll].owner == (vv))

/* A repeat never shortens the deadline; none at all is the longest. */
inline set_deadline(ll, has_deadline)
{
	if
	:: loan[ll].recalled && loan[ll].timer == EXPIRED -> skip
	:: !(loan[ll].recalled && loan[ll].timer == EXPIRED) &&
	   (!has_deadline || (loan[ll].recalled && loan[ll].timer == NO_DEADLINE)) ->
		loan[ll].timer = NO_DEADLINE
	:: else -> loan[ll].timer = RUNNING
	fi
}

#ifdef FAULT_RECALLED_OFFER_STAYS
#define TURNS_BACK(bb) (blk[bb].state == SCRUBBING && blk[bb].next != STANDBY)
#else
#define TURNS_BACK(bb) \
	(blk[bb].state == OFFERED || (blk[bb].state == SCRUBBING && blk[bb].next != STANDBY))
#endif

/* Under a hold of its own: the borrower may retrieve what is recalled before its slot is looked at. */
inline recall(ll, has_deadline)
{
	set_deadline(ll, has_deadline);
	loan[ll].recalled = 1
}

#define CAN_RECALL_SLOT(vv, bb) \
	(blk[bb].loan != NONE && blk[bb].owner == (vv) && loan[blk[bb].loan].recalled && \
	 (TURNS_BACK(bb) || \
	  (blk[bb].state == BORROWED && !SLOT(blk[bb].holder, blk[bb].hslot).recalled)))

inline recall_slot(bb)
{
	SLOT(blk[bb].owner, blk[bb].oslot).recalled = 1;
	if
	:: blk[bb].state == BORROWED ->
		SLOT(blk[bb].holder, blk[bb].hslot).recalled = 1;
		note(blk[bb].holder, blk[bb].hslot, EV_RECALL);
#ifndef FAULT_EXPIRED_BEFORE_RECALLED
		if
		:: loan[blk[bb].loan].timer == EXPIRED -> /* nobody was told of this block */
			note(blk[bb].owner, blk[bb].oslot, EV_EXPIRED);
			note(blk[bb].holder, blk[bb].hslot, EV_EXPIRED)
		:: else
		fi
#endif
	:: else -> loan_withdraw(bb, 0)
	fi
}

/* Time passes the deadline. */
#define CAN_EXPIRE(ll) (loan[ll].recalled && loan[ll].timer == RUNNING)

inline expire(ll)
{
	loan[ll].timer = EXPIRED;
#if defined(EVENTS) && !defined(FAULT_FORGET_EXPIRED)
	for (rc_i : 0 .. NB - 1) {
		if
		:: blk[rc_i].loan == ll && blk[rc_i].state == BORROWED ->
			note(blk[rc_i].owner, blk[rc_i].oslot, EV_EXPIRED);
			note(blk[rc_i].holder, blk[rc_i].hslot, EV_EXPIRED)
		:: else
		fi
	}
#endif
	skip
}

#ifdef FAULT_REVOKE_EARLY
#define REVOCABLE(ll) (loan[ll].revocable && loan[ll].recalled)
#else
#define REVOCABLE(ll) (loan[ll].revocable && loan[ll].recalled && loan[ll].timer == EXPIRED)
#endif
#define CAN_REVOKE(vv, bb) \
	(blk[bb].state == BORROWED && blk[bb].owner == (vv) && REVOCABLE(blk[bb].loan))

inline revoke(bb)
{
	assert(loan[blk[bb].loan].timer == EXPIRED);
	slot_move_off_loan(blk[bb].holder, blk[bb].hslot, REVOKED);
	SLOT(blk[bb].holder, blk[bb].hslot).events = 0;
	note(blk[bb].holder, blk[bb].hslot, EV_REVOKED);
#ifndef FAULT_REVOKE_NO_UNMAP
	blk[bb].sees = blk[bb].sees & ~(1 << blk[bb].holder);
#endif
	block_scrub(bb, STANDBY, 0);
#ifdef FAULT_REVOKE_NO_SCRUB
	block_arrive(bb)
#endif
}
