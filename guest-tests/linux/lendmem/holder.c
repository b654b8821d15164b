// SPDX-License-Identifier: GPL-2.0
/*
 * Which page holds a block, and how much is free in it. The pages are read as they are, without a
 * reference: what is found may be over already.
 */
#include <linux/bitmap.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/pfn.h>

#include "lendmem.h"

/* No buddy is larger on any kernel: a number read in the middle of a change is not. */
#define ORDER_LIMIT 20

static const char *const reason_texts[] = {
	[LENDMEM_BUSY] = "cannot be moved now",
	[LENDMEM_UNMOVABLE] = "cannot be moved ever",
	[LENDMEM_PINNED] = "is pinned",
};

/* Of a free page: how many there are from here on. 0: it is in use, or about to be. */
static unsigned long free_run(struct page *page)
{
	unsigned long order;

	if (!PageBuddy(page))
		return 0;
	order = READ_ONCE(page->private);
	return order < ORDER_LIMIT ? 1UL << order : 1;
}

/* Who the kernel keeps it for, NULL if not the kernel. */
static const char *kernel_use(struct page *page)
{
	if (PageReserved(page))
		return "reserved";
	if (PageSlab(compound_head(page)))
		return "slab";
	if (PageTable(page))
		return "page table";
	if (PageOffline(page))
		return "offline";
	return NULL;
}

/* Of a page that is no part of a larger folio. */
static int nr_maps(struct page *page)
{
	return atomic_read(&page->_mapcount) + 1;
}

/* A small page's pins are counted in its references, as many for each: maps are no pins. */
static bool pinned(struct folio *folio, struct page *page)
{
	return folio_maybe_dma_pinned(folio) &&
	       (folio_test_large(folio) ||
		folio_ref_count(folio) - nr_maps(page) >= GUP_PIN_COUNTING_BIAS);
}

static enum lendmem_reason judge(struct page *page)
{
	struct folio *folio = page_folio(page);
	bool cached = folio->mapping && !folio_test_anon(folio);
	int refs = folio_ref_count(folio);

	if (kernel_use(page))
		return LENDMEM_UNMOVABLE;
	if (!refs || folio_test_hugetlb(folio) || __folio_test_movable(folio))
		return LENDMEM_UNKNOWN;
	if (!folio_test_lru(folio))
		/* With neither owner nor mapping it is some driver's, or the kernel's. */
		return folio->mapping || folio_test_large(folio) ? LENDMEM_BUSY : LENDMEM_UNMOVABLE;
	if (pinned(folio, page))
		return LENDMEM_PINNED;
	if (folio_test_large(folio))
		return LENDMEM_UNKNOWN;
	refs -= nr_maps(page) + cached + folio_test_private(folio) + folio_test_swapcache(folio);
	return refs > 0 ? LENDMEM_BUSY : LENDMEM_UNKNOWN;
}

static void put_in_words(struct lendmem_holder *holder, struct page *page)
{
	const char *use = kernel_use(page) ?: "no owner";
	struct folio *folio = page_folio(page);
	int refs = folio_ref_count(folio);

	if (holder->reason == LENDMEM_UNMOVABLE)
		snprintf(holder->text, sizeof(holder->text), "%s (%s, zone %s, refcount %d)",
			 reason_texts[holder->reason], use, page_zone(page)->name, refs);
	else if (folio_test_large(folio))
		snprintf(holder->text, sizeof(holder->text), "%s (of %lu, refcount %d)",
			 reason_texts[holder->reason], folio_nr_pages(folio), refs);
	else
		snprintf(holder->text, sizeof(holder->text), "%s (refcount %d, mapcount %d)",
			 reason_texts[holder->reason], refs, nr_maps(page));
}

/* The struct page, NULL where nothing is online, or where the block's own struct pages lie. */
static struct page *used_page(unsigned long pfn)
{
	struct page *page = pfn_to_online_page(pfn);

	return page && !PageVmemmapSelfHosted(page) ? page : NULL;
}

void lendmem_find_holder(const struct lendmem *lm, u32 unit, struct lendmem_holder *holder)
{
	unsigned long pfn = PHYS_PFN(lendmem_unit_address(lm, unit));
	unsigned long end = pfn + PHYS_PFN(lm->unit_size), run;
	enum lendmem_reason reason;
	struct page *page;

	*holder = (struct lendmem_holder){.text = "is not known"};
	for (; pfn < end && holder->reason < LENDMEM_UNMOVABLE; pfn += run) {
		cond_resched();
		run = 1;
		page = used_page(pfn);
		if (!page)
			continue;
		run = free_run(page);
		if (run)
			continue;
		run = 1;
		reason = judge(page);
		if (reason > holder->reason) {
			holder->reason = reason;
			holder->pfn = pfn;
			put_in_words(holder, page);
		}
	}
}

static u64 nr_free_pages_in(const struct lendmem *lm, u32 unit)
{
	unsigned long pfn = PHYS_PFN(lendmem_unit_address(lm, unit));
	unsigned long end = pfn + PHYS_PFN(lm->unit_size), run;
	struct page *page;
	u64 nr = 0;

	for (; pfn < end; pfn += max(run, 1UL)) {
		page = used_page(pfn);
		run = page ? free_run(page) : 0;
		nr += run;
		cond_resched();
	}
	return nr;
}

u32 lendmem_emptiest(const struct lendmem *lm, const unsigned long *among)
{
	u32 best = lm->nr_units;
	unsigned long unit;
	u64 nr, most = 0;

	for_each_set_bit(unit, among, lm->nr_units) {
		if (!lendmem_unit_online(lm, unit))
			return unit;
		nr = nr_free_pages_in(lm, unit);
		if (best == lm->nr_units || nr > most) {
			best = unit;
			most = nr;
		}
	}
	return best;
}
