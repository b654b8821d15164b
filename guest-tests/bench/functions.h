/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is spent in functions of a guest's kernel, their callees included: from a function's first instruction to
 * its return on the same CPU, so that what else this CPU runs meanwhile is in it, and what other CPUs run is not.
 * Functions that call themselves are not for this.
 */
#ifndef BENCH_FUNCTIONS_H
#define BENCH_FUNCTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;

/* "NAME:START:END", addresses in hexadecimal. False: it is not so, or one too many. */
bool functions_add(const char *text);

/* `*now` counts the instructions of all CPUs that are to be shared out. */
void functions_watch_tb(struct qemu_plugin_tb *tb, const uint64_t *now);
void functions_watch_insn(struct qemu_plugin_insn *insn, uint64_t at, uint32_t word);

/* A line `spent MARK NAME INSTRUCTIONS` for each, from the start on. */
void functions_print(FILE *out, unsigned int mark);

#endif
