/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lendtest: does inside a guest's kernel what the scenarios cannot do from user space. A command is
 * written to /sys/kernel/debug/lendtest, and its answer read from there:
 *
 *	pin user START-END	-> "pinned ADDRESS"	a page of the writing process
 *	pin kernel START-END	-> "pinned ADDRESS"	a page taken out of the allocator
 *	unpin			-> "unpinned NUMBER"	all of them
 *	peek ADDRESS		-> "VALUE"		64 bits through the linear map
 *	poke ADDRESS VALUE	-> "VALUE"		as it reads afterwards
 *	zeropad ADDRESS		-> "VALUE"		by load_unaligned_zeropad()
 *	stamp START-END SEED	-> "stamped NUMBER"	pieces of 2 MiB, filled with a pattern
 *	stamped START-END SEED	-> "stamped NUMBER"	pieces that have that pattern
 *	notify ACTION START-END	-> "notified ERRNO"	memory notifiers, of an action
 *	call FUNCTION X1 X2 X3	-> "STATUS X1"		the hypervisor's; all but STATUS in hex
 *
 * Addresses are physical; END is the last byte. A failed command fails the write, with its errno.
 */
#ifndef LENDTEST_H
#define LENDTEST_H

#include <linux/types.h>

/**
 * lendtest_pin_user() - pin a page of the calling process, as a device that does DMA would
 * @start: first byte of the range that the page shall be in
 * @end: its last byte
 * @page: set to the page's address
 *
 * The page stays mapped, and its address space alive, until it is unpinned.
 *
 * Return: 0, -ENXIO where nothing is online there, -EBUSY if no page of the range could be had.
 */
int lendtest_pin_user(u64 start, u64 end, u64 *page);

/* The same for the last page of the range that can be had, as memory that belongs to the kernel. */
int lendtest_pin_kernel(u64 start, u64 end, u64 *page);

/* Takes @nr pages from @pfn on out of the allocator until the unpin, or fails with -EBUSY. */
int lendtest_hold(unsigned long pfn, unsigned long nr);

/* Lets go of all pages; returns how many there were. */
unsigned int lendtest_unpin(void);

/*
 * Fills memory with a pattern of @seed and its address: all of it where it is not online, else what
 * can be had, which is then held as by lendtest_hold(). @nr: pieces filled. -ENXIO without a linear
 * mapping.
 */
int lendtest_stamp(u64 start, u64 end, u64 seed, u64 *nr);

/* Counts the pieces that have just that pattern. */
int lendtest_stamped(u64 start, u64 end, u64 seed, u64 *nr);

/* 64 bits at @address. -ENXIO without a linear mapping, -EINVAL if misaligned. */
int lendtest_peek(u64 address, u64 *value);
int lendtest_poke(u64 address, u64 *value);

/* At any address, as the dcache reads names: a fault leaves zeros beyond the first page. */
int lendtest_zeropad(u64 address, u64 *value);

/*
 * Calls the kernel's memory notifiers with an action, by its number. @err: 0, or -errno of the one that
 * refused it. -ENOENT where the kernel does not let them be found.
 */
int lendtest_notify(unsigned long action, u64 start, u64 end, int *err);

/* A call of the hypervisor's that the driver knows nothing of; returns its status. */
s64 lendtest_call(u64 function, u64 x1, u64 x2, u64 x3, u64 *result);

#endif
