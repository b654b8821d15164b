/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The lending calls: the one header shared by hypervisor and guests. Everything here is frozen once
 * released; later versions only add. docs/abi.md says the same in prose.
 *
 * Calls are SMCCC fast calls in the vendor-specific hypervisor range, by HVC or SMC, SMC64 or SMC32.
 * Discovery: the vendor UID at LEND_FN_UID, then LEND_VERSION.
 *
 * Registers, SMC64:	x0 function, x1.. arguments	-> x0 status, x1-x4 results.
 * Registers, SMC32:	w0 function, w1.. arguments; an argument marked "wide" takes two registers,
 *			low word first -> w0 status; x1 is w1 (low) and w2 (high), x2 is w3 and w4,
 *			x3 is w5 and w6, x4 (32 bits only) is w7.
 * The result registers that a call does not name read zero, those of a failed call too, save the
 * count of a call over n slots. All other registers are preserved.
 *
 * A call that has to scrub may return to the guest at the same instruction with all its registers as
 * they were, so that interrupts are served; the guest repeats it without noticing.
 */
#ifndef LENDVISOR_ABI_H
#define LENDVISOR_ABI_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#endif

#define LEND_ABI_MAJOR 1
#define LEND_ABI_MINOR 0

/* Function identifiers: SMC32 as they stand, SMC64 with LEND_SMC64 set. */
#define LEND_SMC64 0x40000000u
#define LEND_FN(n) (0x86000100u + (n))

#define LEND_VERSION LEND_FN(0x0)
#define LEND_INFO LEND_FN(0x1)
#define LEND_SLOT_INFO LEND_FN(0x2)
#define LEND_RETRIEVE LEND_FN(0x3)
#define LEND_RELINQUISH LEND_FN(0x4)
#define LEND_RELINQUISH_ALL LEND_FN(0x5)
#define LEND_REFUSE LEND_FN(0x6)
#define LEND_LEND LEND_FN(0x7)
#define LEND_DONATE LEND_FN(0x8)
#define LEND_RECLAIM LEND_FN(0x9)
#define LEND_REVOKE LEND_FN(0xa)
#define LEND_EVENT_NEXT LEND_FN(0xb)
#define LEND_TARGET LEND_FN(0xc)
#define LEND_MAP LEND_FN(0xd)
#define LEND_NR_FN 14

/* SMCCC general queries of this range (SMC32 only), and the UID: w0 to w3, little endian. */
#define LEND_FN_CALL_COUNT 0x8600ff00u
#define LEND_FN_UID 0x8600ff01u
#define LEND_FN_REVISION 0x8600ff03u
#define LEND_UID_0 0x5d1e7c4cu
#define LEND_UID_1 0x4f0aa2e9u
#define LEND_UID_2 0x6dc8b48eu
#define LEND_UID_3 0x31a5f00du

/* Status, in x0, signed. */
#define LEND_SUCCESS 0
#define LEND_PENDING 1 /* begun; an event says when it is done */
#define LEND_NOT_SUPPORTED (-1)
#define LEND_INVALID (-2) /* an argument is out of range, or a reserved bit is set */
#define LEND_DENIED (-3) /* no right to it, or over quota */
#define LEND_BAD_STATE (-4) /* the slot or loan is in no state for this call */
#define LEND_BUSY (-5) /* try again later */
#define LEND_NO_MEMORY (-6) /* the pool has no block left */
#define LEND_NO_SLOT (-7) /* the borrower has no free slots in a row */
#define LEND_NO_SUCH_VM (-8) /* no such VM, or it is not running */

/*
 * LEND_VERSION()		x1: major << 16 | minor, x2: LEND_FEATURE_*
 */
#define LEND_FEATURE_KEEP (1u << 0) /* LEND and RELINQUISH take the KEEP flags */
#define LEND_FEATURE_DEADLINE (1u << 1) /* RECLAIM takes a deadline */
#define LEND_FEATURE_DONATE (1u << 2)
#define LEND_FEATURE_REFUSE (1u << 3)
#define LEND_FEATURE_REVOKE (1u << 4)
#define LEND_FEATURE_TARGET (1u << 5)
#define LEND_FEATURE_MAP (1u << 6)
#define LEND_FEATURE_RELINQUISH_ALL (1u << 7)

/*
 * LEND_INFO(page)
 *   WINDOW	x1: IPA of the window (0 without one), x2: block size in bytes,
 *		x3: number of slots | own VM id << 32
 *   POOL	x1: target in pool blocks | pool blocks held << 32, x2: quota | blocks free in the
 *		pool << 32, x3: own slots | promised slots << 32 (they are the first of the window)
 *   COUNTERS	x1: blocks retrieved, x2: blocks given up, x3: accesses aborted in the window
 */
