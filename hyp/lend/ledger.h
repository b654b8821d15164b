/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ledger: which block is where, whose it is, and who may have it next. It implements lending.md.
 * Blocks, slots and what takes them from one state to the next are in ledger.c; what a holder does
 * in retrieve.c, what an owner does in loan.c and recall.c, deadlines in expire.c, the ends of VMs
 * in life.c, bad memory in poison.c, marks for the next kernel in adopt.c, free slots in window.c.
 *
 * A block is a naturally aligned piece of RAM, block_size bytes long. Its state, mapped in, leaves to:
 *
 *	FREE		nobody		the pool's, given to nobody; -> HELD, by RETRIEVE of a promise
 *	STANDBY		nobody		its owner's, not given to it; -> HELD, OFFERED; at its end FREE
 *	OFFERED		nobody		lent or donated, not retrieved; -> BORROWED, HELD, STANDBY
 *	HELD		the holder	owner's own, or the pool's; -> STANDBY, FREE
 *	BORROWED	the holder	under a loan; -> STANDBY (of its owner), OFFERED; HELD when that ends
 *	SCRUBBING	nobody		on its way to block->next, which may change before it is there
 *	POISONED	nobody		out of use for good; from any other
 *
 * Between any two of them SCRUBBING stands where contents have to go, or wait for it. A record is changed
 * together with the slots that name the block, under ledger->lock, each block in a short step of constant
 * time, and only from a state that the caller expects and that is asserted.
 *
 * Invariants (lend_check() states them over ledger and tables together):
 *  - a slot in HELD or BORROWED names a block in the same state whose holder and holder_slot are
 *    that slot, and it is mapped there and nowhere else;
 *  - a LENT slot names a block of its own that is OFFERED, BORROWED or SCRUBBING under the slot's loan;
 *  - a BUSY slot names a SCRUBBING block whose holder_slot it is, and that is on one busy list: its
 *    owner's when it was taken by force, else its holder's;
 *  - a slot's bit in vm->empty says that it is EMPTY and not BUSY, and a word's bit in some_empty that
 *    the word is not 0;
 *  - a VM's own slots are those that name a block of its own: the first nr_own ones when it starts, others
 *    after a donation;
 *  - blocks never appear or vanish: FREE ones are on the free list, each other one has an owner slot or
 *    a holder slot.
 *
 * Pure: what it needs of the machine comes in through struct lend_host.
 */
#ifndef HYP_LEND_LEDGER_H
#define HYP_LEND_LEDGER_H

#include "hyp/cpu/lock.h"
#include "hyp/lend/abi.h"
#include "hyp/lib/types.h"
#include "stage2/stage2.h"

#define LEND_MAX_VMS 16
#define LEND_POOL 0xff /* as an owner: the hypervisor itself */
#define LEND_NONE 0xffffffffu /* no block, slot or loan */

enum block_state {
	BLOCK_FREE,
	BLOCK_STANDBY,
	BLOCK_OFFERED,
	BLOCK_HELD,
	BLOCK_BORROWED,
	BLOCK_SCRUBBING,
	BLOCK_POISONED,
};

#define BLOCK_DIRTY BIT(0) /* contents are not zero */
#define BLOCK_OWN_DATA BIT(1) /* they are its owner's, kept at its wish */
#define BLOCK_CLEAN_ONLY BIT(2) /* this pass of SCRUBBING cleans caches and keeps contents */
#define BLOCK_BAD BIT(3) /* reported bad: retires when its holder gives it up */

struct block {
	paddr_t pa;
	u8 state; /* enum block_state */
	u8 next; /* SCRUBBING: the state to come */
	u8 owner; /* VM id or LEND_POOL */
	u8 holder; /* VM id: where it is, is offered to, or is leaving from; LEND_POOL: nowhere */
	u8 flags;
	u32 owner_slot; /* in the owner's window */
	u32 holder_slot; /* in the holder's window */
	u32 loan;
	u32 scrub_claimed, scrub_done; /* chunks */
	u8 finisher; /* SCRUBBING: the VM on whose busy list it is */
	u32 prev, link; /* on the free list, or on a busy list */
};

