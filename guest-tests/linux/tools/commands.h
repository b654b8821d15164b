/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands of lendctl: argv[0] is the name, the result an exit_status. */
#ifndef LENDCTL_COMMANDS_H
#define LENDCTL_COMMANDS_H

#include <stdbool.h>

struct options {
	double wait; /* seconds, 0: do not wait */
	unsigned long long deadline; /* ms, 0: none */
	char lend_flags[64]; /* words for the driver, with spaces between */
	bool all;
	bool json;
	bool no_action;
};

int command_status(int argc, char **argv, const struct options *options);
int command_list(int argc, char **argv, const struct options *options);
int command_lend(int argc, char **argv, const struct options *options);
int command_donate(int argc, char **argv, const struct options *options);
int command_reclaim(int argc, char **argv, const struct options *options);
int command_revoke(int argc, char **argv, const struct options *options);
int command_refuse(int argc, char **argv, const struct options *options);
int command_online(int argc, char **argv, const struct options *options);
int command_offline(int argc, char **argv, const struct options *options);
int command_target(int argc, char **argv, const struct options *options);
int command_watch(int argc, char **argv, const struct options *options);
int command_wait(int argc, char **argv, const struct options *options);
int command_adopt(int argc, char **argv, const struct options *options);
int command_map(int argc, char **argv, const struct options *options);
int command_unload(int argc, char **argv, const struct options *options);

#endif
