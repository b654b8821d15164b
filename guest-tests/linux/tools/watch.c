/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watch: prints what happens, and onlines what the driver, being a module, cannot: blocks of the
 * pool, until as many are held as are wanted. An event only says when to look; what to do is in
 * sysfs.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "commands.h"
#include "device.h"
#include "json.h"
#include "parse.h"
#include "report.h"
#include "slot.h"
#include "uevent.h"

/* Seconds. What is missing is looked for again after the next event, or after this. */
#define RETRY 30
/* Linux tells of a new block before the driver shows it. */
#define SHOWN 0.3

struct watch {
	bool json;
	bool no_action;
	/* The last failure that was printed, so that it is printed once. */
	int failed;
	unsigned int failed_slot;
	double again; /* when to look again without an event, by clock_now(); 0: not */
	const char *separator; /* before the next detail of a line */
};

/* What an event may carry, and what we call it. */
static const struct {
	const char *key;
	const char *name;
	bool number;
} details[] = {
	{"LEND_SLOT", "slot", true},  {"LEND_PEER", "peer", false},
	{"LEND_LOAN", "loan", false}, {"LEND_BLOCK", "block", false},
	{"LEND_PAGE", "page", false}, {"LEND_REASON", "reason", false},
	{"LEND_HELD", "held", true},  {"LEND_WANTED", "wanted", true},
};

#define NR_DETAILS (sizeof(details) / sizeof(details[0]))

static void print_begin(struct watch *watch, const char *event)
{
	watch->separator = ": ";
	if (watch->json) {
		json_open(NULL, '{');
		json_string("event", event);
	} else {
		printf("%s", event);
	}
}

static void print_detail(struct watch *watch, const char *name, const char *value, bool number)
{
	unsigned long long n;

	if (!watch->json)
		printf("%s%s %s", watch->separator, name, value);
	else if (number && !parse_number(value, &n))
		json_number(name, n);
	else
		json_string(name, value);
	watch->separator = ", ";
}

static void print_end(const struct watch *watch)
{
	if (watch->json)
		json_close('}');
	else
		putchar('\n');
	fflush(stdout);
}

/* @event may be NULL: one of our own. */
static void print_event(struct watch *watch, const char *name, const struct uevent *event)
{
	print_begin(watch, name);
	for (size_t i = 0; i < NR_DETAILS && event; i++) {
		const char *value = uevent_value(event, details[i].key);

		if (value)
			print_detail(watch, details[i].name, value, details[i].number);
	}
	print_end(watch);
}

static void print_online(struct watch *watch, const struct slot *slot, int ret)
{
	char index[16];

	snprintf(index, sizeof(index), "%u", slot->index);
	print_begin(watch, ret ? "online-failed" : "online");
	print_detail(watch, "slot", index, true);
	print_detail(watch, "block", slot->block, false);
	if (ret) {
		print_detail(watch, "error", report_errno_name(ret), false);
		print_detail(watch, "reason", report_meaning(ret), false);
	}
	print_end(watch);
}

/* 0, or the errno that it is said once for. */
static int online(struct watch *watch, const struct slot *slot)
{
	int ret = slot_online(slot);

	if (!ret || ret != watch->failed || slot->index != watch->failed_slot)
		print_online(watch, slot, ret);
	watch->failed = ret;
	watch->failed_slot = slot->index;
	return ret;
}

/* Pool blocks that are missing, 0 for none or too many, or a negative errno. */
static int count_missing(void)
{
	unsigned long long held, wanted;
	int ret;

	ret = device_number("pool_held", &held);
	if (!ret)
		ret = device_number("wanted", &wanted);
	if (ret)
		return ret;
	return wanted > held ? wanted - held : 0;
}

/*
 * Onlines the lowest standby pool slots. True if some are missing still, for whatever reason: a block
 * may be away for a moment, and nobody needs to tell when it is back.
 */
