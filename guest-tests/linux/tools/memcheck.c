/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memcheck: writes patterns into memory of several kinds and verifies them, again and again, while
 * blocks come and go below them.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "memcheck_areas.h"
#include "pagemap.h"
#include "parse_memory.h"

enum {
	STATUS_OK,
	STATUS_FAILED,
	STATUS_USAGE
};

#define PID_FILE "/tmp/memcheck.pid"
#define LOG_FILE "/tmp/memcheck.log"
/* Rounds done, and pages in range in the last one. */
#define NOW_FILE "/tmp/memcheck.now"

/* An area is given back and taken anew every so many rounds, so that it gets into blocks that came. */
#define RENEW 2
/* Between rounds, so that what is tested gets a share of the CPU. */
#define PAUSE_NS (20 * 1000 * 1000)

static const char usage[] =
	"usage: memcheck start SIZE[K|M|G] [--in START-END] [--dir DIR]\n"
	"       memcheck stop\n"
	"start holds SIZE each of anonymous memory, transparent huge pages, a tmpfs file that is\n"
	"mapped, and a file in DIR (default /) that is read and written, in the background; "
	"returns\n"
	"when each was verified once. stop ends that and tells how it went: status 1 for a wrong "
	"byte.\n"
	"--in counts the pages that lie in this range of physical addresses.\n";

struct options {
	unsigned long long start, last; /* of the range, physical */
	size_t size;
	const char *dir;
};

static volatile sig_atomic_t stopped;

static void stop_soon(int signal)
{
	(void)signal;
	stopped = 1;
}

static long count_in_range(const struct area *area, const struct options *options)
{
	uint64_t addresses[256];
	size_t page_size = sysconf(_SC_PAGESIZE), nr = area->size / page_size;
	long count = 0;

	for (size_t first = 0; area->memory && first < nr; first += 256) {
		size_t n = nr - first < 256 ? nr - first : 256;

		if (pagemap_read(area->memory + first * page_size, n, addresses))
			return 0;
		for (size_t i = 0; i < n; i++)
			count += addresses[i] >= options->start && addresses[i] <= options->last;
	}
	return count;
}

/* What was found in place of the pattern, and where. */
static void complain(const struct area *area, const struct mismatch *wrong)
{
	size_t page_size = sysconf(_SC_PAGESIZE);
	uint64_t page = 0;

	if (area->memory)
		pagemap_read(area->memory + wrong->offset / page_size * page_size, 1, &page);
	printf("memcheck: %s: offset %#zx, physical %#llx: %#018llx should be %#018llx\n",
	       area->name, wrong->offset,
	       (unsigned long long)(page ? page + wrong->offset % page_size : 0),
	       (unsigned long long)wrong->found, (unsigned long long)wrong->wanted);
}

/* Verifies what the last round wrote, and writes anew. False with a line said when something is wrong. */
static bool check_area(struct area *area, unsigned long round)
{
	struct mismatch wrong;
	int ret;

	if (round) {
		ret = area_verify(area, &wrong);
		if (ret > 0)
			complain(area, &wrong);
		if (ret < 0)
			printf("memcheck: %s: read: %s\n", area->name, strerror(-ret));
		if (ret)
			return false;
	}
	ret = round % RENEW == 0 ? area_renew(area) : 0;
	if (!ret)
		ret = area_write(area);
	if (ret)
		printf("memcheck: %s: %s\n", area->name, strerror(-ret));
	return !ret;
}

static void tell(int fd, unsigned long round, long in_range)
{
	char line[32];
	int len = snprintf(line, sizeof(line), "%010lu %010ld\n", round, in_range);

	/* Nobody waits for what was not told: the next round tells anew. */
	if (pwrite(fd, line, len, 0) != len)
		return;
}

