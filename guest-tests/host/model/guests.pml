/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guests. A hostile one makes any call in any order at any time, abandons what it began, or
 * does nothing for ever. The drivers do what lending.md §5 and §8 ask of a kernel: they act on an
 * event, and look at LEND_SLOT_INFO when they start; a kexec takes everything else they know.
 */

#define CLAIMABLE(bb) (blk[bb].state == SCRUBBING && blk[bb].claimed < NCHUNK)
/* Its call would meet the block: in its slot, or by a reclaim of its loan. */
#define MEETS(vv, bb) (CLAIMABLE(bb) && (blk[bb].holder == (vv) || blk[bb].owner == (vv)))

inline finish_chunk(vv, mine, chunk)
{
	d_step {
		mine != NONE -> scrub_finish(mine, chunk);
		in_hand[vv] = 0
	}
}

inline hostile_slot_call(vv, ss, ff, gg)
{
	if
	:: CAN_RETRIEVE(vv, ss) -> d_step { retrieve(vv, ss) }
	:: CAN_RELINQUISH(vv, ss) ->
		if
		:: gg = 0
		:: SLOT(vv, ss).state == BORROWED -> gg = 1
		fi;
		if
		:: ff = 0
#ifdef KEEP
		:: CAN_KEEP(vv, ss) -> ff = 1
#endif
		fi;
		d_step { relinquish(vv, ss, ff, gg) }
	:: CAN_REFUSE(vv, ss) -> d_step { refuse(vv, ss) }
	:: CAN_LEND(vv, ss) ->
		if
#if !defined(ALWAYS_REVOCABLE) || defined(DONATE)
		:: ff = 0
#endif
		:: ff = 1
		fi;
		if
		:: d_step { gg = 0; lend(vv, ss, 1, ff, gg, 0) }
#ifdef KEEP
		:: d_step { gg = 1; lend(vv, ss, 1, ff, gg, 0) }
#endif
#ifdef DONATE
		:: d_step { ff == 0 -> lend(vv, ss, 1, 0, 0, 1) }
#ifdef KEEP
		:: d_step { ff == 0 -> gg = 1; lend(vv, ss, 1, 0, gg, 1) }
#endif
#endif
		fi
#ifdef PAIR
	:: ss == 0 && CAN_LEND_PAIR(vv) -> d_step { lend(vv, ss, 2, 1, 0, 0) }
#endif
	:: else
	fi
}

inline hostile_loan_call(vv, ll, ff)
{
	if
	:: CAN_RECLAIM(vv, ll) ->
		if
#ifndef ALWAYS_DEADLINE
		:: ff = 0
#endif
		:: ff = 1
		fi;
		d_step { recall(ll, ff) }
	:: CAN_RECALL_SLOT(vv, ll) -> d_step { recall_slot(ll) }
	:: CAN_REVOKE(vv, ll) -> d_step { revoke(ll) } /* ll: any block of a loan */
	:: else
	fi
}

proctype Hostile(byte me)
{
	byte n, mine = NONE, chunk;
	bit f, g;

end:	do
	:: atomic {
		life[me] == UP && mine == NONE ->
		if
		:: n = 0
		:: NS > 1 -> n = NS - 1
		fi;
		hostile_slot_call(me, n, f, g);
		d_step { n = 0; f = 0; g = 0 }
	   }
	:: atomic {
		life[me] == UP && mine == NONE ->
		if
		:: n = 0
		:: NB > 1 -> n = NB - 1
		fi;
		hostile_loan_call(me, n, f);
		d_step { n = 0; f = 0 }
	   }
	:: d_step {
		life[me] == UP && mine == NONE && MEETS(me, 0) ->
		scrub_claim(0, mine, chunk);
		in_hand[me] = 1
	   }
	:: d_step {
		NB > 1 && life[me] == UP && mine == NONE && MEETS(me, NB - 1) ->
		scrub_claim(NB - 1, mine, chunk);
		in_hand[me] = 1
	   }
	:: finish_chunk(me, mine, chunk)
	od
}

#ifdef EVENTS

#ifndef KEXECS
#define KEXECS 1
#endif

hidden byte dr_l; /* arguments are passed by name: the slot's own would change on the way */

