/* SPDX-License-Identifier: BSD-2-Clause */
/* The lending calls and their event interrupt, as a bare guest uses them. CPU 0 handles events. */
#ifndef BARE_LEND_H
#define BARE_LEND_H

#include "hyp/lend/abi.h"
#include "hyp/lib/types.h"
#include "guest-tests/bare/lib/psci.h"

#define LEND_INTID 92
#define NO_LOAN 0

struct lend_window {
	u64 base, block_size;
	u32 nr_slots, id, nr_own, nr_promised;
};

struct lend_event {
	u32 kind, peer, slot;
	u64 loan;
};

/* By SMC64 and HVC: x[0] the status, x[1] to x[4] the results. */
struct smccc lend(u32 fn, u64 x1, u64 x2, u64 x3, u64 x4);
s64 lend_status(u32 fn, u64 x1, u64 x2, u64 x3, u64 x4);

/* By LEND_INFO; maps the window in stage-1, too. Again and again the same. */
struct lend_window lend_window(void);

/* The id of the first peer that the FDT names. */
u32 lend_peer(void);

/* Parts of LEND_SLOT_INFO. */
u32 slot_state(u32 slot);
u32 slot_flags(u32 slot);
u32 slot_peer(u32 slot);
u64 slot_loan(u32 slot);
u64 slot_address(u32 slot);

/* All n slots from slot on are in this state. */
bool slots_are(u32 slot, u32 n, u32 state);

/* A sum over all that SLOT_INFO says of these slots: differs when anything has changed. */
u64 slots_snapshot(u32 slot, u32 n);

/* Takes event interrupts from here to the end of the test. */
void lend_events_begin(void);

/* The next event that has come, if any. */
bool lend_next_event(struct lend_event *event);

/* Waits for the next event of this kind, dropping others. False: it does not come. */
bool lend_wait_event(u32 kind, struct lend_event *event);

/* Each has come, at once or not: one event of this kind for each of n slots from slot on. */
bool lend_wait_events(u32 kind, u32 slot, u32 n);

/*
 * Two guests meet: one lends an own block that is STANDBY as a sign, the other waits for the offer and
 * refuses it. Both begin after lend_events_begin(). False: nothing comes.
 */
bool lend_sign(u32 slot, u32 to);
bool lend_wait_sign(void);

/* Contents, every byte. The first address that differs, or 0. A pattern has no zero byte. */
u64 pattern(u64 address, u64 seed); /* the word that is there */
u64 first_nonzero(u64 address, u64 size);
void fill_pattern(u64 address, u64 size, u64 seed);
u64 first_unlike_pattern(u64 address, u64 size, u64 seed);

/* A slot without its block: reads find zero or abort, writes and fetches abort. */
bool slot_is_absent(u32 slot);

#endif