struct slot {
	u8 state; /* LEND_SLOT_* */
	u8 peer; /* VM id of the other side, now or last; LEND_NO_PEER */
	u8 flags; /* LEND_FLAG_RECALLED, _REVOCABLE, _KEEP, _ADOPTABLE, _ADOPTED; the others are derived */
	bool busy; /* block is SCRUBBING and this slot waits for it */
	u16 events; /* BIT(LEND_EVENT_*) pending */
	u32 block;
	u32 loan;
	u32 generation;
	u32 event_prev, event_next; /* slots with events, in order of coming */
};

struct loan {
	bool in_use;
	bool donated; /* whoever retrieves a block of it owns that block */
	bool recalled;
	bool offer_read; /* the borrower knows of it */
	u8 owner, borrower;
	u8 flags; /* LEND_FLAG_REVOCABLE, _KEEP, _ADOPTABLE */
	u32 owner_slot, borrower_slot; /* the first ones */
	u32 nr_slots;
	u32 nr_out; /* blocks not back yet */
	u32 nr_adopted; /* of its borrower's slots */
	u32 generation; /* upper half of the handle */
	u64 deadline; /* ns of lend_host.now, LEND_NO_DEADLINE */
	u32 nr_told; /* of its slots: both sides have the event EXPIRED */
	u32 place; /* among the deadlines, or LEND_NONE */
	u32 link; /* free list */
	u32 by_deadline; /* not of this loan: element of the heap of deadlines (expire.c) */
};

struct lend_vm {
	u8 id;
	bool running;
	bool manager; /* may set targets */
	bool absent_abort;
	u32 lend_to; /* BIT(VM id) */
	u64 min_recall_ns;
	struct s2 *s2;
	ipa_t window;
	u32 nr_slots, nr_own, nr_promised;
	u32 quota;
	u32 target;
	u32 nr_pool_held; /* the pool's blocks whose holder it is, those still SCRUBBING included */
	struct slot *slots;
	u64 *empty; /* a bit per slot, and two words more that stay 0: window.c looks no further */
	u64 *some_empty; /* a bit per word of empty that is not 0 */
	u32 busy_head; /* blocks whose scrubbing its CPUs are to finish, the oldest first */
	u32 all_next,
		all_done; /* how far RELINQUISH_ALL is: nothing below all_next is for it to take */
	u64 undone; /* handle of the last RECLAIM or REVOKE that went back to the guest: 0 without */
	u64 undone_deadline; /* as it was passed */
	u32 offers_unread; /* BIT(lender): its last OFFER event was not read */
	u32 event_head, event_tail;
	u32 vm_events; /* BIT(LEND_EVENT_*) without a slot */
	u32 peers_gone; /* BIT(VM id) behind PEER_GONE */
	u64 nr_retrieved, nr_given_up, nr_aborts; /* counters */
};

struct lend_host {
	u64 (*now)(void); /* ns */
	bool (*interrupt_pending)(void);
	void (*zero)(paddr_t pa, size_t size); /* and clean and invalidate to PoC */
	void (*clean)(paddr_t pa, size_t size); /* clean and invalidate to PoC only */
	/* The rest is called with no lock held. */
	/* The events of VM id changed: set its interrupt line to lend_events_pending(). */
	void (*raise)(u8 id);
	/*
	 * A call went back to its guest and left blocks SCRUBBING on VM id's busy list, and may never be
	 * repeated: on this CPU, lend_scrub_some() from time to time until that says false.
	 */
	void (*scrub_later)(u8 id);
	/* A deadline was set: on this CPU, lend_expire() at that time of now() or a little later. */
	void (*expire_at)(u64 ns);
	/* LEND_MAP: writes the FDT for the VM's next kernel at ipa. A LEND_* status. */
	int (*write_map)(u8 id, ipa_t ipa, u64 size, bool adopt, u64 *written);
};

struct ledger {
	spinlock_t lock; /* guards everything below and all records behind it */
	const struct lend_host *host;
	u64 block_size;
	u32 nr_chunks; /* of a block, for scrubbing */
	u32 nr_blocks;
	struct block *blocks;
	u32 free_head, nr_free;
	struct loan *loans; /* nr_blocks of them: a loan holds at least one block */
	u32 loan_free;
	u32 nr_deadlines;
	u32 wants_pool; /* BIT(VM id): found the pool empty, and was not told POOL since */
	u32 nr_vms;
	struct lend_vm vm[LEND_MAX_VMS];
	u32 raise; /* BIT(VM id) whose event line is to be looked at after the lock */
};

