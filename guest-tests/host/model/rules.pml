/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What holds after every step (lending.md §4), as conditions: each block with the slots and the
 * loan that it names, each slot with its block, each loan with its slots. Together: blocks are
 * conserved, a slot is LENT exactly while there is a loan, and no other pair of states is
 * possible.
 */

#define OWNER_SLOT(bb) SLOT(blk[bb].owner, blk[bb].oslot)
#define HOLDER_SLOT(bb) SLOT(blk[bb].holder, blk[bb].hslot)

/* Owner's side of a block that is away. */
#define AWAY(bb) \
	(blk[bb].owner < POOL && blk[bb].loan != NONE && loan[blk[bb].loan].in_use && \
	 loan[blk[bb].loan].owner == blk[bb].owner && OWNER_SLOT(bb).state == LENT && \
	 OWNER_SLOT(bb).block == bb && OWNER_SLOT(bb).loan == blk[bb].loan && \
	 !OWNER_SLOT(bb).busy && blk[bb].holder == PEER(blk[bb].owner))
#define ON_LOAN(bb, st) \
	(AWAY(bb) && HOLDER_SLOT(bb).state == st && HOLDER_SLOT(bb).block == bb && \
	 HOLDER_SLOT(bb).loan == blk[bb].loan)
#define NOT_ON_LOAN(bb) (blk[bb].loan == NONE)

#define FREE_OK(bb) \
	(blk[bb].owner == POOL && blk[bb].holder == POOL && NOT_ON_LOAN(bb) && !blk[bb].own_data)
#define STANDBY_OK(bb) \
	(blk[bb].owner < POOL && OWNER_SLOT(bb).state == STANDBY && OWNER_SLOT(bb).block == bb && \
	 !OWNER_SLOT(bb).busy && blk[bb].holder == POOL && NOT_ON_LOAN(bb))
#define OFFERED_OK(bb) \
	(ON_LOAN(bb, OFFERED) && !HOLDER_SLOT(bb).busy)
#define HELD_OK(bb) \
	(HOLDER_SLOT(bb).state == HELD && HOLDER_SLOT(bb).block == bb && !HOLDER_SLOT(bb).busy && \
	 NOT_ON_LOAN(bb) && (blk[bb].owner == POOL || \
	 (blk[bb].owner == blk[bb].holder && blk[bb].oslot == blk[bb].hslot)))
#define BORROWED_OK(bb) \
	(ON_LOAN(bb, BORROWED) && !HOLDER_SLOT(bb).busy && !loan[blk[bb].loan].donate && \
	 (!HOLDER_SLOT(bb).recalled || loan[blk[bb].loan].recalled))

#define TO_POOL_OK(bb) \
	(blk[bb].owner == POOL && NOT_ON_LOAN(bb) && (HOLDER_SLOT(bb).state == EMPTY || \
	 HOLDER_SLOT(bb).state == REVOKED || \
	 (HOLDER_SLOT(bb).state == STANDBY && IS_PROMISE(blk[bb].holder, blk[bb].hslot))))
#define TO_OWNER_OK(bb) \
	(blk[bb].owner == blk[bb].holder -> \
	 OWNER_SLOT(bb).state == STANDBY && blk[bb].oslot == blk[bb].hslot && NOT_ON_LOAN(bb) : \
	 AWAY(bb) && (HOLDER_SLOT(bb).state == EMPTY || HOLDER_SLOT(bb).state == REVOKED))
#define TO_HELD_OK(bb) \
	(NOT_ON_LOAN(bb) && HOLDER_SLOT(bb).state == STANDBY && \
	 (blk[bb].owner == POOL || blk[bb].owner == blk[bb].holder))
#define TO_BORROWER_OK(bb) ON_LOAN(bb, OFFERED)
#define SCRUBBING_OK(bb) \
	(blk[bb].holder < POOL && HOLDER_SLOT(bb).busy && HOLDER_SLOT(bb).block == bb && \
	 blk[bb].done <= blk[bb].claimed && blk[bb].done < NCHUNK && \
	 ((blk[bb].next == FREE && TO_POOL_OK(bb)) || \
	  (blk[bb].next == STANDBY && TO_OWNER_OK(bb)) || \
	  (blk[bb].next == HELD && TO_HELD_OK(bb)) || \
	  ((blk[bb].next == OFFERED || blk[bb].next == BORROWED) && TO_BORROWER_OK(bb))))

/* The state of a block and its slots is one of these pairs. */
#define PAIR_OK(bb) \
	((blk[bb].state == FREE && FREE_OK(bb)) || (blk[bb].state == STANDBY && STANDBY_OK(bb)) || \
	 (blk[bb].state == OFFERED && OFFERED_OK(bb)) || (blk[bb].state == HELD && HELD_OK(bb)) || \
	 (blk[bb].state == BORROWED && BORROWED_OK(bb)) || \
	 (blk[bb].state == SCRUBBING && SCRUBBING_OK(bb)))

