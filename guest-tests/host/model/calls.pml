/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls of lending.md §3 as steps on one slot, each with the condition under which it changes
 * anything: one that fails or changes nothing is no step. A caller that is interrupted leaves after any
 * step or chunk and need not come back, so that a long call is any number of steps and chunks.
 */

#define CAN_RETRIEVE(v, s) \
	(!SLOT(v, s).busy && (SLOT(v, s).state == STANDBY || SLOT(v, s).state == OFFERED))

/* Would the VM see contents that are not its own and that nobody meant it to see? */
#define MUST_SCRUB(v, b) \
	(blk[b].dirty && (!blk[b].own_data || \
			  (blk[b].owner != v && (blk[b].loan == NONE || !loan[blk[b].loan].keep))))

/* Takes from the pool for a promise, within quota and stock. */
inline reserve(v, s)
{
	rt_b = NONE;
	rt_n = 0;
	for (rt_i : 0 .. NB - 1) {
		if
		:: blk[rt_i].owner == POOL && blk[rt_i].holder == v -> rt_n++
		:: blk[rt_i].state == FREE && rt_b == NONE -> rt_b = rt_i
		:: else
		fi
	}
	if
	:: rt_n >= QUOTA -> rt_b = NONE
	:: else
	fi;
	if
	:: rt_b != NONE -> SLOT(v, s).block = rt_b
	:: else
	fi
}

inline retrieve(v, s)
{
	rt_b = SLOT(v, s).block;
	if
	:: rt_b == NONE -> reserve(v, s)
	:: else
	fi;
	if
	:: rt_b != NONE ->
		blk[rt_b].holder = v;
		blk[rt_b].hslot = s;
#ifdef FAULT_NO_SCRUB_ON_RETRIEVE
		grant(v, s, rt_b)
#else
		if
		:: MUST_SCRUB(v, rt_b) && SLOT(v, s).state == OFFERED ->
			block_scrub(rt_b, BORROWED, 0)
		:: MUST_SCRUB(v, rt_b) && SLOT(v, s).state != OFFERED ->
			block_scrub(rt_b, HELD, 0)
		:: else -> grant(v, s, rt_b)
		fi
#endif
	:: else
	fi
}

#define CAN_RELINQUISH(v, s) \
	(!SLOT(v, s).busy && (SLOT(v, s).state == HELD || SLOT(v, s).state == BORROWED || \
			      SLOT(v, s).state == REVOKED))
#define CAN_KEEP(v, s) \
	((SLOT(v, s).state == HELD && IS_OWN(v, s)) || \
	 (SLOT(v, s).state == BORROWED && loan[SLOT(v, s).loan].keep))

inline relinquish(v, s, kept, keep_offer)
{
	rl_b = SLOT(v, s).block;
	if
	:: SLOT(v, s).state == REVOKED -> slot_move_off_loan(v, s, EMPTY); SLOT(v, s).events = 0
	:: SLOT(v, s).state == HELD && blk[rl_b].owner == POOL -> slot_take_away(v, s, FREE, 0)
	:: SLOT(v, s).state == HELD && blk[rl_b].owner != POOL ->
		slot_take_away(v, s, STANDBY, kept)
	:: SLOT(v, s).state == BORROWED ->
		if
		:: keep_offer && !loan[SLOT(v, s).loan].recalled ->
			slot_take_away(v, s, OFFERED, kept)
		:: else -> slot_take_away(v, s, STANDBY, kept)
		fi
	fi
}

#define CAN_REFUSE(v, s) (SLOT(v, s).state == OFFERED)

inline refuse(v, s)
{
	loan_withdraw(SLOT(v, s).block, 1)
}

/* With NS <= 2, n slots in a row of the borrower are the first empty one, or both. */
#define IS_EMPTY(v, s) (SLOT(v, s).state == EMPTY && !SLOT(v, s).busy)
#define CAN_LEND_SLOT(v, s) (SLOT(v, s).state == STANDBY && !SLOT(v, s).busy && IS_OWN(v, s))
#if NS == 1
#define HAS_EMPTY(v) IS_EMPTY(v, 0)
#define HAS_EMPTY_PAIR(v) false
#define OFFER_UNREAD(v) (SLOT(v, 0).events & EV_OFFER)
#else
#define HAS_EMPTY(v) (IS_EMPTY(v, 0) || IS_EMPTY(v, 1))
#define HAS_EMPTY_PAIR(v) (IS_EMPTY(v, 0) && IS_EMPTY(v, 1))
#define OFFER_UNREAD(v) ((SLOT(v, 0).events | SLOT(v, 1).events) & EV_OFFER)
#endif
#define MAY_LEND(v) (IS_RUNNING(PEER(v)) && !OFFER_UNREAD(PEER(v)))
#define CAN_LEND(v, s) (MAY_LEND(v) && CAN_LEND_SLOT(v, s) && HAS_EMPTY(PEER(v)))
#define CAN_LEND_PAIR(v) \
	(MAY_LEND(v) && CAN_LEND_SLOT(v, 0) && CAN_LEND_SLOT(v, 1) && HAS_EMPTY_PAIR(PEER(v)))

