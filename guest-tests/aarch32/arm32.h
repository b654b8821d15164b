/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a 32-bit guest is written with. A test_<name>.c holds test functions and, in TESTS(), their
 * list; the library runs them on CPU 0 with MMU (short descriptors) and interrupt controller on and
 * interrupts masked, reports each in TAP on the UART, and switches the VM off. A test fails at its
 * first CHECK that does not hold, and returns there.
 */
#ifndef ARM32_H
#define ARM32_H

#include "guest-tests/aarch32/lib/cpu.h"
#include "hyp/lend/abi.h"
#include "hyp/lib/types.h"

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

/* What the loader left in the registers at _start. */
struct entry {
	u32 r[3], cpsr, sctlr;
};
extern struct entry entry;

extern char image_start[], bss_end[];

/* Conversions: %s, %u, %x (32 bits), %X (64 bits, hexadecimal). */
void print(const char *fmt, ...);
void test_fail(int line, const char *what, u64 got, u64 wanted);
_Noreturn void bail_out(const char *why, u32 value);

#define CHECK_EQ(a, b)                                                                             \
	do {                                                                                       \
		u64 a_ = (a), b_ = (b);                                                            \
		if (a_ != b_) {                                                                    \
			test_fail(__LINE__, #a, a_, b_);                                           \
			return;                                                                    \
		}                                                                                  \
	} while (0)
#define CHECK(x) CHECK_EQ(!!(x), 1)

/* Polls until x holds; false after five minutes, which is for ever. */
#define WAIT_FOR(x)                                                                                \
	({                                                                                         \
		u64 end_ = counter() + 300ULL * counter_hz();                                      \
		bool got_;                                                                         \
		while (!(got_ = (x)) && counter() < end_)                                          \
			;                                                                          \
		got_;                                                                              \
	})

#define UART_BASE 0x09000000u
#define UART_FR (UART_BASE + 0x18)
#define UART_PERIPH_ID (UART_BASE + 0xfe0)

/* Exceptions: of those in a PROBE() it is noted what they left; any other ends the guest. */
enum {
	CAUGHT_NOTHING,
	CAUGHT_UNDEFINED,
	CAUGHT_PREFETCH_ABORT,
	CAUGHT_DATA_ABORT,
};
struct caught {
	u32 kind, lr, cpsr, dfsr, dfar, ifsr, ifar;
};
extern struct caught caught_one;

/* fn is a probe of probes.S: runs it with two arguments, returns its r0; caught_one says what came. */
#define PROBE(fn, a, b) probe(fn, fn##_end, (a), (b))
u32 probe(u32 (*fn)(u32 a, u32 b), u32 (*end)(u32 a, u32 b), u32 a, u32 b);

#define DECLARE_PROBE(fn) u32 fn(u32 a, u32 b), fn##_at(u32 a, u32 b), fn##_end(u32 a, u32 b)
DECLARE_PROBE(read_a32);
DECLARE_PROBE(write_a32);
DECLARE_PROBE(pmu_a32);
DECLARE_PROBE(c15_a32);
DECLARE_PROBE(read_pair_a32);
DECLARE_PROBE(read_t32);
DECLARE_PROBE(write_t32);
DECLARE_PROBE(pmu_t32);
DECLARE_PROBE(execute_t32);

/* Calls: r[0] to r[7] in and out. fn as in abi.h and PSCI, SMC32 or SMC64 as it is given. */
struct regs {
	u32 r[8];
};
void smc_a32(struct regs *r);
void smc_t32(struct regs *r);
void hvc_a32(struct regs *r);
struct regs smc(u32 fn, u32 a, u32 b, u32 c, u32 d);

#define PSCI_VERSION 0x84000000u
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_CPU_ON 0x84000003u
#define PSCI_AFFINITY_INFO 0x84000004u
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_FEATURES 0x8400000au
#define SMC64_BIT 0x40000000u
#define NOT_SUPPORTED (~0u)

/* Interrupts. NULL: counted only. */
#define NR_COUNTED 128
extern void (*irq_handler)(u32 intid);
extern volatile u32 irq_counts[2][NR_COUNTED]; /* by CPU, INTID */
void gic_init(void);
void gic_init_cpu(u32 cpu);
void gic_enable(u32 cpu, u32 intid);
void gic_send_sgi(u32 cpu, u32 intid);
void irq_take(void);

/* CPUs: 0 and 1. fn runs on CPU 1, which is off again when it returns. */
struct cpu {
	u32 stack; /* start.S knows this offset */
	u32 index;
	void (*fn)(void);
	u32 thumb, cpsr; /* how it came up */
	u32 pad[3];
};
extern struct cpu cpus[2];
s32 cpu_start(void (*entry)(void), void (*fn)(void));
bool cpu_wait_off(void);
void secondary_a32(void);
void secondary_t32(void);

/* The window, by LEND_INFO. */
struct window {
	u32 base, block_size, nr_slots, id, nr_own;
};
struct window window(void);
s32 lend(u32 fn, u32 a, u32 b, u32 c);
u32 slot_state(u32 slot);
u64 slot_loan(u32 slot);
u32 slot_address(u32 slot);

/* Contents, every byte. The first address that differs, or 0. A pattern has no zero byte. */
u32 first_nonzero(u32 address, u32 size);
void fill_pattern(u32 address, u32 size, u32 seed);
u32 first_unlike_pattern(u32 address, u32 size, u32 seed);

/* start.S calls these. */
_Noreturn void main32(u32 r0, u32 r1, u32 r2, u32 cpsr, u32 sctlr);
_Noreturn void secondary_main(struct cpu *cpu, u32 thumb, u32 cpsr);
u32 caught(u32 kind, u32 lr, u32 cpsr);

#endif
