// SPDX-License-Identifier: GPL-2.0
/*
 * The device's writable files: one write is one command, which has been carried out, or has failed
 * with its errno, when the write returns.
 */
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/time64.h>

#include "call.h"
#include "lendmem.h"
#include "parse.h"

static const struct {
	const char *name;
	u32 bit;
} lend_flags[] = {
	{"revocable", LEND_LEND_REVOCABLE},
	{"keep", LEND_LEND_KEEP},
	{"adoptable", LEND_LEND_ADOPTABLE},
};

/* Of @min to @max words; @run gets them all. */
static ssize_t command(struct device *dev, const char *buf, size_t count, int min, int max,
		       int (*run)(struct lendmem *lm, int nr_words, char **words))
{
	int nr_words, ret = -EINVAL;
	char **words;

	words = argv_split(GFP_KERNEL, buf, &nr_words);
	if (!words)
		return -ENOMEM;
	if (nr_words >= min && nr_words <= max)
		ret = run(dev_get_drvdata(dev), nr_words, words);
	argv_free(words);
	return ret ?: count;
}

static int parse_flag(const char *word, u32 *flags)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(lend_flags); i++) {
		if (!strcmp(word, lend_flags[i].name)) {
			*flags |= lend_flags[i].bit;
			return 0;
		}
	}
	return -EINVAL;
}

/* SLOT[+N] PEER [FLAG...]; without N one unit */
static int hand_over(struct lendmem *lm, int nr_words, char **words, bool donate)
{
	u32 slot, peer, flags = 0, nr = lm->slots_per_unit;
	int i, ret;

	ret = lendmem_parse_run(words[0], &slot, &nr);
	for (i = 2; i < nr_words && !ret; i++)
		ret = parse_flag(words[i], &flags);
	if (!ret && donate && (flags & ~LEND_LEND_KEEP))
		ret = -EINVAL;
	if (!ret)
		ret = lendmem_peer_id(lm, words[1], &peer);
	return ret ?: lendmem_lend(lm, slot, nr, peer, flags, donate);
}

static int lend(struct lendmem *lm, int nr_words, char **words)
{
	return hand_over(lm, nr_words, words, false);
}

static ssize_t lend_store(struct device *dev, struct device_attribute *attr, const char *buf,
			  size_t count)
{
	return command(dev, buf, count, 2, 2 + ARRAY_SIZE(lend_flags), lend);
}
static DEVICE_ATTR_WO(lend);

static int donate(struct lendmem *lm, int nr_words, char **words)
{
	return hand_over(lm, nr_words, words, true);
}

static ssize_t donate_store(struct device *dev, struct device_attribute *attr, const char *buf,
			    size_t count)
{
	return command(dev, buf, count, 2, 3, donate);
}
static DEVICE_ATTR_WO(donate);

/* LOAN [MS] */
static int reclaim(struct lendmem *lm, int nr_words, char **words)
{
	u32 deadline_ms = 0;
	u64 loan;
	int ret;

	ret = lendmem_parse_loan(words[0], &loan);
	if (!ret && nr_words > 1)
		ret = lendmem_parse_u32(words[1], &deadline_ms);
	return ret ?: lendmem_reclaim(lm, loan, (u64)deadline_ms * NSEC_PER_MSEC);
}

static ssize_t reclaim_store(struct device *dev, struct device_attribute *attr, const char *buf,
			     size_t count)
{
	return command(dev, buf, count, 1, 2, reclaim);
}
static DEVICE_ATTR_WO(reclaim);

static int revoke(struct lendmem *lm, int nr_words, char **words)
{
	u64 loan;

	return lendmem_parse_loan(words[0], &loan) ?: lendmem_revoke(lm, loan);
}

static ssize_t revoke_store(struct device *dev, struct device_attribute *attr, const char *buf,
			    size_t count)
{
	return command(dev, buf, count, 1, 1, revoke);
}
static DEVICE_ATTR_WO(revoke);

static int refuse(struct lendmem *lm, int nr_words, char **words)
{
	u32 slot;

	return lendmem_parse_u32(words[0], &slot) ?: lendmem_refuse(lm, slot);
}

static ssize_t refuse_store(struct device *dev, struct device_attribute *attr, const char *buf,
			    size_t count)
{
	return command(dev, buf, count, 1, 1, refuse);
}
static DEVICE_ATTR_WO(refuse);

/* PEER BLOCKS; a VM that is no peer goes by its id, as a manager's own does. */
static int set_target(struct lendmem *lm, int nr_words, char **words)
{
	u32 peer, blocks;
	int ret;

	ret = lendmem_parse_u32(words[1], &blocks);
	if (ret)
		return ret;
	ret = lendmem_peer_id(lm, words[0], &peer);
	if (ret && !lendmem_parse_u32(words[0], &peer))
		ret = 0;
	return ret ?: lendmem_set_target(lm, peer, blocks);
}

static ssize_t target_store(struct device *dev, struct device_attribute *attr, const char *buf,
			    size_t count)
{
	return command(dev, buf, count, 2, 2, set_target);
}

static ssize_t target_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct lendmem_pool pool;
	int ret = lendmem_call_pool(&pool);

	return ret ?: sysfs_emit(buf, "%u\n", pool.target);
}
static DEVICE_ATTR_RW(target);

static ssize_t drain_store(struct device *dev, struct device_attribute *attr, const char *buf,
			   size_t count)
{
	bool on;
	int ret;

	ret = lendmem_parse_switch(buf, &on);
	if (!ret)
		ret = lendmem_drain(dev_get_drvdata(dev), on);
	return ret ?: count;
}
static DEVICE_ATTR_WO(drain);

static struct attribute *command_attrs[] = {
	&dev_attr_lend.attr,   &dev_attr_donate.attr, &dev_attr_reclaim.attr, &dev_attr_revoke.attr,
	&dev_attr_refuse.attr, &dev_attr_target.attr, &dev_attr_drain.attr,   NULL,
};

const struct attribute_group lendmem_command_group = {
	.attrs = command_attrs,
	.is_visible = lendmem_file_is_visible,
};
