/* SPDX-License-Identifier: BSD-2-Clause */
/* Listens to the kernel's events of devices. */
#ifndef LENDCTL_UEVENT_H
#define LENDCTL_UEVENT_H

#include <stddef.h>

/* The kernel sends 2 KiB at most. */
struct uevent {
	char text[4096]; /* KEY=value strings, each with its NUL */
	size_t len;
};

/* A file descriptor, or a negative errno. Events from now on are kept until they are received. */
int uevent_open(void);

/*
 * Waits for the next, @timeout_ms at most (-1: for ever). 1, or 0 if none came, or a negative
 * errno: -ENOBUFS if events were lost.
 */
int uevent_receive(int fd, struct uevent *event, int timeout_ms);

/* The value of @key, or NULL. */
const char *uevent_value(const struct uevent *event, const char *key);

#endif
