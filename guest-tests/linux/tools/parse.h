/* SPDX-License-Identifier: BSD-2-Clause */
/* What words of the command line and of sysfs say: wholly, or -EINVAL. */
#ifndef LENDCTL_PARSE_H
#define LENDCTL_PARSE_H

/* Decimal digits alone; -ERANGE beyond 64 bits. */
int parse_number(const char *text, unsigned long long *value);

/* "0x..." */
int parse_loan(const char *text, unsigned long long *loan);

/* SLOT, or the memoryN of one. -ENXIO if the window has no such slot. */
int parse_slot(const char *text, unsigned int *slot);

/* SLOT[+N]; without N it is what comes and goes together. @nr is never 0, and within the window. */
int parse_slots(const char *text, unsigned int *slot, unsigned int *nr);

#endif
