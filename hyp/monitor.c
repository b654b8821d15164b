/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/monitor.h"
#include "hyp/dev/console.h"
#include "hyp/lend/events.h"
#include "hyp/lib/print.h"
#include "hyp/lib/string.h"
#include "hyp/vm/vm.h"

#define LINE_SIZE 80

static char line[LINE_SIZE];
static u32 length;

static const char *vm_name(u8 id)
{
	return id == LEND_POOL ? "pool" : vms[id].config->name;
}

static void command_vms(void)
{
	static const char *const states[] = {
		[VM_OFF] = "off",
		[VM_RUNNING] = "running",
		[VM_STOPPING] = "stopping",
	};
	char memory[24];

	log_line("id  name             state     CPUs (of machine)  boot memory  slots  aborts");
	for (u32 i = 0; i < nr_vms; i++) {
		const struct vm *vm = &vms[i];

		log_line("%-3u %-16s %-9s %u (%u to %u)  %s  %u  %llu", i, vm->config->name,
			 states[vm->state], vm->nr_vcpus, vm->vcpus[0].cpu->index,
			 vm->vcpus[vm->nr_vcpus - 1].cpu->index,
			 print_size(memory, vm->config->boot_memory), vm->lend->nr_slots,
			 (unsigned long long)vm->lend->nr_aborts);
	}
}

static bool alike(const struct block *a, const struct block *b)
{
	return b->pa.pa == a->pa.pa + ledger.block_size && b->state == a->state &&
	       b->owner == a->owner && b->holder == a->holder;
}

/* Runs of blocks that share state, owner and holder: a line each. */
static void command_blocks(void)
{
	static const char *const states[] = {
		[BLOCK_FREE] = "FREE",         [BLOCK_STANDBY] = "STANDBY",
		[BLOCK_OFFERED] = "OFFERED",   [BLOCK_HELD] = "HELD",
		[BLOCK_BORROWED] = "BORROWED", [BLOCK_SCRUBBING] = "SCRUBBING",
		[BLOCK_POISONED] = "POISONED",
	};
	char size[24];

	log_line("%u blocks of %s, %u free", ledger.nr_blocks, print_size(size, ledger.block_size),
		 ledger.nr_free);
	for (u32 i = 0; i < ledger.nr_blocks;) {
		struct block first = ledger.blocks[i], last = first;
		u32 n = 1;

		/* The ledger has the highest address first. */
		while (i + n < ledger.nr_blocks && alike(&ledger.blocks[i + n], &last))
			last = ledger.blocks[i + n++];
		log_line("0x%010llx %5u  %-9s owner %-16s holder %s",
			 (unsigned long long)last.pa.pa, n, states[first.state],
			 vm_name(first.owner),
			 first.holder == LEND_POOL ? "-" : vm_name(first.holder));
		i += n;
	}
}

static void command_help(void);

static const struct {
	const char *name;
	void (*run)(void);
	const char *help;
} commands[] = {
	{"vms", command_vms, "the virtual machines and what they are doing"},
	{"blocks", command_blocks, "every lendable block: state, owner, holder"},
	{"help", command_help, "this list"},
};

static void command_help(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(commands); i++)
		log_line("%-8s %s", commands[i].name, commands[i].help);
	log_line("Ctrl-T then 0-9: to that VM; m: here; n: the next; t: send a Ctrl-T");
}

static void prompt(void)
{
	console_write(CONSOLE_HYP, "> ", 2);
	console_flush_partial(CONSOLE_HYP);
}

static void run(void)
{
	line[length] = '\0';
	length = 0;
	console_write(CONSOLE_HYP, "\n", 1);
	for (u32 i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(line, commands[i].name)) {
			commands[i].run();
			prompt();
			return;
		}
	if (line[0])
		log_line("no command '%s'; try help", line);
	prompt();
}

static void input(void *arg, u8 byte)
{
	(void)arg;
	if (byte == '\r' || byte == '\n') {
		run();
	} else if (byte == '\b' || byte == 0x7f) {
		if (length) {
			length--;
			console_write(CONSOLE_HYP, "\b", 1);
			console_flush_partial(CONSOLE_HYP);
		}
	} else if (byte >= ' ' && byte < 0x7f && length < LINE_SIZE - 1) {
		line[length++] = (char)byte;
		console_putc(CONSOLE_HYP, byte);
		console_flush_partial(CONSOLE_HYP);
	}
}

void monitor_init(void)
{
	console_register(CONSOLE_HYP, "lendvisor", input, NULL);
}
