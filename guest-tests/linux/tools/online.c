/* SPDX-License-Identifier: BSD-2-Clause */
/* online and offline: a slot's memory put to use, and given up. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "commands.h"
#include "device.h"
#include "parse.h"
#include "report.h"
#include "slot.h"

/* Is there something that could be onlined or offlined? In dynamic mode there need be no block. */
static bool is_ready(const struct slot *slot, bool online)
{
	if (slot_has_block(slot))
		return true;
	return device.dynamic && online && (slot_is(slot, "standby") || slot_is(slot, "offered"));
}

/* None to do is well done. */
static int set_slot(const struct slot *slot, bool online)
{
	const char *wanted = online ? "online" : "offline";
	struct slot now;
	int ret;

	if (!is_ready(slot, online))
		return report_error(-ENXIO, "%s slot %u, which is %s", wanted, slot->index,
				    slot->state);
	if (online ? slot_is_online(slot) : !device.dynamic && !strcmp(slot->linux_state, wanted)) {
		printf("slot %u: %s is %s already\n", slot->index, slot->block, slot->linux_state);
		return STATUS_OK;
	}
	ret = online ? slot_online(slot) : slot_offline(slot);
	/* In dynamic mode it is only then known by its name. */
	if (!ret && online)
		ret = slot_read(slot->index, &now);
	else
		now = *slot;
	if (ret)
		return report_error(ret, "%s slot %u (%s)", wanted, slot->index, slot->block);
	printf("slot %u: %s is %s\n", slot->index, now.block, wanted);
	return STATUS_OK;
}

static int set_all(bool online)
{
	int ret, status = STATUS_OK;
	struct slot slot;

	for (unsigned int i = 0; i < device.nr_slots; i += device.slots_per_unit) {
		ret = slot_read(i, &slot);
		if (ret)
			return report_error(ret, "slot %u", i);
		if (is_ready(&slot, online) && set_slot(&slot, online))
			status = STATUS_FAILED;
	}
	return status;
}

static int set_named(const char *name, bool online, double wait)
{
	double end = clock_now() + wait;
	unsigned int index;
	struct slot slot;
	int ret;

	if (!strcmp(name, "all"))
		return set_all(online);
	if (parse_slot(name, &index))
		return report_usage("'%s' is no slot and no block of one", name);
	for (;;) {
		ret = slot_read(index, &slot);
		if (ret)
			return report_error(ret, "slot %u", index);
		if (is_ready(&slot, online) || clock_now() >= end)
			return set_slot(&slot, online);
		clock_pause();
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
