// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmzone.h>
#include <linux/pfn.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "lendtest.h"

/* Others allocate, too: a page that was freed for us may be gone when we ask for it. */
#define TRIES 64

/**
 * struct pin - what we hold
 * @list: in pins
 * @page: the first page
 * @nr: of pages
 * @mm: of the process it is mapped in; NULL for pages of the kernel's
 */
struct pin {
	struct list_head list;
	struct page *page;
	unsigned long nr;
	struct mm_struct *mm;
};

/* Under the mutex of main.c. */
static LIST_HEAD(pins);

static int remember(struct page *page, unsigned long nr, struct mm_struct *mm)
{
	struct pin *pin = kzalloc(sizeof(*pin), GFP_KERNEL);

	if (!pin)
		return -ENOMEM;
	pin->page = page;
	pin->nr = nr;
	pin->mm = mm;
	list_add(&pin->list, &pins);
	return 0;
}

static int take(unsigned long pfn)
{
	return alloc_contig_range(pfn, pfn + 1, MIGRATE_MOVABLE, GFP_KERNEL);
}

int lendtest_hold(unsigned long pfn, unsigned long nr)
{
	int ret;

	ret = alloc_contig_range(pfn, pfn + nr, MIGRATE_MOVABLE, GFP_KERNEL);
	if (ret)
		return ret;
	ret = remember(pfn_to_page(pfn), nr, NULL);
	if (ret)
		free_contig_range(pfn, nr);
	return ret;
}

/* From the end of the range downwards; 0 if none can be had. */
static unsigned long take_last(u64 start, u64 end)
{
	unsigned long first = PHYS_PFN(start), pfn = PHYS_PFN(end);
	int tries;

	for (tries = 0; tries < TRIES && pfn >= first; tries++, pfn--) {
		if (pfn_to_online_page(pfn) && !take(pfn))
			return pfn;
	}
	return 0;
}

static bool is_online(u64 start, u64 end)
{
	return start <= end && pfn_to_online_page(PHYS_PFN(start)) &&
	       pfn_to_online_page(PHYS_PFN(end));
}

int lendtest_pin_kernel(u64 start, u64 end, u64 *page)
{
	unsigned long pfn;
	int ret;

	if (!is_online(start, end))
		return -ENXIO;
	pfn = take_last(start, end);
	if (!pfn)
		return -EBUSY;
	ret = remember(pfn_to_page(pfn), 1, NULL);
	if (ret) {
		free_contig_range(pfn, 1);
		return ret;
	}
	*page = PFN_PHYS(pfn);
	return 0;
}

/* One page of a new mapping. Not FOLL_LONGTERM: that would move it to another zone first. */
static struct page *map_and_pin(unsigned long *address)
{
	struct page *page;
	int nr;

	*address =
		vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(*address))
		return ERR_PTR((long)*address);
	nr = pin_user_pages_fast(*address, 1, FOLL_WRITE, &page);
	if (nr == 1)
		return page;
	vm_munmap(*address, PAGE_SIZE);
	return ERR_PTR(nr < 0 ? nr : -EFAULT);
}

/*
 * A page of the range that is taken out of the allocator and freed again is the first that this CPU
 * hands out: the next one a process gets is likely to be it.
 */
static int try_pin_user(u64 start, u64 end, u64 *found)
{
	unsigned long pfn, address;
	struct page *page;
	int ret = -EAGAIN;

	pfn = take_last(start, end);
	if (pfn)
		free_contig_range(pfn, 1);
	page = map_and_pin(&address);
	if (IS_ERR(page))
		return PTR_ERR(page);
	*found = page_to_phys(page);
	if (*found >= start && *found <= end)
		ret = remember(page, 1, current->mm);
	if (ret) {
		unpin_user_page(page);
		vm_munmap(address, PAGE_SIZE);
		return ret;
	}
	mmget(current->mm);
	return 0;
}

int lendtest_pin_user(u64 start, u64 end, u64 *page)
{
	int ret, tries;

	if (!is_online(start, end))
		return -ENXIO;
	for (tries = 0; tries < TRIES; tries++) {
		ret = try_pin_user(start, end, page);
		if (ret != -EAGAIN)
			return ret;
		if (signal_pending(current))
			return -EINTR;
	}
	return -EBUSY;
}

unsigned int lendtest_unpin(void)
{
	unsigned int nr = 0;
	struct pin *pin;

	while ((pin = list_first_entry_or_null(&pins, struct pin, list))) {
		if (pin->mm) {
			unpin_user_page(pin->page);
			mmput(pin->mm);
		} else {
			free_contig_range(page_to_pfn(pin->page), pin->nr);
		}
		list_del(&pin->list);
		kfree(pin);
		nr++;
	}
	return nr;
}
