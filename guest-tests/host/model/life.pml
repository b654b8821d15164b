/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The start, reset and end of a VM (lending.md §7), slot by slot as hyp/lend/life.c takes the
 * lock.
 */

hidden byte sc_b, gu_b, st_i, st_b;

/* A block that is SCRUBBING on its way into this slot, or was kept on offer to it, turns round. */
inline redirect(vv, bb)
{
	if
	:: blk[bb].owner == vv -> blk[bb].next = STANDBY; blk[bb].own_data = 0
	:: blk[bb].owner == POOL -> blk[bb].next = FREE
	:: blk[bb].owner == PEER(vv) && blk[bb].next != STANDBY ->
#ifdef FAULT_RESET_LEAVES_RETRIEVE
		skip
#else
		loan_withdraw(bb, 1)
#endif
	:: else
	fi
}

/* What the VM's life up to now put there is nobody's from now on. */
inline forget(vv, bb)
{
	if
	:: bb != NONE && blk[bb].stain == vv && blk[bb].sees == 0 -> blk[bb].stain = FOREIGN
	:: else
	fi
}

/* What the owner kept, or is being given back with KEEP, was meant for the life before. */
#if defined(FAULT_RESET_KEEPS_DATA)
#define LOSES_DATA(bb) false
#elif defined(FAULT_RESET_KEEPS_DATA_COMING)
#define LOSES_DATA(bb) (blk[bb].state == STANDBY || blk[bb].state == OFFERED)
#else
#define LOSES_DATA(bb) \
	(blk[bb].state == STANDBY || blk[bb].state == OFFERED || blk[bb].state == SCRUBBING)
#endif

#ifdef FAULT_RESET_KEEPS_BORROWED
#define TAKEN_BY_RESET(vv, ss) (SLOT(vv, ss).state == HELD)
#else
#define TAKEN_BY_RESET(vv, ss) (SLOT(vv, ss).state == HELD || SLOT(vv, ss).state == BORROWED)
#endif

inline slot_clear(vv, ss)
{
	sc_b = SLOT(vv, ss).block;
	SLOT(vv, ss).events = 0;
	if
	:: SLOT(vv, ss).state == REVOKED -> SLOT(vv, ss).state = EMPTY
	:: else
	fi;
	if
	:: SLOT(vv, ss).busy -> redirect(vv, sc_b)
	:: !SLOT(vv, ss).busy && TAKEN_BY_RESET(vv, ss) ->
		slot_take_away(vv, ss, (blk[sc_b].owner == POOL -> FREE : STANDBY), 0)
	:: !SLOT(vv, ss).busy && SLOT(vv, ss).state == OFFERED -> loan_withdraw(sc_b, 1)
	:: !SLOT(vv, ss).busy && sc_b != NONE &&
	   (SLOT(vv, ss).state == STANDBY || SLOT(vv, ss).state == LENT) ->
		if
		:: LOSES_DATA(sc_b) -> blk[sc_b].own_data = 0
		:: else
		fi
	:: else
	fi;
	forget(vv, sc_b)
}

inline orphan(vv, bb)
{
	loan_less(blk[bb].loan);
	blk[bb].loan = NONE;
	blk[bb].owner = POOL;
	blk[bb].oslot = 0;
	if
	:: blk[bb].state == BORROWED ->
		blk[bb].state = HELD;
		SLOT(blk[bb].holder, blk[bb].hslot).events = 0;
		slot_move_off_loan(blk[bb].holder, blk[bb].hslot, HELD)
	:: else -> blk[bb].next = FREE
	fi
}

/* One own slot of a VM that ends: its block goes to the pool, now or when it is clean. */
inline slot_give_up(vv, ss)
{
	gu_b = SLOT(vv, ss).block;
	if
	:: IS_OWN(vv, ss) ->
		if
		:: blk[gu_b].state == OFFERED || (blk[gu_b].state == SCRUBBING &&
		   SLOT(vv, ss).state == LENT && blk[gu_b].next != STANDBY) ->
			loan_withdraw(gu_b, 0)
		:: else
		fi;
		if
		:: blk[gu_b].state == STANDBY ->
			pool_put(gu_b);
			SLOT(vv, ss).block = NONE
		:: blk[gu_b].state != STANDBY && SLOT(vv, ss).state == LENT ->
			orphan(vv, gu_b);
			SLOT(vv, ss).block = NONE
		:: else -> /* SCRUBBING, out of this very slot */
			blk[gu_b].next = FREE;
			blk[gu_b].owner = POOL;
			blk[gu_b].oslot = 0
		fi;
		slot_move_off_loan(vv, ss, EMPTY);
		SLOT(vv, ss).events = 0
	:: else
	fi
}

#if NB == 1
#define NR_FREE ((blk[0].state == FREE -> 1 : 0))
#else
#define NR_FREE ((blk[0].state == FREE -> 1 : 0) + (blk[1].state == FREE -> 1 : 0))
#endif
#define CAN_START(vv) (NR_FREE >= NR_OWN(vv))

inline vm_start(vv)
{
	for (st_i : 0 .. NS - 1) {
		assert(!SLOT(vv, st_i).busy);
		SLOT(vv, st_i).block = NONE;
		SLOT(vv, st_i).events = 0;
		if
		:: st_i < NR_OWN(vv) ->
			slot_move_off_loan(vv, st_i, STANDBY);
			st_b = 0;
			do
			:: blk[st_b].state != FREE -> st_b++
			:: else -> break
			od;
			SLOT(vv, st_i).block = st_b;
			blk[st_b].state = STANDBY;
			blk[st_b].owner = vv;
			blk[st_b].oslot = st_i
		:: st_i >= NR_OWN(vv) && IS_PROMISE(vv, st_i) ->
			slot_move_off_loan(vv, st_i, STANDBY)
		:: else -> slot_move_off_loan(vv, st_i, EMPTY)
		fi
	}
	life[vv] = UP;
	started[vv] = 1
}
