/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "commands.h"
#include "device.h"
#include "interrupt.h"
#include "report.h"
#include "slot.h"

/* What could not be given back; why, and which page holds it, is in the kernel log. */
static void print_left(void)
{
	struct slot slot;

	for (unsigned int i = 0; i < device.nr_slots; i += device.slots_per_unit) {
		if (!slot_read(i, &slot) && slot_is_online(&slot))
			printf("slot %u: %s stays %s, see dmesg\n", i, slot.block,
			       slot.linux_state);
	}
}

static int print_unloaded(void)
{
	puts("lendmem is unloaded");
	return STATUS_OK;
}

/* Loaded, it may be bound to no device: it has nothing that would have to be given back then. */
static int unload_unbound(void)
{
	if (!syscall(SYS_delete_module, "lendmem", O_NONBLOCK))
		return print_unloaded();
	return report_error(errno == ENOENT ? -ENODEV : -errno, "unload");
}

int command_unload(int argc, char **argv, const struct options *options)
{
	int ret;

	(void)argc, (void)argv, (void)options;
	if (!device.nr_slots)
		return unload_unbound();
	interrupt_note();
	ret = device_command("drain", "1");
	if (ret == -EBUSY)
		print_left();
	if (ret)
		return report_error(ret, "unload: give all memory back");
	if (!interrupt_came() && !syscall(SYS_delete_module, "lendmem", O_NONBLOCK))
		return print_unloaded();
	ret = interrupt_came() ? -EINTR : -errno;
	device_command("drain", "0");
	return report_error(ret, "unload");
}
