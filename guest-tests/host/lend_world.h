/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small machine for the tests of hyp/lend: VMs with windows, blocks of real memory (a PA is a host
 * pointer), stage-2 tables over guest-tests/host/tlb_fake.c, a clock, and interrupts that come when a test says.
 * One world at a time.
 */
#ifndef LEND_WORLD_H
#define LEND_WORLD_H

#include "hyp/lend/calls.h"
#include "hyp/lend/events.h"
#include "hyp/lend/ledger.h"
#include "hyp/lend/life.h"
#include "hyp/lend/loan.h"
#include "hyp/lend/scrub.h"

#define WORLD_BLOCK MIB(2)
#define WORLD_CHUNKS (WORLD_BLOCK / SCRUB_CHUNK)
#define WORLD_WINDOW GIB(4)
#define WORLD_MAX_VMS 4
#define WORLD_MAX_SLOTS 300
#define WORLD_MAX_BLOCKS 64

struct world_vm {
	u32 nr_slots, nr_own, nr_promised, quota;
	u32 lend_to; /* BIT(VM id) */
	u64 min_recall_ns;
	bool absent_abort;
	bool manager;
};

struct world {
	struct ledger l;
	struct block blocks[WORLD_MAX_BLOCKS];
	struct loan loans[WORLD_MAX_BLOCKS];
	struct slot slots[WORLD_MAX_VMS][WORLD_MAX_SLOTS];
	u64 empty[WORLD_MAX_VMS][(WORLD_MAX_SLOTS + 63) / 64 + 2];
	u64 some_empty[WORLD_MAX_VMS][1];
	struct s2 s2[WORLD_MAX_VMS];
	void *tables[WORLD_MAX_VMS];
	size_t tables_size;
	u8 *ram;

	u64 now;
	/* interrupt_pending() is asked: true at ask number pending_at (from 1), or at every n-th */
	u32 asks, pending_at, pending_every;
	/* Called wherever EL2 holds no lock: what other CPUs do meanwhile. They are always interrupted. */
	void (*between)(void);
	bool nested;
	/* Zeroing writes one word per chunk only, for tests of many steps. */
	bool sparse;
	u64 nr_zeroed, nr_cleaned; /* bytes */
	u32 nr_raised;
	u64 expire_at; /* the earliest that was asked for; world_tick() does it */
	u32 scrub_later; /* BIT(VM id) */
	bool line[WORLD_MAX_VMS];

	u64 x[8]; /* registers after the last call */
	u32 nr_again; /* how often the last world_call() went back to the guest */
};

extern struct world world;

/* Makes the world: nr_blocks DIRTY blocks of old contents, VMs started in order. */
void world_begin(const struct world_vm *config, u32 nr_vms, u32 nr_blocks);
/* The same, sparse from the beginning, and quick. */
void world_begin_sparse(const struct world_vm *config, u32 nr_vms, u32 nr_blocks);
void world_end(void); /* checks once more */
void world_drop(void); /* does not */

/* The rules of lend_check.h, event lines, no lock held, stage-2 protocol quiet. Fails the test. */
void world_check(void);

/* A call by SMC64 as the guest sees it: repeated until it is done, checked each time. x0. */
s64 world_call(u32 vm, u32 fn, u64 a1, u64 a2, u64 a3, u64 a4);

/* Once only: LEND_CALL_AGAIN leaves world.x as the guest passed it (checked). */
enum lend_outcome world_try(u32 vm, u32 fn, u64 a1, u64 a2, u64 a3, u64 a4);

/* The same with the function id and registers as given, and no status taken. */
enum lend_outcome world_registers(u32 vm, const u64 x[8]);

/* Begins a call that an interrupt cuts off after one chunk, and that the guest does not repeat. */
void world_begin_call(u32 vm, u32 fn, u64 a1, u64 a2, u64 a3);

/* LEND of n slots, which has to succeed; its handle. */
u64 world_lend(u32 vm, u32 slot, u32 n, u32 to, u32 flags);

/*
 * Runs calls that have to succeed, written as words: VM (a, b ...), call, slot, and what it takes.
 *	aR0	RETRIEVE	aQ0ko	RELINQUISH, k KEEP, o KEEP_OFFER	aA0	RELINQUISH_ALL
 *	aL0bkra	LEND to b, k KEEP, r REVOCABLE, a ADOPTABLE	aD0bk	DONATE		bF2	REFUSE
 *	aC0t9	RECLAIM of the loan of a's slot 0 within 9 ns	aV0	REVOKE of it	aM1	MAP in mode 1
 *	aE0	reads all events	aX0	reset	aO0	off	aS0	start	aW9	9 ns pass (world_tick)
 *	aP0	a's slot 0 holds a bad block	aT2b	a sets b's target to 2
 * With x2 behind the slot: for two slots. With . at the end: left undone after one chunk. A 0 may be left out.
 */
void world_run(const char *script);

/* For who is asked to serve others in between. */
void world_nothing(void);

/* Lets ns pass: deadlines expire, and what was left behind is scrubbed. */
void world_tick(u64 ns);

/* Reset, off and start as hyp/vm/life.c does them. */
void world_reset(u32 vm);
void world_off(u32 vm);
bool world_start(u32 vm);

/* What the guest finds at a slot; NULL where no memory is mapped. */
u8 *world_memory(u32 vm, u32 slot);
void world_fill(u32 vm, u32 slot, u8 value);
bool world_is_filled(u32 vm, u32 slot, u8 value);

/*
 * The whole state as "key=value" tokens, one per slot and more: "a0=H2" is slot 0 of VM 0 HELD with
 * block 2 (of world.ram). Letters: - S O H B L R by LEND_SLOT_*; after the block: d DIRTY, o OWN_DATA, >x SCRUBBING on
 * its way to x, b BAD; r k a the loan's flags, ! RECALLED, * ADOPTED, D donated, x past its deadline; + pending
 * events: O offer, R recall, B back, X expired, V revoked, P poisoned. Then per VM held (pool blocks), target, gone
 * (PEER_GONE peers, in hex), note (T target, P pool), and free.
 */
#define WORLD_TEXT 4096
void world_text(char text[WORLD_TEXT]);

/* Fails the test unless now == before with the changes ("a0=H1 free=3"; "" for none) made to it. */
void world_expect(const char *before, const char *changes);

/* Every byte of the state, for "changes nothing": slots, blocks, loans, VMs, tables, contents asked for. */
struct world_snapshot;
struct world_snapshot *world_snapshot(void);
void world_expect_same(struct world_snapshot *snapshot); /* frees it */
void world_snapshot_free(struct world_snapshot *snapshot);

#endif
