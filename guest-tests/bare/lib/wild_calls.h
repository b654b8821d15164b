/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random calls by HVC and SMC, SMC64 and SMC32: all lending functions with arguments that are random or
 * nearly right, PSCI without what ends the VM, and functions that nobody knows. CPU 1 may go off in
 * one: somebody has to start it again, by cpu_start*(), to which random CPU_ONs of it lead, too.
 */
#ifndef BARE_WILD_CALLS_H
#define BARE_WILD_CALLS_H

#include "guest-tests/bare/lib/random.h"

#define WILD_HOLE GIB(2) /* nothing is there in stage-2 */
#define WILD_SCRATCH_SIZE KIB(64)

/* Of its own memory LEND_MAP may write here. */
extern u64 wild_scratch[WILD_SCRATCH_SIZE / 8];

void wild_calls_begin(void);
void wild_lending_call(struct random *r);
void wild_psci_call(struct random *r);
void wild_unknown_call(struct random *r);

/* How often LEND_FN(index) succeeded. */
u64 wild_calls_succeeded(u32 index);

#endif
