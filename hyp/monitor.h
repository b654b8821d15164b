/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command prompt of the physical console, for the person at the machine, who is trusted.
 *
 * It runs on the CPU that takes the UART's interrupt, but not in that interrupt: what is typed is kept, and
 * a timer takes turns with whatever that CPU's guest does. A turn is a few keys, or one step of the command
 * that runs: a line of output, or a lending call until an interrupt is pending. No lock is held between
 * steps. Keys typed while a command runs wait for it.
 */
#ifndef HYP_MONITOR_H
#define HYP_MONITOR_H

#include "hyp/monitor_parse.h"
#include "hyp/vm/vm.h"

/* Takes the input of CONSOLE_HYP from here on. On the CPU that will take the UART's interrupts. */
void monitor_init(void);

/* A command that runs: zero but for its request when it begins. */
struct monitor_job {
	struct monitor_request request;
	u32 step; /* steps done */
	u32 at; /* the next record to look at */
	u32 count; /* records in the line to come, or found so far */
	u8 owner; /* whose call it makes */
	struct block first, last; /* of the run of blocks in the line to come */
};

/* One step. True: there are more. */
typedef bool monitor_step(struct monitor_job *job);

/* monitor_show.c */
monitor_step monitor_vms, monitor_blocks, monitor_loans, monitor_stats, monitor_help;

/* monitor_act.c */
monitor_step monitor_lend, monitor_reclaim, monitor_revoke, monitor_target, monitor_poison,
	monitor_reset, monitor_stop, monitor_start, monitor_crash;

/* As vms shows it. */
const char *monitor_state_name(const struct vm *vm);

#endif