#define READY(vv) (life[vv] == UP && !started[vv] && !in_hand[vv])
#define LOAN_OF(vv) loan[SLOT(vv, 0).loan]

/* LEND_EVENT_NEXT */
inline event_next(vv)
{
	if
	:: SLOT(vv, 0).events & EV_OFFER && SLOT(vv, 0).loan != NONE -> LOAN_OF(vv).offer_read = 1
	:: else
	fi;
	SLOT(vv, 0).events = SLOT(vv, 0).events & (SLOT(vv, 0).events - 1)
}

/*
 * A's driver lends its block again and again, wants it back, and then sleeps until an event
 * comes.
 */
proctype Lender()
{
	bit waiting, look, recalling;
	byte kexecs;

	do
	:: d_step { life[A] == UP && started[A] -> started[A] = 0; waiting = 0; look = 1 }
	:: d_step { READY(A) && kexecs < KEXECS -> kexecs++; waiting = 0; look = 1 }
	:: d_step { READY(A) && !look && SLOT(A, 0).events -> event_next(A); look = 1 }
	:: d_step {
		READY(A) && look ->
		look = 0;
		waiting = (SLOT(A, 0).state == LENT && LOAN_OF(A).recalled);
		if
		:: waiting && CAN_REVOKE(A, 0) -> revoke(0)
		:: else
		fi
	   }
	:: atomic {
		READY(A) && !look && !waiting && CAN_LEND(A, 0) ->
#ifndef ALWAYS_REVOCABLE
		if
		:: d_step { lend(A, 0, 1, 0, 0, 0) }
		:: d_step { lend(A, 0, 1, 1, 0, 0) }
		fi;
#else
		d_step { lend(A, 0, 1, 1, 0, 0) };
#endif
	   }
	:: atomic {
		READY(A) && !look && !waiting && SLOT(A, 0).state == LENT && !LOAN_OF(A).recalled ->
		if
#ifndef ALWAYS_REVOCABLE
		:: d_step { dr_l = SLOT(A, 0).loan; recall(dr_l, 0) }
#endif
		:: d_step { dr_l = SLOT(A, 0).loan; recall(dr_l, 1) }
		fi;
		recalling = 1;
		in_hand[A] = 1
	   }
	:: d_step {
		recalling ->
		recalling = 0;
		in_hand[A] = 0;
		if
		:: CAN_RECALL_SLOT(A, 0) -> recall_slot(0)
		:: else
		fi;
		waiting = (SLOT(A, 0).state == LENT)
	   }
	:: READY(A) && !look && !waiting /* no end: what waits must be woken, or it is a deadlock */
	:: life[A] == DOWN
	od
}

/*
 * B's driver uses what it is offered, gives it back when it is asked to, or when it likes. That
 * it will ever like must not be counted on.
 */
proctype Borrower()
{
	byte kexecs;
	bit content;

end:	do
	:: d_step { life[B] == UP && started[B] -> started[B] = 0 } -> goto look
	:: d_step { READY(B) && kexecs < KEXECS -> kexecs++ } ->
#ifndef FAULT_KEXEC_NO_PROBE
		goto look
#endif
	:: d_step { READY(B) && SLOT(B, 0).events -> event_next(B) } -> goto look
	:: d_step { READY(B) && !content && CAN_RETRIEVE(B, 0) -> retrieve(B, 0) }
	:: d_step { !content -> content = 1 }
	:: atomic {
		READY(B) && !content && CAN_RELINQUISH(B, 0) ->
		if
		:: d_step { relinquish(B, 0, 0, 0) }
		:: d_step { relinquish(B, 0, 0, 1) }
		fi
	   }
	od;
look:	do
	:: !READY(B) -> goto end
	:: d_step { READY(B) && kexecs < KEXECS -> kexecs++ }
#ifdef FAULT_KEXEC_NO_PROBE
		-> goto end
#endif
	:: atomic {
		READY(B) && !SLOT(B, 0).busy ->
		if
		:: CAN_REFUSE(B, 0) -> d_step { refuse(B, 0) }
		:: CAN_RETRIEVE(B, 0) -> d_step { retrieve(B, 0) }
		:: SLOT(B, 0).state == REVOKED || SLOT(B, 0).recalled ->
			d_step { relinquish(B, 0, 0, 0) }
		:: else
		fi
	   } -> goto end
	od
}

#endif
