/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The floor of scrubbing: what zeroing a range and cleaning it to the point of coherency takes at EL2 with nothing
 * around it. By DC ZVA and one DC CIVAC per line; where both are of one size they go by one address. Without
 * hypervisor, on the bare machine.
 */
#include "guest-tests/bare/lib/figure.h"
#include "guest-tests/bench/flat.h"

#define START 0x80000000ULL

/* Sixteen steps a turn. */
#define UNROLLED(op)                                                                               \
	for (u64 a = START; a < START + size;)                                                     \
	__asm__ volatile(".rept 16\n\t" op "\n\tadd %0, %0, %1\n\t.endr"                           \
			 : "+r"(a)                                                                 \
			 : "r"(step)                                                               \
			 : "memory")

static void zero_and_clean(u64 size, u64 step)
{
	UNROLLED("dc zva, %0\n\tdc civac, %0");
}

static void zero(u64 size, u64 step)
{
	UNROLLED("dc zva, %0");
}

static void clean(u64 size, u64 step)
{
	UNROLLED("dc civac, %0");
}

static u64 timed_scrub(u64 size, u64 zva, u64 line)
{
	u64 start = timer_count(TIMER_PHYS);

	if (zva == line) {
		zero_and_clean(size, line);
	} else {
		zero(size, zva);
		clean(size, line);
	}
	dsb();
	return timer_count(TIMER_PHYS) - start;
}

void flat_main(u64 first)
{
	u64 line = 4ULL << FIELD(read_reg(ctr_el0), 19, 16);
	u64 zva = 4ULL << FIELD(read_reg(dczid_el0), 3, 0);

	(void)first;
	for (u64 mib = 2; mib <= 1024; mib *= 8) {
		print("# figure %lu %lu\n", mib, to_ns(timed_scrub(MIB(mib), zva, line)));
	}
	print("# done\n");
}
