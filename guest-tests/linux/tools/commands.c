/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "device.h"
#include "report.h"

#define POLL_NS (50 * 1000 * 1000)

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void pause_briefly(void)
{
	nanosleep(&(struct timespec){.tv_nsec = POLL_NS}, NULL);
}

/* A slot number, or the Linux block of one. */
static int parse_slot(const char *text, unsigned int *index)
{
	unsigned long block_id;
	struct slot slot;
	char *end;
	int ret;

	if (!strncmp(text, "memory", 6)) {
		block_id = strtoul(text + 6, &end, 10);
		if (*end || !text[6])
			return -EINVAL;
		for (*index = 0; *index < device_nr_slots(); (*index)++) {
			ret = device_read_slot(*index, &slot);
			if (ret)
				return ret;
			if (slot.address / device_block_size() == block_id)
				return 0;
		}
		return -ENOENT;
	}
	*index = strtoul(text, &end, 10);
	if (*end || !*text || *index >= device_nr_slots())
		return -EINVAL;
	return 0;
}

static bool is_state(const struct slot *slot, const char *state)
{
	return !strcmp(slot->state, state);
}

int command_list(int argc, char **argv, const struct options *options)
{
	struct slot slot;
	char loan[20];
	int ret;

	(void)argc, (void)argv, (void)options;
	printf("%-5s %-14s %-9s %-10s %-13s %-12s %-10s %-14s %s\n", "SLOT", "ADDRESS", "STATE",
	       "BLOCK", "LINUX", "PEER", "LOAN", "FLAGS", "CONTENTS");
	for (unsigned int i = 0; i < device_nr_slots(); i++) {
		ret = device_read_slot(i, &slot);
		if (ret)
			return report_error(ret, "list: slot %u", i);
		if (is_state(&slot, "empty") && !strcmp(slot.block, "none"))
			continue;
		snprintf(loan, sizeof(loan), "%#llx", slot.loan);
		printf("%-5u %#-14llx %-9s %-10s %-13s %-12s %-10s %-14s %s\n", i, slot.address,
		       slot.state, slot.block, slot.linux_state,
		       strcmp(slot.peer, "none") ? slot.peer : "-", slot.loan ? loan : "-",
		       *slot.flags ? slot.flags : "-", slot.contents);
	}
	return STATUS_OK;
}

/* Lends one slot; where that fails a block that was online is put online again. */
static int lend_slot(const struct slot *slot, const char *peer, const struct options *options)
{
	struct slot lent;
	int ret;

	ret = device_lend(slot->index, peer, options->lend_flags);
	if (ret) {
		if (slot_is_online(slot))
			device_set_block(slot->block, "online_movable");
		return ret;
	}
	ret = device_read_slot(slot->index, &lent);
	if (ret)
		return ret;
	printf("slot %u (%#llx-%#llx) lent to %s, loan %#llx\n", slot->index, slot->address,
	       slot->address + device_block_size() - 1, peer, lent.loan);
	return 0;
}

/* Blocks that nobody uses first; from the top down, the next if one cannot be taken out of use. */
static int lend_auto(const char *peer, const struct options *options)
{
	static const char *const order[] = {"standby", "held"};
	struct slot slot;
	int ret, last = -ENXIO;

	for (size_t pass = 0; pass < sizeof(order) / sizeof(order[0]); pass++) {
		for (unsigned int i = device_nr_slots(); i-- > 0;) {
			ret = device_read_slot(i, &slot);
			if (ret)
				return ret;
			if (!is_state(&slot, order[pass]) || !slot_has_flag(&slot, "own"))
				continue;
			last = lend_slot(&slot, peer, options);
			if (last != -EBUSY && last != -EAGAIN)
				return last;
		}
	}
	return last;
}

int command_lend(int argc, char **argv, const struct options *options)
{
	unsigned int index;
	struct slot slot;
	int ret;

	(void)argc;
	if (!strcmp(argv[1], "auto")) {
		ret = lend_auto(argv[2], options);
		return ret ? report_error(ret, "lend a block to %s", argv[2]) : STATUS_OK;
	}
	if (parse_slot(argv[1], &index))
		return report_usage("'%s' is not a slot", argv[1]);
	ret = device_read_slot(index, &slot);
	if (!ret)
		ret = lend_slot(&slot, argv[2], options);
	return ret ? report_error(ret, "lend slot %u to %s", index, argv[2]) : STATUS_OK;
}

