/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guests. A hostile one makes any call in any order at any time, abandons what it began, or does
 * nothing for ever. The drivers do what lending.md §5 and §8 ask of a kernel: they act on an
 * event, and look at LEND_SLOT_INFO when they start; a kexec takes everything else they know.
 */

#define CLAIMABLE(b) (blk[b].state == SCRUBBING && blk[b].claimed < NCHUNK)
/* Its call would meet the block: in its slot, or by a reclaim of its loan. */
#define MEETS(v, b) (CLAIMABLE(b) && (blk[b].holder == (v) || blk[b].owner == (v)))

inline finish_chunk(v, mine, chunk)
{
	d_step {
		mine != NONE -> scrub_finish(mine, chunk);
		in_hand[v] = 0;
		check_rules()
	}
}

inline hostile_slot_call(v, s, f, g)
{
	if
	:: CAN_RETRIEVE(v, s) -> d_step { retrieve(v, s) }
	:: CAN_RELINQUISH(v, s) ->
		if
		:: g = 0
		:: SLOT(v, s).state == BORROWED -> g = 1
		fi;
		if
		:: f = 0
#ifdef KEEP
		:: CAN_KEEP(v, s) -> f = 1
#endif
		fi;
		d_step { relinquish(v, s, f, g) }
	:: CAN_REFUSE(v, s) -> d_step { refuse(v, s) }
	:: CAN_LEND(v, s) ->
		if
		:: f = 0
		:: f = 1
		fi;
		if
		:: d_step { g = 0; lend(v, s, 1, f, g, 0) }
#ifdef KEEP
		:: d_step { g = 1; lend(v, s, 1, f, g, 0) }
#endif
#ifdef DONATE
		:: d_step { f == 0 -> lend(v, s, 1, 0, 0, 1) }
#endif
		fi
#ifdef PAIR
	:: s == 0 && CAN_LEND_PAIR(v) -> d_step { lend(v, s, 2, 1, 0, 0) }
#endif
	:: else
	fi
}

inline hostile_loan_call(v, l, f)
{
	if
	:: CAN_RECLAIM(v, l) ->
		if
		:: f = 0
		:: f = 1
		fi;
		d_step { reclaim(l, f) }
	:: CAN_REVOKE(v, l) -> d_step { revoke(l) } /* l: any block of a loan */
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
		d_step { n = 0; f = 0; g = 0; check_rules() }
	   }
	:: atomic {
		life[me] == UP && mine == NONE ->
		if
		:: n = 0
		:: NB > 1 -> n = NB - 1
		fi;
		hostile_loan_call(me, n, f);
		d_step { n = 0; f = 0; check_rules() }
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

#define READY(v) (life[v] == UP && !started[v])
#define LOAN_OF(v) loan[SLOT(v, 0).loan]

/* LEND_EVENT_NEXT */
inline event_next(v)
{
	SLOT(v, 0).events = SLOT(v, 0).events & (SLOT(v, 0).events - 1)
}

/* A's driver lends its block again and again, wants it back, and then sleeps until an event comes. */
proctype Lender()
{
	bit waiting, look;
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
		fi;
		check_rules()
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
		check_rules()
	   }
	:: atomic {
		READY(A) && !look && !waiting && SLOT(A, 0).state == LENT && !LOAN_OF(A).recalled ->
		if
#ifndef ALWAYS_REVOCABLE
		:: d_step { reclaim(SLOT(A, 0).loan, 0) }
#endif
		:: d_step { reclaim(SLOT(A, 0).loan, 1) }
		fi;
		waiting = (SLOT(A, 0).state == LENT);
		check_rules()
	   }
	:: READY(A) && !look && !waiting /* no end: what waits must be woken, or it is a deadlock */
	:: life[A] == DOWN
	od
}

/* B's driver uses what it is offered, gives it back when it likes, and when it is asked to. */
proctype Borrower()
{
	byte kexecs;

end:	do
	:: d_step { life[B] == UP && started[B] -> started[B] = 0 } -> goto look
	:: d_step { READY(B) && kexecs < KEXECS -> kexecs++ } ->
#ifndef FAULT_KEXEC_NO_PROBE
		goto look
#endif
	:: d_step { READY(B) && SLOT(B, 0).events -> event_next(B) } -> goto look
	:: d_step { READY(B) && CAN_RETRIEVE(B, 0) -> retrieve(B, 0); check_rules() }
	:: atomic {
		READY(B) && CAN_RELINQUISH(B, 0) ->
		if
		:: d_step { relinquish(B, 0, 0, 0); check_rules() }
		:: d_step { relinquish(B, 0, 0, 1); check_rules() }
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
		:: CAN_REFUSE(B, 0) -> d_step { refuse(B, 0); check_rules() }
		:: CAN_RETRIEVE(B, 0) -> d_step { retrieve(B, 0); check_rules() }
		:: SLOT(B, 0).state == REVOKED || SLOT(B, 0).recalled ->
			d_step { relinquish(B, 0, 0, 0); check_rules() }
		:: else
		fi
	   } -> goto end
	od
}

#endif
