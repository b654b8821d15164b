/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of sysfs, by paths below /sys, or below the directory that LENDCTL_SYSFS names: a tree that
 * looks alike, for tests. Paths are printf style. 0 or a negative errno.
 */
#ifndef LENDCTL_SYSFS_H
#define LENDCTL_SYSFS_H

#include <dirent.h>
#include <stddef.h>

/* The first line, without its newline. */
int sysfs_read(char *text, size_t size, const char *path, ...)
	__attribute__((format(printf, 3, 4)));

/* A file that is not text: a descriptor to read from, or a negative errno. */
int sysfs_open(const char *path, ...) __attribute__((format(printf, 1, 2)));

/* All of @text in one write: it is a command. */
int sysfs_write(const char *text, const char *path, ...) __attribute__((format(printf, 2, 3)));

/* A sorted list, as scandir() makes it, without names that begin with a dot; the count. */
int sysfs_list(struct dirent ***entries, const char *path, ...)
	__attribute__((format(printf, 2, 3)));

#endif
