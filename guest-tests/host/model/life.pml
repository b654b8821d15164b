/* SPDX-License-Identifier: BSD-2-Clause */
/* The start, reset and end of a VM (lending.md §7), slot by slot as hyp/lend/life.c takes the lock. */

hidden byte sc_b, gu_b, st_i, st_b;

/* A block that is SCRUBBING on its way into this slot, or was kept on offer to it, turns round. */
inline redirect(v, b)
{
	if
	:: blk[b].owner == v -> blk[b].next = STANDBY; blk[b].own_data = 0
	:: blk[b].owner == POOL -> blk[b].next = FREE
	:: blk[b].owner == PEER(v) && blk[b].next != STANDBY ->
#ifdef FAULT_RESET_LEAVES_RETRIEVE
		skip
#else
		loan_withdraw(b, 1)
#endif
	:: else
	fi
}

/* What the VM's life up to now put there is nobody's from now on. */
inline forget(v, b)
{
	if
	:: b != NONE && blk[b].stain == v && blk[b].sees == 0 -> blk[b].stain = FOREIGN
	:: else
	fi
}

inline slot_clear(v, s)
{
	sc_b = SLOT(v, s).block;
	SLOT(v, s).events = 0;
	if
	:: SLOT(v, s).state == REVOKED -> SLOT(v, s).state = EMPTY
	:: else
	fi;
	if
	:: SLOT(v, s).busy -> redirect(v, sc_b)
	:: !SLOT(v, s).busy && SLOT(v, s).state == HELD ->
		if
		:: blk[sc_b].owner == POOL -> slot_take_away(v, s, FREE, 0)
		:: else -> slot_take_away(v, s, STANDBY, 0)
		fi
	:: !SLOT(v, s).busy && SLOT(v, s).state == BORROWED ->
#ifdef FAULT_RESET_KEEPS_BORROWED
		skip
#else
		slot_take_away(v, s, STANDBY, 0)
#endif
	:: !SLOT(v, s).busy && SLOT(v, s).state == OFFERED -> loan_withdraw(sc_b, 1)
	:: !SLOT(v, s).busy && sc_b != NONE &&
	   (SLOT(v, s).state == STANDBY || SLOT(v, s).state == LENT) ->
#ifndef FAULT_RESET_KEEPS_DATA
		/* Also of what is being cleaned on its way back: it was meant for the life before. */
		if
		:: blk[sc_b].state == STANDBY || blk[sc_b].state == OFFERED
#ifndef FAULT_RESET_KEEPS_DATA_COMING
			|| blk[sc_b].state == SCRUBBING
#endif
			-> blk[sc_b].own_data = 0
		:: else
		fi
#else
		skip
#endif
	:: else
	fi;
	forget(v, sc_b)
}

inline orphan(v, b)
{
	loan_less(blk[b].loan);
	blk[b].loan = NONE;
	blk[b].owner = POOL;
	blk[b].oslot = 0;
	if
	:: blk[b].state == BORROWED ->
		blk[b].state = HELD;
		SLOT(blk[b].holder, blk[b].hslot).events = 0;
		slot_move_off_loan(blk[b].holder, blk[b].hslot, HELD)
	:: else -> blk[b].next = FREE
	fi
}

/* One own slot of a VM that ends: its block goes to the pool, now or when it is clean. */
inline slot_give_up(v, s)
{
	gu_b = SLOT(v, s).block;
	if
	:: IS_OWN(v, s) ->
		if
		:: blk[gu_b].state == OFFERED || (blk[gu_b].state == SCRUBBING &&
		   SLOT(v, s).state == LENT && blk[gu_b].next != STANDBY) ->
			loan_withdraw(gu_b, 0)
		:: else
		fi;
		if
		:: blk[gu_b].state == STANDBY ->
			pool_put(gu_b);
			SLOT(v, s).block = NONE
		:: blk[gu_b].state != STANDBY && SLOT(v, s).state == LENT ->
			orphan(v, gu_b);
			SLOT(v, s).block = NONE
		:: else -> /* SCRUBBING, out of this very slot */
			blk[gu_b].next = FREE;
			blk[gu_b].owner = POOL;
			blk[gu_b].oslot = 0
		fi;
		slot_move_off_loan(v, s, EMPTY);
		SLOT(v, s).events = 0
	:: else
	fi
}

#if NB == 1
#define NR_FREE ((blk[0].state == FREE -> 1 : 0))
#else
#define NR_FREE ((blk[0].state == FREE -> 1 : 0) + (blk[1].state == FREE -> 1 : 0))
#endif
#define CAN_START(v) (NR_FREE >= NR_OWN(v))

inline vm_start(v)
{
	for (st_i : 0 .. NS - 1) {
		assert(!SLOT(v, st_i).busy);
		SLOT(v, st_i).block = NONE;
		SLOT(v, st_i).events = 0;
		if
		:: st_i < NR_OWN(v) ->
			slot_move_off_loan(v, st_i, STANDBY);
			st_b = 0;
			do
			:: blk[st_b].state != FREE -> st_b++
			:: else -> break
			od;
			SLOT(v, st_i).block = st_b;
			blk[st_b].state = STANDBY;
			blk[st_b].owner = v;
			blk[st_b].oslot = st_i
		:: st_i >= NR_OWN(v) && IS_PROMISE(v, st_i) -> slot_move_off_loan(v, st_i, STANDBY)
		:: else -> slot_move_off_loan(v, st_i, EMPTY)
		fi
	}
	life[v] = UP;
	started[v] = 1
}
