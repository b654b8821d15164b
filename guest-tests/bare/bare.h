/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a bare guest is written with. A test_<name>.c holds test functions and, in TESTS(), their list;
 * the library enters them one after the other on CPU 0, with MMU, caches and interrupt controller on
 * and interrupts masked, reports each in TAP on the UART, and switches the VM off.
 *
 * A test fails at its first CHECK that does not hold, and returns there. CHECKs work on every CPU.
 */
#ifndef BARE_H
#define BARE_H

#include <stdarg.h>
#include "hyp/lib/types.h"
#include "guest-tests/bare/lib/cpu.h"
#include "guest-tests/bare/lib/fdt.h"
#include "guest-tests/bare/lib/gic.h"
#include "guest-tests/bare/lib/mmu.h"
#include "guest-tests/bare/lib/print.h"
#include "guest-tests/bare/lib/probe.h"
#include "guest-tests/bare/lib/psci.h"
#include "guest-tests/bare/lib/smp.h"
#include "guest-tests/bare/lib/timer.h"
#include "guest-tests/bare/lib/uart.h"

struct test {
	const char *name;
	void (*run)(void);
};

extern const struct test tests[];

#define TEST(fn)                                                                                   \
	{                                                                                          \
#fn, fn                                                                            \
	}
#define TESTS(...) const struct test tests[] = {__VA_ARGS__, {0}}

/* What the loader left in the registers at _start, and in the distributor. */
struct entry {
	u64 fdt, current_el, daif, spsel, sctlr, icc_sre;
	u32 gicd_ctlr, spi_enabled; /* GICD_ISENABLER2 */
};

extern struct entry entry;

/* Ends of the image in memory, .bss included. */
extern char image_start[], bss_end[];

/* Notes why the running test fails; the first note counts. */
void test_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void test_skip(const char *why);
bool test_failed(void);

#define CHECK(x)                                                                                   \
	do {                                                                                       \
		if (!(x)) {                                                                        \
			test_fail(__FILE__, __LINE__, "%s", #x);                                   \
			return;                                                                    \
		}                                                                                  \
	} while (0)

/* Both as 64-bit numbers. */
#define CHECK_EQ(a, b)                                                                             \
	do {                                                                                       \
		u64 a_ = (u64)(a), b_ = (u64)(b);                                                  \
		if (a_ != b_) {                                                                    \
			test_fail(__FILE__, __LINE__, "%s is 0x%lx, not %s = 0x%lx", #a, a_, #b,   \
				  b_);                                                             \
			return;                                                                    \
		}                                                                                  \
	} while (0)

/* Leaves the test as not applicable. */
#define SKIP_UNLESS(x, why)                                                                        \
	do {                                                                                       \
		if (!(x)) {                                                                        \
			test_skip(why);                                                            \
			return;                                                                    \
		}                                                                                  \
	} while (0)

/* Polls until x holds; false after five minutes, which is for ever. */
#define WAIT_FOR(x)                                                                                \
	({                                                                                         \
		u64 end_ = counter_virt() + 300 * counter_hz();                                    \
		bool got_;                                                                         \
		while (!(got_ = (x)) && counter_virt() < end_)                                     \
			cpu_relax();                                                               \
		got_;                                                                              \
	})

/*
 * Sleeps and takes interrupts until x holds; begun with interrupts masked, as it ends. They are masked
 * from each look at x until WFI, which wakes all the same: no wake-up is lost.
 */
#define SLEEP_UNTIL(x)                                                                             \
	do {                                                                                       \
		while (!(x)) {                                                                     \
			wfi();                                                                     \
			irq_enable();                                                              \
			isb();                                                                     \
			irq_disable();                                                             \
		}                                                                                  \
	} while (0)

/* Are we a VM of lendvisor, or on a plain machine? By the SMCCC vendor UID. */
bool is_lendvisor(void);

/* Ends the guest at once: a line that says why, no `# done`. */
_Noreturn void bail_out(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
