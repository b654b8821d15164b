/* SPDX-License-Identifier: BSD-2-Clause */
/* lendctl: lends memory blocks to other VMs and takes them back, by the lendmem driver. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "device.h"
#include "parse.h"
#include "report.h"

/* As bits: which options a command takes, and what else there is to know of it. */
enum {
	OPT_WAIT = 1 << 0,
	OPT_DEADLINE = 1 << 1,
	OPT_KEEP = 1 << 2,
	OPT_LEND = 1 << 3,
	OPT_JSON = 1 << 4,
	OPT_ALL = 1 << 5,
	OPT_NO_ACTION = 1 << 6,
	WITHOUT_DEVICE = 1 << 7, /* no option: it begins without one, too */
};

static const struct command {
	const char *name;
	int min_args, max_args;
	unsigned int options;
	int (*run)(int argc, char **argv, const struct options *options);
	const char *usage;
	const char *help;
} commands[] = {
	{"status", 0, 0, OPT_JSON, command_status, "status [--json]",
	 "  Shows what the device is, how many slots are in which state, and the counters.\n"},
	{"list", 0, 0, OPT_JSON | OPT_ALL, command_list, "list [--all] [--json]",
	 "  Shows the slots of the window that are not empty; those in a row that read the same\n"
	 "  share a line.\n"
	 "  --all   a line for each slot\n"},
	{"lend", 2, 2, OPT_LEND | OPT_KEEP, command_lend,
	 "lend SLOT[+N]|auto PEER [--revocable] [--keep] [--adoptable]",
	 "  Takes blocks of ours out of use and offers them to the VM named PEER, as one loan. "
	 "`auto`\n"
	 "  takes one that is not online where there is one, else the highest that can be taken "
	 "out\n"
	 "  of use.\n"
	 "  --revocable  it may be taken back by force once a recall has expired\n"
	 "  --keep       hand it over with its contents, not zeroed\n"
	 "  --adoptable  the borrower may leave it to its next kernel\n"},
	{"donate", 2, 2, OPT_KEEP, command_donate, "donate SLOT[+N]|auto PEER [--keep]",
	 "  As lend, but what the peer takes is its own from then on.\n"},
	{"reclaim", 1, 1, OPT_DEADLINE | OPT_WAIT, command_reclaim,
	 "reclaim SLOT|HANDLE [--deadline MS] [-w SECONDS]",
	 "  Asks for a loan back, named by one of its slots or by its handle (0x...).\n"
	 "  --deadline MS      when the borrower is late\n"
	 "  -w, --wait SECONDS wait until it is back; status 3 if it is not\n"},
	{"revoke", 1, 1, 0, command_revoke, "revoke SLOT|HANDLE",
	 "  Takes a revocable loan back by force, when its recall has expired. A kernel that uses\n"
	 "  the memory does not survive it.\n"},
	{"refuse", 1, 1, 0, command_refuse, "refuse SLOT", "  Sends an offer back to its owner.\n"},
	{"online", 1, 1, OPT_WAIT, command_online, "online SLOT|memoryN|all [-w SECONDS]",
	 "  Takes a block and puts it to use, as movable memory so that it can be given back.\n"
	 "  -w, --wait SECONDS wait for the slot to have a block\n"},
	{"offline", 1, 1, 0, command_offline, "offline SLOT|memoryN|all",
	 "  Takes a block out of use and gives it up; it can be put online again.\n"},
	{"target", 0, 2, OPT_JSON, command_target, "target [PEER BLOCKS] [--json]",
	 "  Shows how many blocks of the pool we are to hold, hold, and want now; or sets how "
	 "many\n"
	 "  PEER (a name, or the id of a VM) is to hold, for which we have to be a manager.\n"},
	{"watch", 0, 0, OPT_NO_ACTION | OPT_JSON | WITHOUT_DEVICE, command_watch,
	 "watch [--no-action] [--json]",
	 "  Prints a line for each event, and onlines blocks of the pool until we hold as many as\n"
	 "  are wanted. Goes on until it is killed.\n"
	 "  --no-action  online nothing\n"},
	{"wait", 2, 2, OPT_WAIT, command_wait, "wait SLOT|any STATE -w SECONDS",
	 "  Waits until a slot is in STATE (standby, offered, held, borrowed, lent, ...) and "
	 "prints its\n"
	 "  number; status 3 if none is in time.\n"},
	{"adopt", 0, 1, 0, command_adopt, "adopt [on|off]",
	 "  Marks the blocks that we hold now for a next kernel without a driver: they stay, and\n"
	 "  `map` lists them. `off` takes the marks back.\n"},
	{"map", 1, 1, 0, command_map, "map FILE",
	 "  Writes the device tree for the next kernel to FILE, for kexec --dtb=FILE.\n"},
	{"unload", 0, 0, WITHOUT_DEVICE, command_unload, "unload",
	 "  Gives all memory back and unloads the driver; if some cannot be given back, the "
	 "driver\n"
	 "  stays, and so does all memory that is in use.\n"},
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

static const struct {
	struct option option;
	unsigned int bit;
} long_options[] = {
	{{"adoptable", no_argument, NULL, 'A'}, OPT_LEND},
	{{"all", no_argument, NULL, 'a'}, OPT_ALL},
	{{"deadline", required_argument, NULL, 'd'}, OPT_DEADLINE},
	{{"help", no_argument, NULL, 'h'}, 0},
	{{"json", no_argument, NULL, 'j'}, OPT_JSON},
	{{"keep", no_argument, NULL, 'k'}, OPT_KEEP},
	{{"no-action", no_argument, NULL, 'n'}, OPT_NO_ACTION},
	{{"revocable", no_argument, NULL, 'r'}, OPT_LEND},
	{{"wait", required_argument, NULL, 'w'}, OPT_WAIT},
};

#define NR_OPTIONS (sizeof(long_options) / sizeof(long_options[0]))

/* Words that the driver takes, by option. */
static void add_lend_flag(struct options *options, const char *flag)
{
	size_t len = strlen(options->lend_flags);

	/* Each once, so that they always fit. */
	if (!strstr(options->lend_flags, flag))
		snprintf(options->lend_flags + len, sizeof(options->lend_flags) - len, "%s%s",
			 len ? " " : "", flag);
}

static bool parse_wait(const char *text, double *seconds)
{
	char *end;

	*seconds = strtod(text, &end);
	return *text && !*end && *seconds >= 0;
}

/* STATUS_OK, or it has been reported what is wrong with its argument. */
static int take_option(int option, struct options *options)
{
	switch (option) {
	case 'A':
		add_lend_flag(options, "adoptable");
		break;
	case 'a':
		options->all = true;
		break;
	case 'd':
		if (parse_number(optarg, &options->deadline))
			return report_usage("'%s' is not a number of milliseconds", optarg);
		break;
	case 'j':
		options->json = true;
		break;
	case 'k':
		add_lend_flag(options, "keep");
		break;
	case 'n':
		options->no_action = true;
		break;
	case 'r':
		add_lend_flag(options, "revocable");
		break;
	case 'w':
		if (!parse_wait(optarg, &options->wait))
			return report_usage("'%s' is not a number of seconds", optarg);
		break;
	}
	return STATUS_OK;
}

static unsigned int option_bit(int option)
{
	for (size_t i = 0; i < NR_OPTIONS; i++) {
		if (long_options[i].option.val == option)
			return long_options[i].bit;
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct command *command = argc > 1 ? find(argv[1]) : NULL;
	struct option known[NR_OPTIONS + 1] = {0};
	struct options options = {0};
	unsigned int given = 0;
	int option, ret, nr_args;

	for (size_t i = 0; i < NR_OPTIONS; i++)
		known[i] = long_options[i].option;
	while ((option = getopt_long(argc, argv, "hw:", known, NULL)) != -1) {
		if (option == '?')
			return STATUS_USAGE;
		if (option == 'h') {
			help(command);
			return STATUS_OK;
		}
		ret = take_option(option, &options);
		if (ret)
			return ret;
		given |= option_bit(option);
	}
	if (argc < 2) {
		help(NULL);
		return STATUS_USAGE;
	}
	if (!command)
		return report_usage("'%s' is not a command", argv[1]);
	nr_args = argc - optind - 1;
	if (nr_args < command->min_args || nr_args > command->max_args ||
	    (given & ~command->options))
		return report_usage("usage: lendctl %s", command->usage);

	ret = device_open();
	if (ret && !(ret == -ENODEV && (command->options & WITHOUT_DEVICE)))
		return report_error(ret, "%s", command->name);
	return command->run(nr_args + 1, argv + optind, &options);
}
