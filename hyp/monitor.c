/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/monitor.h"
#include "hyp/cpu/timer.h"
#include "hyp/dev/console.h"
#include "hyp/lib/print.h"

/* A turn makes room for the guest after SLICE_NS, for GAP_NS at least. */
#define SLICE_NS 500000ULL
#define GAP_NS 100000ULL
#define KEYS_PER_TURN 32
#define NR_TYPED 256 /* a power of two */

static monitor_step *const steps[MONITOR_NR] = {
	[MONITOR_VMS] = monitor_vms,       [MONITOR_BLOCKS] = monitor_blocks,
	[MONITOR_LOANS] = monitor_loans,   [MONITOR_STATS] = monitor_stats,
	[MONITOR_LEND] = monitor_lend,     [MONITOR_RECLAIM] = monitor_reclaim,
	[MONITOR_REVOKE] = monitor_revoke, [MONITOR_TARGET] = monitor_target,
	[MONITOR_POISON] = monitor_poison, [MONITOR_RESET] = monitor_reset,
	[MONITOR_STOP] = monitor_stop,     [MONITOR_START] = monitor_start,
	[MONITOR_CRASH] = monitor_crash,   [MONITOR_HELP] = monitor_help,
};

/* All on one CPU, with interrupts masked. */
static struct timer turn;
static u8 typed[NR_TYPED];
static u32 nr_typed, nr_taken;
static char line[MONITOR_LINE_SIZE];
static u32 length;
static struct monitor_job job;
static bool running;

static void prompt(void)
{
	console_write(CONSOLE_HYP, "> ", 2);
	console_flush_partial(CONSOLE_HYP);
}

static void begin(void)
{
	const char *names[BUNDLE_MAX_VMS];
	char why[MONITOR_LINE_SIZE + 64];

	line[length] = '\0';
	length = 0;
	console_write(CONSOLE_HYP, "\n", 1);
	for (u32 i = 0; i < nr_vms; i++)
		names[i] = vms[i].config->name;
	job = (struct monitor_job){0};
	if (!monitor_parse(line, names, nr_vms, &job.request, why, sizeof(why)))
		log_line("%s", why);
	else
		running = job.request.command != MONITOR_NOTHING;
	if (!running)
		prompt();
}

static void key(u8 byte)
{
	if (byte == '\r' || byte == '\n') {
		begin();
	} else if (byte == '\b' || byte == 0x7f) {
		if (length) {
			length--;
			console_write(CONSOLE_HYP, "\b", 1);
			console_flush_partial(CONSOLE_HYP);
		}
	} else if (byte >= ' ' && byte < 0x7f && length < MONITOR_LINE_SIZE - 1) {
		line[length++] = (char)byte;
		console_putc(CONSOLE_HYP, byte);
		console_flush_partial(CONSOLE_HYP);
	}
}

static void step(void)
{
	running = steps[job.request.command](&job);
	job.step++;
	if (!running)
		prompt();
}

static void take_turn(void *arg)
{
	(void)arg;
	timer_arm(&turn, SLICE_NS); /* pends, and so ends what can go on another time */
	if (running)
		step();
	else
		for (u32 n = 0; n < KEYS_PER_TURN && nr_taken != nr_typed && !running; n++)
			key(typed[nr_taken++ % NR_TYPED]);
	timer_stop(&turn);
	if (running || nr_taken != nr_typed)
		timer_arm(&turn, GAP_NS);
}

static void input(void *arg, u8 byte)
{
	(void)arg;
	if (nr_typed - nr_taken < NR_TYPED)
		typed[nr_typed++ % NR_TYPED] = byte;
	timer_arm(&turn, 0);
}

void monitor_init(void)
{
	turn.fn = take_turn;
	console_register(CONSOLE_HYP, "lendvisor", input, NULL);
}
