/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dumpcheck: reads a crash dump through to its end, and says which memory it lists, which of that is
 * zeros, and which has the stamps that lendtest left. A line for each run of pieces that are alike.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lendtest/pattern.h"

#define DUMP "/proc/vmcore"
#define PAGE 4096ul
#define WORDS (PAGE / sizeof(uint64_t))
#define MAX_LOADS 256
/* Times STAMP_FACTOR it is 1. */
#define STAMP_INVERSE 0xf1de83e19937733dull

static const char usage[] =
	"usage: dumpcheck read|mmap\n\n"
	"  Reads " DUMP " in one of the two ways that dumps are read. Prints\n"
	"    listed START-END           memory that the dump's header lists\n"
	"    START-END KIND             what was found: zeros, stamped SEED, other\n"
	"    stray SEED ADDRESS at PAGE a page with the stamp of another address\n"
	"    read BYTES of BYTES\n"
	"  Exit status: 0 read to its end, 1 not so, 2 wrong usage.\n";

/* Kinds of memory; a seed of stamps is greater than these. */
enum {
	ZEROS = 0,
	OTHER = -1
};

struct dump {
	int fd;
	bool mapped;
	uint64_t size;
	uint64_t at; /* read up to here */
	char *buffer;
	Elf64_Phdr loads[MAX_LOADS];
	size_t nr_loads;
};

struct run {
	uint64_t start, end;
	int kind;
};

static int fail(uint64_t offset, const char *why)
{
	fprintf(stderr, "dumpcheck: offset %#llx: %s\n", (unsigned long long)offset, why);
	return 1;
}

/* After a read that gave less than was asked for. */
static int fail_to_read(uint64_t offset)
{
	return fail(offset, errno ? strerror(errno) : "it ends too early");
}

/* The next bytes of the dump, until done_with() them; NULL if they cannot be had. */
static const char *next_bytes(struct dump *dump, size_t size)
{
	const char *bytes = dump->buffer;
	ssize_t len;

	errno = 0;
	if (dump->mapped) {
		bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, dump->fd, dump->at);
		if (bytes == MAP_FAILED)
			return NULL;
	}
	for (size_t had = 0; !dump->mapped && had < size; had += len) {
		len = pread(dump->fd, dump->buffer + had, size - had, dump->at + had);
		if (len <= 0)
			return NULL;
	}
	dump->at += size;
	return bytes;
}

static void done_with(const struct dump *dump, const char *bytes, size_t size)
{
	if (dump->mapped)
		munmap((void *)bytes, size);
}

/* Seed << 48 ^ address of the stamp that begins with this word, if it is one of a page's start. */
static uint64_t unstamp(uint64_t word)
{
	/* The lowest bit was always set. */
	for (uint64_t low = 0; low < 2; low++) {
		uint64_t y = word ^ low, x = y ^ y >> 29 ^ y >> 58, stamp = x * STAMP_INVERSE;

		if (!(stamp % PAGE))
			return stamp;
	}
	return 0;
}

static int page_kind(const uint64_t *words, uint64_t address)
{
	uint64_t stamp = unstamp(words[0]), seed = stamp >> 48, from = stamp << 16 >> 16;
	size_t i = 0;

	if (!words[0]) {
		while (i < WORDS && !words[i])
			i++;
		return i < WORDS ? OTHER : ZEROS;
	}
	while (i < WORDS && words[i] == stamp_pattern(seed, from + i * sizeof(*words)))
		i++;
	if (!stamp || i < WORDS)
		return OTHER;
	if (from == address)
		return seed;
	printf("stray %#llx %#llx at %#llx\n", (unsigned long long)seed, (unsigned long long)from,
	       (unsigned long long)address);
	return OTHER;
}

/* What all of its pages are. */
static int piece_kind(const char *bytes, size_t size, uint64_t address)
{
	int kind = page_kind((const uint64_t *)bytes, address);

	for (size_t at = PAGE; at < size; at += PAGE) {
		if (page_kind((const uint64_t *)(bytes + at), address + at) != kind)
			kind = OTHER;
	}
	return kind;
}

