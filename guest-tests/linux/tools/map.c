/* SPDX-License-Identifier: BSD-2-Clause */
/* The device tree for the kernel that this one is going to kexec to. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "device.h"
#include "report.h"
#include "sysfs.h"

#define MAP_MAX ((64 << 10) + 1) /* bytes: more than the driver's buffer has */

int command_adopt(int argc, char **argv, const struct options *options)
{
	unsigned long long adopted;
	int ret;

	(void)options;
	if (argc == 1) {
		ret = device_number("adopt", &adopted);
		if (ret)
			return report_error(ret, "adopt");
		puts(adopted ? "on" : "off");
		return STATUS_OK;
	}
	if (strcmp(argv[1], "on") && strcmp(argv[1], "off"))
		return report_usage("'%s' is neither on nor off", argv[1]);
	ret = device_command("adopt", "%d", !strcmp(argv[1], "on"));
	if (ret)
		return report_error(ret, "adopt %s", argv[1]);
	if (!strcmp(argv[1], "on") && !device_number("adopt", &adopted) && !adopted)
		puts("nothing is held that could be marked: the map has boot memory only");
	return STATUS_OK;
}

/* All of the driver's map; its size or a negative errno. */
static ssize_t read_map(char *map, size_t size)
{
	int from = sysfs_open("%s/map", device.dir);
	size_t done = 0;
	ssize_t got;

	if (from < 0)
		return from;
	while ((got = read(from, map + done, size - done)) > 0)
		done += got;
	got = got < 0 ? -errno : (ssize_t)done;
	close(from);
	return done < size ? got : -EFBIG;
}

/* Nothing is left of a file that could not be written; 0 or a negative errno. */
static int write_map(const char *name, const char *map, size_t size)
{
	int to = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600), ret = 0;
	struct stat file;
	ssize_t put;

	if (to < 0)
		return -errno;
	put = write(to, map, size);
	if (put != (ssize_t)size)
		ret = put < 0 ? -errno : -ENOSPC;
	if (close(to) && !ret)
		ret = -errno;
	if (ret && !stat(name, &file) && S_ISREG(file.st_mode))
		unlink(name);
	return ret;
}

int command_map(int argc, char **argv, const struct options *options)
{
	static char map[MAP_MAX], again[MAP_MAX];
	ssize_t size;
	int ret;

	(void)argc, (void)options;
	/* It comes in pieces, and somebody may write to adopt between two of them. */
	do {
		size = read_map(map, sizeof(map));
		if (size < 0)
			return report_error(size, "map");
	} while (read_map(again, sizeof(again)) != size || memcmp(map, again, size));
	ret = write_map(argv[1], map, size);
	return ret ? report_error(ret, "%s", argv[1]) : STATUS_OK;
}
