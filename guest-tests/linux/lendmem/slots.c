// SPDX-License-Identifier: GPL-2.0
/*
 * slots/N/ below the device's directory, a file for each thing there is to know about a slot. Each
 * read asks the hypervisor anew; who reads several compares `generation` before and after.
 */
#include <linux/kobject.h>
#include <linux/sysfs.h>

#include "call.h"
#include "lendmem.h"
#include "parse.h"

struct slot_attribute {
	struct kobj_attribute attr;
	ssize_t (*show)(struct lendmem *lm, u32 slot, const struct lendmem_slot_info *info,
			char *buf);
};

static const struct {
	const char *name;
	u32 bit;
} slot_flags[] = {
	{"own", LEND_FLAG_OWN},		{"recalled", LEND_FLAG_RECALLED},
	{"expired", LEND_FLAG_EXPIRED}, {"revocable", LEND_FLAG_REVOCABLE},
	{"keep", LEND_FLAG_KEEP},	{"adoptable", LEND_FLAG_ADOPTABLE},
	{"adopted", LEND_FLAG_ADOPTED}, {"busy", LEND_FLAG_BUSY},
};

static ssize_t show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct slot_attribute *slot_attr = container_of(attr, struct slot_attribute, attr);
	struct lendmem *lm = dev_get_drvdata(kobj_to_dev(kobj->parent->parent));
	struct lendmem_slot_info info;
	u32 slot;
	int ret;

	ret = kstrtou32(kobject_name(kobj), 10, &slot);
	if (!ret)
		ret = lendmem_call_slot_info(slot, &info);
	return ret ?: slot_attr->show(lm, slot, &info, buf);
}

/* 1 or 0: a write brings the unit's memory in or gives it back; a read tells if it has Linux blocks now. */
static ssize_t store_config(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
			    size_t count)
{
	struct lendmem *lm = dev_get_drvdata(kobj_to_dev(kobj->parent->parent));
	bool on;
	u32 slot;
	int ret;

	ret = kstrtou32(kobject_name(kobj), 10, &slot);
	if (!ret)
		ret = lendmem_parse_switch(buf, &on);
	if (!ret)
		ret = lendmem_configure(lm, slot, on);
	return ret ?: count;
}

static ssize_t show_config(struct lendmem *lm, u32 slot, const struct lendmem_slot_info *info,
			   char *buf)
{
	return sysfs_emit(buf, "%d\n", lendmem_has_block(lm, slot));
}

static ssize_t show_address(struct lendmem *lm, u32 slot, const struct lendmem_slot_info *info,
			    char *buf)
{
	return sysfs_emit(buf, "%#llx\n", (u64)lendmem_slot_address(lm, slot));
}

/* The first memory block of the slot's unit, by its name in /sys/devices/system/memory. */
static ssize_t show_block(struct lendmem *lm, u32 slot, const struct lendmem_slot_info *info,
			  char *buf)
{
	if (!lendmem_has_block(lm, slot))
		return sysfs_emit(buf, "none\n");
	return sysfs_emit(buf, "memory%lu\n", lendmem_block_id(lm, slot));
}

/* What verify_zero found when the block was last onlined. */
static ssize_t show_contents(struct lendmem *lm, u32 slot, const struct lendmem_slot_info *info,
			     char *buf)
{
	struct lendmem_verify verify = lm->slots[slot].verify;

	if (!verify.checked)
		return sysfs_emit(buf, "unchecked\n");
	if (verify.offset < verify.checked)
		return sysfs_emit(buf, "nonzero %llu\n", verify.offset);
	return sysfs_emit(buf, "zero %llu\n", verify.checked);
}

/* ns, -1 without one */
static ssize_t show_deadline(struct lendmem *lm, u32 slot, const struct lendmem_slot_info *info,
			     char *buf)
{
	return sysfs_emit(buf, "%lld\n", (s64)info->deadline);
}

