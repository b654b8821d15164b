// SPDX-License-Identifier: GPL-2.0
/*
 * A block costs memory of the kernel's own before it gives any: its struct pages and the page tables
 * of the linear map. Where that is short, add_memory ends in the OOM killer or in a BUG_ON, so it is
 * looked for beforehand.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/moduleparam.h>
#include <linux/pfn.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>

#include "lendmem.h"

/* With bigger pages all that the kernel itself does takes more. */
static unsigned int reserve_mib = IS_ENABLED(CONFIG_ARM64_4K_PAGES) ? 16 : 48;
module_param(reserve_mib, uint, 0644);
MODULE_PARM_DESC(reserve_mib, "the kernel's own memory to be left over when a block was added");

static bool memmap_on_memory;
module_param(memmap_on_memory, bool, 0444);
MODULE_PARM_DESC(memmap_on_memory, "dynamic mode: the struct pages of a block lie in the block");

bool lendmem_memmap_on_memory(const struct lendmem *lm)
{
	return memmap_on_memory && lm->mode == LENDMEM_DYNAMIC;
}

/* Tables of the lowest level, for every page has an entry of its own; and one or two above them. */
u64 lendmem_block_cost(const struct lendmem *lm)
{
	u64 nr_pages = lm->linux_block_size >> PAGE_SHIFT;
	u64 tables = DIV_ROUND_UP(nr_pages, PTRS_PER_PTE) + 2;
	u64 pages = READ_ONCE(lm->memmap_in_block) ? 0 : nr_pages * sizeof(struct page);

	return pages + tables * PAGE_SIZE;
}

void lendmem_note_memmap(struct lendmem *lm, phys_addr_t start)
{
	/* Of what is mapped at the struct page's address; that page itself is not read. */
	phys_addr_t at = PFN_PHYS(vmalloc_to_pfn(pfn_to_page(PHYS_PFN(start))));

	WRITE_ONCE(lm->memmap_in_block, at >= start && at - start < lm->linux_block_size);
}

/*
 * What an allocation of the kernel's own finds: free pages above the watermarks, and of the page cache
 * the half that can be counted on to go. Judged and not tried: whoever took that much for a moment
 * would send others to the OOM killer.
 */
static u64 available(void)
{
	struct zone *zone = NODE_DATA(0)->node_zones;
	long pages = 0;

	for (; zone < NODE_DATA(0)->node_zones + ZONE_MOVABLE; zone++) {
		long free = zone_page_state(zone, NR_FREE_PAGES) -
			    zone_page_state(zone, NR_FREE_CMA_PAGES) - high_wmark_pages(zone);
		long cache = zone_page_state(zone, NR_ZONE_ACTIVE_FILE) +
			     zone_page_state(zone, NR_ZONE_INACTIVE_FILE);

		pages += max(free + cache / 2, 0L);
	}
	return (u64)pages << PAGE_SHIFT;
}

int lendmem_reserve(struct lendmem *lm, u32 nr)
{
	u64 cost = nr * lendmem_block_cost(lm);
	u64 wanted = cost + (u64)READ_ONCE(reserve_mib) * SZ_1M;
	bool waits = lm->reserve_backoff && time_before(jiffies, lm->reserve_retry_at);

	if (waits && !lm->job)
		return -ENOMEM;
	if (available() >= wanted) {
		lm->reserve_said = false;
		lm->reserve_backoff = 0;
		return 0;
	}
	if (!waits) {
		lm->reserve_backoff = lendmem_backoff(lm->reserve_backoff);
		lm->reserve_retry_at = jiffies + lm->reserve_backoff;
	}
	if (!lm->reserve_said)
		dev_warn(
			lm->dev,
			"no block is added: its struct pages take %llu KiB, and %u MiB are to be left\n",
			cost >> 10, READ_ONCE(reserve_mib));
	lm->reserve_said = true;
	return -ENOMEM;
}