/* Until told to stop. @ready is written to when each area was verified once. */
static int run(const struct options *options, int ready)
{
	struct area areas[AREA_KINDS];
	unsigned long round = 0;
	long in_range, most = 0, huge, most_huge = 0;
	bool right = true;
	int now;

	now = open(NOW_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	signal(SIGTERM, stop_soon);
	for (size_t i = 0; i < AREA_KINDS; i++)
		area_init(&areas[i], i, options->size, options->dir);
	while (right && (!stopped || round < 2)) {
		in_range = 0;
		for (size_t i = 0; i < AREA_KINDS && right; i++) {
			right = check_area(&areas[i], round);
			in_range += count_in_range(&areas[i], options);
		}
		most = in_range > most ? in_range : most;
		huge = area_huge_kib();
		most_huge = huge > most_huge ? huge : most_huge;
		tell(now, ++round, in_range);
		if (round == 2 && right && write(ready, "", 1) != 1)
			right = false;
		nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
	}
	printf("memcheck: %lu rounds, %zu KiB of each kind, at most %ld KiB huge, ", round,
	       options->size >> 10, most_huge);
	printf("at most %ld pages in range, %d errors\n", most, !right);
	for (size_t i = 0; i < AREA_KINDS; i++)
		area_release(&areas[i]);
	return right ? STATUS_OK : STATUS_FAILED;
}

static int print_log(void)
{
	char line[256];
	int status = STATUS_FAILED;
	FILE *log = fopen(LOG_FILE, "r");

	while (log && fgets(line, sizeof(line), log)) {
		fputs(line, stdout);
		if (strstr(line, " rounds, "))
			status = strstr(line, ", 0 errors") ? STATUS_OK : STATUS_FAILED;
	}
	if (log)
		fclose(log);
	return status;
}

static int start(const struct options *options)
{
	int ready[2];
	FILE *pid_file;
	pid_t child;
	char byte;

	if (pipe(ready))
		return STATUS_FAILED;
	child = fork();
	if (!child) {
		close(ready[0]);
		setsid();
		if (!freopen(LOG_FILE, "w", stdout))
			_exit(STATUS_FAILED);
		exit(run(options, ready[1]));
	}
	close(ready[1]);
	pid_file = fopen(PID_FILE, "w");
	if (child < 0 || !pid_file)
		return STATUS_FAILED;
	fprintf(pid_file, "%d\n", child);
	fclose(pid_file);
	if (read(ready[0], &byte, 1) == 1)
		return STATUS_OK;
	print_log();
	return STATUS_FAILED;
}

/* Waits for it wherever it hangs: whoever calls this bounds it. */
static int stop(void)
{
	FILE *pid_file = fopen(PID_FILE, "r");
	struct pollfd ended = {.events = POLLIN};
	int pid, status;

	if (!pid_file || fscanf(pid_file, "%d", &pid) != 1) {
		fputs("memcheck: not started\n", stderr);
		return STATUS_FAILED;
	}
	fclose(pid_file);
	unlink(PID_FILE);
	ended.fd = syscall(SYS_pidfd_open, pid, 0);
	if (ended.fd >= 0) {
		kill(pid, SIGTERM);
		poll(&ended, 1, -1);
	}
	status = print_log();
	if (status)
		fputs("memcheck: it failed, or was killed\n", stderr);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{"dir", required_argument, NULL, 'd'},
		{"help", no_argument, NULL, 'h'},
		{"in", required_argument, NULL, 'i'},
		{0},
	};
	struct options options = {.start = 1, .dir = "/"};
	int option;

	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		switch (option) {
		case 'd':
			options.dir = optarg;
			break;
		case 'i':
			if (!parse_range(optarg, &options.start, &options.last))
				goto wrong;
			break;
		case 'h':
			fputs(usage, stdout);
			return STATUS_OK;
		default:
			goto wrong;
		}
	}
	if (argc - optind == 1 && !strcmp(argv[optind], "stop"))
		return stop();
	if (argc - optind == 2 && !strcmp(argv[optind], "start") &&
	    parse_size(argv[optind + 1], &options.size))
		return start(&options);
wrong:
	fputs(usage, stderr);
	return STATUS_USAGE;
}
