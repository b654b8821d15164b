/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands that change something: owners' calls made for them, and the lives of VMs. */
#include "hyp/lend/calls.h"
#include "hyp/lend/loan.h"
#include "hyp/lend/poison.h"
#include "hyp/lend/target.h"
#include "hyp/lib/print.h"
#include "hyp/monitor.h"
#include "hyp/vm/life.h"

#define NS_PER_MS 1000000ULL

/* By 1 - status, so that PENDING is the first. */
static const struct {
	const char *name, *meaning;
} statuses[] = {
	[1 - LEND_PENDING] = {"PENDING", "it is in use, and goes when given up"},
	[1 - LEND_SUCCESS] = {"SUCCESS", NULL},
	[1 - LEND_NOT_SUPPORTED] = {"NOT_SUPPORTED", "there is no such call"},
	[1 - LEND_INVALID] = {"INVALID", "an argument is out of range"},
	[1 - LEND_DENIED] = {"DENIED", "no right to that"},
	[1 - LEND_BAD_STATE] = {"BAD_STATE", "a slot, loan or block is in no state for it"},
	[1 - LEND_BUSY] = {"BUSY", "try again later"},
	[1 - LEND_NO_MEMORY] = {"NO_MEMORY", "the pool has no block left"},
	[1 - LEND_NO_SLOT] = {"NO_SLOT", "the borrower has no free slots in a row"},
	[1 - LEND_NO_SUCH_VM] = {"NO_SUCH_VM", "it is not running"},
};

/* more: what a call that was not refused has to tell, or NULL. */
static void report(const struct monitor_job *job, s64 status, const char *more)
{
	const char *meaning = status >= 0 && more ? more : statuses[1 - status].meaning;

	log_line("%s: %s%s%s", monitor_rows[job->request.command].name, statuses[1 - status].name,
		 meaning ? ": " : "", meaning ? meaning : "");
}

/*
 * The call in x, made for the job's owner as a vCPU of its own would. False: not done, and to be made again.
 * When it is done, x has its results.
 */
static bool call(const struct monitor_job *job, u64 x[8])
{
	struct vm *vm = &vms[job->owner];
	enum lend_outcome outcome = LEND_CALL_DONE;

	x[0] |= LEND_SMC64;
	if (vm_hold(vm)) {
		outcome = lend_call(&ledger, vm->lend, x);
		vm_release(vm);
	} else {
		x[0] = (u64)(s64)LEND_NO_SUCH_VM;
	}
	return outcome == LEND_CALL_DONE;
}

/* Whose loan it is, at the first step: a call that goes on may end the loan. False, with a line: nobody's. */
static bool find_owner(struct monitor_job *job)
{
	const struct loan *loan;

	if (job->step)
		return true;
	ledger_lock(&ledger);
	loan = loan_find(&ledger, job->request.arg[0]);
	if (loan)
		job->owner = loan->owner;
	ledger_unlock(&ledger);
	if (!loan)
		log_line("no loan 0x%llx; try loans", (unsigned long long)job->request.arg[0]);
	return loan;
}

bool monitor_lend(struct monitor_job *job)
{
	const u64 *arg = job->request.arg;
	u64 x[8] = {LEND_LEND, arg[1], arg[2], arg[3], arg[4]};
	char text[40];

	job->owner = (u8)arg[0];
	if (!call(job, x))
		return true;
	print_format(text, sizeof(text), "loan 0x%llx", (unsigned long long)x[1]);
	report(job, (s64)x[0], text);
	return false;
}

bool monitor_reclaim(struct monitor_job *job)
{
	const u64 *arg = job->request.arg;
	u64 x[8] = {LEND_RECLAIM, arg[0], arg[1] * NS_PER_MS};
	char text[40];

	if (arg[1] > ~0ULL / NS_PER_MS) {
		report(job, LEND_INVALID, NULL);
		return false;
	}
	if (!find_owner(job))
		return false;
	if (!call(job, x))
		return true;
	print_format(text, sizeof(text), "%llu blocks out", (unsigned long long)x[1]);
	report(job, (s64)x[0], text);
	return false;
}

bool monitor_revoke(struct monitor_job *job)
{
	u64 x[8] = {LEND_REVOKE, job->request.arg[0]};

	if (!find_owner(job))
		return false;
	if (!call(job, x))
		return true;
	report(job, (s64)x[0], NULL);
	return false;
}

bool monitor_target(struct monitor_job *job)
{
	report(job, lend_set_target(&ledger, job->request.arg[0], job->request.arg[1]), NULL);
	return false;
}

bool monitor_poison(struct monitor_job *job)
{
	report(job, lend_poison(&ledger, PADDR(job->request.arg[0])), NULL);
	return false;
}

/* What was asked for is under way; who does it logs the end. Or not, with a line. */
static bool asked(const struct monitor_job *job, bool taken)
{
	const struct vm *vm = &vms[job->request.arg[0]];

	if (!taken)
		log_line("%s: %s is %s", monitor_rows[job->request.command].name, vm->config->name,
			 monitor_state_name(vm));
	return false;
}

bool monitor_reset(struct monitor_job *job)
{
	return asked(job, vm_request_stop(&vms[job->request.arg[0]], true));
}

bool monitor_stop(struct monitor_job *job)
{
	return asked(job, vm_request_stop(&vms[job->request.arg[0]], false));
}

bool monitor_start(struct monitor_job *job)
{
	return asked(job, vm_start_again(&vms[job->request.arg[0]]));
}

bool monitor_crash(struct monitor_job *job)
{
	return asked(job, vm_request_crash(&vms[job->request.arg[0]], "watchdog"));
}
