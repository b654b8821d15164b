// SPDX-License-Identifier: GPL-2.0
/*
 * Is a block really all zero when it arrives? Only here can it be seen: once it is online, the
 * kernel clears every page before anyone gets it.
 */
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "lendmem.h"

static bool verify_zero;
module_param(verify_zero, bool, 0644);
MODULE_PARM_DESC(verify_zero, "read every block between retrieve and online, and report in sysfs");

static void verify_slot(struct lendmem *lm, u32 slot, const u8 *block)
{
	struct lendmem_verify *verify = &lm->slots[slot].verify;
	const u8 *found = NULL;
	u64 offset;

	for (offset = 0; offset < lm->block_size && !found; offset += PAGE_SIZE) {
		found = memchr_inv(block + offset, 0, PAGE_SIZE);
		cond_resched();
	}
	verify->checked = offset;
	verify->offset = found ? found - block : offset;
	if (found)
		dev_warn(lm->dev, "slot %u: not zero at offset %#llx\n", slot, verify->offset);
}

void lendmem_verify_zero(struct lendmem *lm, u32 unit)
{
	u32 slot = lendmem_first_slot(lm, unit);
	u32 end = slot + lm->slots_per_unit;
	void *mapped;

	for (; slot < end; slot++) {
		lm->slots[slot].verify = (struct lendmem_verify){};
		if (!verify_zero)
			continue;
		if (lm->mode == LENDMEM_STANDBY) {
			verify_slot(lm, slot, phys_to_virt(lendmem_slot_address(lm, slot)));
			continue;
		}
		/* There is no Linux block yet. */
		mapped = memremap(lendmem_slot_address(lm, slot), lm->block_size, MEMREMAP_WB);
		if (mapped)
			verify_slot(lm, slot, mapped);
		memunmap(mapped);
	}
}
