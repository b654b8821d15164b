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
 * struct lendmem_slot - one slot of the window
 * @verify: written when its memory arrives only
 * @dir: its directory in sysfs
 */
struct lendmem_slot {
	struct lendmem_verify verify;
	struct kobject *dir;
};

/**
 * struct lendmem_unit - what comes and goes together: a slot, or the slots of one Linux memory block
 * @added: we added its Linux blocks; changed under work_lock
 * @keep: the next relinquish leaves the contents alone; set under work_lock
 * @granted: this kernel retrieved it; changed under the hotplug locks in standby mode, under
 *	work_lock in dynamic mode. Holds a module reference, so that the module cannot be unloaded from
 *	under memory in use
 * @config: dynamic: it shall have its memory and its blocks; changed under work_lock
 * @retry_at: jiffies of the next attempt at what failed; belongs to the worker
 * @backoff: jiffies between attempts, 0 if none failed; belongs to the worker
 */
struct lendmem_unit {
	bool added;
	bool keep;
	bool granted;
	bool config;
	unsigned long retry_at;
	unsigned long backoff;
};

enum lendmem_mode {
	LENDMEM_STANDBY,
	LENDMEM_DYNAMIC,
};

/**
 * struct lendmem_counters - what the driver counts since it was loaded; read without a lock
 * @add_failed: Linux blocks that the kernel would not add
 * @offline_failed: attempts to take a unit out of use that failed
 * @retrieve_failed: retrieves that the hypervisor refused
 * @last_retrieve_us: microseconds that the last one took
 * @kept: units that wait for another attempt, now
 */
struct lendmem_counters {
	u64 add_failed;
	u64 offline_failed;
	u64 retrieve_failed;
	u64 last_retrieve_us;
	u64 last_relinquish_us;
	u64 last_offline_us;
	u32 kept;
};

/**
 * struct lendmem - the device
 * @base: physical address of the window
 * @block_size: bytes in a slot
 * @linux_block_size: bytes in a Linux memory block
 * @unit_size: bytes in a unit, the larger of the two
 * @vm: our own VM id
 * @adder: the task that is in add_memory: onlining by that task is the kernel's default policy at
 *	work, not a wish, and is refused in standby mode
 * @stopping: no onlining and no new work from here on
 * @drained: no block is added until this is taken back; changed under work_lock
 * @dirty: units whose Linux blocks may not fit their state; set by anyone, cleared by the worker
 * @retry: units that wait for their retry_at; belongs to the worker
 * @watchdog: ends a removal that takes too long
 * @slots_dir: the sysfs directory of the slots' directories
 */
struct lendmem {
	struct device *dev;
	enum lendmem_mode mode;
	phys_addr_t base;
	u64 block_size;
	u64 linux_block_size;
	u64 unit_size;
	u32 nr_slots;
	u32 nr_units;
	u32 slots_per_unit;
	u32 blocks_per_unit;
	u32 vm;
	struct lendmem_slot *slots;
	struct lendmem_unit *units;
	struct lendmem_counters counters;

	struct mutex work_lock;
	struct task_struct *adder;
	struct notifier_block memory_nb;
	struct notifier_block pm_nb;

	bool stopping;
	bool drained;
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

/* The unit that a slot belongs to. */
static inline u32 lendmem_unit_of(const struct lendmem *lm, u32 slot)
{
	return slot / lm->slots_per_unit;
}

/* Does the slot's unit have its Linux blocks? For a look; what follows needs work_lock. */
static inline bool lendmem_has_block(const struct lendmem *lm, u32 slot)
{
	return READ_ONCE(lm->units[lendmem_unit_of(lm, slot)].added);
}

/* The N of the first memoryN of the slot's unit, whether it is there or not. */
static inline unsigned long lendmem_block_id(const struct lendmem *lm, u32 slot)
{
	return (lm->base + lendmem_unit_of(lm, slot) * lm->unit_size) / lm->linux_block_size;
}

/* block.c: the Linux memory block of a slot. The caller holds work_lock. */
int lendmem_block_add(struct lendmem *lm, u32 slot);
int lendmem_block_remove(struct lendmem *lm, u32 slot);

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
/* Whole units: @slot and @nr are multiples of slots_per_unit, else -EINVAL. One loan. */
int lendmem_lend(struct lendmem *lm, u32 slot, u32 nr, u32 peer, u32 flags, bool donate);
int lendmem_reclaim(struct lendmem *lm, u64 loan, u64 deadline_ns);
int lendmem_revoke(struct lendmem *lm, u64 loan);
int lendmem_refuse(struct lendmem *lm, u32 slot);
int lendmem_peer_id(struct lendmem *lm, const char *name, u32 *peer);
const char *lendmem_peer_name(struct lendmem *lm, u32 peer);

/* target.c: how many of the pool's blocks this VM shall hold. */
int lendmem_set_target(struct lendmem *lm, u32 vm, u32 blocks);
/* Pool blocks that should be held now; those that are held when nothing is wanted. */
u32 lendmem_wanted(struct lendmem *lm);

/* config.c: a unit's memory on request of a person; -EOPNOTSUPP in standby mode. */
int lendmem_configure(struct lendmem *lm, u32 slot, bool on);
/* What slots/N/config reads: it has its blocks (standby), it shall have its memory (dynamic). */
bool lendmem_configured(const struct lendmem *lm, u32 slot);

/* drain.c: everything goes back that can; -EBUSY if something cannot, then as before. */
int lendmem_drain(struct lendmem *lm, bool on);

/* reserve.c: bytes of the kernel's own memory that a Linux memory block costs. */
u64 lendmem_block_cost(const struct lendmem *lm);

/* sysfs.c, commands.c, counters.c: the device's files; slots.c: a directory for each slot. */
extern const struct attribute_group *lendmem_groups[];
extern const struct attribute_group lendmem_command_group;
extern const struct attribute_group lendmem_counter_group;
int lendmem_slots_init(struct lendmem *lm);

#endif
