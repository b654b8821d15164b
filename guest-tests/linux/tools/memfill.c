/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memfill: fills a range of *physical* memory with a pattern, as far as user space can: takes
 * pages until enough of them lie in the range, writes the pattern into those, reads it back, and
 * reports in one line.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pagemap.h"
#include "parse_memory.h"

#define CHUNK (2ul << 20)
#define ENOUGH_PERCENT 95
#define CHUNK_MAX_PAGES (CHUNK >> 12)

enum {
	STATUS_OK,
	STATUS_FAILED,
	STATUS_USAGE
};

static const char usage[] =
	"usage: memfill fill SIZE SEED --in START-END [--least PERCENT] [--hold]\n\n"
	"  Takes up to SIZE of memory (suffix K, M, G) until the physical range START-END (both\n"
	"  inclusive) is covered as well as can be, fills the pages that lie in it with a pattern "
	"made\n"
	"  from SEED, and verifies it.\n"
	"  --least PERCENT  fail if fewer of the range's pages were had (default 1)\n"
	"  --hold           keep the memory until killed, in the background; SIGUSR1 verifies it "
	"again\n"
	"                   (the pages may have moved meanwhile) and prints the line anew\n\n"
	"Exit status: 0 pattern is right and enough pages were had, 1 not so, 2 wrong usage.\n";

struct fill {
	uint64_t start, end; /* physical, the end exclusive */
	uint64_t seed;
	size_t page_size;
	char *memory;
	size_t nr_pages;
	bool *filled; /* by page */
};

/* Differs by page, by place in the page and by seed, and is never 0. */
static uint64_t pattern(const struct fill *fill, size_t page, size_t word)
{
	uint64_t x = fill->seed * 0x9e3779b97f4a7c15u + (page << 16) + word;

	x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9u;
	return x | 1;
}

static bool in_range(const struct fill *fill, uint64_t address)
{
	return address >= fill->start && address < fill->end;
}

/* Makes every page of one more chunk present and marks those in the range: how many, or -errno. */
static long take_chunk(struct fill *fill)
{
	size_t nr = CHUNK / fill->page_size;
	uint64_t addresses[CHUNK_MAX_PAGES];
	char *chunk = fill->memory + fill->nr_pages * fill->page_size;
	long found = 0;
	int ret;

	/* Far cheaper than a fault for each page. */
	if (madvise(chunk, CHUNK, MADV_POPULATE_WRITE))
		return -errno;
	ret = pagemap_read(chunk, nr, addresses);
	if (ret)
		return ret;
	for (size_t i = 0; i < nr; i++) {
		fill->filled[fill->nr_pages + i] = in_range(fill, addresses[i]);
		found += in_range(fill, addresses[i]);
	}
	fill->nr_pages += nr;
	return found;
}

/* Gives back what lies elsewhere, which was taken only because the kernel chooses the pages. */
static void drop_the_rest(const struct fill *fill)
{
	size_t first, end;

	for (first = 0; first < fill->nr_pages; first = end + 1) {
		for (end = first; end < fill->nr_pages && !fill->filled[end]; end++)
			;
		if (end > first)
			madvise(fill->memory + first * fill->page_size,
				(end - first) * fill->page_size, MADV_DONTNEED);
	}
}

/* Up to @size; less if most of the range is had and no more of it comes. */
static int take_memory(struct fill *fill, size_t size)
{
	size_t wanted = (fill->end - fill->start) / fill->page_size, had = 0;
	bool enough = false;

	fill->memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	fill->filled = calloc(size / fill->page_size, sizeof(*fill->filled));
	if (fill->memory == MAP_FAILED || !fill->filled)
		return -ENOMEM;
	while (fill->nr_pages * fill->page_size < size && !enough) {
		long found = take_chunk(fill);

		if (found < 0)
			return found;
		had += found;
		enough = had == wanted || (!found && had * 100 >= wanted * ENOUGH_PERCENT);
	}
	drop_the_rest(fill);
	return 0;
}

static void write_pattern(const struct fill *fill)
{
	for (size_t page = 0; page < fill->nr_pages; page++) {
		uint64_t *words = (uint64_t *)(fill->memory + page * fill->page_size);

		for (size_t i = 0; fill->filled[page] && i < fill->page_size / sizeof(*words); i++)
			words[i] = pattern(fill, page, i);
	}
}

