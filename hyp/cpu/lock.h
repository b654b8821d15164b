/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Spinlocks, and the one place that says in which order they are taken:
 *
 *	vm->lock -> ledger.lock -> stage2->lock (two: ascending VM id) -> vm->uart_lock -> vgic->lock
 *	-> console.lock
 *
 * vm->lock guards life cycle only: never two of them at once, never held on entry to the ledger.
 *
 * Test-and-set, not tickets: QEMU runs more CPUs than its host has, and a ticket lock goes to the next in
 * line whether or not the host lets that one run. What a guest can reach is held for a short, bounded
 * time, so a CPU that asks without end delays the others, but cannot keep them out.
 * Waiters sleep in WFE; the SEV at unlock wakes them. EL2 runs with interrupts masked, so a holder is
 * never interrupted.
 */
#ifndef HYP_CPU_LOCK_H
#define HYP_CPU_LOCK_H

#include "hyp/lib/types.h"

typedef struct {
	u32 taken;
} spinlock_t;

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
	/* Acquire: what the last holder wrote is seen by what follows. */
	while (__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE))
		while (__atomic_load_n(&lock->taken, __ATOMIC_RELAXED))
			cpu_wait_event();
}

static inline void spin_unlock(spinlock_t *lock)
{
	__atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
	cpu_send_event();
}

static inline bool spin_is_locked(const spinlock_t *lock)
{
	return __atomic_load_n(&lock->taken, __ATOMIC_RELAXED);
}

#endif
