/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

/* What an errno of the driver means in words of lending; the others speak for themselves. */
static const struct {
	int err;
	const char *meaning;
} meanings[] = {
	{EPERM, "no right to it, or over quota"},
	{ENXIO, "the slot or loan is in no state for this"},
	{EBUSY, "pages in it cannot be moved now, or the hypervisor is busy with it"},
	{EAGAIN, "pages in it cannot be moved now"},
	{ENOMEM, "the pool has no block left, or the kernel no memory for this"},
	{ENOSPC, "the borrower has no free slot"},
	{EHOSTDOWN, "that VM is not running"},
	{ENOENT, "there is nothing of that name"},
	{ENODEV, "the lendmem driver is not loaded, or this VM has no window"},
	{EOPNOTSUPP, "the hypervisor does not know this"},
};

int report_error(int err, const char *format, ...)
{
	const char *name = strerrorname_np(-err);
	va_list args;

	fputs("lendctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, ": %s (%s)", strerror(-err), name ? name : "?");
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (meanings[i].err == -err)
			fprintf(stderr, ": %s", meanings[i].meaning);
	}
	fputc('\n', stderr);
	return STATUS_FAILED;
}

int report_usage(const char *format, ...)
{
	va_list args;

	fputs("lendctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs(" (see lendctl --help)\n", stderr);
	return STATUS_USAGE;
}
