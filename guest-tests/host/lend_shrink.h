/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes a short sequence of acts of a long one that fails, by leaving out ever smaller pieces (Zeller's
 * delta debugging), and prints it as a C test. Each trial is a process of its own, so that a panic, a
 * sanitizer's report or a call without end are failures like others.
 */
#ifndef LEND_SHRINK_H
#define LEND_SHRINK_H

#include <stdio.h>
#include "guest-tests/host/lend_acts.h"

/* Runs f in a child, quiet: without its output. False when it did not come to a good end within seconds. */
bool shrink_passes(void (*f)(void), bool quiet, u32 seconds);

/* Shortens list in place while it fails; the new number, nr itself when it passes. */
u32 shrink(const struct acts_world *w, struct act *list, u32 nr);

/* A program for guest-tests/host/test_<name>.c with the row of lend_random in host.mk. */
void shrink_print(FILE *out, const struct acts_world *w, const struct act *list, u32 nr);

#endif