static bool online_missing(struct watch *watch)
{
	int missing = count_missing(), ret;
	struct slot slot;

	for (unsigned int i = 0; i < device.nr_slots && missing > 0; i += device.slots_per_unit) {
		if (slot_read(i, &slot))
			return true;
		if (strcmp(slot.kind, "pool") || !slot_is(&slot, "standby") ||
		    strcmp(slot.linux_state, "offline"))
			continue;
		ret = online(watch, &slot);
		/* The pool is empty, or this VM's part of it: true for every slot. */
		if (ret == -ENOMEM || ret == -EPERM)
			break;
		missing = count_missing();
	}
	if (missing <= 0)
		watch->failed = 0;
	return missing;
}

static void look_again_in(struct watch *watch, double seconds)
{
	double when = clock_now() + seconds;

	if (!watch->again || when < watch->again)
		watch->again = when;
}

/*
 * A block has come. In dynamic mode the driver grows by itself, but Linux may leave offline what is
 * added; in standby mode it may be one that was missing when we looked.
 */
static void handle_added(struct watch *watch, const struct uevent *event)
{
	const char *path = uevent_value(event, "DEVPATH");
	const char *block = path ? strrchr(path, '/') : NULL;
	unsigned int index;
	struct slot slot;

	/* Before we have seen the driver none is ours. */
	if (!block || !device.linux_block_size || parse_slot(block + 1, &index))
		return;
	if (!device.dynamic) {
		look_again_in(watch, SHOWN);
		return;
	}
	if (slot_read(index, &slot) || strcmp(slot.kind, "pool"))
		return;
	/* The driver does not show it before it is all there. */
	snprintf(slot.block, sizeof(slot.block), "%.20s", block + 1);
	if (slot_online_block(slot_block_number(&slot)) > 0)
		print_online(watch, &slot, 0);
}

static bool is(const struct uevent *event, const char *key, const char *value)
{
	const char *found = uevent_value(event, key);

	return found && !strcmp(found, value);
}

/* Ours is any whose path ends so: an unbound device has no driver's name. */
static bool is_our_device(const struct uevent *event)
{
	const char *path = uevent_value(event, "DEVPATH");
	const char *suffix = path ? strrchr(path, '.') : NULL;

	return suffix && !strcmp(suffix, ".lendmem");
}

/* True if there may be something to do. */
static bool handle(struct watch *watch, const struct uevent *event)
{
	const char *name = uevent_value(event, "LEND_EVENT");

	if (name) {
		print_event(watch, name, event);
		return true;
	}
	if (is_our_device(event) &&
	    (is(event, "ACTION", "bind") || is(event, "ACTION", "unbind"))) {
		print_event(watch, uevent_value(event, "ACTION"), NULL);
		return true;
	}
	if (!watch->no_action && is(event, "SUBSYSTEM", "memory") && is(event, "ACTION", "add"))
		handle_added(watch, event);
	return false;
}

/* The driver may have been unloaded and loaded since the last time: it is not there, or anew. */
static void look(struct watch *watch)
{
	watch->again = 0;
	if (!device_open() && !device.dynamic && online_missing(watch))
		look_again_in(watch, RETRY);
}

/* For uevent_receive(): until the next look. */
static int patience_ms(const struct watch *watch)
{
	double left = watch->again - clock_now();

	if (!watch->again)
		return -1;
	return left > 0 ? left * 1000 + 1 : 0;
}

int command_watch(int argc, char **argv, const struct options *options)
{
	struct watch watch = {.json = options->json, .no_action = options->no_action};
	bool changed = true;
	struct uevent event;
	int fd, ret;

	(void)argc;
	fd = uevent_open();
	if (fd < 0)
		return report_error(fd, "%s: uevents", argv[0]);
	for (;;) {
		if ((changed || !patience_ms(&watch)) && !watch.no_action)
			look(&watch);
		ret = uevent_receive(fd, &event, patience_ms(&watch));
		if (ret == -ENOBUFS)
			print_event(&watch, "missed", NULL);
		else if (ret < 0 && ret != -EINTR)
			return report_error(ret, "%s: uevents", argv[0]);
		changed = ret == -ENOBUFS || (ret > 0 && handle(&watch, &event));
	}
}
