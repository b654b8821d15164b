/* SPDX-License-Identifier: BSD-2-Clause */
/* The monitor's commands as they are typed: one table of names, arguments and help. Pure. */
#ifndef HYP_MONITOR_PARSE_H
#define HYP_MONITOR_PARSE_H

#include "hyp/lib/types.h"

#define MONITOR_LINE_SIZE 128
#define MONITOR_MAX_ARGS 5

enum monitor_command {
	MONITOR_VMS,
	MONITOR_BLOCKS,
	MONITOR_LOANS,
	MONITOR_STATS,
	MONITOR_LEND,
	MONITOR_RECLAIM,
	MONITOR_REVOKE,
	MONITOR_TARGET,
	MONITOR_POISON,
	MONITOR_RESET,
	MONITOR_STOP,
	MONITOR_START,
	MONITOR_CRASH,
	MONITOR_HELP,
	MONITOR_NR,
	MONITOR_NOTHING = MONITOR_NR, /* an empty line */
};

struct monitor_row {
	const char *name;
	/* A letter for each: v the id of a VM, n a number, f flags of LEND_LEND; after '?' they may be left out. */
	const char *args;
	const char *usage;
	const char *help;
};

extern const struct monitor_row monitor_rows[MONITOR_NR];

struct monitor_request {
	enum monitor_command command;
	u32 nr_args;
	u64 arg[MONITOR_MAX_ARGS]; /* those left out are 0 */
};

/*
 * Takes line apart, in place. names: of the VMs, in the order of their ids. False with one line in why,
 * of at most size bytes.
 */
bool monitor_parse(char *line, const char *const names[], u32 nr_names, struct monitor_request *out,
		   char *why, size_t size);

#endif
