/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs that begin at flat.S: entered like a guest, at EL1 or EL2, MMU off. Back from it: WFI for ever. */
#ifndef BENCH_FLAT_H
#define BENCH_FLAT_H

#include "guest-tests/bare/lib/cpu.h"
#include "guest-tests/bare/lib/print.h"

/* now: CNTPCT at the first instruction. */
void flat_main(u64 now);

#endif
