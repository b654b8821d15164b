/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest-tests/bare/lib/wild_calls.h"
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/lend.h"

#define NR_LOANS 64

u64 wild_scratch[WILD_SCRATCH_SIZE / 8] __attribute__((aligned(4096)));

static struct lend_window w;
static u64 loans[NR_LOANS]; /* handles seen last, shared and raced for as they are */
static u64 nr_succeeded[LEND_NR_FN];

void wild_calls_begin(void)
{
	w = lend_window();
}

u64 wild_calls_succeeded(u32 index)
{
	return nr_succeeded[index];
}

static u64 some_slot(struct random *r)
{
	u32 kind = random_below(r, 16);

	if (kind == 0)
		return random_any(r);
	return kind < 12 ? random_below(r, 8) : random_below(r, w.nr_slots + 1);
}

static u64 some_loan(struct random *r)
{
	u64 loan = RANDOM_OF(r, loans);

	switch (random_below(r, 8)) {
	case 0:
		return random_any(r);
	case 1:
		return loan ^ BIT(random_below(r, 40));
	default:
		return loan;
	}
}

/* Never its own image, save for scratch: LEND_MAP writes there. */
static u64 some_ipa(struct random *r)
{
	const u64 places[] = {
		(u64)wild_scratch,
		(u64)wild_scratch + 4088,
		w.base + random_below(r, 8) * w.block_size,
		GICD_BASE,
		WILD_HOLE,
		w.base + w.nr_slots * w.block_size - 8,
		~0ULL,
	};
	u64 place = RANDOM_OF(r, places);

	return random_below(r, 8) ? place : place + random_below(r, 4096);
}

static u64 some_number(struct random *r)
{
	return random_below(r, 8) ? random_below(r, 5) : random_any(r);
}

/* Arguments of x1 on that make some sense for this call. */
static void likely_arguments(struct random *r, u32 fn, u64 x[4])
{
	for (u32 i = 0; i < 4; i++)
		x[i] = some_number(r);
	switch (fn) {
	case LEND_LEND:
	case LEND_DONATE:
	case LEND_SLOT_INFO:
	case LEND_RETRIEVE:
	case LEND_RELINQUISH:
	case LEND_REFUSE:
		x[0] = some_slot(r);
		break;
	case LEND_RECLAIM:
	case LEND_REVOKE:
		x[0] = some_loan(r);
		x[1] = random_u64(r) >> random_below(r, 60);
		break;
	case LEND_MAP:
		x[0] = some_ipa(r);
		x[1] = random_below(r, 4) ? WILD_SCRATCH_SIZE - 4096 : random_any(r);
		break;
	}
}

static bool is_wide(u32 fn, u32 argument)
{
	return fn == LEND_RECLAIM || ((fn == LEND_REVOKE || fn == LEND_MAP) && !argument);
}

/* One of the library's ways to make a call; the results come back in x. */
static void call(struct random *r, u64 x[8])
{
	if (random_below(r, 2))
		hvc_all(x);
	else
		smc_all(x);
}

/*
 * RELINQUISH_ALL more seldom, or the guest would never have anything for long; what scrubs, too: the
 * time of a run is that of its scrubs.
 */
static u32 some_function(struct random *r)
{
	static const u32 instead[] = {LEND_LEND, LEND_LEND, LEND_DONATE, LEND_RECLAIM, LEND_REVOKE};
	u32 fn = LEND_FN(random_below(r, LEND_NR_FN));
	u32 one_in = fn == LEND_RELINQUISH_ALL                      ? 32
		     : fn == LEND_RETRIEVE || fn == LEND_RELINQUISH ? 3
								    : 1;

	return random_below(r, one_in) ? RANDOM_OF(r, instead) : fn;
}

void wild_lending_call(struct random *r)
{
	u32 fn = some_function(r), reg = 1;
	u64 x[8] = {fn}, arg[4];
	bool smc64 = random_below(r, 2);

	likely_arguments(r, fn, arg);
	if (smc64)
		x[0] |= LEND_SMC64;
	for (u32 i = 0; i < 4 && reg < 8; i++) {
		x[reg++] = arg[i];
		if (!smc64 && is_wide(fn, i))
			x[reg++] = arg[i] >> 32;
	}
	/* Upper halves are no part of an SMC32 call. */
	if (!smc64 && !random_below(r, 4))
		x[1 + random_below(r, 4)] |= random_u64(r) << 32;
	call(r, x);
	if ((s32)x[0] < LEND_SUCCESS)
		return;
	__atomic_fetch_add(&nr_succeeded[fn - LEND_FN(0)], 1, __ATOMIC_RELAXED);
	if (fn == LEND_LEND || fn == LEND_DONATE)
		RANDOM_OF(r, loans) = smc64 ? x[1] : x[1] | x[2] << 32;
	if (fn == LEND_SLOT_INFO || fn == LEND_EVENT_NEXT)
		RANDOM_OF(r, loans) = smc64 ? x[2] : x[3] | x[4] << 32;
}

/* Entry points: one that is good, and what is no memory of the guest's, or not aligned. */
static u64 some_entry(struct random *r)
{
	const u64 entries[] = {(u64)secondary_start, (u64)secondary_start + 2, WILD_HOLE, GICD_BASE,
			       ~0ULL};

	return RANDOM_OF(r, entries);
}

/* CPU 1 may go off: CPU 0 sees to it that it comes back. */
void wild_psci_call(struct random *r)
{
	static const u32 fns[] = {
		PSCI_VERSION,   PSCI_CPU_SUSPEND,   PSCI_CPU_ON,
		PSCI_CPU_ON_32, PSCI_AFFINITY_INFO, PSCI_AFFINITY_INFO_32,
		PSCI_FEATURES,  0x84000006,         0x84000005,
		0x84000001,
	};
	u64 x[8] = {RANDOM_OF(r, fns), some_number(r), some_number(r), some_number(r)};

	switch (x[0]) {
	case PSCI_CPU_ON:
	case PSCI_CPU_ON_32:
		x[2] = some_entry(r);
		x[3] = (u64)cpu_of(1);
		break;
	case PSCI_CPU_SUSPEND:
	case 0x84000001:
		x[1] |= 4; /* no power state: the others may last for ever here */
		break;
	case PSCI_VERSION:
		if (this_cpu()->index && !random_below(r, 16))
			x[0] = PSCI_CPU_OFF;
		break;
	}
	call(r, x);
}

/* Anything that is neither of the lending calls nor of PSCI's. */
void wild_unknown_call(struct random *r)
{
	u64 x[8];

	for (u32 i = 0; i < 8; i++)
		x[i] = random_any(r);
	if (random_below(r, 4))
		x[0] = (x[0] & 0x7f00ffff) | 0x80000000;
	if (((u32)x[0] & 0xbf000000) == 0x84000000)
		x[0] |= 0x8000;
	call(r, x);
}