#define LEND_INFO_WINDOW 0
#define LEND_INFO_POOL 1
#define LEND_INFO_COUNTERS 2

/*
 * LEND_SLOT_INFO(slot)
 *   x1: state (bits 7:0), peer VM id or LEND_NO_PEER (15:8), flags (31:16), number of slots from
 *	 here on in the same state with the same flags and loan (63:32, at most 1,024)
 *   x2: loan handle, 0 without one
 *   x3: ns until the recall's deadline, 0 past it, LEND_NO_DEADLINE without one
 *   x4: generation (32 bits), different after every transition
 */
#define LEND_SLOT_EMPTY 0
#define LEND_SLOT_STANDBY 1
#define LEND_SLOT_OFFERED 2
#define LEND_SLOT_HELD 3
#define LEND_SLOT_BORROWED 4
#define LEND_SLOT_LENT 5
#define LEND_SLOT_REVOKED 6

#define LEND_SLOT_STATE(x1) ((unsigned int)((x1)&0xff))
#define LEND_SLOT_PEER(x1) ((unsigned int)(((x1) >> 8) & 0xff))
#define LEND_SLOT_FLAGS(x1) ((unsigned int)(((x1) >> 16) & 0xffff))
#define LEND_SLOT_RUN(x1) ((unsigned int)((x1) >> 32))

#define LEND_FLAG_RECALLED (1u << 0)
#define LEND_FLAG_EXPIRED (1u << 1)
#define LEND_FLAG_REVOCABLE (1u << 2)
#define LEND_FLAG_KEEP (1u << 3)
#define LEND_FLAG_ADOPTABLE (1u << 4)
#define LEND_FLAG_ADOPTED (1u << 5)
#define LEND_FLAG_BUSY (1u << 6)
#define LEND_FLAG_OWN (1u << 7) /* the block of this slot is the VM's own */

#define LEND_NO_PEER 0xffu
#define LEND_NO_DEADLINE 0xffffffffffffffffull
#define LEND_RUN_MAX 1024u

/* The most slots that one call over n slots takes, so that none masks interrupts for long. */
#define LEND_CALL_MAX 256u

/*
 * LEND_RETRIEVE(slot, n)		x1: slots done
 * LEND_RELINQUISH(slot, n, flags)	x1: slots done
 * LEND_RELINQUISH_ALL()		x1: slots done
 * LEND_REFUSE(slot)
 */
#define LEND_RELINQUISH_KEEP (1u << 0)
#define LEND_RELINQUISH_KEEP_OFFER (1u << 1)

/*
 * LEND_LEND(slot, n, vm, flags)	x1: loan handle
 * LEND_DONATE(slot, n, vm, flags)	x1: loan handle; of the flags KEEP only
 */
#define LEND_LEND_REVOCABLE (1u << 0)
#define LEND_LEND_KEEP (1u << 1)
#define LEND_LEND_ADOPTABLE (1u << 2)

/*
 * LEND_RECLAIM(wide loan, wide deadline)	x0: SUCCESS or PENDING, x1: blocks still out
 *	deadline: ns from now, 0 = none
 * LEND_REVOKE(wide loan)
 * LEND_TARGET(vm, blocks)
 * LEND_MAP(wide ipa, size, mode)		x1: bytes written
 */
#define LEND_MAP_BOOT 0
#define LEND_MAP_ADOPT 1

/*
 * LEND_EVENT_NEXT()
 *   x1: kind (bits 7:0), peer VM id or LEND_NO_PEER (15:8), slot (63:32)
 *   x2: loan handle, 0 without one
 */
#define LEND_EVENT_NONE 0
#define LEND_EVENT_OFFER 1 /* slot: the first of the loan */
#define LEND_EVENT_RECALL 2
#define LEND_EVENT_EXPIRED 3
#define LEND_EVENT_RETURNED 4
#define LEND_EVENT_REVOKED 5
#define LEND_EVENT_POISONED 6
#define LEND_EVENT_TARGET 7 /* no slot from here on */
#define LEND_EVENT_PEER_GONE 8
#define LEND_EVENT_POOL 9

#define LEND_EVENT_KIND(x1) ((unsigned int)((x1)&0xff))
#define LEND_EVENT_PEER(x1) ((unsigned int)(((x1) >> 8) & 0xff))
#define LEND_EVENT_SLOT(x1) ((unsigned int)((x1) >> 32))

#endif
