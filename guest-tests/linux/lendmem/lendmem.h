/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lendmem: memory blocks that a lendvisor guest may be given, as hot-pluggable memory.
 *
 * What comes and goes together is a unit: a slot of the window, or the slots of one Linux memory
 * block where that is bigger, or the Linux blocks of one slot.
 *
 * Standby mode, after s390: a unit that could be retrieved has an offline Linux memory block.
 * Onlining it makes the hypervisor call that maps the memory, from the memory notifier; offlining
 * gives the memory back, and the block stays. Dynamic mode, after s390's newest: a unit has Linux
 * blocks while it has its memory, and neither before somebody asks. The truth about a slot is what
 * the hypervisor says; nothing here caches it.
 *
 * One thread, the worker, adds and removes all blocks; who wants something of it hands it a job. So
 * there is no lock above the kernel's hotplug locks, which the notifier runs under; job_lock is for
 * the list of jobs only, innermost.
 */
#ifndef LENDMEM_H
#define LENDMEM_H

#include <linux/completion.h>
#include <linux/crash_dump.h>
#include <linux/device.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
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

/* How a unit's memory is relinquished. */
enum lendmem_parting {
	LENDMEM_PART_OFFER, /* a borrowed unit goes back on offer, unless its owner wants it */
	LENDMEM_PART_DATA, /* own data stay, for the one it is lent to */
	LENDMEM_PART_FOR_GOOD,
};

/* The last thing that was said of what keeps a unit from being as it should: said once. */
enum lendmem_said {
	LENDMEM_SAID_NOTHING,
	LENDMEM_SAID_KEPT,
	LENDMEM_SAID_NOT_ADDED,
	LENDMEM_SAID_MIXED,
	LENDMEM_SAID_REVOKED,
	LENDMEM_SAID_NOT_GIVEN_BACK,
};

/**
 * struct lendmem_unit - what comes and goes together
 * @is_boot_memory: this kernel has it as its own memory, from its device tree
 * @nr_added: Linux blocks that we added, its first ones; changed by the worker only
 * @granted: this kernel retrieved it, or found it so; changed by the notifier in standby mode, by
 *	the worker in dynamic mode. Holds a module reference, so that the module cannot be unloaded
 *	from under memory in use
 * @parting: how the notifier relinquishes it; set by the worker
 * @refused: errno of the last onlining that was refused and said; the notifier's
 * @kept: it stays though it should go; counted in counters.kept
 * @retry_at: jiffies of the next attempt at what failed
 * @backoff: jiffies between attempts, 0 if none failed
 */
struct lendmem_unit {
	bool is_boot_memory;
	u32 nr_added;
	bool granted;
	enum lendmem_parting parting;
	int refused;
	enum lendmem_said said;
	bool kept;
	unsigned long retry_at;
	unsigned long backoff;
};

/**
 * struct lendmem_unit_info - the hypervisor's view of a unit at one moment
 * @state: LEND_SLOT_*, that of the first slot; LEND_SLOT_REVOKED if any slot is
 * @flags: LEND_FLAG_* of the first slot; LEND_FLAG_RECALLED and LEND_FLAG_ADOPTED if any slot has it
 *	It has LEND_FLAG_ADOPTED as well if this kernel was booted with it as its own memory
 * @deadline: ns until its recall expires, the nearest of its slots'; LEND_NO_DEADLINE without one
 * @mixed: its slots differ in state, loan, owner or one of these flags
 */
struct lendmem_unit_info {
	u32 state;
	u32 flags;
	u64 loan;
	u64 deadline;
	bool mixed;
};

enum lendmem_mode {
	LENDMEM_STANDBY,
	LENDMEM_DYNAMIC,
};

/* main.c: by mode. */
extern const char *const lendmem_mode_names[];

/**
 * struct lendmem_counters - what the driver counts since it was loaded; read without a lock
 * @add_failed: Linux blocks that the kernel would not add
 * @offline_failed: attempts to take a Linux block out of use that failed
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
 * struct lendmem_map - the FDT for the next kernel
 * @size: bytes, 0 if none was written in this kernel
 * @nr_listed: slots of the window that it has as memory
 */
