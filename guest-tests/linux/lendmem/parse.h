/* SPDX-License-Identifier: GPL-2.0 */
/* What the words of a command in sysfs say. Nothing is passed over: anything odd is -EINVAL. */
#ifndef LENDMEM_PARSE_H
#define LENDMEM_PARSE_H

#include <linux/types.h>

/* Decimal digits and nothing else. */
int lendmem_parse_u32(const char *word, u32 *value);

/* "SLOT" or "SLOT+N"; @nr is left as it was without N. */
int lendmem_parse_run(char *word, u32 *slot, u32 *nr);

/* A loan's handle: hexadecimal, with or without 0x. */
int lendmem_parse_loan(const char *word, u64 *loan);

/* "1" or "0", with or without a newline. */
int lendmem_parse_switch(const char *text, bool *on);

#endif
