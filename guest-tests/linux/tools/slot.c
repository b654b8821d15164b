/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "slot.h"
#include "sysfs.h"

#define MEMORY_DIR "devices/system/memory"

static int slot_text(unsigned int index, const char *file, char *text, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "slots/%u/%s", index, file);
	return device_text(path, text, size);
}

/* A block may go at any time; it has no state then. */
static void read_linux_state(struct slot *slot)
{
	char state[sizeof(slot->linux_state)];
	unsigned long first;

	strcpy(slot->linux_state, "-");
	if (!slot_has_block(slot))
		return;
	first = slot_block_number(slot);
	for (unsigned int i = 0; i < device.blocks_per_unit; i++) {
		if (sysfs_read(state, sizeof(state), MEMORY_DIR "/memory%lu/state", first + i))
			strcpy(state, "-");
		if (i && strcmp(state, slot->linux_state))
			strcpy(state, "mixed");
		strcpy(slot->linux_state, state);
	}
}

static int read_once(unsigned int index, struct slot *slot)
{
	char loan[24], deadline[24];
	const struct {
		const char *file;
		char *text;
		size_t size;
	} files[] = {
		{"state", slot->state, sizeof(slot->state)},
		{"kind", slot->kind, sizeof(slot->kind)},
		{"block", slot->block, sizeof(slot->block)},
		{"peer", slot->peer, sizeof(slot->peer)},
		{"flags", slot->flags, sizeof(slot->flags)},
		{"contents", slot->contents, sizeof(slot->contents)},
		{"loan", loan, sizeof(loan)},
		{"deadline_ns", deadline, sizeof(deadline)},
	};
	int ret;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		ret = slot_text(index, files[i].file, files[i].text, files[i].size);
		if (ret)
			return ret;
	}
	slot->index = index;
	slot->address = device.base + index * device.block_size;
	slot->loan = strtoull(loan, NULL, 16);
	slot->deadline = strtoll(deadline, NULL, 10);
	read_linux_state(slot);
	return 0;
}

int slot_read(unsigned int index, struct slot *slot)
{
	char before[16], after[16];
	int ret;

	do {
		ret = slot_text(index, "generation", before, sizeof(before));
		if (!ret)
			ret = read_once(index, slot);
		if (!ret)
			ret = slot_text(index, "generation", after, sizeof(after));
	} while (!ret && strcmp(before, after));
	if (!ret)
		slot->generation = strtoull(after, NULL, 10);
	return ret;
}

bool slot_is(const struct slot *slot, const char *state)
{
	return !strcmp(slot->state, state);
}

bool slot_has_flag(const struct slot *slot, const char *flag)
{
	size_t len = strlen(flag);

	for (const char *at = slot->flags; (at = strstr(at, flag)); at += len) {
		if ((at == slot->flags || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
	}
	return false;
}

bool slot_has_block(const struct slot *slot)
{
	return strcmp(slot->block, "none");
}

bool slot_is_online(const struct slot *slot)
{
	return !strcmp(slot->linux_state, "online");
}

unsigned long slot_block_number(const struct slot *slot)
{
	return strtoul(slot->block + strlen("memory"), NULL, 10);
}

/* 1 if it was in another state, 0 if it is so already, whoever did it. */
static int set_block(unsigned long number, const char *wanted, const char *command)
{
	char state[16];
	int ret, err;

	ret = sysfs_read(state, sizeof(state), MEMORY_DIR "/memory%lu/state", number);
	if (ret || !strcmp(state, wanted))
		return ret;
	err = sysfs_write(command, MEMORY_DIR "/memory%lu/state", number);
	if (!err)
		return 1;
	ret = sysfs_read(state, sizeof(state), MEMORY_DIR "/memory%lu/state", number);
	return !ret && !strcmp(state, wanted) ? 0 : err;
}

int slot_online_block(unsigned long number)
{
	return set_block(number, "online", "online_movable");
}

static int set_blocks(const struct slot *slot, const char *wanted, const char *command)
{
	int ret;

	for (unsigned int i = 0; i < device.blocks_per_unit; i++) {
		ret = set_block(slot_block_number(slot) + i, wanted, command);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int configure(const struct slot *slot, bool on)
{
	char file[64];

	snprintf(file, sizeof(file), "slots/%u/config", slot->index);
	return device_command(file, "%d", on);
}

int slot_online(const struct slot *slot)
{
	struct slot now = *slot;
	int ret;

	if (device.dynamic && !slot_has_block(slot)) {
		ret = configure(slot, true);
		if (!ret)
			ret = slot_read(slot->index, &now);
		if (ret)
			return ret;
	}
	/* Linux may have been told to online what is added, or not. */
	return slot_has_block(&now) ? set_blocks(&now, "online", "online_movable") : -ENXIO;
}

int slot_offline(const struct slot *slot)
{
	return device.dynamic ? configure(slot, false) : set_blocks(slot, "offline", "offline");
}