struct lendmem_map {
	struct mutex lock; /* of all that is here; may be held over hypervisor calls */
	void *fdt;
	size_t size;
	u32 nr_listed;
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
 * @stopping: no onlining and no new work, from here on or yet
 * @deaf: this kernel's notifications are not those that the driver was made for: no onlining
 * @memmap_in_block: the struct pages of the last block that was added lie in it
 * @drained: no block is added until this is taken back; changed by the worker
 * @target_set: a target was set in this kernel's life
 * @growth_asked, @growth_done: growth towards the target is wanted while they differ; see target.c
 * @target_dirty: look at the target; set by anyone
 * @reserve_said: that the struct pages have no room was said
 * @reserve_retry_at, @reserve_backoff: as a unit's, for that room; of all units
 * @marks: counts units that were marked dirty and were not before
 * @marks_seen: @marks when the worker last began to look at them
 * @dirty: units whose Linux blocks may not fit their state; set by anyone, cleared by the worker
 * @retry: units that wait for their retry_at; belongs to the worker
 * @leaving: the units that what the worker does now is about, those not done yet; the worker's
 * @urgent: those of @leaving whose recall ends first; the worker's
 * @share: jiffies that an attempt to take a unit out of use may take, 0 for no such limit; the worker's
 * @gone: units that were in use, until a drain; belongs to the worker
 * @target_retry_at, @target_backoff: as a unit's, for the target
 * @job_lock: jobs, job
 * @job: the one at work
 * @cancelled: it, or what the worker does unasked, shall end early
 * @watchdog: ends a removal that takes too long
 * @vmcore_cb: in a crash kernel
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

	struct task_struct *adder;
	struct notifier_block memory_nb;
	struct notifier_block pm_nb;
	struct notifier_block reboot_nb;
	struct notifier_block panic_nb;

	bool stopping;
	bool deaf;
	bool memmap_in_block;
	bool drained;
	bool target_set;
	u32 growth_asked, growth_done;
	bool target_dirty;
	bool reserve_said;
	unsigned long reserve_retry_at;
	unsigned long reserve_backoff;
	atomic_t marks;
	int marks_seen;
	struct task_struct *worker;
	wait_queue_head_t wait;
	unsigned long *dirty;
	unsigned long *retry;
	unsigned long *leaving;
	unsigned long *urgent;
	unsigned long share;
	unsigned long *gone;
	unsigned long target_retry_at;
	unsigned long target_backoff;
	spinlock_t job_lock; /* jobs and job */
	struct list_head jobs;
	struct lendmem_job *job;
	bool cancelled;
	struct timer_list watchdog;

