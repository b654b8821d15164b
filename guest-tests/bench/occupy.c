// SPDX-License-Identifier: BSD-2-Clause
/*
 * occupy START-END: in a Linux guest, takes pages, which the kernel zeroes, until nearly all of a range of physical
 * memory is among them, and frees them. The range has been in use then. Fails where it is not had. By huge pages
 * where the kernel can, which takes a tenth of the time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest-tests/linux/tools/pagemap.h"
#include "guest-tests/linux/tools/parse_memory.h"

#define CHUNK (2ul << 20)
#define SPARE (64ul << 20) /* as much may lie elsewhere */
#define ENOUGH_PERCENT 95
#define CHUNK_MAX_PAGES (CHUNK >> 12)

/* Pages of the chunk that lie in the range, or -errno. */
static long take(char *chunk, unsigned long long start, unsigned long long last)
{
	size_t nr = CHUNK / sysconf(_SC_PAGESIZE);
	uint64_t addresses[CHUNK_MAX_PAGES];
	long found = 0;
	int ret;

	if (madvise(chunk, CHUNK, MADV_POPULATE_WRITE))
		return -errno;
	ret = pagemap_read(chunk, nr, addresses);
	if (ret)
		return ret;
	for (size_t i = 0; i < nr; i++)
		found += addresses[i] >= start && addresses[i] <= last;
	return found;
}

int main(int argc, char **argv)
{
	unsigned long long start, last;
	size_t size, wanted, had = 0;
	char *memory;

	if (argc != 2 || !parse_range(argv[1], &start, &last)) {
		fprintf(stderr, "usage: occupy START-END\n");
		return 2;
	}
	size = last + 1 - start + SPARE;
	wanted = (last + 1 - start) / sysconf(_SC_PAGESIZE);
	memory = mmap(NULL, size + CHUNK, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED) {
		perror("occupy");
		return 1;
	}
	memory += -(uintptr_t)memory % CHUNK;
	madvise(memory, size, MADV_HUGEPAGE);
	for (char *at = memory; at + CHUNK <= memory + size && had < wanted; at += CHUNK) {
		long found = take(at, start, last);

		if (found < 0) {
			fprintf(stderr, "occupy: %s\n", strerror(-found));
			return 1;
		}
		if (!found && had * 100 >= wanted * ENOUGH_PERCENT)
			break;
		had += found;
	}
	printf("occupy: %zu of %zu pages\n", had, wanted);
	return had * 100 < wanted * ENOUGH_PERCENT;
}
