/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What holds after every step (lending.md §4): each block with the slots and the loan that it names, each
 * slot with its block, each loan with its slots. Together: blocks are conserved, a slot is
 * LENT exactly while there is a loan, and no other pair of states is possible.
 */

hidden byte ck, cv, cs, cn;

#define OWNER_SLOT SLOT(blk[ck].owner, blk[ck].oslot)
#define HOLDER_SLOT SLOT(blk[ck].holder, blk[ck].hslot)
#define AWAY \
	(blk[ck].owner < POOL && blk[ck].loan != NONE && loan[blk[ck].loan].in_use && \
	 loan[blk[ck].loan].owner == blk[ck].owner && OWNER_SLOT.state == LENT && \
	 OWNER_SLOT.block == ck && OWNER_SLOT.loan == blk[ck].loan && !OWNER_SLOT.busy && \
	 blk[ck].holder == PEER(blk[ck].owner))
#define ON_LOAN(st) \
	(AWAY && HOLDER_SLOT.state == st && HOLDER_SLOT.block == ck && \
	 HOLDER_SLOT.loan == blk[ck].loan)

inline check_scrubbing()
{
	assert(blk[ck].sees == 0);
	assert(blk[ck].holder < POOL && HOLDER_SLOT.busy && HOLDER_SLOT.block == ck);
	assert(blk[ck].done <= blk[ck].claimed && blk[ck].done < NCHUNK);
	if
	:: blk[ck].next == FREE ->
		assert(blk[ck].owner == POOL && blk[ck].loan == NONE);
		assert(HOLDER_SLOT.state == EMPTY || HOLDER_SLOT.state == REVOKED ||
		       (HOLDER_SLOT.state == STANDBY && IS_PROMISE(blk[ck].holder, blk[ck].hslot)))
	:: blk[ck].next == STANDBY && blk[ck].owner == blk[ck].holder ->
		assert(OWNER_SLOT.state == STANDBY && blk[ck].oslot == blk[ck].hslot);
		assert(blk[ck].loan == NONE)
	:: blk[ck].next == STANDBY && blk[ck].owner != blk[ck].holder ->
		assert(AWAY && (HOLDER_SLOT.state == EMPTY || HOLDER_SLOT.state == REVOKED))
	:: blk[ck].next == HELD ->
		assert(blk[ck].loan == NONE && HOLDER_SLOT.state == STANDBY);
		assert(blk[ck].owner == POOL || blk[ck].owner == blk[ck].holder)
	:: blk[ck].next == OFFERED || blk[ck].next == BORROWED ->
		assert(ON_LOAN(OFFERED) && !loan[blk[ck].loan].recalled)
	:: else -> assert(false)
	fi
}

inline check_block()
{
	/* Never in two VMs, and where it is, its record says so. */
	assert(blk[ck].sees == ((blk[ck].state == HELD || blk[ck].state == BORROWED) ->
				1 << blk[ck].holder : 0));
	/* A block called clean is. */
	assert(blk[ck].dirty || blk[ck].left == 0);
	if
	:: blk[ck].state == FREE ->
		assert(blk[ck].owner == POOL && blk[ck].holder == POOL && blk[ck].loan == NONE);
		assert(!blk[ck].own_data)
	:: blk[ck].state == STANDBY ->
		assert(blk[ck].owner < POOL && OWNER_SLOT.state == STANDBY);
		assert(OWNER_SLOT.block == ck && !OWNER_SLOT.busy);
		assert(blk[ck].holder == POOL && blk[ck].loan == NONE)
	:: blk[ck].state == OFFERED ->
		assert(ON_LOAN(OFFERED) && !HOLDER_SLOT.busy && !loan[blk[ck].loan].recalled)
	:: blk[ck].state == HELD ->
		assert(HOLDER_SLOT.state == HELD && HOLDER_SLOT.block == ck && !HOLDER_SLOT.busy);
		assert(blk[ck].loan == NONE);
		assert(blk[ck].owner == POOL ||
		       (blk[ck].owner == blk[ck].holder && blk[ck].oslot == blk[ck].hslot))
	:: blk[ck].state == BORROWED ->
		assert(ON_LOAN(BORROWED) && !HOLDER_SLOT.busy);
		assert(!loan[blk[ck].loan].donate);
		assert(HOLDER_SLOT.recalled == loan[blk[ck].loan].recalled)
	:: blk[ck].state == SCRUBBING -> check_scrubbing()
	:: else -> assert(false)
	fi
}

#define ITS blk[SLOT(cv, cs).block]
#define IS_HOLDER (SLOT(cv, cs).block != NONE && ITS.holder == cv && ITS.hslot == cs)

inline check_slot()
{
	if
	:: SLOT(cv, cs).busy -> assert(IS_HOLDER && ITS.state == SCRUBBING)
	:: else
	fi;
	if
	:: SLOT(cv, cs).state == HELD || SLOT(cv, cs).state == BORROWED ->
		assert(IS_HOLDER && ITS.state == SLOT(cv, cs).state)
	:: SLOT(cv, cs).state == OFFERED ->
		assert(IS_HOLDER && (ITS.state == OFFERED || ITS.state == SCRUBBING))
	:: SLOT(cv, cs).state == LENT ->
		assert(IS_OWN(cv, cs) && ITS.loan == SLOT(cv, cs).loan);
		cn++
	:: SLOT(cv, cs).state == STANDBY ->
		assert(IS_OWN(cv, cs) || (IS_PROMISE(cv, cs) &&
		       (SLOT(cv, cs).block == NONE || SLOT(cv, cs).busy)))
	:: SLOT(cv, cs).state == EMPTY || SLOT(cv, cs).state == REVOKED ->
		assert(SLOT(cv, cs).block == NONE || SLOT(cv, cs).busy)
	:: else -> assert(false)
	fi;
	if
	:: SLOT(cv, cs).state == OFFERED || SLOT(cv, cs).state == BORROWED ||
	   SLOT(cv, cs).state == LENT -> assert(loan[SLOT(cv, cs).loan].in_use)
	:: else -> assert(SLOT(cv, cs).loan == NONE && !SLOT(cv, cs).recalled)
	fi;
	/* A VM that is gone has left nothing anywhere. */
	if
	:: life[cv] == DOWN ->
		assert(SLOT(cv, cs).block == NONE);
		assert(SLOT(cv, cs).state == EMPTY || IS_PROMISE(cv, cs))
	:: else
	fi
}

inline check_rules()
{
	for (ck : 0 .. NB - 1) {
		check_block()
	}
	cn = 0;
	for (cv : 0 .. 1) {
		for (cs : 0 .. NS - 1) {
			check_slot()
		}
	}
	for (ck : 0 .. NL - 1) {
		assert(loan[ck].in_use == (loan[ck].out > 0));
		cn = cn - loan[ck].out
	}
	assert(cn == 0)
}
