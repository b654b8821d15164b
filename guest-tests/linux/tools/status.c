/* SPDX-License-Identifier: BSD-2-Clause */
/* The device at a glance. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "device.h"
#include "json.h"
#include "parse.h"
#include "report.h"
#include "slot.h"
#include "sysfs.h"

static const char *const kinds[] = {"own", "pool", "loan"};
static const char *const states[] = {"empty",    "standby", "offered", "held",
				     "borrowed", "lent",    "revoked"};

/* Files that status shows, as they are called there. */
static const char *const numbers[] = {"vm",        "linux_block_size", "block_cost", "target",
				      "pool_held", "wanted",           "quota",      "pool_free"};

#define NR(array) (sizeof(array) / sizeof((array)[0]))

enum number {
	VM,
	LINUX_BLOCK_SIZE,
	BLOCK_COST,
	TARGET,
	POOL_HELD,
	WANTED,
	QUOTA,
	POOL_FREE
};

struct status {
	unsigned long long number[NR(numbers)];
	unsigned int slots[NR(kinds)][NR(states)];
	char version[16];
	char mode[16];
};

static int read_status(struct status *status)
{
	struct slot slot;
	int ret;

	ret = device_text("version", status->version, sizeof(status->version));
	if (!ret)
		ret = device_text("mode", status->mode, sizeof(status->mode));
	for (size_t i = 0; i < NR(numbers) && !ret; i++)
		ret = device_number(numbers[i], &status->number[i]);
	for (unsigned int i = 0; i < device.nr_slots && !ret; i++) {
		ret = slot_read(i, &slot);
		for (size_t k = 0; k < NR(kinds) && !ret; k++) {
			for (size_t s = 0; s < NR(states); s++)
				status->slots[k][s] +=
					!strcmp(slot.kind, kinds[k]) && slot_is(&slot, states[s]);
		}
	}
	return ret;
}

/* Calls @show for each counter that the driver has. */
static int for_each_counter(void (*show)(const char *name, unsigned long long value))
{
	struct dirent **entries;
	unsigned long long value;
	char file[300];
	int nr, ret = 0;

	nr = sysfs_list(&entries, "%s/counters", device.dir);
	if (nr < 0)
		return nr;
	for (int i = 0; i < nr; i++) {
		snprintf(file, sizeof(file), "counters/%s", entries[i]->d_name);
		if (!ret)
			ret = device_number(file, &value);
		if (!ret)
			show(entries[i]->d_name, value);
		free(entries[i]);
	}
	free(entries);
	return ret;
}

static void print_counter(const char *name, unsigned long long value)
{
	printf("%-19s %llu\n", name, value);
}

static void json_counter(const char *name, unsigned long long value)
{
	json_number(name, value);
}

static void print_slots(const char *kind, const unsigned int *nr_in)
{
	const char *separator = ": ";
	unsigned int sum = 0;
	char label[16];

	for (size_t s = 0; s < NR(states); s++)
		sum += nr_in[s];
	snprintf(label, sizeof(label), "%s slots", kind);
	printf("%-19s %u", label, sum);
	for (size_t s = 0; s < NR(states); s++) {
		if (nr_in[s])
			printf("%s%u %s", separator, nr_in[s], states[s]);
		if (nr_in[s])
			separator = ", ";
	}
	putchar('\n');
}

static int print_text(const struct status *status)
{
	const unsigned long long *number = status->number;

	printf("%-19s %#llx-%#llx, %u slots of %llu MiB\n", "window", device.base,
	       device.base + device.nr_slots * device.block_size - 1, device.nr_slots,
	       device.block_size >> 20);
	printf("%-19s %llu, ABI %s, %s mode\n", "vm", number[VM], status->version, status->mode);
	printf("%-19s %llu MiB, costs %llu KiB\n", "linux block", number[LINUX_BLOCK_SIZE] >> 20,
	       number[BLOCK_COST] >> 10);
	for (size_t k = 0; k < NR(kinds); k++)
		print_slots(kinds[k], status->slots[k]);
	printf("%-19s %llu held, target %llu, wanted %llu, quota %llu, %llu free\n", "pool",
	       number[POOL_HELD], number[TARGET], number[WANTED], number[QUOTA], number[POOL_FREE]);
	return for_each_counter(print_counter);
}

static int print_json(const struct status *status)
{
	int ret;

	json_open(NULL, '{');
	json_number("base", device.base);
	json_number("block_size", device.block_size);
	json_number("nr_slots", device.nr_slots);
	json_string("mode", status->mode);
	json_string("version", status->version);
	json_break();
	for (size_t i = 0; i < NR(numbers); i++)
		json_number(numbers[i], status->number[i]);
	json_break();
	json_open("slots", '{');
	for (size_t k = 0; k < NR(kinds); k++) {
		json_open(kinds[k], '{');
		for (size_t s = 0; s < NR(states); s++) {
			if (status->slots[k][s])
				json_number(states[s], status->slots[k][s]);
		}
		json_close('}');
	}
	json_close('}');
	json_break();
	json_open("counters", '{');
	ret = for_each_counter(json_counter);
	json_close('}');
	json_close('}');
	return ret;
}

int command_status(int argc, char **argv, const struct options *options)
{
	struct status status = {0};
	int ret = read_status(&status);

	(void)argc;
	if (!ret)
		ret = options->json ? print_json(&status) : print_text(&status);
	return ret ? report_error(ret, "%s", argv[0]) : STATUS_OK;
}
