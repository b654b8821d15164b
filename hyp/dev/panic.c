/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/cpu/percpu.h"
#include "hyp/cpu/psci.h"
#include "hyp/dev/console.h"
#include "hyp/lib/assert.h"
#include "hyp/lib/print.h"

#define MAX_BACKTRACE 16

static u32 panicking;

static void line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void line(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	print_vformat(text, sizeof(text), fmt, ap);
	va_end(ap);
	console_panic_line(text);
}

/* Frame records (AAPCS64) as far as they go up: a damaged chain ends the walk, not the panic. */
static void backtrace(const u64 *fp)
{
	extern const char _head[];

	for (u32 i = 0; i < MAX_BACKTRACE && fp && !((u64)fp & 15); i++) {
		const u64 *up = (const u64 *)fp[0];

		line("  from image + 0x%llx", (unsigned long long)(fp[1] - (u64)_head));
		if (up <= fp)
			return;
		fp = up;
	}
}

_Noreturn void panic(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	/* A panic within a panic, or on a second CPU, has nothing to add. */
	if (__atomic_fetch_add(&panicking, 1, __ATOMIC_RELAXED) == 0) {
		va_start(ap, fmt);
		print_vformat(text, sizeof(text), fmt, ap);
		va_end(ap);
		line("PANIC: CPU %u: %s", this_cpu()->index, text);
		backtrace(__builtin_frame_address(0));
	}
	psci_system_off();
}
