/* SPDX-License-Identifier: BSD-2-Clause */
/* lend and donate: own blocks on their way to another VM. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "device.h"
#include "interrupt.h"
#include "parse.h"
#include "report.h"
#include "slot.h"

/* The command, which is also its file in sysfs, and what it has done. */
struct hand_over {
	const char *file;
	const char *done;
	const char *peer;
	const char *flags;
	/* Set when a call failed: the block's pages had not gone, so another block may do. */
	bool not_free;
};

static const char *range_name(unsigned int slot, unsigned int nr)
{
	static char name[32];

	if (nr == 1)
		snprintf(name, sizeof(name), "slot %u", slot);
	else
		snprintf(name, sizeof(name), "slots %u-%u", slot, slot + nr - 1);
	return name;
}

static int print_done(const struct hand_over *how, unsigned int slot, unsigned int nr)
{
	struct slot now;
	int ret = slot_read(slot, &now);

	if (ret)
		return ret;
	printf("%s (%#llx-%#llx) %s to %s", range_name(slot, nr), now.address,
	       now.address + nr * device.block_size - 1, how->done, how->peer);
	/* What was donated and taken at once is no loan any more. */
	if (now.loan)
		printf(", loan %#llx", now.loan);
	putchar('\n');
	return 0;
}

static void put_back_online(const bool *was_online, unsigned int slot, unsigned int nr)
{
	struct slot now;

	for (unsigned int i = 0; i < nr; i += device.slots_per_unit) {
		if (was_online[i] && !slot_read(slot + i, &now) && !slot_is_online(&now))
			slot_online(&now);
	}
}

static bool is_free(unsigned int slot)
{
	struct slot now;

	return !slot_read(slot, &now) && slot_is(&now, "standby");
}

/* One loan; where it fails, the blocks that were online are put online again. */
static int hand_over(struct hand_over *how, unsigned int slot, unsigned int nr)
{
	bool *was_online = calloc(nr, sizeof(*was_online));
	struct slot before;
	int ret = was_online ? 0 : -ENOMEM;

	for (unsigned int i = 0; i < nr && !ret; i++) {
		ret = slot_read(slot + i, &before);
		if (!ret)
			was_online[i] = slot_is_online(&before);
	}
	if (!ret && interrupt_came())
		ret = -EINTR;
	if (!ret) {
		ret = device_command(how->file, "%u+%u %s %s", slot, nr, how->peer, how->flags);
		if (ret) {
			how->not_free = !is_free(slot);
			put_back_online(was_online, slot, nr);
		} else {
			ret = print_done(how, slot, nr);
		}
	}
	free(was_online);
	return ret;
}

/*
 * Blocks that nobody uses first; from the top down, the next if one cannot be taken out of use. A peer
 * that does not read its offers is busy as well, but so it is for every block.
 */
static int hand_over_any(struct hand_over *how)
{
	static const char *const order[] = {"standby", "held"};
	unsigned int nr = device.slots_per_unit;
	int ret, last = -ENXIO;
	struct slot slot;

	for (size_t pass = 0; pass < sizeof(order) / sizeof(order[0]); pass++) {
		for (unsigned int i = device.nr_slots / nr * nr; i; i -= nr) {
			ret = slot_read(i - nr, &slot);
			if (ret)
				return ret;
			if (!slot_is(&slot, order[pass]) || !slot_has_flag(&slot, "own"))
				continue;
			last = hand_over(how, slot.index, nr);
			if (!how->not_free || interrupt_came() ||
			    (last != -EBUSY && last != -EAGAIN && last != -EINTR))
				return last;
		}
	}
	return last;
}

static int run(char **argv, struct hand_over *how)
{
	unsigned int slot, nr;
	int ret;

	/* It would be another word of the command. */
	if (!*how->peer || strpbrk(how->peer, " \t\n"))
		return report_usage("'%s' is not a name", how->peer);
	interrupt_note();
	if (!strcmp(argv[1], "auto")) {
		ret = hand_over_any(how);
		return ret ? report_error(ret, "%s a block to %s", argv[0], argv[2]) : STATUS_OK;
	}
	if (parse_slots(argv[1], &slot, &nr))
		return report_usage("'%s' is not a slot", argv[1]);
	ret = hand_over(how, slot, nr);
	return ret ? report_error(ret, "%s %s to %s", argv[0], range_name(slot, nr), argv[2])
		   : STATUS_OK;
}

int command_lend(int argc, char **argv, const struct options *options)
{
	struct hand_over how = {"lend", "lent", argv[2], options->lend_flags, false};

	(void)argc;
	return run(argv, &how);
}

int command_donate(int argc, char **argv, const struct options *options)
{
	struct hand_over how = {"donate", "donated", argv[2], options->lend_flags, false};

	(void)argc;
	return run(argv, &how);
}
