/* SPDX-License-Identifier: BSD-2-Clause */
/* When the guest's first instruction ran: what a boot takes until there. */
#include "guest-tests/bare/lib/figure.h"
#include "guest-tests/bench/flat.h"

void flat_main(u64 now)
{
	figure("entry", now);
	print("# done\n");
}
