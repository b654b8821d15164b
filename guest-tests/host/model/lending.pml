/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lending protocol (lending.md) with two VMs, A and B, and a pool. Configurations are made by -D
 * (the list is in run): NB blocks, NS slots in each window, of these OWN_x own and PROMISED_x promises.
 */

#include "state.pml"
#include "ledger.pml"
#include "calls.pml"
#include "life.pml"
#include "rules.pml"
#include "guests.pml"

#if NS == 1
#define NOTHING_BUSY(v) (!SLOT(v, 0).busy)
#else
#define NOTHING_BUSY(v) (!SLOT(v, 0).busy && !SLOT(v, 1).busy)
#endif
#define IN_SLOT_OF(v, b) (CLAIMABLE(b) && blk[b].holder == (v))
#define DYING(v) (life[v] == RESETTING || life[v] == ENDING)

/* A VM's end at any moment; then its CPU cleans up, step by step while the other VM runs on. */
proctype Life(byte me)
{
	byte at, mine = NONE, chunk;
#if DEATHS < 255
	byte died;
#define MAY_DIE (died < DEATHS)
#define COUNT_DEATH died++
#else
#define MAY_DIE true
#define COUNT_DEATH skip
#endif

end:	do
	:: d_step { life[me] == UP && MAY_DIE -> COUNT_DEATH; life[me] = RESETTING }
	:: d_step { life[me] == UP && MAY_DIE -> COUNT_DEATH; life[me] = ENDING }
	:: d_step { /* its vCPUs leave EL2 first */
		DYING(me) && !in_hand[me] && at < NS ->
		slot_clear(me, at);
		at++;
		check_rules()
	   }
	:: d_step {
		life[me] == ENDING && at >= NS && at < 2 * NS ->
		slot_give_up(me, at - NS);
		at++;
		check_rules()
	   }
	:: d_step { DYING(me) && at >= NS && mine == NONE && IN_SLOT_OF(me, 0) ->
		scrub_claim(0, mine, chunk)
	   }
	:: d_step { NB > 1 && DYING(me) && at >= NS && mine == NONE && IN_SLOT_OF(me, NB - 1) ->
		scrub_claim(NB - 1, mine, chunk)
	   }
	:: d_step { mine != NONE -> scrub_finish(mine, chunk); check_rules() }
	:: d_step {
		mine == NONE && NOTHING_BUSY(me) &&
		((life[me] == RESETTING && at == NS) || (life[me] == ENDING && at == 2 * NS)) ->
		if
		:: life[me] == RESETTING -> life[me] = UP; started[me] = 1
		:: else -> life[me] = DOWN
		fi;
		at = 0;
		check_rules()
	   }
	:: d_step { life[me] == DOWN && CAN_START(me) -> vm_start(me); check_rules() }
	od
}

/* lending.md §3: nobody repeats the call; some CPU that it concerns goes on in bounded steps. */
proctype Finisher()
{
	byte mine = NONE, chunk;

end:	do
	:: d_step { mine == NONE && CLAIMABLE(0) -> scrub_claim(0, mine, chunk) }
	:: d_step { NB > 1 && mine == NONE && CLAIMABLE(NB - 1) -> scrub_claim(NB - 1, mine, chunk) }
	:: d_step { mine != NONE -> scrub_finish(mine, chunk); check_rules() }
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
/* Is what the rules speak of ever there? Each of these must fail (see run). */
mtype = { nothing, borrowed, revoked, returning_by_force, orphaned, recalled, expired, kept_offer,
	  abandoned, two_at_work, donated, shared_loan, from_pool, started_again };

#define SEEN(cond, what) :: cond -> assert(what == nothing)

proctype Witness()
{
end:	do
	SEEN(blk[0].state == BORROWED, borrowed)
	SEEN(SLOT(B, 0).state == REVOKED && !SLOT(B, 0).busy, revoked)
	SEEN(SLOT(B, 0).state == REVOKED && SLOT(A, 0).state == LENT, returning_by_force)
	SEEN(blk[0].state == HELD && blk[0].owner == POOL && life[A] == DOWN, orphaned)
	SEEN(loan[0].recalled && loan[0].timer == RUNNING, recalled)
	SEEN(loan[0].timer == EXPIRED && !loan[0].revocable, expired)
	SEEN(blk[0].state == OFFERED && blk[0].own_data && blk[0].left != 0, kept_offer)
	SEEN(blk[0].state == SCRUBBING && blk[0].claimed == 1 && blk[0].done == 1, abandoned)
	SEEN(blk[0].state == SCRUBBING && blk[0].claimed == 2 && blk[0].done == 0, two_at_work)
	SEEN(blk[0].owner == B && blk[0].state == HELD, donated)
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
		i = 0;
		check_rules()
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
#if DEATHS > 0
		run Life(A);
		run Life(B);
#endif
#ifndef FAULT_NO_FINISHER
		run Finisher();
#endif
#ifdef WITNESS
		run Witness();
#endif
		run Clock()
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
