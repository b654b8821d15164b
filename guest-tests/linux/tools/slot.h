/* SPDX-License-Identifier: BSD-2-Clause */
/* Slots, and the Linux memory blocks of them. 0 or a negative errno unless it says otherwise. */
#ifndef LENDCTL_SLOT_H
#define LENDCTL_SLOT_H

#include <stdbool.h>

/**
 * struct slot - a slot at one moment
 * @deadline: ns until a recall expires, -1 without one
 * @kind: what its place in the window is for: own, pool, loan
 * @block: memoryN, the first of its unit, or "none"
 * @linux_state: online, offline, going-offline, "mixed" if blocks of the unit differ, or "-"
 * @peer: a name, or "none"
 */
struct slot {
	unsigned int index;
	unsigned long long address;
	unsigned long long loan;
	long long deadline;
	unsigned long long generation;
	char state[16];
	char kind[8];
	char block[24];
	char linux_state[16];
	char peer[64];
	char flags[96];
	char contents[48];
};

/* All values are of one moment: the slot is read again if it changed meanwhile. */
int slot_read(unsigned int index, struct slot *slot);

bool slot_is(const struct slot *slot, const char *state);
bool slot_has_flag(const struct slot *slot, const char *flag);
bool slot_has_block(const struct slot *slot);
bool slot_is_online(const struct slot *slot);

/* The N of its memoryN; it has one. */
unsigned long slot_block_number(const struct slot *slot);

/* Onlines memoryN, movable so that it comes back. 1: it was offline, 0: it is online already. */
int slot_online_block(unsigned long number);

/*
 * Puts the slot's memory to use, or takes it out of use: its Linux blocks go online, or offline; in
 * dynamic mode they come and go with it.
 */
int slot_online(const struct slot *slot);
int slot_offline(const struct slot *slot);

#endif
