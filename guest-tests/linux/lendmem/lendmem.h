/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lendmem: memory blocks that a lendvisor guest may be given, as hot-pluggable memory.
 *
 * Standby mode, after s390: a slot of the window that could be retrieved has an offline Linux
 * memory block. Onlining it makes the hypervisor call that maps the memory, from the memory
 * notifier; offlining gives the memory back, and the block stays. The truth about a slot is what
 * the hypervisor says; nothing here caches it.
 *
 * Locks: work_lock, then the kernel's hotplug locks. The notifier runs under the latter, so it must
 * not take work_lock, and work_lock may be held while blocks are added and removed.
 */
#ifndef LENDMEM_H
#define LENDMEM_H

#include <linux/device.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/sched.h>
#include <linux/timer.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "hyp/lend/abi.h"

/**
 * struct lendmem_verify - what verify_zero found in a block between retrieve and online
 * @checked: bytes read, 0 if the block was never read
 * @offset: of the first byte that is not zero; equal to @checked if all are
 */
struct lendmem_verify {
	u64 checked;
	u64 offset;
};

/**
 * struct lendmem_slot - one slot of the window, which is one Linux memory block
 * @added: we added a Linux block for it; changed under work_lock
 * @keep: the next relinquish leaves the contents alone; set under work_lock
 * @granted: this kernel retrieved it for onlining; changed by the notifier only. Holds a module
 *	reference, so that the module cannot be unloaded from under online memory
 * @verify: written by the notifier only
 * @dir: its directory in sysfs
 * @retry_at: jiffies of the next attempt at what failed; belongs to the worker
 * @backoff: jiffies between attempts, 0 if none failed; belongs to the worker
 */
struct lendmem_slot {
	bool added;
	bool keep;
	bool granted;
	struct lendmem_verify verify;
	struct kobject *dir;
	unsigned long retry_at;
	unsigned long backoff;
};

/**
 * struct lendmem - the device
 * @base: physical address of the window
 * @block_size: bytes in a slot and in a Linux memory block
 * @vm: our own VM id
 * @adder: the task that is in add_memory: onlining by that task is the kernel's default policy at
 *	work, not a wish, and is refused
 * @stopping: no onlining and no new work from here on
 * @dirty: slots whose Linux block may not fit their state; set by anyone, cleared by the worker
 * @retry: slots that wait for their retry_at; belongs to the worker
 * @watchdog: ends a removal that takes too long
 * @slots_dir: the sysfs directory of the slots' directories
 */
struct lendmem {
	struct device *dev;
	phys_addr_t base;
	u64 block_size;
	u32 nr_slots;
	u32 vm;
	struct lendmem_slot *slots;

	struct mutex work_lock;
	struct task_struct *adder;
	struct notifier_block memory_nb;
	struct notifier_block pm_nb;

	bool stopping;
	struct task_struct *worker;
	wait_queue_head_t wait;
	unsigned long *dirty;
	unsigned long *retry;
	struct timer_list watchdog;

	struct kobject *slots_dir;
};

static inline phys_addr_t lendmem_slot_address(const struct lendmem *lm, u32 slot)
{
	return lm->base + slot * lm->block_size;
}

/* The first address past the window. */
static inline u64 lendmem_window_end(const struct lendmem *lm)
{
	return lm->base + lm->nr_slots * lm->block_size;
}

/* block.c: the Linux memory block of a slot. The caller holds work_lock. */
int lendmem_block_add(struct lendmem *lm, u32 slot);
int lendmem_block_remove(struct lendmem *lm, u32 slot);
unsigned long lendmem_block_id(const struct lendmem *lm, u32 slot);

/* notifier.c: onlining retrieves, offlining relinquishes; managed by the device. */
int lendmem_notifier_init(struct lendmem *lm);

/* verify.c: reads a block that is mapped and not yet online. */
void lendmem_verify_zero(struct lendmem *lm, u32 slot);

/* worker.c: makes the Linux blocks fit the slots, in a thread; managed by the device. */
int lendmem_worker_init(struct lendmem *lm);
void lendmem_mark(struct lendmem *lm, u32 slot, u32 nr_slots);
int lendmem_reconcile(struct lendmem *lm, u32 slot);

/* event.c: the event interrupt; managed by the device. */
int lendmem_event_init(struct lendmem *lm, int irq);

/* loan.c: lending on request of a person. */
int lendmem_lend(struct lendmem *lm, u32 slot, u32 peer, u32 flags);
int lendmem_reclaim(struct lendmem *lm, u64 loan, u64 deadline_ns);
int lendmem_peer_id(struct lendmem *lm, const char *name, u32 *peer);
const char *lendmem_peer_name(struct lendmem *lm, u32 peer);

/* sysfs.c: the device's files, slots.c: a directory for each slot; managed by the device. */
extern const struct attribute_group *lendmem_groups[];
int lendmem_slots_init(struct lendmem *lm);

#endif
