/* SPDX-License-Identifier: BSD-2-Clause */
/* The lendmem device: what it is, and the commands that it takes. 0 or a negative errno. */
#ifndef LENDCTL_DEVICE_H
#define LENDCTL_DEVICE_H

#include <stdbool.h>

/**
 * struct device - what stays as it is while the driver is loaded
 * @dir: its directory below /sys
 * @base: of the window, physical; sizes are bytes
 * @slots_per_unit, @blocks_per_unit: slots and Linux memory blocks that come and go together; one
 *	of them is 1
 * @dynamic: a slot has a Linux block only while it has its memory
 */
struct device {
	char dir[384];
	unsigned long long base;
	unsigned long long block_size;
	unsigned long long linux_block_size;
	unsigned int nr_slots;
	unsigned int slots_per_unit;
	unsigned int blocks_per_unit;
	bool dynamic;
};

/* What device_open() found last. */
extern struct device device;

/* Finds it. -ENODEV if the driver is not loaded or this VM has no window. */
int device_open(void);

/* A file of the device. */
int device_text(const char *file, char *text, size_t size);
int device_number(const char *file, unsigned long long *value);

/* Writes a command (printf style) to a file of the device. */
int device_command(const char *file, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
