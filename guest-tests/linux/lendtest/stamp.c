// SPDX-License-Identifier: GPL-2.0
/*
 * Patterns that outlive the kernel that wrote them: they lie at their addresses, online or not,
 * until someone else gets the memory. In whole pieces: pages one by one take too long to get.
 */
#include <linux/align.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/sched.h>

#include "lendtest.h"
#include "pattern.h"

#define PIECE STAMP_PIECE

static int check(u64 start, u64 end)
{
	u64 at;

	if (start > end || !IS_ALIGNED(start | (end + 1), PIECE))
		return -EINVAL;
	for (at = start; at < end; at += PIECE) {
		if (!pfn_valid(PHYS_PFN(at)))
			return -ENXIO;
	}
	return 0;
}

static void fill(u64 seed, u64 piece)
{
	u64 *words = phys_to_virt(piece);
	u64 at;

	for (at = 0; at < PIECE; at += sizeof(*words))
		WRITE_ONCE(words[at / sizeof(*words)], stamp_pattern(seed, piece + at));
}

static bool is_filled(u64 seed, u64 piece)
{
	const u64 *words = phys_to_virt(piece);
	u64 at;

	for (at = 0; at < PIECE; at += sizeof(*words)) {
		if (READ_ONCE(words[at / sizeof(*words)]) != stamp_pattern(seed, piece + at))
			return false;
	}
	return true;
}

int lendtest_stamp(u64 start, u64 end, u64 seed, u64 *nr)
{
	int ret = check(start, end);
	u64 at;

	if (ret)
		return ret;
	for (at = start, *nr = 0; at < end; at += PIECE) {
		if (pfn_to_online_page(PHYS_PFN(at)) &&
		    lendtest_hold(PHYS_PFN(at), PHYS_PFN(PIECE)))
			continue;
		fill(seed, at);
		++*nr;
		cond_resched();
	}
	return 0;
}

int lendtest_stamped(u64 start, u64 end, u64 seed, u64 *nr)
{
	int ret = check(start, end);
	u64 at;

	if (ret)
		return ret;
	for (at = start, *nr = 0; at < end; at += PIECE) {
		*nr += is_filled(seed, at);
		cond_resched();
	}
	return 0;
}
