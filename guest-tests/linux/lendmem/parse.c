// SPDX-License-Identifier: GPL-2.0
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kstrtox.h>
#include <linux/string.h>

#include "parse.h"

int lendmem_parse_u32(const char *word, u32 *value)
{
	/* kstrto*() takes a sign, and tells a number that is too large apart. */
	return isdigit(*word) && !kstrtou32(word, 10, value) ? 0 : -EINVAL;
}

int lendmem_parse_run(char *word, u32 *slot, u32 *nr)
{
	char *first = strsep(&word, "+");
	int ret;

	ret = lendmem_parse_u32(first, slot);
	if (!ret && word)
		ret = lendmem_parse_u32(word, nr);
	return ret;
}

int lendmem_parse_loan(const char *word, u64 *loan)
{
	return isxdigit(*word) && !kstrtou64(word, 16, loan) ? 0 : -EINVAL;
}

int lendmem_parse_switch(const char *text, bool *on)
{
	if (!sysfs_streq(text, "0") && !sysfs_streq(text, "1"))
		return -EINVAL;
	*on = *text == '1';
	return 0;
}
