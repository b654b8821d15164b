// SPDX-License-Identifier: GPL-2.0
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "lendtest.h"

/* One command at a time, and the answer to the last. */
static DEFINE_MUTEX(lock);
static char answer[64];

static struct dentry *file;

static int pin(const char *args, int (*how)(u64 start, u64 end, u64 *page))
{
	u64 start, end, page;
	int ret;

	if (sscanf(args, "%llx-%llx", &start, &end) != 2)
		return -EINVAL;
	ret = how(start, end, &page);
	if (!ret)
		scnprintf(answer, sizeof(answer), "pinned %#llx", page);
	return ret;
}

static int pin_user(const char *args)
{
	return pin(args, lendtest_pin_user);
}

static int pin_kernel(const char *args)
{
	return pin(args, lendtest_pin_kernel);
}

static int unpin(const char *args)
{
	scnprintf(answer, sizeof(answer), "unpinned %u", lendtest_unpin());
	return 0;
}

static int touch(const char *args, int nr_args, int (*how)(u64 address, u64 *value))
{
	u64 address, value;
	int ret;

	if (sscanf(args, "%llx %llx", &address, &value) != nr_args)
		return -EINVAL;
	ret = how(address, &value);
	if (!ret)
		scnprintf(answer, sizeof(answer), "%#018llx", value);
	return ret;
}

static int peek(const char *args)
{
	return touch(args, 1, lendtest_peek);
}

static int poke(const char *args)
{
	return touch(args, 2, lendtest_poke);
}

static int zeropad(const char *args)
{
	return touch(args, 1, lendtest_zeropad);
}

static int pieces(const char *args, int (*how)(u64 start, u64 end, u64 seed, u64 *nr))
{
	u64 start, end, seed, nr;
	int ret;

	if (sscanf(args, "%llx-%llx %llx", &start, &end, &seed) != 3)
		return -EINVAL;
	ret = how(start, end, seed, &nr);
	if (!ret)
		scnprintf(answer, sizeof(answer), "stamped %llu", nr);
	return ret;
}

static int stamp(const char *args)
{
	return pieces(args, lendtest_stamp);
}

static int stamped(const char *args)
{
	return pieces(args, lendtest_stamped);
}

static int notify(const char *args)
{
	unsigned long action;
	u64 start, end;
	int ret, err;

	if (sscanf(args, "%lx %llx-%llx", &action, &start, &end) != 3)
		return -EINVAL;
	ret = lendtest_notify(action, start, end, &err);
	if (!ret)
		scnprintf(answer, sizeof(answer), "notified %d", err);
	return ret;
}

static int call(const char *args)
{
	u64 function, x1, x2, x3, result;
	s64 status;

	if (sscanf(args, "%llx %llx %llx %llx", &function, &x1, &x2, &x3) != 4)
		return -EINVAL;
	status = lendtest_call(function, x1, x2, x3, &result);
	scnprintf(answer, sizeof(answer), "%lld %#llx", status, result);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(const char *args);
} commands[] = {
	{"pin user ", pin_user}, {"pin kernel ", pin_kernel},
	{"unpin", unpin},	 {"peek ", peek},
	{"poke ", poke},	 {"zeropad ", zeropad},
	{"stamp ", stamp},	 {"stamped ", stamped},
	{"notify ", notify},	 {"call ", call},
};

static ssize_t write(struct file *f, const char __user *from, size_t count, loff_t *pos)
{
	char text[80];
	int i, ret = -EINVAL;

	if (count >= sizeof(text))
		return -E2BIG;
	if (copy_from_user(text, from, count))
		return -EFAULT;
	text[count] = '\0';
	mutex_lock(&lock);
	answer[0] = '\0';
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		size_t len = strlen(commands[i].name);

		if (!strncmp(text, commands[i].name, len)) {
			ret = commands[i].run(text + len);
			break;
		}
	}
	mutex_unlock(&lock);
	return ret ?: count;
}

static ssize_t read(struct file *f, char __user *to, size_t count, loff_t *pos)
{
	char text[sizeof(answer) + 1];
	int len;

	mutex_lock(&lock);
	len = scnprintf(text, sizeof(text), "%s\n", answer);
	mutex_unlock(&lock);
	return simple_read_from_buffer(to, count, pos, text, len);
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.read = read,
	.write = write,
};

static int __init lendtest_init(void)
{
	file = debugfs_create_file("lendtest", 0600, NULL, NULL, &operations);
	return PTR_ERR_OR_ZERO(file);
}

static void __exit lendtest_exit(void)
{
	debugfs_remove(file);
	lendtest_unpin();
}

module_init(lendtest_init);
module_exit(lendtest_exit);

MODULE_DESCRIPTION("Pins pages and touches memory where the tests of lendvisor want it");
MODULE_LICENSE("GPL");
