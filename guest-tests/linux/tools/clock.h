/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for what sysfs gives no notice of. */
#ifndef LENDCTL_CLOCK_H
#define LENDCTL_CLOCK_H

#include <time.h>

/* Seconds on a clock that only goes forward. */
static inline double clock_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* Between two looks. */
static inline void clock_pause(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL);
}

#endif
