/* SPDX-License-Identifier: BSD-2-Clause */
/* A long call that is never repeated: the interrupt that breaks it off returns behind it. */
#ifndef BARE_ABANDON_H
#define BARE_ABANDON_H

#include "hyp/lib/types.h"

/*
 * Makes a lending call with the virtual timer due in some us, on the calling CPU, and leaves it to itself
 * when it comes back for the interrupt, the block of that slot being scrubbed. False: it was through before.
 */
bool lend_abandoned(u32 slot, u32 fn, u64 x1, u64 x2, u64 x3);

#endif
