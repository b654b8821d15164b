/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"

#define DRIVER_DIR "/sys/bus/platform/drivers/lendmem"
#define MEMORY_DIR "/sys/devices/system/memory"

static char device_dir[PATH_MAX / 2];
static unsigned int nr_slots;
static unsigned long long block_size;

static int read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;
	int err;

	if (fd < 0)
		return -errno;
	len = read(fd, text, size - 1);
	err = errno;
	close(fd);
	if (len < 0)
		return -err;
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

/* One write for the whole text: it is a command. */
static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t len;
	int err;

	if (fd < 0)
		return -errno;
	len = write(fd, text, strlen(text));
	err = errno;
	close(fd);
	return len < 0 ? -err : 0;
}

static int device_text(const char *file, char *text, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", device_dir, file);
	return read_text(path, text, size);
}

int device_open(void)
{
	DIR *dir = opendir(DRIVER_DIR);
	struct dirent *entry;
	char text[32];
	int ret = -ENODEV;

	if (!dir)
		return -ENODEV;
	while (ret && (entry = readdir(dir))) {
		snprintf(device_dir, sizeof(device_dir), DRIVER_DIR "/%s", entry->d_name);
		if (device_text("nr_slots", text, sizeof(text)))
			continue;
		nr_slots = strtoul(text, NULL, 10);
		ret = device_text("block_size", text, sizeof(text));
		block_size = strtoull(text, NULL, 10);
	}
	closedir(dir);
	return ret;
}

unsigned int device_nr_slots(void)
{
	return nr_slots;
}

unsigned long long device_block_size(void)
{
	return block_size;
}

static int slot_text(unsigned int index, const char *file, char *text, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "slots/%u/%s", index, file);
	return device_text(path, text, size);
}

static int read_once(unsigned int index, struct slot *slot)
{
	const struct {
		const char *file;
		char *text;
		size_t size;
	} files[] = {
		{"state", slot->state, sizeof(slot->state)},
		{"block", slot->block, sizeof(slot->block)},
		{"peer", slot->peer, sizeof(slot->peer)},
		{"flags", slot->flags, sizeof(slot->flags)},
		{"contents", slot->contents, sizeof(slot->contents)},
	};
	char text[32], path[PATH_MAX];
	int ret;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		ret = slot_text(index, files[i].file, files[i].text, files[i].size);
		if (ret)
			return ret;
	}
	ret = slot_text(index, "address", text, sizeof(text));
	if (ret)
		return ret;
	slot->address = strtoull(text, NULL, 16);
	ret = slot_text(index, "loan", text, sizeof(text));
	if (ret)
		return ret;
	slot->loan = strtoull(text, NULL, 16);
	slot->index = index;

	/* The block may go at any time; it has no state then. */
	snprintf(path, sizeof(path), MEMORY_DIR "/%s/state", slot->block);
	if (read_text(path, slot->linux_state, sizeof(slot->linux_state)))
		strcpy(slot->linux_state, "-");
	return 0;
}

int device_read_slot(unsigned int index, struct slot *slot)
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
	return ret;
}

int device_lend(unsigned int index, const char *peer, const char *flags)
{
	char path[PATH_MAX], text[256];

	if (snprintf(text, sizeof(text), "%u %s %s", index, peer, flags) >= (int)sizeof(text))
		return -EINVAL;
	snprintf(path, sizeof(path), "%s/lend", device_dir);
	return write_text(path, text);
}

int device_reclaim(unsigned long long loan, unsigned long long deadline_ms)
{
	char path[PATH_MAX], text[64];

	snprintf(path, sizeof(path), "%s/reclaim", device_dir);
	snprintf(text, sizeof(text), "%#llx %llu", loan, deadline_ms);
	return write_text(path, text);
}

int device_set_block(const char *block, const char *state)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), MEMORY_DIR "/%s/state", block);
	return write_text(path, state);
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

bool slot_is_online(const struct slot *slot)
{
	return !strcmp(slot->linux_state, "online");
}