static ssize_t show_flags(struct lendmem *lm, u32 slot, const struct lendmem_slot_info *info,
			  char *buf)
{
	int i, len = 0;

	for (i = 0; i < ARRAY_SIZE(slot_flags); i++) {
		if (info->flags & slot_flags[i].bit)
			len += sysfs_emit_at(buf, len, "%s%s", len ? " " : "", slot_flags[i].name);
	}
	return len + sysfs_emit_at(buf, len, "\n");
}

static ssize_t show_generation(struct lendmem *lm, u32 slot, const struct lendmem_slot_info *info,
			       char *buf)
{
	return sysfs_emit(buf, "%u\n", info->generation);
}

/* What the slot is for, by its place in the window. */
static ssize_t show_kind(struct lendmem *lm, u32 slot, const struct lendmem_slot_info *info,
			 char *buf)
{
	struct lendmem_pool pool;
	const char *kind = "loan";
	int ret = lendmem_call_pool(&pool);

	if (ret)
		return ret;
	if (slot < pool.nr_own)
		kind = "own";
	else if (slot - pool.nr_own < pool.nr_promised)
		kind = "pool";
	return sysfs_emit(buf, "%s\n", kind);
}

static ssize_t show_loan(struct lendmem *lm, u32 slot, const struct lendmem_slot_info *info,
			 char *buf)
{
	return sysfs_emit(buf, "%#llx\n", info->loan);
}

static ssize_t show_peer(struct lendmem *lm, u32 slot, const struct lendmem_slot_info *info,
			 char *buf)
{
	return sysfs_emit(buf, "%s\n", lendmem_peer_name(lm, info->peer) ?: "none");
}

static ssize_t show_state(struct lendmem *lm, u32 slot, const struct lendmem_slot_info *info,
			  char *buf)
{
	return sysfs_emit(buf, "%s\n", lendmem_state_name(info->state));
}

#define SLOT_ATTR(_name, _mode, _show, _store) \
	{ \
		.attr = __ATTR(_name, _mode, show, _store), .show = _show \
	}

static struct slot_attribute slot_attributes[] = {
	SLOT_ATTR(address, 0444, show_address, NULL),
	SLOT_ATTR(block, 0444, show_block, NULL),
	SLOT_ATTR(config, 0644, show_config, store_config),
	SLOT_ATTR(contents, 0444, show_contents, NULL),
	SLOT_ATTR(deadline_ns, 0444, show_deadline, NULL),
	SLOT_ATTR(flags, 0444, show_flags, NULL),
	SLOT_ATTR(generation, 0444, show_generation, NULL),
	SLOT_ATTR(kind, 0444, show_kind, NULL),
	SLOT_ATTR(loan, 0444, show_loan, NULL),
	SLOT_ATTR(peer, 0444, show_peer, NULL),
	SLOT_ATTR(state, 0444, show_state, NULL),
};

static int create_dir(struct lendmem *lm, u32 slot)
{
	struct attribute *attr;
	char name[12];
	int i, ret = 0;

	snprintf(name, sizeof(name), "%u", slot);
	lm->slots[slot].dir = kobject_create_and_add(name, lm->slots_dir);
	if (!lm->slots[slot].dir)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(slot_attributes) && !ret; i++) {
		attr = &slot_attributes[i].attr.attr;
		attr->mode = lendmem_file_mode(attr);
		ret = sysfs_create_file(lm->slots[slot].dir, attr);
	}
	return ret;
}

/* The files of a directory go with it. */
static void remove_dirs(void *data)
{
	struct lendmem *lm = data;
	u32 slot;

	for (slot = 0; slot < lm->nr_slots; slot++)
		kobject_put(lm->slots[slot].dir);
	kobject_put(lm->slots_dir);
}

int lendmem_slots_init(struct lendmem *lm)
{
	u32 slot;
	int ret;

	lm->slots_dir = kobject_create_and_add("slots", &lm->dev->kobj);
	if (!lm->slots_dir)
		return -ENOMEM;
	ret = devm_add_action_or_reset(lm->dev, remove_dirs, lm);
	for (slot = 0; slot < lm->nr_slots && !ret; slot++)
		ret = create_dir(lm, slot);
	return ret;
}
