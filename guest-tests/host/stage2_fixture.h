/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of stage2/ share: one table, in a pool of its own, with its lock held, watched by the
 * checker of tlb_fake.c from begin() to end(). Included once by each test program.
 */
#ifndef STAGE2_FIXTURE_H
#define STAGE2_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "hyp/lib/assert.h"
#include "hyp/lib/error.h"
#include "stage2/pte.h"
#include "stage2/stage2.h"
#include "stage2/tlb.h"
#include "guest-tests/host/tlb_fake.h"

#define VMID 7
#define POOL_PAGES 64
#define RAM 0x4000000000ull /* PAs are only numbers here */

static struct s2 s;
static void *pool;

/* An assertion that a test provokes comes back to it; any other ends the program. */
static jmp_buf *provoked;

void panic(const char *fmt, ...)
{
	va_list ap;

	if (provoked)
		longjmp(*provoked, 1);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	abort();
}

static void begin(u32 ipa_bits, size_t nr_pages)
{
	pool = aligned_alloc(KIB(32), ALIGN_UP(nr_pages * PAGE_SIZE, KIB(32)));
	memset(pool, 0, nr_pages * PAGE_SIZE);
	s2_fake_reset();
	s2_fake_know(pool, nr_pages * PAGE_SIZE, (u64)VMID << 48);
	assert_int_equal(s2_init(&s, VMID, ipa_bits, pool, nr_pages), OK);
	spin_lock(&s.lock);
	s2_fake_check_quiet();
	s2_fake_restart_log();
}

static void end(void)
{
	static const u8 zero[KIB(4)];

	s2_fake_check_quiet();
	assert_int_equal(s2_fake.nr_faults, 0);
	assert_memory_equal(s.zero_page, zero, sizeof(zero));
	for (int i = 0; i < 512; i++) {
		assert_int_equal(s.zero_l3[i], s2_pte_zero_page(ptr_to_pa(s.zero_page)));
		assert_int_equal(s.zero_l2[i], s2_pte_table(ptr_to_pa(s.zero_l3)));
	}
	if (spin_is_locked(&s.lock))
		spin_unlock(&s.lock);
	free(pool);
}

__attribute__((unused)) static void expect(u64 ipa, enum s2_kind kind, enum s2_absent absent,
					   u64 pa, u32 level)
{
	struct s2_entry e = s2_walk(&s, IPA(ipa));

	assert_int_equal(e.kind, kind);
	assert_int_equal(e.absent, absent);
	assert_int_equal(e.pa.pa, pa);
	assert_int_equal(e.level, level);
}

__attribute__((unused)) static void expect_cost(struct s2_counters before, u64 writes, u64 flushes)
{
	assert_int_equal(s.count.descriptor_writes - before.descriptor_writes, writes);
	assert_int_equal(s.count.tlb_flushes - before.tlb_flushes, flushes);
	assert_int_equal(s2_fake.nr_ops[S2_FAKE_WRITE], writes);
	/* By range it is some of them, and one for stage-1. */
	if (!s2_fake_machine.has_range)
		assert_int_equal(s2_fake.nr_ops[S2_FAKE_FLUSH], flushes);
	else if (flushes)
		assert_true(s2_fake.nr_ops[S2_FAKE_FLUSH] > flushes);
	else
		assert_int_equal(s2_fake.nr_ops[S2_FAKE_FLUSH], 0);
	s2_fake_restart_log();
}

#endif
