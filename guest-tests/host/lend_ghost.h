/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A second opinion on ownership and contents, for random tests over a sparse world: VMs scribble tags of
 * their own into what they see, and whoever comes to see a block finds zeros, or what the last one meant
 * it to see (KEEP). Knows nothing of hyp/lend but its slots and blocks, and looks whenever it is called.
 */
#ifndef LEND_GHOST_H
#define LEND_GHOST_H

#include "guest-tests/host/lend_world.h"

void ghost_begin(void);

/* Compares what changed since the last look with what may have; fails the test. */
void ghost_look(void);

/* VM vm writes its tag into every block it sees. */
void ghost_scribble(u32 vm);

/* VM vm means what it gives up from now on to be kept, or not; what it meant before. */
bool ghost_intend(u32 vm, bool keep);

/* LEND or DONATE succeeded: slots [slot, slot + n) of vm are for to, with what was kept in them or not. */
void ghost_lent(u32 vm, u32 slot, u32 n, u32 to, bool keep, bool donated);

/* Block is bad: nobody may come to see it any more. */
void ghost_poisoned(u32 block);

/* Before a VM's reset, end and start. */
void ghost_reset(u32 vm);
void ghost_off(u32 vm);
void ghost_start(u32 vm);

#endif
