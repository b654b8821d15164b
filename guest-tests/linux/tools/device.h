/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the lendmem driver and Linux show in sysfs, and the writes they take.
 * Functions return 0 or a negative errno unless they say otherwise.
 */
#ifndef LENDCTL_DEVICE_H
#define LENDCTL_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#define DEVICE_MAX_SLOTS 8192

struct slot {
	unsigned int index;
	unsigned long long address;
	unsigned long long loan;
	char state[16];
	char block[24]; /* memoryN, or "none" */
	char linux_state[16]; /* online, offline, going-offline, or "-" */
	char peer[64];
	char flags[96];
	char contents[48];
};

/* Finds the device. -ENODEV if the driver is not there or has found none. */
int device_open(void);

unsigned int device_nr_slots(void);
unsigned long long device_block_size(void);

/* All values are of one moment: the slot is read again if it changed meanwhile. */
int device_read_slot(unsigned int index, struct slot *slot);

/* Takes the block out of use and puts it on offer. @flags: words with spaces between, or "". */
int device_lend(unsigned int index, const char *peer, const char *flags);

/* @deadline_ms: 0 for none */
int device_reclaim(unsigned long long loan, unsigned long long deadline_ms);

/* @state: what /sys/devices/system/memory/memoryN/state takes */
int device_set_block(const char *block, const char *state);

bool slot_has_flag(const struct slot *slot, const char *flag);
bool slot_is_online(const struct slot *slot);

#endif
