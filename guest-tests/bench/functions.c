// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>

#include "functions.h"
#include "plugin.h"

#define NR_FUNCTIONS 16
#define NR_CPUS 8 /* more than the machines of Linux guests have; one beyond shares a place */
#define RET 0xd65f03c0u

static struct function {
	char name[32];
	uint64_t start, end;
	uint64_t spent;
	/* By CPU: what it had run by then, and one more. 0: it is not in there. */
	uint64_t entered[NR_CPUS];
} functions[NR_FUNCTIONS];

static unsigned int nr_functions;

/* One CPU runs at a time; it is the same one until another one's block begins. */
static const uint64_t *all;
static uint64_t run[NR_CPUS], since;
static unsigned int running;

bool functions_add(const char *text)
{
	struct function *f = &functions[nr_functions];

	return nr_functions < NR_FUNCTIONS &&
	       sscanf(text, "%31[^:]:%" SCNx64 ":%" SCNx64, f->name, &f->start, &f->end) == 3 &&
	       ++nr_functions;
}

static void turn(unsigned int cpu, void *data)
{
	(void)data;
	if (cpu == running)
		return;
	run[running % NR_CPUS] += *all - since;
	since = *all;
	running = cpu;
}

static uint64_t run_by(unsigned int cpu)
{
	return run[cpu % NR_CPUS] + *all - since;
}

static void enter(unsigned int cpu, void *data)
{
	struct function *f = data;

	f->entered[cpu % NR_CPUS] = run_by(cpu) + 1;
}

static void leave(unsigned int cpu, void *data)
{
	struct function *f = data;
	uint64_t *entered = &f->entered[cpu % NR_CPUS];

	if (*entered)
		f->spent += run_by(cpu) + 1 - *entered;
	*entered = 0;
}

void functions_watch_tb(struct qemu_plugin_tb *tb, const uint64_t *now)
{
	all = now;
	if (nr_functions)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, turn, CB_NO_REGS, NULL);
}

void functions_watch_insn(struct qemu_plugin_insn *insn, uint64_t at, uint32_t word)
{
	for (struct function *f = functions; f < functions + nr_functions; f++) {
		if (at == f->start)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, enter, CB_NO_REGS, f);
		else if (at > f->start && at < f->end && word == RET)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, leave, CB_NO_REGS, f);
	}
}

void functions_print(FILE *out, unsigned int mark)
{
	for (struct function *f = functions; f < functions + nr_functions; f++)
		fprintf(out, "spent %u %s %" PRIu64 "\n", mark, f->name, f->spent);
}
