/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands of lendctl: argv[0] is the name, the result an exit_status. */
#ifndef LENDCTL_COMMANDS_H
#define LENDCTL_COMMANDS_H

struct options {
	double wait; /* seconds, 0: do not wait */
	unsigned long long deadline; /* ms, 0: none */
	const char *lend_flags;
};

int command_list(int argc, char **argv, const struct options *options);
int command_lend(int argc, char **argv, const struct options *options);
int command_reclaim(int argc, char **argv, const struct options *options);
int command_online(int argc, char **argv, const struct options *options);
int command_offline(int argc, char **argv, const struct options *options);
int command_wait(int argc, char **argv, const struct options *options);

#endif
