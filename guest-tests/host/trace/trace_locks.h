/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Included before every source of a traced host test (gcc -include): each lock that is taken or given
 * back is in the trace, with its place in the source.
 */
#ifndef TRACE_LOCKS_H
#define TRACE_LOCKS_H

#include "hyp/cpu/lock.h"

void trace_lock(const spinlock_t *lock, const char *file, int line);
void trace_unlock(const spinlock_t *lock, const char *file, int line);

static inline void traced_spin_lock(spinlock_t *lock, const char *file, int line)
{
	spin_lock(lock);
	trace_lock(lock, file, line);
}

static inline void traced_spin_unlock(spinlock_t *lock, const char *file, int line)
{
	trace_unlock(lock, file, line);
	spin_unlock(lock);
}

#define spin_lock(lock) traced_spin_lock(lock, __FILE__, __LINE__)
#define spin_unlock(lock) traced_spin_unlock(lock, __FILE__, __LINE__)

#endif
