/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memcheck_areas.h"

#define CHUNK (64 * 1024)
#define WORDS (CHUNK / sizeof(uint64_t))

static size_t huge_page_size(void)
{
	FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "r");
	size_t size = 0;

	if (file) {
		if (fscanf(file, "%zu", &size) != 1)
			size = 0;
		fclose(file);
	}
	return size ? size : CHUNK;
}

static int map_memory(struct area *area, size_t align)
{
	int flags = area->fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED;
	char *mapping;

	mapping = mmap(NULL, area->size + align, PROT_READ | PROT_WRITE, flags, area->fd, 0);
	if (mapping == MAP_FAILED)
		return -errno;
	area->mapping = mapping;
	area->mapped = area->size + align;
	area->memory = mapping + (align ? -(uintptr_t)mapping % align : 0);
	return 0;
}

static int take_anonymous(struct area *area)
{
	int ret = map_memory(area, 0);

	/* Without huge pages in the kernel this is an error, and no matter. */
	if (!ret)
		madvise(area->memory, area->size, MADV_NOHUGEPAGE);
	return ret;
}

static int take_huge(struct area *area)
{
	size_t huge = huge_page_size();
	int ret;

	area->size = (area->size + huge - 1) / huge * huge;
	ret = map_memory(area, huge);
	if (!ret)
		madvise(area->memory, area->size, MADV_HUGEPAGE);
	return ret;
}

static int take_file(struct area *area)
{
	area->fd = open(area->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (area->fd < 0 || ftruncate(area->fd, area->size))
		return -errno;
	return 0;
}

static int take_tmpfs(struct area *area)
{
	int ret = take_file(area);

	return ret ? ret : map_memory(area, 0);
}

static const struct {
	const char *name;
	int (*take)(struct area *area);
} kinds[] = {
	[AREA_ANONYMOUS] = {"anonymous", take_anonymous},
	[AREA_HUGE] = {"huge", take_huge},
	[AREA_TMPFS] = {"tmpfs", take_tmpfs},
	[AREA_FILE] = {"file", take_file},
};

void area_init(struct area *area, enum area_kind kind, size_t size, const char *dir)
{
	*area = (struct area){
		.kind = kind,
		.name = kinds[kind].name,
		.size = (size + CHUNK - 1) / CHUNK * CHUNK,
		.fd = -1,
		.seed = (uint64_t)(kind + 1) << 56,
	};
	snprintf(area->path, sizeof(area->path), "%s/memcheck.%s", kind == AREA_FILE ? dir : "/tmp",
		 area->name);
}

void area_release(struct area *area)
{
	if (area->mapping)
		munmap(area->mapping, area->mapped);
	if (area->fd >= 0) {
		close(area->fd);
		unlink(area->path);
	}
	area->mapping = area->memory = NULL;
	area->fd = -1;
}

int area_renew(struct area *area)
{
	area_release(area);
	return kinds[area->kind].take(area);
}

/* Cheap, since most of the time goes into it: different for each word, and by the seed for each writing. */
static uint64_t pattern(const struct area *area, size_t offset)
{
	return area->seed + offset * 0x9e3779b97f4a7c15ull;
}

int area_write(struct area *area)
{
	uint64_t buffer[WORDS], *words;

	area->seed += 0xd1342543de82ef95ull;
	for (size_t offset = 0; offset < area->size; offset += CHUNK) {
		words = area->memory ? (uint64_t *)(area->memory + offset) : buffer;
		for (size_t i = 0; i < WORDS; i++)
			words[i] = pattern(area, offset + i * sizeof(*words));
		if (area->memory)
			continue;
		errno = ENOSPC; /* for a short write */
		if (pwrite(area->fd, buffer, CHUNK, offset) != CHUNK)
			return -errno;
	}
	return 0;
}

/* Bits that are wrong in any of the words. One pass without branches, which an emulator is quick at. */
static uint64_t compare(const struct area *area, size_t offset, const uint64_t *words)
{
	uint64_t wrong = 0;

	for (size_t i = 0; i < WORDS; i++)
		wrong |= words[i] ^ pattern(area, offset + i * sizeof(*words));
	return wrong;
}

int area_verify(const struct area *area, struct mismatch *wrong)
{
	uint64_t buffer[WORDS], bits, wanted;
	const uint64_t *words;

	for (size_t offset = 0; offset < area->size; offset += CHUNK) {
		words = area->memory ? (uint64_t *)(area->memory + offset) : buffer;
		errno = EIO; /* for a short read */
		if (!area->memory && pread(area->fd, buffer, CHUNK, offset) != CHUNK)
			return -errno;
		bits = compare(area, offset, words);
		if (!bits)
			continue;
		/* The first wrong word; the bits for all if it reads right by now. */
		*wrong = (struct mismatch){.offset = offset, .found = bits};
		for (size_t i = WORDS; i-- > 0;) {
			wanted = pattern(area, offset + i * sizeof(*words));
			if (words[i] != wanted)
				*wrong = (struct mismatch){offset + i * sizeof(*words), wanted,
							   words[i]};
		}
		return 1;
	}
	return 0;
}

long area_huge_kib(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "r");
	char line[128];
	long kib = 0;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "AnonHugePages: %ld kB", &kib) == 1)
			break;
	}
	if (file)
		fclose(file);
	return kib;
}
