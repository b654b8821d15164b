/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The records of hyp/lend/ledger.h as far as the model needs them, and beside them what no
 * hypervisor can know: who reaches a block, and whose data lies in it. Values that say nothing
 * are reset at once, so that equal situations are equal states.
 */

#define A 0
#define B 1
#define POOL 2
#define FOREIGN 3 /* as a stain: firmware's data, or those of a VM that is gone or was reset */
#define NONE 15
#define PEER(vv) (1 - (vv))

#ifndef NCHUNK
#define NCHUNK 2
#endif
#define ALL ((1 << NCHUNK) - 1)
#define NL NB /* a loan holds at least one block */

#ifndef QUOTA
#define QUOTA NB
#endif

/* The window, in order: own blocks, promises of the pool, empty slots. */
#define NR_OWN(vv) ((vv) == A -> OWN_A : OWN_B)
#define NR_PROMISED(vv) ((vv) == A -> PROMISED_A : PROMISED_B)
#define IS_PROMISE(vv, ss) ((ss) >= NR_OWN(vv) && (ss) < NR_OWN(vv) + NR_PROMISED(vv))

mtype = { FREE, EMPTY, STANDBY, OFFERED, HELD, BORROWED, LENT, REVOKED, SCRUBBING };
mtype = { UP, RESETTING, ENDING, DOWN };
mtype = { NO_DEADLINE, RUNNING, EXPIRED };

typedef Block {
	mtype state, next;
	byte owner, holder, oslot, hslot, loan;
	bit dirty, own_data, clean_only;
	byte claimed, done;
	/* Ghosts: */
	byte sees; /* 1 << vm: by its tables or any TLB */
	byte stain; /* whose data is in it */
	byte left; /* 1 << chunk: where they are still */
};

typedef Slot {
	mtype state;
	byte block, loan;
	bit busy, recalled;
	byte events;
};

typedef Window {
	Slot slot[NS];
};

typedef Loan {
	bit in_use, recalled, offer_read, revocable, keep, donate;
	byte owner, out;
	mtype timer;
};

Block blk[NB];
Window vm[2];
Loan loan[NL];
mtype life[2] = DOWN;
bit in_hand[2]; /* a vCPU of the VM is at EL2, at work on a chunk */
bit started[2]; /* the guest's kernel begins, and has not looked around yet */

#define SLOT(vv, ss) vm[vv].slot[ss]
#define IS_OWN(vv, ss) \
	(SLOT(vv, ss).block != NONE && blk[SLOT(vv, ss).block].owner == (vv) && \
	 blk[SLOT(vv, ss).block].oslot == (ss))
#define IS_RUNNING(vv) (life[vv] == UP || life[vv] == RESETTING)

#define EV_OFFER 1
#define EV_RECALL 2
#define EV_EXPIRED 4
#define EV_RETURNED 8
#define EV_REVOKED 16

/* Whoever never reads events is modelled without them. */
inline note(vv, ss, kind)
{
#ifdef EVENTS
	SLOT(vv, ss).events = SLOT(vv, ss).events | kind
#else
	skip
#endif
}