/* LEND and DONATE of n slots from s on. */
inline lend(v, s, n, is_revocable, is_kept, is_donation)
{
	ld_l = 0;
	do
	:: loan[ld_l].in_use -> ld_l++
	:: else -> break
	od;
	loan[ld_l].in_use = 1;
	loan[ld_l].owner = v;
	loan[ld_l].out = n;
	loan[ld_l].revocable = is_revocable;
	loan[ld_l].keep = is_kept;
	loan[ld_l].donate = is_donation;
	ld_s = 0;
	do
	:: !IS_EMPTY(PEER(v), ld_s) -> ld_s++
	:: else -> break
	od;
	note(PEER(v), ld_s, EV_OFFER);
	for (ld_i : 0 .. n - 1) {
		SLOT(v, s + ld_i).state = LENT;
		SLOT(v, s + ld_i).loan = ld_l;
		SLOT(v, s + ld_i).events = 0;
		SLOT(PEER(v), ld_s + ld_i).state = OFFERED;
		SLOT(PEER(v), ld_s + ld_i).loan = ld_l;
		SLOT(PEER(v), ld_s + ld_i).block = SLOT(v, s + ld_i).block;
		blk[SLOT(v, s + ld_i).block].state = OFFERED;
		blk[SLOT(v, s + ld_i).block].holder = PEER(v);
		blk[SLOT(v, s + ld_i).block].hslot = ld_s + ld_i;
		blk[SLOT(v, s + ld_i).block].loan = ld_l
	}
}

#define CAN_RECLAIM(v, l) (loan[l].in_use && loan[l].owner == (v))

/* A repeat never shortens the deadline; none at all is the longest. */
inline set_deadline(l, has_deadline)
{
	if
	:: !has_deadline || (loan[l].recalled && loan[l].timer == NO_DEADLINE) ->
		loan[l].timer = NO_DEADLINE
	:: else -> loan[l].timer = RUNNING
	fi
}

inline reclaim(l, has_deadline)
{
	set_deadline(l, has_deadline);
	for (rc_i : 0 .. NB - 1) {
		if
		:: blk[rc_i].loan != l
		:: blk[rc_i].loan == l && blk[rc_i].state == BORROWED && !loan[l].recalled ->
			SLOT(blk[rc_i].holder, blk[rc_i].hslot).recalled = 1;
			SLOT(blk[rc_i].owner, blk[rc_i].oslot).recalled = 1;
			note(blk[rc_i].holder, blk[rc_i].hslot, EV_RECALL)
		:: blk[rc_i].loan == l && blk[rc_i].state == SCRUBBING ->
			SLOT(blk[rc_i].owner, blk[rc_i].oslot).recalled = 1;
			if
			:: blk[rc_i].next != STANDBY -> loan_withdraw(rc_i, 0)
			:: else
			fi
		:: blk[rc_i].loan == l && blk[rc_i].state == OFFERED ->
#ifdef FAULT_RECALLED_OFFER_STAYS
			skip
#else
			/* Not to be the end of the record, which is still looked at. */
			loan[l].out++;
			loan_withdraw(rc_i, 0);
			loan[l].out--
#endif
		:: else
		fi
	}
	if
	:: loan[l].out == 0 -> loan[l].out = 1; loan_less(l)
	:: else -> loan[l].recalled = 1
	fi
}

/* Time passes the deadline. */
#define CAN_EXPIRE(l) (loan[l].recalled && loan[l].timer == RUNNING)

inline expire(l)
{
	loan[l].timer = EXPIRED;
#ifdef EVENTS
	for (rc_i : 0 .. NB - 1) {
		if
		:: blk[rc_i].loan == l ->
			note(blk[rc_i].owner, blk[rc_i].oslot, EV_EXPIRED);
			if
			:: blk[rc_i].state == BORROWED ->
				note(blk[rc_i].holder, blk[rc_i].hslot, EV_EXPIRED)
			:: else
			fi
		:: else
		fi
	}
#endif
}

#ifdef FAULT_REVOKE_EARLY
#define REVOCABLE(l) (loan[l].revocable && loan[l].recalled)
#else
#define REVOCABLE(l) (loan[l].revocable && loan[l].recalled && loan[l].timer == EXPIRED)
#endif
#define CAN_REVOKE(v, b) \
	(blk[b].state == BORROWED && blk[b].owner == (v) && REVOCABLE(blk[b].loan))

inline revoke(b)
{
	assert(loan[blk[b].loan].timer == EXPIRED);
	slot_move_off_loan(blk[b].holder, blk[b].hslot, REVOKED);
	SLOT(blk[b].holder, blk[b].hslot).events = 0;
	note(blk[b].holder, blk[b].hslot, EV_REVOKED);
#ifndef FAULT_REVOKE_NO_UNMAP
	blk[b].sees = blk[b].sees & ~(1 << blk[b].holder);
#endif
	block_scrub(b, STANDBY, 0);
#ifdef FAULT_REVOKE_NO_SCRUB
	block_arrive(b)
#endif
}
