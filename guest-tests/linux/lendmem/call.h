/* SPDX-License-Identifier: GPL-2.0 */
/* The hypervisor calls, with the hypervisor's status turned into an errno, once and here. */
#ifndef LENDMEM_CALL_H
#define LENDMEM_CALL_H

#include <linux/types.h>

#include "hyp/lend/abi.h"

struct lendmem_result {
	s64 status;
	u64 x1, x2, x3, x4;
};

struct lendmem_info {
	u64 base;
	u64 block_size;
	u32 nr_slots;
	u32 vm;
};

/* The pool as this VM sees it, in slots; nr_own and nr_promised: the first slots of the window. */
struct lendmem_pool {
	u32 target;
	u32 held;
	u32 quota;
	u32 free;
	u32 nr_own;
	u32 nr_promised;
};

/**
 * struct lendmem_slot_info - the hypervisor's view of a slot at one moment
 * @state: LEND_SLOT_*
 * @peer: VM id, or LEND_NO_PEER
 * @flags: LEND_FLAG_*
 * @run: slots from here on that read the same
 * @loan: handle, 0 without one
 * @deadline: ns until a recall expires, LEND_NO_DEADLINE without one
 * @generation: differs after every transition
 */
struct lendmem_slot_info {
	u32 state;
	u32 peer;
	u32 flags;
	u32 run;
	u64 loan;
	u64 deadline;
	u32 generation;
};

/* Is it lendvisor that we run on, with an ABI we know? 0, -ENODEV or -EPROTONOSUPPORT. */
int lendmem_call_discover(void);

/* One call; @function is LEND_*. 0 (also for LEND_PENDING) or -errno. @res may be NULL. */
int lendmem_call(u32 function, u64 x1, u64 x2, u64 x3, u64 x4, struct lendmem_result *res);

int lendmem_call_info(struct lendmem_info *info);
int lendmem_call_pool(struct lendmem_pool *pool);
int lendmem_call_slot_info(u32 slot, struct lendmem_slot_info *info);

/* Why it failed, for a person: "there is no right to it, ..." */
const char *lendmem_words(int err);

/* "standby", "offered", ... */
const char *lendmem_state_name(u32 state);

#endif
