/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest-tests/bare/bare.h"
#include "guest-tests/bare/lib/lend.h"

#define NR_EVENTS 64
#define ODD 0x9e3779b97f4a7c15ULL
#define EACH_BYTE_SET 0x0101010101010101ULL

static struct lend_event events[NR_EVENTS];
static u32 nr_come, nr_read;

struct smccc lend(u32 fn, u64 x1, u64 x2, u64 x3, u64 x4)
{
	return hvc(fn | LEND_SMC64, x1, x2, x3, x4);
}

s64 lend_status(u32 fn, u64 x1, u64 x2, u64 x3, u64 x4)
{
	return (s64)lend(fn, x1, x2, x3, x4).x[0];
}

struct lend_window lend_window(void)
{
	struct smccc window = lend(LEND_INFO, LEND_INFO_WINDOW, 0, 0, 0);
	struct smccc pool = lend(LEND_INFO, LEND_INFO_POOL, 0, 0, 0);
	struct lend_window w = {
		.base = window.x[1],
		.block_size = window.x[2],
		.nr_slots = (u32)window.x[3],
		.id = (u32)(window.x[3] >> 32),
		.nr_own = (u32)pool.x[3],
		.nr_promised = (u32)(pool.x[3] >> 32),
	};

	if (w.nr_slots)
		mmu_map(w.base, w.nr_slots * w.block_size, MMU_NORMAL);
	return w;
}

u32 lend_peer(void)
{
	return fdt_u32(fdt_find("peer", 0), "reg", 0);
}

static struct smccc slot_info(u32 slot)
{
	return lend(LEND_SLOT_INFO, slot, 0, 0, 0);
}

u32 slot_state(u32 slot)
{
	return LEND_SLOT_STATE(slot_info(slot).x[1]);
}

u32 slot_flags(u32 slot)
{
	return LEND_SLOT_FLAGS(slot_info(slot).x[1]);
}

u32 slot_peer(u32 slot)
{
	return LEND_SLOT_PEER(slot_info(slot).x[1]);
}

u64 slot_loan(u32 slot)
{
	return slot_info(slot).x[2];
}

u64 slot_address(u32 slot)
{
	struct lend_window w = lend_window();

	return w.base + slot * w.block_size;
}

bool slots_are(u32 slot, u32 n, u32 state)
{
	for (u32 i = slot; i < slot + n; i++)
		if (slot_state(i) != state)
			return false;
	return true;
}

u64 slots_snapshot(u32 slot, u32 n)
{
	u64 sum = 0;

	for (u32 at = slot; at < slot + n; at++) {
		struct smccc info = slot_info(at);

		for (u32 i = 1; i <= 4; i++)
			sum = (sum ^ info.x[i]) * ODD;
	}
	return sum;
}

static void take_events(u32 intid)
{
	struct smccc next;

	if (intid != LEND_INTID)
		return;
	while (LEND_EVENT_KIND((next = lend(LEND_EVENT_NEXT, 0, 0, 0, 0)).x[1]) !=
	       LEND_EVENT_NONE) {
		events[nr_come % NR_EVENTS] = (struct lend_event){
			LEND_EVENT_KIND(next.x[1]),
			LEND_EVENT_PEER(next.x[1]),
			LEND_EVENT_SLOT(next.x[1]),
			next.x[2],
		};
		__atomic_store_n(&nr_come, nr_come + 1, __ATOMIC_SEQ_CST);
	}
}

void lend_events_begin(void)
{
	irq_handler = take_events;
	gic_set_edge(LEND_INTID, false);
	gic_route(LEND_INTID, my_mpidr());
	gic_enable(0, LEND_INTID);
	irq_enable();
}

bool lend_next_event(struct lend_event *event)
{
	if (__atomic_load_n(&nr_come, __ATOMIC_SEQ_CST) == nr_read)
		return false;
	*event = events[nr_read++ % NR_EVENTS];
	return true;
}

bool lend_sign(u32 slot, u32 to)
{
	/* BUSY: the last one was not read. STANDBY again: this one was. */
	return WAIT_FOR(slot_state(slot) == LEND_SLOT_STANDBY) &&
	       WAIT_FOR(lend_status(LEND_LEND, slot, 1, to, 0) == LEND_SUCCESS) &&
	       WAIT_FOR(slot_state(slot) == LEND_SLOT_STANDBY);
}

bool lend_wait_sign(void)
{
	struct lend_event event;

	return lend_wait_event(LEND_EVENT_OFFER, &event) &&
	       lend_status(LEND_REFUSE, event.slot, 0, 0, 0) == LEND_SUCCESS;
}

bool lend_wait_event(u32 kind, struct lend_event *event)
{
	do {
		if (!WAIT_FOR(__atomic_load_n(&nr_come, __ATOMIC_SEQ_CST) != nr_read))
			return false;
		*event = events[nr_read++ % NR_EVENTS];
	} while (event->kind != kind);
	return true;
}

bool lend_wait_events(u32 kind, u32 slot, u32 n)
{
	struct lend_event event;
	u64 seen = 0;

	while (seen != BIT(n) - 1) {
		if (!lend_wait_event(kind, &event) || event.slot < slot || event.slot >= slot + n)
			return false;
		seen |= BIT(event.slot - slot);
	}
	return true;
}

u64 first_nonzero(u64 address, u64 size)
{
	for (const u64 *p = (const u64 *)address; p < (const u64 *)(address + size); p++)
		if (*p)
			return (u64)p;
	return 0;
}

u64 pattern(u64 address, u64 seed)
{
	return (address * ODD ^ seed) | EACH_BYTE_SET;
}

void fill_pattern(u64 address, u64 size, u64 seed)
{
	for (u64 at = address; at < address + size; at += 8)
		*(volatile u64 *)at = pattern(at, seed);
}

u64 first_unlike_pattern(u64 address, u64 size, u64 seed)
{
	for (u64 at = address; at < address + size; at += 8)
		if (*(volatile u64 *)at != pattern(at, seed))
			return at;
	return 0;
}

static bool is_absent(u64 address)
{
	struct probe before = probe_read64(address), write = probe_write64(address, ~0ULL),
		     after = probe_read64(address);

	return (before.aborted ? probe_is_external(before) : !before.value) &&
	       probe_is_external(write) && after.aborted == before.aborted &&
	       (after.aborted || !after.value) && probe_is_external(probe_execute(address));
}

bool slot_is_absent(u32 slot)
{
	u64 start = slot_address(slot), size = lend_window().block_size;

	return is_absent(start) && is_absent(start + size / 2) && is_absent(start + size - 8);
}
