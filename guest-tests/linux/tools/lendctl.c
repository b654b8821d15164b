/* SPDX-License-Identifier: BSD-2-Clause */
/* lendctl: lends memory blocks to other VMs and takes them back, by the lendmem driver. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "device.h"
#include "report.h"

static const struct command {
	const char *name;
	int min_args, max_args;
	int (*run)(int argc, char **argv, const struct options *options);
	const char *usage;
	const char *help;
} commands[] = {
	{"list", 0, 0, command_list, "list",
	 "  Shows every slot of the window that is not empty.\n"},
	{"lend", 2, 2, command_lend, "lend SLOT|auto PEER [--revocable] [--keep]",
	 "  Takes a block of ours out of use and offers it to the VM named PEER. `auto` takes one "
	 "that\n"
	 "  is not online where there is one, else the highest that can be taken out of use.\n"
	 "  --revocable  it may be taken back by force once a recall has expired\n"
	 "  --keep       hand it over with its contents, not zeroed\n"},
	{"reclaim", 1, 1, command_reclaim, "reclaim SLOT|HANDLE [--deadline MS] [-w SECONDS]",
	 "  Asks for a loan back, named by one of its slots or by its handle (0x...).\n"
	 "  --deadline MS      when the borrower is late\n"
	 "  -w, --wait SECONDS wait until it is back; status 3 if it is not\n"},
	{"online", 1, 1, command_online, "online SLOT|memoryN|all [-w SECONDS]",
	 "  Takes a block and puts it to use, as movable memory so that it can be given back.\n"
	 "  -w, --wait SECONDS wait for the slot to have a block\n"},
	{"offline", 1, 1, command_offline, "offline SLOT|memoryN|all",
	 "  Takes a block out of use and gives it up; it can be put online again.\n"},
	{"wait", 2, 2, command_wait, "wait SLOT|any STATE -w SECONDS",
	 "  Waits until a slot is in STATE (standby, offered, held, borrowed, lent, ...) and "
	 "prints its\n"
	 "  number; status 3 if none is in time.\n"},
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void help(const struct command *command)
{
	if (command) {
		printf("usage: lendctl %s\n%s", command->usage, command->help);
		return;
	}
	puts("usage: lendctl COMMAND [ARGUMENT...] [OPTION...]\n");
	for (size_t i = 0; i < NR_COMMANDS; i++)
		printf("  lendctl %s\n", commands[i].usage);
	puts("\n`lendctl COMMAND --help` tells more. Exit status: 0 done, 1 failed, 2 wrong "
	     "usage,\n"
	     "3 waited in vain.");
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

/* Words that the driver takes, by option. */
static void add_lend_flag(char *flags, size_t size, const char *flag)
{
	size_t len = strlen(flags);

	snprintf(flags + len, size - len, "%s%s", len ? " " : "", flag);
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{"deadline", required_argument, NULL, 'd'}, {"help", no_argument, NULL, 'h'},
		{"keep", no_argument, NULL, 'k'},           {"revocable", no_argument, NULL, 'r'},
		{"wait", required_argument, NULL, 'w'},     {0},
	};
	const struct command *command = argc > 1 ? find(argv[1]) : NULL;
	char lend_flags[64] = "", *end = "";
	struct options options = {.lend_flags = lend_flags};
	int option, ret, nr_args;

	while ((option = getopt_long(argc, argv, "hw:", long_options, NULL)) != -1) {
		switch (option) {
		case 'd':
			options.deadline = strtoull(optarg, &end, 10);
			break;
		case 'w':
			options.wait = strtod(optarg, &end);
			break;
		case 'k':
			add_lend_flag(lend_flags, sizeof(lend_flags), "keep");
			break;
		case 'r':
			add_lend_flag(lend_flags, sizeof(lend_flags), "revocable");
			break;
		case 'h':
			help(command);
			return STATUS_OK;
		default:
			return STATUS_USAGE;
		}
		if (*end || options.wait < 0)
			return report_usage("'%s' is not a number", optarg);
	}
	if (argc < 2) {
		help(NULL);
		return STATUS_USAGE;
	}
	if (!command)
		return report_usage("'%s' is not a command", argv[1]);
	nr_args = argc - optind - 1;
	if (nr_args < command->min_args || nr_args > command->max_args)
		return report_usage("usage: lendctl %s", command->usage);

	ret = device_open();
	if (ret)
		return report_error(ret, "%s", command->name);
	return command->run(nr_args + 1, argv + optind, &options);
}