static bool pattern_is_right(const struct fill *fill)
{
	for (size_t page = 0; page < fill->nr_pages; page++) {
		const volatile uint64_t *words =
			(uint64_t *)(fill->memory + page * fill->page_size);

		for (size_t i = 0; fill->filled[page] && i < fill->page_size / sizeof(*words);
		     i++) {
			if (words[i] != pattern(fill, page, i))
				return false;
		}
	}
	return true;
}

/* Filled pages that lie in the range now: one may have been moved since it was taken. */
static long count_in_range(const struct fill *fill)
{
	size_t nr = CHUNK / fill->page_size;
	uint64_t addresses[CHUNK_MAX_PAGES];
	long count = 0;

	for (size_t first = 0; first < fill->nr_pages; first += nr) {
		int ret = pagemap_read(fill->memory + first * fill->page_size, nr, addresses);

		if (ret)
			return ret;
		for (size_t i = 0; i < nr; i++)
			count += fill->filled[first + i] && in_range(fill, addresses[i]);
	}
	return count;
}

static int verify(const struct fill *fill, unsigned int least)
{
	size_t all = (fill->end - fill->start) / fill->page_size;
	bool right = pattern_is_right(fill);
	long count = count_in_range(fill);

	if (count < 0) {
		fprintf(stderr, "memfill: pagemap: %s\n", strerror(-count));
		return STATUS_FAILED;
	}
	printf("memfill: pages %ld of %zu in %#llx-%#llx, pattern %s\n", count, all,
	       (unsigned long long)fill->start, (unsigned long long)fill->end - 1,
	       right ? "ok" : "WRONG");
	fflush(stdout);
	return right && count * 100ul >= least * all ? STATUS_OK : STATUS_FAILED;
}

/* Never returns in the child, which owns the memory; the parent lives just to tell how it went. */
static int fill_and_hold(struct fill *fill, size_t size, unsigned int least, bool hold)
{
	int ret, signal, status;
	sigset_t signals;

	ret = take_memory(fill, size);
	if (ret) {
		fprintf(stderr, "memfill: %s\n", strerror(-ret));
		return STATUS_FAILED;
	}
	write_pattern(fill);
	status = verify(fill, least);
	if (!hold || status)
		return status;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	/* The status that matters is told by this line and by the parent's end. */
	printf("memfill: holding, pid %d\n", getpid());
	fflush(stdout);
	kill(getppid(), SIGUSR1);
	setsid();
	for (;;) {
		sigwait(&signals, &signal);
		verify(fill, 0);
	}
}

/* The child fills and stays; it signals the parent when it is done, or ends with a bad status. */
static int run_held(struct fill *fill, size_t size, unsigned int least)
{
	sigset_t signals;
	int signal, status;
	pid_t child;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	child = fork();
	if (child < 0) {
		perror("memfill: fork");
		return STATUS_FAILED;
	}
	if (!child)
		_exit(fill_and_hold(fill, size, least, true));
	sigwait(&signals, &signal);
	if (signal == SIGUSR1)
		return STATUS_OK;
	waitpid(child, &status, 0);
	return STATUS_FAILED;
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{"help", no_argument, NULL, 'h'},
		{"hold", no_argument, NULL, 'o'},
		{"in", required_argument, NULL, 'i'},
		{"least", required_argument, NULL, 'l'},
		{0},
	};
	struct fill fill = {.page_size = sysconf(_SC_PAGESIZE)};
	unsigned int least = 1;
	unsigned long long start, last;
	bool hold = false;
	size_t size;
	int option;

	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		switch (option) {
		case 'i':
			if (!parse_range(optarg, &start, &last))
				goto wrong;
			fill.start = start;
			fill.end = last + 1;
			break;
		case 'l':
			least = strtoul(optarg, NULL, 10);
			break;
		case 'o':
			hold = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return STATUS_OK;
		default:
			goto wrong;
		}
	}
	if (argc - optind != 3 || strcmp(argv[optind], "fill") || !fill.end ||
	    !parse_size(argv[optind + 1], &size))
		goto wrong;
	fill.seed = strtoull(argv[optind + 2], NULL, 0);
	size = (size + CHUNK - 1) / CHUNK * CHUNK;
	return hold ? run_held(&fill, size, least) : fill_and_hold(&fill, size, least, false);

wrong:
	fputs(usage, stderr);
	return STATUS_USAGE;
}
