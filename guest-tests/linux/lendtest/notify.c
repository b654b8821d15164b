// SPDX-License-Identifier: GPL-2.0
/* Tells the memory notifiers of what does not happen, as a kernel with other numbers for it would. */
#include <linux/errno.h>
#include <linux/kprobes.h>
#include <linux/memory.h>
#include <linux/notifier.h>
#include <linux/numa.h>
#include <linux/pfn.h>

#include "lendtest.h"

/* It is not exported, but a probe tells where it is. */
static typeof(memory_notify) *find_notify(void)
{
	struct kprobe probe = {.symbol_name = "memory_notify"};
	int ret = register_kprobe(&probe);
	void *found = probe.addr;

	if (ret)
		return NULL;
	unregister_kprobe(&probe);
	return found;
}

int lendtest_notify(unsigned long action, u64 start, u64 end, int *err)
{
	typeof(memory_notify) *notify = find_notify();
	struct memory_notify range = {
		.start_pfn = PHYS_PFN(start),
		.nr_pages = PHYS_PFN(end + 1 - start),
		.status_change_nid = NUMA_NO_NODE,
	};

	if (!notify)
		return -ENOENT;
	*err = notifier_to_errno(notify(action, &range));
	return 0;
}