static void print_run(const struct run *run)
{
	if (run->start == run->end)
		return;
	printf("%#llx-%#llx ", (unsigned long long)run->start, (unsigned long long)run->end - 1);
	if (run->kind > ZEROS)
		printf("stamped %#x\n", run->kind);
	else
		puts(run->kind == ZEROS ? "zeros" : "other");
}

static int check_load(struct dump *dump, const Elf64_Phdr *load)
{
	uint64_t address = load->p_paddr, end = address + load->p_filesz;
	struct run run = {.start = address, .end = address};

	while (address < end) {
		uint64_t next = (address / STAMP_PIECE + 1) * STAMP_PIECE;
		size_t size = (next < end ? next : end) - address;
		const char *bytes = next_bytes(dump, size);
		int kind;

		if (!bytes)
			return fail_to_read(dump->at);
		kind = piece_kind(bytes, size, address);
		done_with(dump, bytes, size);
		if (kind != run.kind) {
			print_run(&run);
			run = (struct run){address, address, kind};
		}
		address += size;
		run.end = address;
	}
	print_run(&run);
	return 0;
}

/* Notes, and what is between one load and the next. */
static int read_to(struct dump *dump, uint64_t offset)
{
	while (dump->at < offset) {
		uint64_t left = offset - dump->at;
		size_t size = left < STAMP_PIECE ? left : STAMP_PIECE;
		const char *bytes = next_bytes(dump, size);

		if (!bytes)
			return fail_to_read(dump->at);
		done_with(dump, bytes, size);
	}
	return 0;
}

static int read_header(struct dump *dump)
{
	Elf64_Phdr phdr;
	Elf64_Ehdr ehdr;
	struct stat stat;

	errno = 0;
	if (fstat(dump->fd, &stat) || pread(dump->fd, &ehdr, sizeof(ehdr), 0) != sizeof(ehdr))
		return fail_to_read(0);
	dump->size = stat.st_size;
	for (unsigned int i = 0; i < ehdr.e_phnum; i++) {
		uint64_t offset = ehdr.e_phoff + i * sizeof(phdr);

		if (pread(dump->fd, &phdr, sizeof(phdr), offset) != sizeof(phdr))
			return fail_to_read(offset);
		if (phdr.p_type != PT_LOAD)
			continue;
		if (dump->nr_loads == MAX_LOADS)
			return fail(offset, "too many entries");
		dump->loads[dump->nr_loads++] = phdr;
		printf("listed %#llx-%#llx\n", (unsigned long long)phdr.p_paddr,
		       (unsigned long long)(phdr.p_paddr + phdr.p_filesz - 1));
	}
	return 0;
}

/* The way that was asked for may well give more than the file's size says. */
static bool has_more(const struct dump *dump)
{
	return pread(dump->fd, dump->buffer, 1, dump->at) > 0;
}

int main(int argc, char **argv)
{
	static struct dump dump;
	int ret;

	if (argc != 2 || (strcmp(argv[1], "read") && strcmp(argv[1], "mmap"))) {
		fputs(usage, stderr);
		return 2;
	}
	dump.mapped = !strcmp(argv[1], "mmap");
	dump.buffer = malloc(STAMP_PIECE);
	dump.fd = open(DUMP, O_RDONLY);
	if (dump.fd < 0 || !dump.buffer) {
		perror("dumpcheck: " DUMP);
		return 1;
	}
	ret = read_header(&dump);
	for (size_t i = 0; i < dump.nr_loads && !ret; i++) {
		ret = read_to(&dump, dump.loads[i].p_offset);
		if (!ret && dump.at != dump.loads[i].p_offset)
			ret = fail(dump.loads[i].p_offset, "out of order");
		if (!ret)
			ret = check_load(&dump, &dump.loads[i]);
	}
	if (!ret)
		ret = read_to(&dump, dump.size);
	if (!ret && has_more(&dump))
		ret = fail(dump.at, "there is more");
	printf("read %llu of %llu\n", (unsigned long long)dump.at, (unsigned long long)dump.size);
	return ret;
}
