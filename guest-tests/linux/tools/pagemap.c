/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "pagemap.h"

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_PFN ((1ull << 55) - 1)

int pagemap_read(const void *start, size_t nr, uint64_t *addresses)
{
	size_t page_size = sysconf(_SC_PAGESIZE), size = nr * sizeof(*addresses);
	off_t offset = (uintptr_t)start / page_size * sizeof(*addresses);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ssize_t len;
	int err;

	if (fd < 0)
		return -errno;
	len = pread(fd, addresses, size, offset);
	err = errno;
	close(fd);
	if (len != (ssize_t)size)
		return len < 0 ? -err : -EIO;
	for (size_t i = 0; i < nr; i++) {
		if (!(addresses[i] & PAGEMAP_PRESENT))
			addresses[i] = 0;
		else if (!(addresses[i] & PAGEMAP_PFN))
			return -EPERM; /* hidden from who is not root */
		else
			addresses[i] = (addresses[i] & PAGEMAP_PFN) * page_size;
	}
	return 0;
}
