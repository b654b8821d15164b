/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random instructions, generated into memory and run one at a time: accesses of all kinds and sizes,
 * and system registers, maintenance and exception-generating instructions at random. Whatever
 * exception one causes, the guest goes on behind it. Left out is what would end the guest itself: its
 * stack pointer, vectors and translation, and waiting for what never comes.
 */
#ifndef BARE_WILD_H
#define BARE_WILD_H

#include "guest-tests/bare/lib/probe.h"
#include "guest-tests/bare/lib/random.h"

struct wild_counts {
	u64 nr_aborts, nr_undefined, nr_other, nr_interrupts;
};

/* New instructions for the calling CPU. Before its first use, and whenever others are wanted. */
void wild_generate(struct random *r);

/* Runs one of them: a load, store or the like at this address, or one that is about a register. */
void wild_access(struct random *r, u64 address, u64 value);
void wild_register(struct random *r, u64 value);

/* Takes every exception that these cause, and every interrupt, on all CPUs. */
bool wild_exception(u64 index, struct frame *frame);

/* 64 bits from an address, 0 if that aborts; a call of it, which comes back if that aborts. */
u64 wild_read(u64 address);
void wild_execute(u64 address);

struct wild_counts *wild_counts(u32 cpu);

#endif
