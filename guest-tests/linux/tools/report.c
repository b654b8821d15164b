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
	{EPERM, "no right to it, over quota, or adopted for a next kernel"},
	{ENXIO, "the slot or loan is in no state for this"},
	{EBUSY, "pages in it cannot be moved now (or ever: this kernel was booted with it), or the "
		"hypervisor or the peer is busy with it"},
	{EAGAIN, "pages in it cannot be moved now"},
	{EINTR, "interrupted, or it took too long"},
	{ENOMEM, "the pool has no block left, or the kernel no memory for this"},
	{E2BIG, "the blocks lie in more places than a map can list"},
	{ENOSPC, "the borrower has no free slots in a row"},
	{EHOSTDOWN, "that VM is not running"},
	{ENODATA, "blocks are marked by a kernel before this one: `adopt` first, on or off"},
	{ESTALE, "a marked block was revoked since: `adopt` again"},
	{ENOENT, "there is nothing of that name"},
	{ENODEV, "the lendmem driver is not loaded, or this VM has no window"},
	{EINVAL, "not whole memory blocks, or a number is out of range"},
	{EOPNOTSUPP, "not in this mode of the driver, or the hypervisor does not know it"},
};

const char *report_errno_name(int err)
{
	const char *name = strerrorname_np(-err);

	return name ? name : "?";
}

const char *report_meaning(int err)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (meanings[i].err == -err)
			return meanings[i].meaning;
	}
	return strerror(-err);
}

int report_error(int err, const char *format, ...)
{
	va_list args;

	/* What was done before it comes first, where both go to one place. */
	fflush(stdout);
	fputs("lendctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, ": %s (%s)\n", report_meaning(err), report_errno_name(err));
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
