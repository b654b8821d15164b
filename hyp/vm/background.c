/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/vm/background.h"
#include "hyp/cpu/timer.h"
#include "hyp/lend/expire.h"
#include "hyp/lend/scrub.h"
#include "hyp/vm/vm.h"

#define SCRUB_NS 1000000ULL
#define EXPIRE_MIN_NS 100000ULL
/* No sum with the counter wraps; what is due later is looked at again by then. */
#define EXPIRE_MAX_NS 3600000000000ULL

/* One per CPU, and only that CPU's. */
struct work {
	struct timer scrub, expire;
	u32 ids; /* BIT(VM id): blocks of this VM's wait to be scrubbed */
	u32 last; /* the id that had the last chunk */
	u64 expire_at;
};

static struct work works[PLATFORM_MAX_CPUS];

/* A chunk for the next VM in turn. */
static void scrub(void *arg)
{
	struct work *w = arg;
	u32 above = w->ids & ~((2u << w->last) - 1);

	w->last = (u32)__builtin_ctz(above ? above : w->ids);
	if (!lend_scrub_some(&ledger, vms[w->last].lend))
		w->ids &= ~(u32)BIT(w->last);
	if (w->ids)
		timer_arm(&w->scrub, SCRUB_NS);
}

void background_scrub(u8 id)
{
	struct work *w = &works[this_cpu()->index];

	w->ids |= (u32)BIT(id);
	w->scrub.fn = scrub;
	w->scrub.arg = w;
	timer_arm(&w->scrub, SCRUB_NS);
}

static void expire(void *arg)
{
	(void)arg;
	background_expire(lend_expire(&ledger));
}

void background_expire(u64 ns)
{
	struct work *w = &works[this_cpu()->index];
	u64 now = time_ns(), left = ns > now ? ns - now : 0;

	if (ns == LEND_NO_DEADLINE || (w->expire.armed && w->expire_at <= ns))
		return;
	w->expire_at = ns;
	w->expire.fn = expire;
	timer_stop(&w->expire);
	timer_arm(&w->expire, max_u64(EXPIRE_MIN_NS, min_u64(left, EXPIRE_MAX_NS)));
}
