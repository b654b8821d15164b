/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "commands.h"
#include "device.h"
#include "report.h"
#include "slot.h"

static volatile sig_atomic_t interrupted;

static void note_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* They end a drain, which the driver then undoes; what comes later must not leave it drained. */
static void note_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = note_signal};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

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

int command_unload(int argc, char **argv, const struct options *options)
{
	int ret;

	(void)argc, (void)argv, (void)options;
	note_signals();
	ret = device_command("drain", "1");
	if (ret == -EBUSY)
		print_left();
	if (ret)
		return report_error(ret, "unload: give all memory back");
	if (!interrupted && !syscall(SYS_delete_module, "lendmem", O_NONBLOCK)) {
		puts("lendmem is unloaded");
		return STATUS_OK;
	}
	ret = interrupted ? -EINTR : -errno;
	device_command("drain", "0");
	return report_error(ret, "unload");
}
