/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Figures that a guest measures by its own counter: lines `# figure NAME VALUE`, VALUE in nanoseconds; under
 * -icount shift=0 one is an instruction (docs/benchmarks.md).
 */
#ifndef BARE_FIGURE_H
#define BARE_FIGURE_H

#include "guest-tests/bare/lib/print.h"
#include "guest-tests/bare/lib/timer.h"

#define NS_PER_S 1000000000UL
#define ROUNDS 16 /* a figure is the least of as many */
#define NONE (~0ULL)

static inline u64 to_ns(u64 ticks)
{
	return ticks * NS_PER_S / counter_hz();
}

/* One that was never measured fails the whole run, as bail_out() does; programs without the library have figures, too. */
static inline void figure(const char *name, u64 ticks)
{
	if (ticks == NONE)
		print("Bail out! %s was not measured\n", name);
	else
		print("# figure %s %lu\n", name, to_ns(ticks));
}

static inline void keep_least(u64 *least, u64 ticks)
{
	*least = min_u64(*least, ticks);
}

#endif
