/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands before the marker line of a panic; panic() itself is in hyp/lib/assert.h. */
#ifndef HYP_DEV_PANIC_H
#define HYP_DEV_PANIC_H

#include "hyp/lend/ledger.h"

/* One line of the report, without the console's lock. */
void panic_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The calls that led to fp, a frame record (AAPCS64), as offsets into the image. */
void panic_backtrace(const u64 *fp);

/* Whose state every panic reports; NULL until there is one. */
extern const struct ledger *panic_ledger;

#endif
