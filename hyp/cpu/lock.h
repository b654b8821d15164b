/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Spinlocks, and the one place that says in which order they are taken:
 *
 *	vm->lock -> ledger.lock -> stage2->lock (two: ascending VM id) -> vgic->lock -> console.lock
 *
 * vm->lock guards life cycle only: never two of them at once, never held on entry to the ledger.
 *
 * Ticket locks: first come, first served, so that a guest which makes one CPU take a lock without
 * end cannot starve another CPU. Waiters sleep in WFE; the SEV at unlock wakes them. EL2 runs with
 * interrupts masked, so a holder is never interrupted.
 */
#ifndef HYP_CPU_LOCK_H
#define HYP_CPU_LOCK_H

#include "hyp/lib/types.h"

typedef struct {
	u32 next; /* the ticket the next comer draws */
	u32 owner; /* the ticket being served */
} spinlock_t;

#define SPINLOCK_INIT                                                                              \
	{                                                                                          \
		0, 0                                                                               \
	}

/* On the host there is one thread per test and nobody to wait for. */
static inline void cpu_wait_event(void)
{
#ifdef __aarch64__
	__asm__ volatile("wfe" ::: "memory");
#endif
}

static inline void cpu_send_event(void)
{
#ifdef __aarch64__
	/* DSB: the store that waiters look for is visible before they are woken. */
	__asm__ volatile("dsb ishst\n\tsev" ::: "memory");
#endif
}

static inline void spin_lock(spinlock_t *lock)
{
	u32 ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);

	/* Acquire: what the last holder wrote is seen by what follows. */
	while (__atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE) != ticket)
		cpu_wait_event();
}

static inline void spin_unlock(spinlock_t *lock)
{
	__atomic_store_n(&lock->owner, lock->owner + 1, __ATOMIC_RELEASE);
	cpu_send_event();
}

static inline bool spin_is_locked(const spinlock_t *lock)
{
	return __atomic_load_n(&lock->owner, __ATOMIC_RELAXED) !=
	       __atomic_load_n(&lock->next, __ATOMIC_RELAXED);
}

#endif
