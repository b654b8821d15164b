/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands that show something, a line or a bounded piece of the ledger at each step. */
#include "hyp/lend/expire.h"
#include "hyp/lend/loan.h"
#include "hyp/lib/print.h"
#include "hyp/monitor.h"

/* Records looked at in one step, under the ledger's lock. */
#define LOOK_AT 512

typedef unsigned long long ull;

static const char *vm_name(u8 id)
{
	return id == LEND_POOL ? "pool" : vms[id].config->name;
}

const char *monitor_state_name(const struct vm *vm)
{
	static const char *const names[] = {
		[VM_OFF] = "off",
		[VM_STARTING] = "starting",
		[VM_RUNNING] = "running",
		[VM_STOPPING] = "stopping",
	};

	return names[__atomic_load_n(&vm->state, __ATOMIC_RELAXED)];
}

bool monitor_vms(struct monitor_job *job)
{
	const struct vm *vm = &vms[job->at];
	char memory[24];

	if (!job->step) {
		log_line("id  name             state     CPUs  of machine  boot memory  slots  "
			 "aborts");
		return true;
	}
	log_line("%-3u %-16s %-9s %-4u  %-3u to %-3u  %-11s  %-5u  %llu", vm->id, vm->config->name,
		 monitor_state_name(vm), vm->nr_vcpus, vm->vcpus[0].cpu->index,
		 vm->vcpus[vm->nr_vcpus - 1].cpu->index,
		 print_size(memory, vm->config->boot_memory), vm->lend->nr_slots,
		 (ull)vm->lend->nr_aborts);
	return ++job->at < nr_vms;
}

static bool alike(const struct block *a, const struct block *b)
{
	/* The ledger has the highest address first. */
	return a->pa.pa == b->pa.pa + ledger.block_size && b->state == a->state &&
	       b->owner == a->owner && b->holder == a->holder;
}

/* Looks at more blocks of the run in the job. False: it may be longer still. */
static bool whole_run(struct monitor_job *job)
{
	u32 n = 0;

	ledger_lock(&ledger);
	if (!job->count) {
		job->first = job->last = ledger.blocks[job->at++];
		job->count = 1;
	}
	while (n < LOOK_AT && job->at < ledger.nr_blocks &&
	       alike(&job->last, &ledger.blocks[job->at])) {
		job->last = ledger.blocks[job->at++];
		job->count++;
		n++;
	}
	ledger_unlock(&ledger);
	return n < LOOK_AT;
}

/* Runs of blocks that share state, owner and holder: a line each. */
bool monitor_blocks(struct monitor_job *job)
{
	static const char *const states[] = {
		[BLOCK_FREE] = "FREE",         [BLOCK_STANDBY] = "STANDBY",
		[BLOCK_OFFERED] = "OFFERED",   [BLOCK_HELD] = "HELD",
		[BLOCK_BORROWED] = "BORROWED", [BLOCK_SCRUBBING] = "SCRUBBING",
		[BLOCK_POISONED] = "POISONED",
	};
	char size[24];

	if (!job->step) {
		log_line("%u blocks of %s, %u free", ledger.nr_blocks,
			 print_size(size, ledger.block_size), ledger.nr_free);
		return ledger.nr_blocks;
	}
	if (!whole_run(job))
		return true;
	log_line("0x%010llx %5u  %-9s owner %-16s holder %s", (ull)job->last.pa.pa, job->count,
		 states[job->first.state], vm_name(job->first.owner),
		 job->first.holder == LEND_POOL ? "-" : vm_name(job->first.holder));
	job->count = 0;
	return job->at < ledger.nr_blocks;
}

static void show_loan(const struct loan *loan, u64 handle, bool expired)
{
	log_line("0x%llx  %s slot %u -> %s slot %u  %u blocks, %u out%s%s%s%s%s", (ull)handle,
		 vm_name(loan->owner), loan->owner_slot, vm_name(loan->borrower),
		 loan->borrower_slot, loan->nr_slots, loan->nr_out,
		 loan->flags & LEND_FLAG_REVOCABLE ? " revocable" : "",
		 loan->flags & LEND_FLAG_KEEP ? " keep" : "",
		 loan->flags & LEND_FLAG_ADOPTABLE ? " adoptable" : "",
		 loan->recalled ? " recalled" : "", expired ? " expired" : "");
}

bool monitor_loans(struct monitor_job *job)
{
	bool found = false, expired = false;
	struct loan loan;
	u64 handle = 0;

	ledger_lock(&ledger);
	for (u32 n = 0; n < LOOK_AT && job->at < ledger.nr_blocks && !found; n++, job->at++) {
		loan = ledger.loans[job->at];
		found = loan.in_use;
		if (found) {
			handle = loan_handle(&ledger, job->at);
			expired = loan_expired(&ledger, &ledger.loans[job->at]);
		}
	}
	ledger_unlock(&ledger);
	if (found)
		show_loan(&loan, handle, expired);
	job->count += found;
	if (job->at < ledger.nr_blocks)
		return true;
	log_line("%u loans", job->count);
	return false;
}

/* As many as a step may look at. */
static u32 slots_with_events(const struct lend_vm *vm)
{
	u32 n = 0;

	ledger_lock(&ledger);
	for (u32 slot = vm->event_head; slot != LEND_NONE && n < LOOK_AT;
	     slot = vm->slots[slot].event_next)
		n++;
	ledger_unlock(&ledger);
	return n;
}

static void show_stats(const struct vm *vm)
{
	const struct s2_counters *c = &vm->s2.count;
	const struct lend_vm *lend = vm->lend;
	const char *name = vm->config->name;

	log_line("%s: mappings %llu of 1 GiB, %llu of 2 MiB, %llu of 4 KiB; tables %llu of %llu",
		 name, (ull)c->mappings[1], (ull)c->mappings[2], (ull)c->mappings[3],
		 (ull)c->tables_used, (ull)c->tables_total);
	log_line("%s: %llu TLB flushes, %llu descriptor writes", name, (ull)c->tlb_flushes,
		 (ull)c->descriptor_writes);
	log_line("%s: retrieved %llu, given up %llu, aborts %llu", name, (ull)lend->nr_retrieved,
		 (ull)lend->nr_given_up, (ull)lend->nr_aborts);
	log_line("%s: of the pool: holds %u, target %u, quota %u; %u slots with events", name,
		 lend->nr_pool_held, lend->target, lend->quota, slots_with_events(lend));
}

/* A step for each VM, or the one named. */
bool monitor_stats(struct monitor_job *job)
{
	if (job->request.nr_args) {
		show_stats(&vms[job->request.arg[0]]);
		return false;
	}
	show_stats(&vms[job->at]);
	return ++job->at < nr_vms;
}

bool monitor_help(struct monitor_job *job)
{
	const struct monitor_row *row = &monitor_rows[job->at];
	char text[80];

	if (job->at == MONITOR_NR) {
		log_line("Ctrl-T then 0-9: to that VM; m: here; n: the next; t: send a Ctrl-T");
		return false;
	}
	print_format(text, sizeof(text), "%s %s", row->name, row->usage);
	log_line("%-56s %s", text, row->help);
	return ++job->at <= MONITOR_NR;
}
