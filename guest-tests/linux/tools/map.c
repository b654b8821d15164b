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
	return ret ? report_error(ret, "adopt %s", argv[1]) : STATUS_OK;
}

/* All of a file, in pieces; 0 or a negative errno. */
static int copy(int from, int to)
{
	char buffer[4096];
	ssize_t got;

	while ((got = read(from, buffer, sizeof(buffer))) > 0) {
		ssize_t put = write(to, buffer, got);

		if (put != got)
			return put < 0 ? -errno : -ENOSPC;
	}
	return got < 0 ? -errno : 0;
}

int command_map(int argc, char **argv, const struct options *options)
{
	int from, to, ret;

	(void)argc, (void)options;
	from = sysfs_open("%s/map", device.dir);
	if (from < 0)
		return report_error(from, "map");
	to = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (to < 0) {
		ret = -errno;
		close(from);
		return report_error(ret, "%s", argv[1]);
	}
	ret = copy(from, to);
	if (close(to) && !ret)
		ret = -errno;
	close(from);
	if (!ret)
		return STATUS_OK;
	unlink(argv[1]);
	return report_error(ret, "map");
}
