/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "uevent.h"

#define KERNEL_GROUP 1
#define RECEIVE_BUFFER (256 * 1024)

int uevent_open(void)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP};
	int size = RECEIVE_BUFFER;
	int fd, ret;

	fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	if (fd < 0)
		return -errno;
	/* It works with the usual size, too: what is lost is looked for anew. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (!bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

int uevent_receive(int fd, struct uevent *event, int timeout_ms)
{
	struct pollfd waits = {.fd = fd, .events = POLLIN};
	struct sockaddr_nl from;
	socklen_t from_len;
	ssize_t len;
	int ret;

	do {
		ret = poll(&waits, 1, timeout_ms);
		if (ret <= 0)
			return ret < 0 ? -errno : 0;
		from_len = sizeof(from);
		len = recvfrom(fd, event->text, sizeof(event->text) - 1, MSG_DONTWAIT,
			       (struct sockaddr *)&from, &from_len);
		if (len < 0 && errno != EAGAIN)
			return -errno;
		/* Anybody may send here; the kernel is 0. */
	} while (len <= 0 || from.nl_pid);
	event->len = len;
	event->text[len] = '\0';
	return 1;
}

const char *uevent_value(const struct uevent *event, const char *key)
{
	size_t key_len = strlen(key);

	for (const char *at = event->text; at < event->text + event->len; at += strlen(at) + 1) {
		if (!strncmp(at, key, key_len) && at[key_len] == '=')
			return at + key_len + 1;
	}
	return NULL;
}