/* What a step on one slot came to; negative values are LEND_* errors. */
#define STEP_DONE 0
#define STEP_SCRUB 1 /* the slot's block is SCRUBBING: lend_scrub() it and take the step again */

void ledger_lock(struct ledger *l);
void ledger_unlock(struct ledger *l); /* raises event lines that changed, after the lock */

/* Everything below: caller holds l->lock. */

static inline bool slot_is_own(const struct ledger *l, const struct lend_vm *vm, u32 slot)
{
	u32 block = vm->slots[slot].block;

	return block != LEND_NONE && l->blocks[block].owner == vm->id;
}

static inline bool slot_is_mapped(const struct slot *s)
{
	return s->state == LEND_SLOT_HELD || s->state == LEND_SLOT_BORROWED;
}

/* Is the slot's block SCRUBBING on its way to the VM, by a retrieve? */
static inline bool slot_is_coming(const struct ledger *l, const struct slot *s)
{
	return s->busy && (l->blocks[s->block].next == BLOCK_HELD ||
			   l->blocks[s->block].next == BLOCK_BORROWED);
}

static inline bool slot_is_promise(const struct lend_vm *vm, u32 slot)
{
	return slot >= vm->nr_own && slot < vm->nr_own + vm->nr_promised;
}

static inline ipa_t slot_ipa(const struct ledger *l, const struct lend_vm *vm, u32 slot)
{
	return IPA(vm->window.ipa + slot * l->block_size);
}

/* Changes a block from the state the caller expects (asserted). */
void block_move(struct block *b, enum block_state expected, enum block_state state);

/* Changes a slot's state; its generation counts. */
void slot_move(struct lend_vm *vm, u32 slot, u8 state);

/* A slot has lost its block for good: EMPTY, and without a loan. */
void slot_vacate(struct lend_vm *vm, u32 slot);

/* A slot waits for its block, which is SCRUBBING, or no longer does. */
void slot_set_busy(struct lend_vm *vm, u32 slot, bool busy);

/* Sends a block that nobody maps through SCRUBBING to next. The slot at holder_slot becomes busy. */
void block_scrub(struct ledger *l, struct block *b, enum block_state next, bool keep);

/* A SCRUBBING block goes to the busy list of VM id vm. */
void block_finish_by(struct ledger *l, struct block *b, u8 vm);

/* The last chunk is done: the block arrives in block->next. */
void block_arrive(struct ledger *l, struct block *b);

/* The block becomes the VM's to use: the one place where a block is mapped. */
void block_grant(struct ledger *l, struct lend_vm *vm, u32 slot, struct block *b);

/* Rings of blocks by prev and link: the free ones, and a VM's busy ones. Adds at the end. */
void list_add(struct ledger *l, u32 *head, struct block *b);
void list_remove(struct ledger *l, u32 *head, struct block *b);

void pool_put(struct ledger *l,
	      struct block *b); /* sets it FREE, owner LEND_POOL; tells who waits */
struct block *pool_take(struct ledger *l); /* NULL when empty; still FREE, off the list */

/*
 * Takes a HELD or BORROWED block out of its holder's stage-2 and off to next. keep: its contents stay.
 * TAKE_BY_FORCE: the slot reads REVOKED and any access to it aborts.
 */
enum take {
	TAKE_GIVEN,
	TAKE_KEPT,
	TAKE_BY_FORCE,
};
void slot_take_away(struct ledger *l, struct lend_vm *vm, u32 slot, enum block_state next,
		    enum take how);

/* A REVOKED slot becomes EMPTY, to be read like any other. */
void slot_acknowledge(struct ledger *l, struct lend_vm *vm, u32 slot);

/* LEND_SLOT_INFO; fills x1 to x4 of abi.h. */
void ledger_slot_info(const struct ledger *l, const struct lend_vm *vm, u32 slot, u64 x[4]);

#endif
