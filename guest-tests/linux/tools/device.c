/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "parse.h"
#include "sysfs.h"

#define DRIVER_DIR "bus/platform/drivers/lendmem"

struct device device;

int device_text(const char *file, char *text, size_t size)
{
	return sysfs_read(text, size, "%s/%s", device.dir, file);
}

int device_number(const char *file, unsigned long long *value)
{
	char text[32];
	int ret = device_text(file, text, sizeof(text));

	return ret ? ret : parse_number(text, value);
}

int device_command(const char *file, const char *format, ...)
{
	char text[256];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len >= (int)sizeof(text))
		return -EINVAL;
	return sysfs_write(text, "%s/%s", device.dir, file);
}

static unsigned int ratio(unsigned long long larger, unsigned long long smaller)
{
	return larger > smaller ? larger / smaller : 1;
}

static int read_device(void)
{
	unsigned long long nr_slots;
	char text[64];
	int ret;

	ret = device_number("nr_slots", &nr_slots);
	if (!ret)
		ret = device_number("block_size", &device.block_size);
	if (!ret)
		ret = device_number("linux_block_size", &device.linux_block_size);
	if (!ret)
		ret = device_text("window", text, sizeof(text));
	device.base = strtoull(text, NULL, 16);
	if (!ret)
		ret = device_text("mode", text, sizeof(text));
	if (ret)
		return ret;
	if (!device.block_size || !device.linux_block_size)
		return -EPROTO;
	device.nr_slots = nr_slots;
	device.dynamic = !strcmp(text, "dynamic");
	device.slots_per_unit = ratio(device.linux_block_size, device.block_size);
	device.blocks_per_unit = ratio(device.block_size, device.linux_block_size);
	return 0;
}

int device_open(void)
{
	struct dirent **entries;
	int nr, ret = -ENODEV;

	nr = sysfs_list(&entries, DRIVER_DIR);
	if (nr < 0)
		return nr == -ENOENT ? -ENODEV : nr;
	for (int i = 0; i < nr; i++) {
		const char *suffix = strstr(entries[i]->d_name, ".lendmem");

		if (ret == -ENODEV && suffix && !strcmp(suffix, ".lendmem")) {
			snprintf(device.dir, sizeof(device.dir), DRIVER_DIR "/%s",
				 entries[i]->d_name);
			ret = read_device();
			/* It is being probed: the link comes before the files. */
			if (ret == -ENOENT)
				ret = -ENODEV;
		}
		free(entries[i]);
	}
	free(entries);
	return ret;
}