	struct lendmem_map map;
	struct vmcore_cb vmcore_cb;
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

static inline u32 lendmem_first_slot(const struct lendmem *lm, u32 unit)
{
	return unit * lm->slots_per_unit;
}

static inline phys_addr_t lendmem_unit_address(const struct lendmem *lm, u32 unit)
{
	return lm->base + unit * lm->unit_size;
}

/* Does the slot's unit have its Linux blocks? */
static inline bool lendmem_has_block(const struct lendmem *lm, u32 slot)
{
	return READ_ONCE(lm->units[lendmem_unit_of(lm, slot)].nr_added);
}

/* The N of the first memoryN of the slot's unit, whether it is there or not. */
static inline unsigned long lendmem_block_id(const struct lendmem *lm, u32 slot)
{
	return lendmem_unit_address(lm, lendmem_unit_of(lm, slot)) / lm->linux_block_size;
}

/*
 * unit.c: the memory of a unit. Retrieve takes all its slots or none, relinquish gives up what there
 * is; both under the hotplug locks in standby mode, by the worker in dynamic mode.
 */
int lendmem_unit_info(struct lendmem *lm, u32 unit, struct lendmem_unit_info *info);
/* Before any is added: looks which are this kernel's own memory. */
void lendmem_units_init(struct lendmem *lm);
int lendmem_unit_retrieve(struct lendmem *lm, u32 unit);
int lendmem_unit_relinquish(struct lendmem *lm, u32 unit, enum lendmem_parting parting);
/* It is in use by this kernel from here on; -ESHUTDOWN when the module is going. */
int lendmem_unit_hold(struct lendmem *lm, u32 unit);
void lendmem_unit_let_go(struct lendmem *lm, u32 unit);

/* use.c: by the worker only. 0 if it is in use, or was already. Dynamic: memory, then blocks. */
int lendmem_unit_use(struct lendmem *lm, u32 unit);
/* Revoked, and online: nothing can be read of it, and offlining reads the pages to move them. */
bool lendmem_unit_lost(const struct lendmem *lm, u32 unit, const struct lendmem_unit_info *info);
/* Out of use and relinquished; where that fails it stays as it was, online and usable. */
int lendmem_unit_withdraw(struct lendmem *lm, u32 unit, enum lendmem_parting parting);

/* block.c: the Linux memory blocks of a unit, all or none; by the worker only. */
int lendmem_blocks_add(struct lendmem *lm, u32 unit);
/* Offlines what is online. In bounded time, or until the job is cancelled. */
int lendmem_blocks_remove(struct lendmem *lm, u32 unit);
/* Is one of them online? */
bool lendmem_unit_online(const struct lendmem *lm, u32 unit);

/* reserve.c: bytes of the kernel's own memory that a Linux memory block costs. */
u64 lendmem_block_cost(const struct lendmem *lm);
/*
 * Is there that much for @nr blocks, and some to spare? 0 or -ENOMEM, said once. Unasked, it is looked
 * for again only after reserve_backoff.
 */
int lendmem_reserve(struct lendmem *lm, u32 nr);
/* Shall the struct pages lie in the block itself? */
bool lendmem_memmap_on_memory(const struct lendmem *lm);
/* The block of these was added: do they? The kernel need not say that it cannot. */
void lendmem_note_memmap(struct lendmem *lm, phys_addr_t start);

/* notifier.c: onlining retrieves, offlining relinquishes; managed by the device. */
int lendmem_notifier_init(struct lendmem *lm);

/* verify.c: reads the memory of a unit that is mapped and not yet in use. */
void lendmem_verify_zero(struct lendmem *lm, u32 unit);

/* reconcile.c: makes the Linux blocks fit what the hypervisor says; by the worker only. */
int lendmem_reconcile(struct lendmem *lm, u32 unit);
/* Does it have to go though it is online? */
bool lendmem_leaving(struct lendmem *lm, u32 unit);

/* event.c: the event interrupt; managed by the device. */
int lendmem_event_init(struct lendmem *lm, int irq);

/* uevent.c: a KOBJ_CHANGE of the device with LEND_EVENT=@name and more, NULL at the end: "KEY=..." */
struct kobj_uevent_env;
struct kobj_uevent_env *lendmem_uevent_new(const char *name);
void lendmem_uevent_send(struct lendmem *lm, struct kobj_uevent_env *env);

/* peer.c: the VMs that the device tree names. */
int lendmem_peer_id(struct lendmem *lm, const char *name, u32 *peer);
/* NULL for one that it does not name. The string lives as long as the device tree. */
const char *lendmem_peer_name(struct lendmem *lm, u32 peer);

/* loan.c: lending on request of a person. */
/* Whole units: @slot and @nr are multiples of slots_per_unit, else -EINVAL. One loan. */
int lendmem_lend(struct lendmem *lm, u32 slot, u32 nr, u32 peer, u32 flags, bool donate);
int lendmem_reclaim(struct lendmem *lm, u64 loan, u64 deadline_ns);
int lendmem_revoke(struct lendmem *lm, u64 loan);
int lendmem_refuse(struct lendmem *lm, u32 slot);

/* target.c: how many of the pool's blocks this VM shall hold. */
int lendmem_set_target(struct lendmem *lm, u32 vm, u32 blocks);
/* Pool blocks that should be held now; those that are held when nothing is wanted. */
u32 lendmem_wanted(struct lendmem *lm);
/* The target was set (@set), or the pool has blocks again, or the driver begins. */
void lendmem_target_event(struct lendmem *lm, bool set);
/* Towards the target; by the worker. 0, or what is to be tried again. */
int lendmem_target_settle(struct lendmem *lm);

/* config.c: a unit's memory on request of a person; -EOPNOTSUPP in standby mode. */
int lendmem_configure(struct lendmem *lm, u32 slot, bool on);

/*
 * drain.c: everything goes back that can. -EBUSY if something cannot, -EINTR if the caller was sent a
 * signal: then what went comes back, in standby mode offline; but borrowed units went for good.
 */
int lendmem_drain(struct lendmem *lm, bool on);

/* map.c: 0, or -EBUSY and a line if a unit is this kernel's own memory. */
int lendmem_runs_in_window(struct lendmem *lm);

/* kdump.c: all that is done in a crash kernel, and in another for it; managed by the device. */
int lendmem_kdump_init(struct lendmem *lm);
int lendmem_panic_init(struct lendmem *lm);
/* A crash kernel's files are for reading. */
umode_t lendmem_file_mode(const struct attribute *attr);
umode_t lendmem_file_is_visible(struct kobject *kobj, struct attribute *attr, int n);

/* sysfs.c, map.c, commands.c, counters.c: the device's files; slots.c: a directory for each slot. */
extern const struct attribute_group *lendmem_groups[];
extern const struct attribute_group lendmem_command_group;
extern const struct attribute_group lendmem_map_group;
extern const struct attribute_group lendmem_counter_group;
int lendmem_slots_init(struct lendmem *lm);

#include "kept.h"
#include "work.h"

#endif