/* Slots that are still lent under @loan, or a negative errno. */
static int count_lent(unsigned long long loan)
{
	struct slot slot;
	int ret, nr = 0;

	for (unsigned int i = 0; i < device_nr_slots(); i++) {
		ret = device_read_slot(i, &slot);
		if (ret)
			return ret;
		nr += is_state(&slot, "lent") && slot.loan == loan;
	}
	return nr;
}

int command_reclaim(int argc, char **argv, const struct options *options)
{
	unsigned long long loan;
	double end = now() + options->wait;
	unsigned int index;
	struct slot slot;
	char *rest;
	int ret;

	(void)argc;
	if (!strncmp(argv[1], "0x", 2)) {
		loan = strtoull(argv[1], &rest, 16);
		if (*rest || !argv[1][2])
			return report_usage("'%s' is not a loan", argv[1]);
	} else {
		if (parse_slot(argv[1], &index))
			return report_usage("'%s' is neither slot nor loan", argv[1]);
		ret = device_read_slot(index, &slot);
		if (ret)
			return report_error(ret, "reclaim slot %u", index);
		if (!is_state(&slot, "lent"))
			return report_error(-ENXIO, "reclaim slot %u, which is %s", index,
					    slot.state);
		loan = slot.loan;
	}
	ret = device_reclaim(loan, options->deadline);
	if (ret)
		return report_error(ret, "reclaim loan %#llx", loan);
	while ((ret = count_lent(loan)) > 0 && now() < end)
		pause_briefly();
	if (ret < 0)
		return report_error(ret, "reclaim loan %#llx", loan);
	if (!ret) {
		printf("loan %#llx is back\n", loan);
		return STATUS_OK;
	}
	printf("loan %#llx is recalled, %d blocks are out\n", loan, ret);
	return options->wait ? STATUS_TIMEOUT : STATUS_OK;
}

/* The block of a slot goes online or offline; none to do is well done. */
static int set_slot(const struct slot *slot, bool online)
{
	const char *wanted = online ? "online" : "offline";
	int ret;

	if (!strcmp(slot->block, "none"))
		return report_error(-ENXIO, "%s slot %u, which is %s", wanted, slot->index,
				    slot->state);
	if (slot_is_online(slot) == online) {
		printf("slot %u: %s is %s already\n", slot->index, slot->block, slot->linux_state);
		return STATUS_OK;
	}
	ret = device_set_block(slot->block, online ? "online_movable" : "offline");
	if (ret)
		return report_error(ret, "%s slot %u (%s)", wanted, slot->index, slot->block);
	printf("slot %u: %s is %s\n", slot->index, slot->block, wanted);
	return STATUS_OK;
}

static int set_all(bool online)
{
	int ret, status = STATUS_OK;
	struct slot slot;

	for (unsigned int i = 0; i < device_nr_slots(); i++) {
		ret = device_read_slot(i, &slot);
		if (ret)
			return report_error(ret, "slot %u", i);
		if (strcmp(slot.block, "none") && set_slot(&slot, online))
			status = STATUS_FAILED;
	}
	return status;
}

static int set_named(const char *name, bool online, double wait)
{
	double end = now() + wait;
	unsigned int index;
	struct slot slot;
	int ret;

	if (!strcmp(name, "all"))
		return set_all(online);
	if (parse_slot(name, &index))
		return report_usage("'%s' is no slot and no block of one", name);
	for (;;) {
		ret = device_read_slot(index, &slot);
		if (ret)
			return report_error(ret, "slot %u", index);
		if (strcmp(slot.block, "none") || now() >= end)
			return set_slot(&slot, online);
		pause_briefly();
	}
}

int command_online(int argc, char **argv, const struct options *options)
{
	(void)argc;
	return set_named(argv[1], true, options->wait);
}

int command_offline(int argc, char **argv, const struct options *options)
{
	(void)argc, (void)options;
	return set_named(argv[1], false, 0);
}

int command_wait(int argc, char **argv, const struct options *options)
{
	unsigned int first = 0, end_slot = device_nr_slots();
	double end = now() + options->wait;
	struct slot slot;
	int ret;

	(void)argc;
	if (strcmp(argv[1], "any")) {
		if (parse_slot(argv[1], &first))
			return report_usage("'%s' is not a slot", argv[1]);
		end_slot = first + 1;
	}
	for (;;) {
		for (unsigned int i = first; i < end_slot; i++) {
			ret = device_read_slot(i, &slot);
			if (ret)
				return report_error(ret, "slot %u", i);
			if (is_state(&slot, argv[2])) {
				printf("%u\n", i);
				return STATUS_OK;
			}
		}
		if (now() >= end)
			return STATUS_TIMEOUT;
		pause_briefly();
	}
}
