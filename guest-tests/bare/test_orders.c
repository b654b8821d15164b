/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that does what is typed, for tests that play several VMs from outside: a letter and numbers, all
 * hexadecimal, a line each. It answers with one line that begins with "= ".
 *
 *	c FN A B C D	the lending call LEND_FN(FN)		= status x1
 *	s SLOT		SLOT_INFO				= state flags peer loan
 *	p SLOT		reads the slot's first word		= value, or "abort"
 *	w SLOT		writes it				= 0, or "abort"
 *	f SLOT		fills the slot with a pattern		= 0
 *	v SLOT		is all of it zero?			= 0, or where it is not
 *	h SLOT		all other CPUs write to the slot until they abort	= how many began
 *	n		of those					= how many have aborted
 *	b SLOT N	RETRIEVE and RELINQUISH without end, until a key	= rounds
 *	o		SYSTEM_OFF, by way of the end of the test
 *	r		SYSTEM_RESET
 */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/lend.h"

#define LINE_SIZE 80
#define MAX_ARGS 5

static char line[LINE_SIZE];
static struct lend_window w;
static u32 hammering, stopped, target;

/* It stays pending until the key is read, which is not done here: one wake-up is enough. */
static void wake(u32 intid)
{
	if (intid == UART_INTID)
		mmio_write(UART_IMSC, 0);
}

static void read_line(void)
{
	u32 length = 0;

	for (;;) {
		char c;

		mmio_write(UART_IMSC, UART_INT_RX | UART_INT_RT);
		SLEEP_UNTIL(uart_has_input());
		c = uart_get();
		if (c == '\r' || c == '\n')
			break;
		uart_put(c);
		if (length < LINE_SIZE - 1)
			line[length++] = c;
	}
	line[length] = '\0';
	print("\n");
}

static u32 digit_of(char c)
{
	return c >= '0' && c <= '9'   ? (u32)(c - '0')
	       : c >= 'a' && c <= 'f' ? (u32)(c - 'a' + 10)
				      : 16;
}

static void parse(u64 arg[MAX_ARGS])
{
	const char *at = line + 1;

	for (u32 i = 0; i < MAX_ARGS; i++) {
		arg[i] = 0;
		while (*at == ' ')
			at++;
		while (digit_of(*at) < 16)
			arg[i] = arg[i] << 4 | digit_of(*at++);
	}
}

static void answer(u64 value)
{
	print("= 0x%lx\n", value);
}

static void answer_probe(struct probe p, u64 value)
{
	if (!p.aborted)
		answer(value);
	else
		print("= %s\n", probe_is_external(p) ? "abort" : "another exception");
}

static void hammer(void)
{
	u64 at = slot_address(target);

	__atomic_fetch_add(&hammering, 1, __ATOMIC_SEQ_CST);
	for (u64 i = this_cpu()->index;; i += 0x12345) {
		struct probe p = probe_write64(at + (i * 8) % w.block_size, i);

		if (p.aborted) {
			__atomic_fetch_add(&stopped, probe_is_external(p), __ATOMIC_SEQ_CST);
			return;
		}
	}
}

static void start_hammers(u32 slot)
{
	target = slot;
	hammering = stopped = 0;
	for (u32 i = 1; i < nr_cpus; i++)
		if (cpu_start(i, hammer) != PSCI_SUCCESS)
			bail_out("CPU %u does not start", i);
	if (!WAIT_FOR(__atomic_load_n(&hammering, __ATOMIC_SEQ_CST) == nr_cpus - 1))
		bail_out("not all CPUs came");
	answer(hammering);
}

static void back_and_forth(u64 slot, u64 n)
{
	u64 rounds = 0;

	do {
		lend_status(LEND_RETRIEVE, slot, n, 0, 0);
		lend_status(LEND_RELINQUISH, slot, n, 0, 0);
		rounds++;
	} while (!uart_has_input());
	answer(rounds);
}

static void obey(const u64 arg[MAX_ARGS])
{
	u32 slot = (u32)arg[0];
	struct probe probe;
	struct smccc got;

	switch (line[0]) {
	case 'c':
		got = lend(LEND_FN(slot), arg[1], arg[2], arg[3], arg[4]);
		print("= 0x%lx 0x%lx\n", got.x[0], got.x[1]);
		break;
	case 's':
		got = lend(LEND_SLOT_INFO, slot, 0, 0, 0);
		print("= %u 0x%x 0x%x 0x%lx\n", LEND_SLOT_STATE(got.x[1]),
		      LEND_SLOT_FLAGS(got.x[1]), LEND_SLOT_PEER(got.x[1]), got.x[2]);
		break;
	case 'p':
		probe = probe_read64(slot_address(slot));
		answer_probe(probe, probe.value);
		break;
	case 'w':
		answer_probe(probe_write64(slot_address(slot), 1), 0);
		break;
	case 'f':
		fill_pattern(slot_address(slot), w.block_size, slot + 1);
		answer(0);
		break;
	case 'v':
		answer(first_nonzero(slot_address(slot), w.block_size));
		break;
	case 'h':
		start_hammers(slot);
		break;
	case 'n':
		answer(__atomic_load_n(&stopped, __ATOMIC_SEQ_CST));
		break;
	case 'b':
		back_and_forth(arg[0], arg[1]);
		break;
	case 'r':
		psci(PSCI_SYSTEM_RESET, 0, 0, 0);
		break;
	default:
		print("= what?\n");
		break;
	}
}

static void orders(void)
{
	u64 arg[MAX_ARGS];

	w = lend_window();
	gic_set_edge(UART_INTID, false);
	gic_route(UART_INTID, my_mpidr());
	gic_enable(0, UART_INTID);
	mmio_write(UART_CR, UART_CR_ENABLE);
	irq_handler = wake;
	print("= ready\n");
	for (;;) {
		read_line();
		if (line[0] == 'o')
			break;
		parse(arg);
		obey(arg);
	}
}

TESTS(TEST(orders));
