/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the ledger wants done later, on the CPU that it asks on, in pieces between which the guest runs. No
 * lock is held on entry.
 */
#ifndef HYP_VM_BACKGROUND_H
#define HYP_VM_BACKGROUND_H

#include "hyp/lib/types.h"

/* A call of VM id left a block SCRUBBING and may not be repeated (struct lend_host.scrub_later). */
void background_scrub(u8 id);

/* A recall ends at ns of time_ns() (struct lend_host.expire_at). */
void background_expire(u64 ns);

#endif
