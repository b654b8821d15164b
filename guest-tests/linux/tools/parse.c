/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "parse.h"

static int parse_digits(const char *text, int base, unsigned long long *value)
{
	char *end;

	/* strtoull() takes white space and a sign. */
	if (base == 16 ? !isxdigit((unsigned char)*text) : !isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &end, base);
	return *end ? -EINVAL : -errno;
}

int parse_number(const char *text, unsigned long long *value)
{
	return parse_digits(text, 10, value);
}

int parse_loan(const char *text, unsigned long long *loan)
{
	return strncmp(text, "0x", 2) ? -EINVAL : parse_digits(text, 16, loan);
}

int parse_slot(const char *text, unsigned int *slot)
{
	unsigned long long number, first_block = device.base / device.linux_block_size;
	int ret;

	if (strncmp(text, "memory", 6)) {
		ret = parse_number(text, &number);
		if (ret)
			return ret;
	} else {
		ret = parse_number(text + 6, &number);
		if (ret)
			return ret;
		if (number < first_block)
			return -ENXIO;
		number = (number - first_block) / device.blocks_per_unit;
		if (number >= device.nr_slots)
			return -ENXIO;
		number *= device.slots_per_unit;
	}
	if (number >= device.nr_slots)
		return -ENXIO;
	*slot = number;
	return 0;
}

int parse_slots(const char *text, unsigned int *slot, unsigned int *nr)
{
	const char *plus = strchr(text, '+');
	unsigned long long number;
	char first[24];
	int ret;

	if (!plus) {
		ret = parse_slot(text, slot);
		*nr = device.slots_per_unit;
		return ret;
	}
	if (plus - text >= (long)sizeof(first))
		return -EINVAL;
	snprintf(first, sizeof(first), "%.*s", (int)(plus - text), text);
	ret = parse_slot(first, slot);
	if (!ret)
		ret = parse_number(plus + 1, &number);
	if (ret)
		return ret;
	if (!number)
		return -EINVAL;
	if (number > device.nr_slots - *slot)
		return -ENXIO;
	*nr = number;
	return 0;
}
