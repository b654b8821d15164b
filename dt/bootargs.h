/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest kernel's command line: words between spaces; what follows the word "--" is for init and
 * not looked at. Pure. Source: Linux, admin-guide/kernel-parameters.
 */
#ifndef DT_BOOTARGS_H
#define DT_BOOTARGS_H

#include "dt/bundle.h"
#include "hyp/lib/types.h"

/* The bundle's, and room for all that is added. */
#define BOOTARGS_MAX_SIZE (BUNDLE_BOOTARGS_SIZE + 128)

/* Is there such a word? With a '=' at its end: a word that begins so. */
bool bootargs_have(const char *bootargs, const char *word);

/*
 * The VM's bootargs from the bundle and, for a VM with a window, what its mode needs and they do not
 * set (lending.md §9).
 */
void bootargs_complete(char bootargs[BOOTARGS_MAX_SIZE], const struct bundle_vm *vm);

#endif
