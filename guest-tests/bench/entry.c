/* SPDX-License-Identifier: BSD-2-Clause */
/* When the guest's first instruction ran: what a boot takes until there. */
#include "guest-tests/bench/flat.h"

void flat_main(u64 now)
{
	print("# figure entry %lu\n# done\n", now * 1000000000 / read_reg(cntfrq_el0));
}
