// SPDX-License-Identifier: GPL-2.0
#include <linux/lockdep.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>

#include "lendmem.h"

/* This form, and no other, keeps kexec from placing the next kernel's segments here. */
#define RESOURCE_NAME "System RAM (lendmem)"

/*
 * One block for each call, so that the linear map is torn down in the units it was made of. No
 * altmap: with it the struct pages would be written before the memory is there.
 */
int lendmem_block_add(struct lendmem *lm, u32 slot)
{
	struct lendmem_unit *s = &lm->units[slot];
	int ret;

	lockdep_assert_held(&lm->work_lock);
	if (s->added)
		return 0;
	WRITE_ONCE(lm->adder, current);
	ret = add_memory_driver_managed(0, lendmem_slot_address(lm, slot), lm->block_size,
					RESOURCE_NAME, MHP_NONE);
	WRITE_ONCE(lm->adder, NULL);
	if (ret)
		return ret;
	s->added = true;
	dev_dbg(lm->dev, "slot %u: memory%lu added offline\n", slot, lendmem_block_id(lm, slot));
	return 0;
}

/*
 * Offlines the block where it is online, for as long as it takes or until a signal. If that fails
 * the block stays as it was, online and usable.
 */
int lendmem_block_remove(struct lendmem *lm, u32 slot)
{
	struct lendmem_unit *s = &lm->units[slot];
	int ret;

	lockdep_assert_held(&lm->work_lock);
	if (!s->added)
		return 0;
	ret = offline_and_remove_memory(lendmem_slot_address(lm, slot), lm->block_size);
	if (ret)
		return ret;
	s->added = false;
	dev_dbg(lm->dev, "slot %u: memory%lu removed\n", slot, lendmem_block_id(lm, slot));
	return 0;
}
