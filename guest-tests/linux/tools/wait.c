/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "commands.h"
#include "device.h"
#include "parse.h"
#include "report.h"
#include "slot.h"

static bool is_state_name(const char *name)
{
	static const char *const names[] = {"empty",    "standby", "offered", "held",
					    "borrowed", "lent",    "revoked"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

int command_wait(int argc, char **argv, const struct options *options)
{
	unsigned int first = 0, end_slot = device.nr_slots;
	double end = clock_now() + options->wait;
	struct slot slot;
	int ret;

	(void)argc;
	if (strcmp(argv[1], "any")) {
		if (parse_slot(argv[1], &first))
			return report_usage("'%s' is not a slot", argv[1]);
		end_slot = first + 1;
	}
	/* It would never come. */
	if (!is_state_name(argv[2]))
		return report_usage("'%s' is not a state", argv[2]);
	for (;;) {
		for (unsigned int i = first; i < end_slot; i++) {
			ret = slot_read(i, &slot);
			if (ret)
				return report_error(ret, "slot %u", i);
			if (slot_is(&slot, argv[2])) {
				printf("%u\n", i);
				return STATUS_OK;
			}
		}
		if (clock_now() >= end)
			return STATUS_TIMEOUT;
		clock_pause();
	}
}
