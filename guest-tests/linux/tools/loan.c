/* SPDX-License-Identifier: BSD-2-Clause */
/* reclaim, revoke, refuse: how a loan ends. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "commands.h"
#include "device.h"
#include "parse.h"
#include "report.h"
#include "slot.h"

/* Slots that are still lent under @loan, or a negative errno. */
static int count_lent(unsigned long long loan)
{
	struct slot slot;
	int ret, nr = 0;

	for (unsigned int i = 0; i < device.nr_slots; i++) {
		ret = slot_read(i, &slot);
		if (ret)
			return ret;
		nr += slot_is(&slot, "lent") && slot.loan == loan;
	}
	return nr;
}

/* The loan that @name, a handle or a lent slot, stands for. STATUS_OK, or it has been reported. */
static int find_loan(const char *command, const char *name, unsigned long long *loan)
{
	unsigned int index;
	struct slot slot;
	int ret;

	if (!parse_loan(name, loan))
		return STATUS_OK;
	if (parse_slot(name, &index))
		return report_usage("'%s' is neither slot nor loan", name);
	ret = slot_read(index, &slot);
	if (ret)
		return report_error(ret, "%s slot %u", command, index);
	if (!slot_is(&slot, "lent"))
		return report_error(-ENXIO, "%s slot %u, which is %s", command, index, slot.state);
	*loan = slot.loan;
	return STATUS_OK;
}

int command_reclaim(int argc, char **argv, const struct options *options)
{
	double end = clock_now() + options->wait;
	unsigned long long loan;
	int ret;

	(void)argc;
	ret = find_loan(argv[0], argv[1], &loan);
	if (ret)
		return ret;
	ret = device_command("reclaim", "%#llx %llu", loan, options->deadline);
	if (ret)
		return report_error(ret, "reclaim loan %#llx", loan);
	while ((ret = count_lent(loan)) > 0 && clock_now() < end)
		clock_pause();
	if (ret < 0)
		return report_error(ret, "reclaim loan %#llx", loan);
	if (!ret) {
		printf("loan %#llx is back\n", loan);
		return STATUS_OK;
	}
	printf("loan %#llx is recalled, %d blocks are out\n", loan, ret);
	return options->wait ? STATUS_TIMEOUT : STATUS_OK;
}

int command_revoke(int argc, char **argv, const struct options *options)
{
	unsigned long long loan;
	int ret;

	(void)argc, (void)options;
	ret = find_loan(argv[0], argv[1], &loan);
	if (ret)
		return ret;
	ret = device_command("revoke", "%#llx", loan);
	if (ret)
		return report_error(ret, "revoke loan %#llx", loan);
	printf("loan %#llx is revoked\n", loan);
	return STATUS_OK;
}

int command_refuse(int argc, char **argv, const struct options *options)
{
	unsigned int slot;
	int ret;

	(void)argc, (void)options;
	if (parse_slot(argv[1], &slot))
		return report_usage("'%s' is not a slot", argv[1]);
	ret = device_command("refuse", "%u", slot);
	if (ret)
		return report_error(ret, "refuse slot %u", slot);
	printf("slot %u: the offer is refused\n", slot);
	return STATUS_OK;
}
