/* SPDX-License-Identifier: BSD-2-Clause */
/* Errors and exit statuses of lendctl, for a person and for scripts. */
#ifndef LENDCTL_REPORT_H
#define LENDCTL_REPORT_H

enum exit_status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_TIMEOUT = 3, /* waited in vain */
};

/* "ENOMEM" for -ENOMEM; "?" for none. */
const char *report_errno_name(int err);

/* In words of lending where there are any. */
const char *report_meaning(int err);

/* Prints what failed (printf style) and why, @err being a negative errno. Returns STATUS_FAILED. */
int report_error(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints a line of usage error. Returns STATUS_USAGE. */
int report_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
