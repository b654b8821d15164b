// SPDX-License-Identifier: GPL-2.0
/*
 * Is a block really all zero when it arrives? Only here can it be seen: once it is online, the
 * kernel clears every page before anyone gets it.
 */
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "lendmem.h"

static bool verify_zero;
module_param(verify_zero, bool, 0644);
MODULE_PARM_DESC(verify_zero, "read every block between retrieve and online, and report in sysfs");

void lendmem_verify_zero(struct lendmem *lm, u32 slot)
{
	struct lendmem_verify *verify = &lm->slots[slot].verify;
	const u8 *block = phys_to_virt(lendmem_slot_address(lm, slot));
	const u8 *found = NULL;
	u64 offset;

	verify->checked = 0;
	verify->offset = 0;
	if (!verify_zero)
		return;
	for (offset = 0; offset < lm->block_size && !found; offset += PAGE_SIZE) {
		found = memchr_inv(block + offset, 0, PAGE_SIZE);
		cond_resched();
	}
	verify->checked = offset;
	verify->offset = found ? found - block : offset;
	if (found)
		dev_warn(lm->dev, "slot %u: not zero at offset %#llx\n", slot, verify->offset);
}
