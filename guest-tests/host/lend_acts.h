/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What VMs and other CPUs do in the random tests, as data: a list of acts is made by chance
 * (test_lend_random.c), run, and, when it fails, run again from its record and shortened (lend_shrink.h).
 * The same list in a world of the same making always does the same.
 */
#ifndef LEND_ACTS_H
#define LEND_ACTS_H

#include "guest-tests/host/lend_world.h"

enum act_kind {
	ACT_CALL,
	ACT_SCRIBBLE, /* the VM writes to all it sees */
	ACT_RESET, /* it is down; its CPU scrubs when it goes on */
	ACT_OFF,
	ACT_GO_ON, /* down: scrubs, and is up again or off; off: is started */
	ACT_SCRUB, /* a CPU finishes what calls left on the VM's busy list, up to arg[0] chunks */
	ACT_EXPIRE, /* the timer for deadlines */
	ACT_POISON, /* block arg[0] is reported bad */
	ACT_NR_KINDS
};

struct act {
	u8 kind; /* enum act_kind */
	u8 vm;
	bool nested; /* another CPU's, during the last act that is not nested */
	bool shared; /* other CPUs may act wherever this one holds no lock */
	u8 every; /* every so many looks an interrupt is pending; 0: never */
	u8 tries; /* CALL: left undone after so many; 0: made until it is done */
	u16 number; /* its name, from 1 on; 0: nobody refers to it */
	u16 loan_of; /* CALL: number of the call that made the loan arg[0] is to name; 0: arg[0] as it stands */
	u16 at; /* nested: not before this point of the act around it */
	u16 time; /* ns pass first */
	u32 fn; /* CALL: LEND_* */
	u64 arg[4];
};

struct acts_world {
	struct world_vm vms[WORLD_MAX_VMS];
	u32 nr_vms, nr_blocks;
};

/* What has been done, so that a test can say that it got to the point. */
struct acts_count {
	u64 done[LEND_NR_FN]; /* calls that succeeded */
	u64 left, nested, ends, starts, expired, poisoned;
};

extern struct acts_count acts_count;

/* A world with the ghost in it; and its end: all VMs off, every block in the pool again. */
void acts_begin(const struct acts_world *w);
void acts_end(void);

/*
 * One act, not nested, with all checks: the rules (lend_check.h), the table of lending.md §3, the ghost.
 * An act that makes no sense at the time (a reset of a VM that is down) is none. others: the nested act for
 * this point of it, or NULL; asked until it has none.
 */
void act_run(const struct act *act, const struct act *(*others)(u32 point));

/* Is the loan that the act of this number made still there? */
bool act_has_loan(u32 number);

/* Is the VM up, so that it makes calls? The hypervisor's own acts do not ask. */
bool act_is_up(u32 vm);
bool act_is_of_vm(const struct act *act);

/* May another CPU do this now, in the middle of an act? No VM ends in its own call: another vCPU may call. */
bool act_may_nest(const struct act *act);

/* Begin, the whole list, end. Nested acts stand after the one they are nested in, by at. */
void acts_run(const struct acts_world *w, const struct act *list, u32 nr);

#endif
