/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lending protocol (lending.md) with two VMs, A and B, and a pool. Configurations are made by
 * -D (the list is in run): NB blocks, NS slots in each window, of these OWN_x own and PROMISED_x
 * promises.
 */

#include "state.pml"
#include "ledger.pml"
#include "calls.pml"
#include "life.pml"
#include "rules.pml"
#include "guests.pml"

#if NS == 1
#define NOTHING_BUSY(vv) (!SLOT(vv, 0).busy)
#else
#define NOTHING_BUSY(vv) (!SLOT(vv, 0).busy && !SLOT(vv, 1).busy)
#endif
#define IN_SLOT_OF(vv, bb) (CLAIMABLE(bb) && blk[bb].holder == (vv))
#define DYING(vv) (life[vv] == RESETTING || life[vv] == ENDING)

/*
 * Deaths come without end, or DEATHS of them per VM. Where fairness counts, a VM may as well live
 * on for ever, or every wait would end with some death.
 */
#ifdef DEATHS
#define MAY_DIE(died) (died < DEATHS)
#define COUNT_DEATH(died) died++
#else
#define MAY_DIE(died) (died == 0)
#define COUNT_DEATH(died) skip
#endif

/* A VM's end at any moment; then its CPU cleans up, step by step while the other VM runs on. */
proctype Life(byte me)
{
	byte at, mine = NONE, chunk;
	byte died;

end:	do
	:: d_step { life[me] == UP && MAY_DIE(died) -> COUNT_DEATH(died); life[me] = RESETTING }
	:: d_step { life[me] == UP && MAY_DIE(died) -> COUNT_DEATH(died); life[me] = ENDING }
#if !defined(DEATHS) && defined(NO_RULES)
	:: d_step { life[me] == UP && died == 0 -> died = 1 }
#endif
	:: d_step { /* its vCPUs leave EL2 first */
		DYING(me) && !in_hand[me] && at < NS ->
		slot_clear(me, at);
		at++
	   }
	:: d_step {
		life[me] == ENDING && at >= NS && at < 2 * NS ->
		slot_give_up(me, at - NS);
		at++
	   }
#ifndef FAULT_NOBODY_SCRUBS
	:: d_step { DYING(me) && at >= NS && mine == NONE && IN_SLOT_OF(me, 0) ->
		scrub_claim(0, mine, chunk)
	   }
	:: d_step { NB > 1 && DYING(me) && at >= NS && mine == NONE && IN_SLOT_OF(me, NB - 1) ->
		scrub_claim(NB - 1, mine, chunk)
	   }
#endif
	:: d_step { mine != NONE -> scrub_finish(mine, chunk) }
	:: d_step {
		mine == NONE && NOTHING_BUSY(me) &&
		((life[me] == RESETTING && at == NS) || (life[me] == ENDING && at == 2 * NS)) ->
		if
		:: life[me] == RESETTING -> life[me] = UP; started[me] = 1
		:: else -> life[me] = DOWN
		fi;
		at = 0
	   }
	:: d_step { life[me] == DOWN && CAN_START(me) -> vm_start(me) }
	od
}

/* lending.md §3: nobody repeats the call; some CPU that it concerns goes on in bounded steps. */
proctype Finisher()
{
	byte mine = NONE, chunk;

end:	do
	:: d_step { mine == NONE && CLAIMABLE(0) -> scrub_claim(0, mine, chunk) }
	:: d_step { NB > 1 && mine == NONE && CLAIMABLE(NB - 1) ->
		scrub_claim(NB - 1, mine, chunk)
	   }
	:: d_step { mine != NONE -> scrub_finish(mine, chunk) }
	od
}

proctype Clock()
{
end:	do
	:: d_step { CAN_EXPIRE(0) -> expire(0) }
	:: d_step { NL > 1 && CAN_EXPIRE(NL - 1) -> expire(NL - 1) }
	od
}

#ifdef WITNESS
/* Is what the rules speak of ever there? Says once of each that it was; adds no state. */
#define SEEN(cond, name) \
	:: d_step { cond -> c_code { \
		static char seen; if (!seen) { seen = 1; puts("reached " #name); } } }

proctype Witness()
{
end:	do
	SEEN(SLOT(B, 0).state == REVOKED && !SLOT(B, 0).busy, revoked)
	SEEN(SLOT(B, 0).state == REVOKED && SLOT(A, 0).state == LENT, forced_return)
	SEEN(SLOT(B, 0).state == HELD && blk[0].owner == POOL && life[A] == DOWN, orphan)
	SEEN(loan[0].recalled && loan[0].timer == RUNNING, recall)
	SEEN(loan[0].timer == EXPIRED && !loan[0].revocable, expired)
	SEEN(SLOT(B, 0).state == OFFERED && blk[0].own_data && blk[0].left != 0, kept_offer)
	SEEN(blk[0].claimed == 1 && blk[0].done == 1, half_done)
	SEEN(blk[0].claimed == 2 && blk[0].done == 0, two_at_work)
	SEEN(SLOT(B, 0).state == HELD && blk[0].owner == B, donated)
	SEEN(SLOT(A, 0).state == BORROWED && blk[0].owner == B, donated_back)
	od
}
#endif

init {
	byte i;

	d_step {
		for (i : 0 .. NB - 1) {
			pool_put(i);
			blk[i].dirty = 1;
			blk[i].stain = FOREIGN;
			blk[i].left = ALL
		}
		for (i : 0 .. NS - 1) {
			SLOT(A, i).block = NONE;
			SLOT(B, i).block = NONE
		}
		for (i : 0 .. NL - 1) {
			loan[i].timer = NO_DEADLINE
		}
		vm_start(A);
		vm_start(B);
		i = 0
	}
	atomic {
#ifdef DRIVER_A
		run Lender();
#else
		run Hostile(A);
#endif
#ifdef DRIVER_B
		run Borrower();
#else
		run Hostile(B);
#endif
		run Life(A);
		run Life(B);
#if !defined(FAULT_NO_FINISHER) && !defined(FAULT_NOBODY_SCRUBS)
		run Finisher();
#endif
#ifdef WITNESS
		run Witness();
#endif
		run Clock();
#ifndef NO_RULES
		run Rules() /* the last is looked at first: a broken rule is found at once */
#endif
	}
}

/* Every recall ends. */
#ifdef LTL_RECALL
ltl { [] (loan[0].recalled -> <> !loan[0].recalled) }
#endif
/* Nothing stays SCRUBBING for ever. */
#ifdef LTL_SCRUB
ltl { [] (blk[0].state == SCRUBBING -> <> (blk[0].state != SCRUBBING)) }
#endif
/* A reset or an end, once begun, comes to its end. */
#ifdef LTL_LIFE
ltl { [] (DYING(A) -> <> !DYING(A)) }
#endif