/* Never in two VMs; and where it is, its record says so. */
#define MAPPED_OK(bb) \
	(blk[bb].sees == ((blk[bb].state == HELD || blk[bb].state == BORROWED) -> \
			  1 << blk[bb].holder : 0))

/* A block called clean is. */
#define CLEAN_OK(bb) (blk[bb].dirty || blk[bb].left == 0)

#define ITS(vv, ss) blk[SLOT(vv, ss).block]
#define IS_HOLDER(vv, ss) \
	(SLOT(vv, ss).block != NONE && ITS(vv, ss).holder == vv && ITS(vv, ss).hslot == ss)
#define WITHOUT_BLOCK(vv, ss) (SLOT(vv, ss).block == NONE || SLOT(vv, ss).busy)
#define IN_LOAN(vv, ss) (SLOT(vv, ss).loan != NONE && loan[SLOT(vv, ss).loan].in_use)
#define NO_LOAN(vv, ss) (SLOT(vv, ss).loan == NONE && !SLOT(vv, ss).recalled)

#define SLOT_OK(vv, ss) \
	((!SLOT(vv, ss).busy || (IS_HOLDER(vv, ss) && ITS(vv, ss).state == SCRUBBING)) && \
	 ((SLOT(vv, ss).state == HELD && IS_HOLDER(vv, ss) && ITS(vv, ss).state == HELD && \
	   NO_LOAN(vv, ss)) || \
	  (SLOT(vv, ss).state == BORROWED && IS_HOLDER(vv, ss) && ITS(vv, ss).state == BORROWED && \
	   IN_LOAN(vv, ss)) || \
	  (SLOT(vv, ss).state == OFFERED && IS_HOLDER(vv, ss) && IN_LOAN(vv, ss)) || \
	  (SLOT(vv, ss).state == LENT && IS_OWN(vv, ss) && IN_LOAN(vv, ss) && \
	   ITS(vv, ss).loan == SLOT(vv, ss).loan) || \
	  (SLOT(vv, ss).state == STANDBY && NO_LOAN(vv, ss) && (IS_OWN(vv, ss) || \
	   (IS_PROMISE(vv, ss) && WITHOUT_BLOCK(vv, ss)))) || \
	  ((SLOT(vv, ss).state == EMPTY || SLOT(vv, ss).state == REVOKED) && NO_LOAN(vv, ss) && \
	   WITHOUT_BLOCK(vv, ss))))

/* A VM that is gone has left nothing anywhere. */
#define GONE_OK(vv, ss) \
	(life[vv] != DOWN || (SLOT(vv, ss).block == NONE && \
			      (SLOT(vv, ss).state == EMPTY || IS_PROMISE(vv, ss))))

#define IS_LENT(ll, vv, ss) \
	((SLOT(vv, ss).state == LENT && SLOT(vv, ss).loan == (ll)) -> 1 : 0)
#if NS == 1
#define LOAN_OK(ll) (loan[ll].out == IS_LENT(ll, A, 0) + IS_LENT(ll, B, 0))
#else
#define LOAN_OK(ll) \
	(loan[ll].out == IS_LENT(ll, A, 0) + IS_LENT(ll, A, 1) + IS_LENT(ll, B, 0) + \
			 IS_LENT(ll, B, 1))
#endif
#define RECORD_OK(ll) (LOAN_OK(ll) && loan[ll].in_use == (loan[ll].out > 0))

mtype = { rule_pairs, rule_mapped, rule_clean, rule_slots, rule_gone, rule_loans };

/* Has a step in a state only where a rule is broken there, and so adds none. */
#define RULE(ok, name) :: !(ok) -> assert(name == 0)

proctype Rules()
{
end:	do
	RULE(PAIR_OK(0), rule_pairs)
	RULE(MAPPED_OK(0), rule_mapped)
	RULE(CLEAN_OK(0), rule_clean)
	RULE(RECORD_OK(0), rule_loans)
#if NB > 1
	RULE(PAIR_OK(1), rule_pairs)
	RULE(MAPPED_OK(1), rule_mapped)
	RULE(CLEAN_OK(1), rule_clean)
	RULE(RECORD_OK(1), rule_loans)
#endif
	RULE(SLOT_OK(A, 0) && SLOT_OK(B, 0), rule_slots)
	RULE(GONE_OK(A, 0) && GONE_OK(B, 0), rule_gone)
#if NS > 1
	RULE(SLOT_OK(A, 1) && SLOT_OK(B, 1), rule_slots)
	RULE(GONE_OK(A, 1) && GONE_OK(B, 1), rule_gone)
#endif
	od
}
