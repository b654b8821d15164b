/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM's stage-2 translation tables, as a library: 4 KiB granule, starting at level 1.
 *
 * Two steps: s2_prepare() takes the tables a range can ever need from the VM's own pool and may fail,
 * at VM creation only. After it the commit functions, s2_map(), s2_unmap() and s2_zero(), change
 * descriptors inside that range and cannot fail: they return void.
 *
 * An entry of a prepared range is one of: a block or page descriptor; the way to the VM's zero page
 * (read-only, s2_zero()); or invalid, with the reason (enum s2_absent) in the bits that hardware
 * ignores. Invariants, asserted:
 *  - a valid entry is never changed to another valid one but by break-before-make: invalid, DSB,
 *    TLBI for *this* VMID on all CPUs, DSB, and only then the new entry (tlb.h);
 *  - leaf descriptors are the largest that alignment of IPA, PA and size allow, bounded by the
 *    granule the range was prepared with; nothing is shattered and nothing coalesced afterwards;
 *  - no table page is taken or freed after s2_prepare().
 *
 * Pure but for tlb.h. Source: Arm ARM (DDI 0487) D8.2 to D8.14.
 */
#ifndef STAGE2_STAGE2_H
#define STAGE2_STAGE2_H

#include "hyp/cpu/lock.h"
#include "hyp/lib/types.h"

/* Why nothing is mapped; kept in the invalid entry. Never-written entries read S2_ABSENT_NONE. */
enum s2_absent {
	S2_ABSENT_NONE, /* outside everything the VM was given */
	S2_ABSENT_EMPTY, /* a window slot with nothing in it, or standby, offered or lent; any in change */
	S2_ABSENT_REVOKED, /* a window slot taken by force */
};

enum s2_kind {
	S2_INVALID,
	S2_ZERO, /* reads find the VM's zero page, writes and fetches fault */
	S2_MEMORY, /* read, write, execute */
};

struct s2_counters {
	u64 mappings
		[4]; /* S2_MEMORY now, by level of the descriptor (1: 1 GiB, 2: 2 MiB, 3: 4 KiB) */
	u64 tables_used; /* pages taken from the pool, roots and zero tables included */
	u64 tables_total;
	u64 tlb_flushes;
	u64 descriptor_writes;
};

struct s2 {
	spinlock_t lock; /* guards everything below, and the tables */
	u64 *root; /* level 1, up to 8 concatenated pages for 42 bits of IPA */
	u32 ipa_bits;
	u16 vmid; /* never 0 */
	u64 vttbr; /* VTTBR_EL2 for this VM: root and VMID */
	u64 *zero_page; /* 4 KiB, always zero, this VM's own */
	u64 *zero_l3; /* 512 read-only entries for the zero page */
	u64 *zero_l2; /* 512 entries for zero_l3: an absent 1 GiB */
	u8 *pool; /* pages not taken yet: zeroed, pool_left of them */
	size_t pool_left;
	struct s2_counters count;
};

/*
 * Table pages, of 4 KiB, that s2_init() and one s2_prepare() each for nr ranges need at most.
 * s2_pages_root(): root, zero page and zero tables. s2_pages_range(): the rest, for one range of
 * granule 2 MiB or more; one of granule 4 KiB needs up to size / 2 MiB + 3 pages besides.
 */
size_t s2_pages_root(u32 ipa_bits);
size_t s2_pages_range(u64 size);

/*
 * Makes s an empty table of ipa_bits (32, 36, 40 or 42) bits of IPA. pool: nr_pages zeroed pages,
 * aligned to ALIGN_UP(root size); they are the VM's for good. ERR_NOMEM when they do not even hold
 * the roots, ERR_INVAL for another ipa_bits.
 */
int s2_init(struct s2 *s, u16 vmid, u32 ipa_bits, void *pool, size_t nr_pages);

/*
 * Takes the tables so that any part of [ipa, ipa + size), in units of granule (bytes: 4 KiB, or a
 * power of two from 2 MiB), can be mapped, zeroed or unmapped later. Everything aligned to granule,
 * PAs too. The granule fixes the descriptors: 1 GiB from granule 1 GiB on, 2 MiB from 2 MiB on, else
 * 4 KiB. Done before the VM first runs. ERR_NOMEM, ERR_RANGE (beyond ipa_bits), ERR_INVAL (alignment,
 * or the range is in use already with a larger granule); on an error nothing has changed.
 */
int s2_prepare(struct s2 *s, ipa_t ipa, u64 size, u64 granule);

/*
 * Commit steps: caller holds s->lock; the range is prepared, its bounds multiples of the granule.
 * Cannot fail. On return no CPU can use an old translation of the range.
 *
 * s2_map() may replace zero table or invalid entries, never another mapping (asserted).
 * s2_unmap() and s2_zero() replace anything.
 */
void s2_map(struct s2 *s, ipa_t ipa, paddr_t pa, u64 size);
void s2_unmap(struct s2 *s, ipa_t ipa, u64 size, enum s2_absent why);
void s2_zero(struct s2 *s, ipa_t ipa, u64 size);

/* What a walk finds at one address. Caller holds s->lock. */
struct s2_entry {
	enum s2_kind kind;
	enum s2_absent absent; /* for S2_INVALID */
	paddr_t pa; /* for S2_MEMORY and S2_ZERO: of the byte asked for */
	u32 level; /* of the entry that decided */
};

struct s2_entry s2_walk(const struct s2 *s, ipa_t ipa);

/* VTCR_EL2 for ipa_bits on a machine with ID_AA64MMFR0_EL1.PARange pa_range. Pure. */
u64 s2_vtcr(u32 ipa_bits, u32 pa_range);

/* The ipa_bits to use on a machine with this PARange: the largest of 32, 36, 40, 42 it has. */
u32 s2_ipa_bits(u32 pa_range);

#endif
