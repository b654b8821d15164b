/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the start, reset and end of a VM do to blocks (lending.md §7), and the making of the ledger.
 */
#ifndef HYP_LEND_LIFE_H
#define HYP_LEND_LIFE_H

#include "hyp/lend/ledger.h"

/*
 * An empty ledger over memory of the caller's: blocks and loans hold max_blocks records each.
 * No CPU uses it yet.
 */
void ledger_init(struct ledger *l, const struct lend_host *host, u64 block_size,
		 struct block *blocks, struct loan *loans);

/* Adds the RAM at pa, block_size long and aligned, to the pool, as DIRTY. At boot only. */
void ledger_add_block(struct ledger *l, paddr_t pa);

/* The next VM's record; its fields for rights, window, quota and slots are the caller's to fill in. */
struct lend_vm *ledger_add_vm(struct ledger *l);

/*
 * The VM starts, at boot or again after its end: every slot anew, nr_own blocks taken from the pool. False
 * when the pool has too few: no slot is changed, or, if others took from it meanwhile (another VM that starts
 * may be refused for the same), lend_vm_off() gives back what this VM got. Takes the lock, per slot.
 */
bool lend_vm_start(struct ledger *l, struct lend_vm *vm, void (*serve)(void));

/*
 * The VM was reset, or is off for good: none of its vCPUs runs. Takes the lock, per slot. What it gave up is
 * SCRUBBING afterwards; lend_vm_scrub() finishes that.
 */
void lend_vm_reset(struct ledger *l, struct lend_vm *vm, void (*serve)(void));
void lend_vm_off(struct ledger *l, struct lend_vm *vm, void (*serve)(void));

/*
 * Scrubs what the slots of a VM that is down still wait for, calling serve() between chunks. The VM is
 * not started again before this returns.
 */
void lend_vm_scrub(struct ledger *l, struct lend_vm *vm, void (*serve)(void));

#endif
