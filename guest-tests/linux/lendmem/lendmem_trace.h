/* SPDX-License-Identifier: GPL-2.0 */
/* The driver's tracepoints, below /sys/kernel/tracing/events/lendmem. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM lendmem

#if !defined(LENDMEM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define LENDMEM_TRACE_H

#include <linux/tracepoint.h>

#include "hyp/lend/abi.h"

/* ns: how long the hypervisor took, interrupts served meanwhile included */
TRACE_EVENT(lendmem_call, TP_PROTO(u32 function, u64 x1, u64 x2, u64 x3, s64 status, u64 ns),
	    TP_ARGS(function, x1, x2, x3, status, ns),
	    TP_STRUCT__entry(__field(u32, function) __field(u64, x1) __field(u64, x2)
				     __field(u64, x3) __field(s64, status) __field(u64, ns)),
	    TP_fast_assign(__entry->function = function; __entry->x1 = x1; __entry->x2 = x2;
			   __entry->x3 = x3; __entry->status = status; __entry->ns = ns;),
	    TP_printk("%s(%#llx, %#llx, %#llx) = %lld in %llu ns",
		      __print_symbolic(__entry->function, {LEND_VERSION, "VERSION"},
				       {LEND_INFO, "INFO"}, {LEND_SLOT_INFO, "SLOT_INFO"},
				       {LEND_RETRIEVE, "RETRIEVE"}, {LEND_RELINQUISH, "RELINQUISH"},
				       {LEND_RELINQUISH_ALL, "RELINQUISH_ALL"},
				       {LEND_REFUSE, "REFUSE"}, {LEND_LEND, "LEND"},
				       {LEND_DONATE, "DONATE"}, {LEND_RECLAIM, "RECLAIM"},
				       {LEND_REVOKE, "REVOKE"}, {LEND_EVENT_NEXT, "EVENT_NEXT"},
				       {LEND_TARGET, "TARGET"}),
		      __entry->x1, __entry->x2, __entry->x3, __entry->status, __entry->ns));

/* slot: 0 for the kinds without one */
TRACE_EVENT(lendmem_event, TP_PROTO(u32 kind, u32 slot, u32 peer, u64 loan),
	    TP_ARGS(kind, slot, peer, loan),
	    TP_STRUCT__entry(__field(u32, kind) __field(u32, slot) __field(u32, peer)
				     __field(u64, loan)),
	    TP_fast_assign(__entry->kind = kind; __entry->slot = slot; __entry->peer = peer;
			   __entry->loan = loan;),
	    TP_printk("%s slot %u peer %u loan %#llx",
		      __print_symbolic(
			      __entry->kind, {LEND_EVENT_OFFER, "offer"},
			      {LEND_EVENT_RECALL, "recall"}, {LEND_EVENT_EXPIRED, "expired"},
			      {LEND_EVENT_RETURNED, "returned"}, {LEND_EVENT_REVOKED, "revoked"},
			      {LEND_EVENT_POISONED, "poisoned"}, {LEND_EVENT_TARGET, "target"},
			      {LEND_EVENT_PEER_GONE, "peer-gone"}, {LEND_EVENT_POOL, "pool"}),
		      __entry->slot, __entry->peer, __entry->loan));

DECLARE_EVENT_CLASS(
	lendmem_block, TP_PROTO(u32 slot, unsigned long block, int ret), TP_ARGS(slot, block, ret),
	TP_STRUCT__entry(__field(u32, slot) __field(unsigned long, block) __field(int, ret)),
	TP_fast_assign(__entry->slot = slot; __entry->block = block; __entry->ret = ret;),
	TP_printk("slot %u memory%lu ret %d", __entry->slot, __entry->block, __entry->ret));

DEFINE_EVENT(lendmem_block, lendmem_add, TP_PROTO(u32 slot, unsigned long block, int ret),
	     TP_ARGS(slot, block, ret));

DEFINE_EVENT(lendmem_block, lendmem_remove, TP_PROTO(u32 slot, unsigned long block, int ret),
	     TP_ARGS(slot, block, ret));

/* reason: enum lendmem_reason */
TRACE_EVENT(lendmem_kept, TP_PROTO(u32 slot, unsigned long pfn, u32 reason),
	    TP_ARGS(slot, pfn, reason),
	    TP_STRUCT__entry(__field(u32, slot) __field(unsigned long, pfn) __field(u32, reason)),
	    TP_fast_assign(__entry->slot = slot; __entry->pfn = pfn; __entry->reason = reason;),
	    TP_printk("slot %u pfn %#lx %s", __entry->slot, __entry->pfn,
		      __print_symbolic(__entry->reason, {0, "unknown"}, {1, "busy"},
				       {2, "unmovable"}, {3, "pinned"})));

/* ns: until the deadline of its recall, 0 past it, -1 without one */
TRACE_EVENT(lendmem_retry, TP_PROTO(u32 slot, u32 ms, s64 ns), TP_ARGS(slot, ms, ns),
	    TP_STRUCT__entry(__field(u32, slot) __field(u32, ms) __field(s64, ns)),
	    TP_fast_assign(__entry->slot = slot; __entry->ms = ms; __entry->ns = ns;),
	    TP_printk("slot %u in %u ms, deadline in %lld ns", __entry->slot, __entry->ms,
		      __entry->ns));

/* In blocks of the pool. */
TRACE_EVENT(
	lendmem_target, TP_PROTO(u32 target, u32 held, u32 wanted), TP_ARGS(target, held, wanted),
	TP_STRUCT__entry(__field(u32, target) __field(u32, held) __field(u32, wanted)),
	TP_fast_assign(__entry->target = target; __entry->held = held; __entry->wanted = wanted;),
	TP_printk("target %u held %u wanted %u", __entry->target, __entry->held, __entry->wanted));

#endif

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE lendmem_trace
#include <trace/define_trace.h>
