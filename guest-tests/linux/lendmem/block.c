// SPDX-License-Identifier: GPL-2.0
#include <linux/ktime.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/pfn.h>

#include "lendmem.h"
#include "lendmem_trace.h"

/* This form, and no other, keeps kexec from placing the next kernel's segments here. */
#define RESOURCE_NAME "System RAM (lendmem)"

static phys_addr_t block_address(const struct lendmem *lm, u32 unit, u32 nr)
{
	return lendmem_unit_address(lm, unit) + nr * lm->linux_block_size;
}

/* By its last page: the first ones may hold the block's own struct pages. */
static bool block_online(phys_addr_t start, u64 size)
{
	return pfn_to_online_page(PHYS_PFN(start + size) - 1);
}

bool lendmem_unit_online(const struct lendmem *lm, u32 unit)
{
	u32 nr;

	for (nr = 0; nr < lm->units[unit].nr_added; nr++) {
		if (block_online(block_address(lm, unit, nr), lm->linux_block_size))
			return true;
	}
	return false;
}

/*
 * One block for each call, so that the linear map is torn down in the units it was made of. Never an
 * altmap in standby mode: the struct pages would be written before the memory is there.
 */
static int add_one(struct lendmem *lm, u32 unit, u32 nr)
{
	phys_addr_t start = block_address(lm, unit, nr);
	u64 size = lm->linux_block_size;
	int ret = -EINVAL;

	WRITE_ONCE(lm->adder, current);
	if (lendmem_memmap_on_memory(lm))
		ret = add_memory_driver_managed(0, start, size, RESOURCE_NAME,
						MHP_MEMMAP_ON_MEMORY);
	/* What the kernel says where it cannot have the struct pages there. */
	if (ret == -EINVAL)
		ret = add_memory_driver_managed(0, start, size, RESOURCE_NAME, MHP_NONE);
	WRITE_ONCE(lm->adder, NULL);
	trace_lendmem_add(lendmem_first_slot(lm, unit), start / size, ret);
	if (ret)
		lm->counters.add_failed++;
	else if (lendmem_memmap_on_memory(lm))
		lendmem_note_memmap(lm, start);
	return ret;
}

static int remove_one(struct lendmem *lm, u32 unit, u32 nr)
{
	phys_addr_t start = block_address(lm, unit, nr);
	u64 size = lm->linux_block_size;
	bool online = block_online(start, size);
	ktime_t began = ktime_get();
	int ret;

	ret = lendmem_bound_begin(lm);
	if (ret)
		return ret;
	ret = offline_and_remove_memory(start, size);
	/* What comes to a person's eyes; a block that does not go in time is busy. */
	if (ret == -EINTR && !lendmem_ended(lm))
		ret = -EBUSY;
	lendmem_bound_end(lm);
	trace_lendmem_remove(lendmem_first_slot(lm, unit), start / size, ret);
	if (ret)
		lm->counters.offline_failed++;
	else if (online)
		lm->counters.last_offline_us = ktime_us_delta(ktime_get(), began);
	return ret;
}

int lendmem_blocks_add(struct lendmem *lm, u32 unit)
{
	struct lendmem_unit *u = &lm->units[unit];
	u32 had = u->nr_added;
	int ret;

	if (u->nr_added == lm->blocks_per_unit)
		return 0;
	ret = lendmem_reserve(lm, lm->blocks_per_unit - u->nr_added);
	while (!ret && u->nr_added < lm->blocks_per_unit) {
		ret = add_one(lm, unit, u->nr_added);
		if (!ret)
			WRITE_ONCE(u->nr_added, u->nr_added + 1);
	}
	/*
	 * None, if not all: but one in use that a removal has left is let alone until the others can be
	 * had again. What does not go stays, and so does its memory.
	 */
	while (ret && u->nr_added > had && !remove_one(lm, unit, u->nr_added - 1))
		WRITE_ONCE(u->nr_added, u->nr_added - 1);
	return ret;
}

int lendmem_blocks_remove(struct lendmem *lm, u32 unit)
{
	struct lendmem_unit *u = &lm->units[unit];
	u32 had = u->nr_added;
	int ret = 0;

	while (!ret && u->nr_added) {
		ret = remove_one(lm, unit, u->nr_added - 1);
		if (!ret)
			WRITE_ONCE(u->nr_added, u->nr_added - 1);
	}
	/* All, if not none. What the kernel does not take back now is the worker's to add again. */
	while (ret && u->nr_added < had && !lendmem_reserve(lm, 1) &&
	       !add_one(lm, unit, u->nr_added))
		WRITE_ONCE(u->nr_added, u->nr_added + 1);
	return ret;
}
