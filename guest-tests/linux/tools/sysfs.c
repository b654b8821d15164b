/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sysfs.h"

static int path_below_root(char *path, const char *format, va_list args)
{
	const char *root = getenv("LENDCTL_SYSFS");
	int len, more;

	len = snprintf(path, PATH_MAX, "%s/", root ? root : "/sys");
	if (len >= PATH_MAX)
		return -ENAMETOOLONG;
	more = vsnprintf(path + len, PATH_MAX - len, format, args);
	return more >= PATH_MAX - len ? -ENAMETOOLONG : 0;
}

static int open_below_root(int flags, const char *format, va_list args)
{
	char path[PATH_MAX];
	int ret = path_below_root(path, format, args);

	if (ret)
		return ret;
	ret = open(path, flags | O_CLOEXEC);
	return ret < 0 ? -errno : ret;
}

int sysfs_read(char *text, size_t size, const char *path, ...)
{
	ssize_t len;
	va_list args;
	int fd, ret;

	va_start(args, path);
	fd = open_below_root(O_RDONLY, path, args);
	va_end(args);
	if (fd < 0)
		return fd;
	len = read(fd, text, size - 1);
	ret = len < 0 ? -errno : 0;
	close(fd);
	if (ret)
		return ret;
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

int sysfs_open(const char *path, ...)
{
	va_list args;
	int fd;

	va_start(args, path);
	fd = open_below_root(O_RDONLY, path, args);
	va_end(args);
	return fd;
}

int sysfs_write(const char *text, const char *path, ...)
{
	va_list args;
	int fd, ret;

	va_start(args, path);
	fd = open_below_root(O_WRONLY | O_TRUNC, path, args);
	va_end(args);
	if (fd < 0)
		return fd;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int sysfs_list(struct dirent ***entries, const char *path, ...)
{
	char full[PATH_MAX];
	va_list args;
	int ret;

	va_start(args, path);
	ret = path_below_root(full, path, args);
	va_end(args);
	if (ret)
		return ret;
	ret = scandir(full, entries, visible, alphasort);
	return ret < 0 ? -errno : ret;
}
