/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TLB's side of stage-2: the instructions of one change, one by one, on each machine and in each build;
 * the operand of TLBIs by range against the manual's formula; and that the checker of tlb_fake.c, which
 * watches all tests, catches what it is for.
 */
#include "guest-tests/host/stage2_fixture.h"
#include "stage2/tlb_range.h"

#define OTHER 0x0009000000000000 /* VTTBR_EL2 of another VM */

static char text[4096];

static void render(void)
{
	size_t at = 0;

	for (u64 i = 0; i < s2_fake.nr_log; i++) {
		const struct s2_fake_op *op = &s2_fake.log[i];

		switch (op->kind) {
		case S2_FAKE_WRITE:
			at += sprintf(text + at, "write %llx", (unsigned long long)op->value);
			break;
		case S2_FAKE_FLUSH:
			at += sprintf(text + at, "tlbi %s", op->what);
			if (!strcmp(op->what, "ripas2e1is"))
				at += sprintf(text + at, " %llx", (unsigned long long)op->value);
			break;
		case S2_FAKE_ISB:
			at += sprintf(text + at, "isb");
			break;
		case S2_FAKE_VTTBR:
			at += sprintf(text + at, "vttbr %s",
				      op->value == s.vttbr ? "target"
				      : op->value == OTHER ? "other"
							   : "wrong");
			break;
		default:
			at += sprintf(text + at, "dsb %s", op->what);
		}
		at += sprintf(text + at, "; ");
		assert_true(at < sizeof(text) - 64);
	}
}

/* One change over the zero page, on a CPU where another VM runs. */
static void one_change(bool has_range, u32 tlbi_times, u64 size, const char *expected)
{
	s2_fake_machine = (struct s2_fake_machine){has_range, tlbi_times};
	begin(36, POOL_PAGES);
	assert_int_equal(s2_prepare(&s, IPA(GIB(4)), size, size), OK);
	s2_zero(&s, IPA(GIB(4)), size);
	spin_unlock(&s.lock);
	s2_fake_write_vttbr_el2(OTHER);
	s2_fake_isb();
	spin_lock(&s.lock);
	s2_fake_restart_log();
	s2_map(&s, IPA(GIB(4)), PADDR(RAM), size);
	render();
	assert_string_equal(text, expected);
	end();
	s2_fake_machine = (struct s2_fake_machine){false, 1};
}

#define BREAK "write 10; dsb ishst; "
#define TO_TARGET "dsb nsh; vttbr target; isb; "
#define BACK "isb; vttbr other; isb; "
#define MAKE "write 40000007fd; dsb ishst; "

static void test_sequence(void **state)
{
	(void)state;
	one_change(false, 1, MIB(2), BREAK TO_TARGET "tlbi vmalls12e1is; dsb ish; " BACK MAKE);
	/* IPA >> 12 = 0x100000; SCALE 1, NUM 7: 8 * 64 pages. */
	one_change(true, 1, MIB(2),
		   BREAK TO_TARGET "tlbi ripas2e1is 538000100000; dsb ish; "
				   "tlbi vmalle1is; dsb ish; " BACK MAKE);
	/* SCALE 3, NUM 3: 4 * 65536 pages. */
	one_change(true, 1, GIB(1),
		   BREAK TO_TARGET "tlbi ripas2e1is 718000100000; dsb ish; "
				   "tlbi vmalle1is; dsb ish; " BACK MAKE);
}

/* The build with ERRATA_REPEAT_TLBI=1: each TLBI and its DSB once more. */
static void test_repeated(void **state)
{
	(void)state;
	one_change(false, 2, MIB(2),
		   BREAK TO_TARGET "tlbi vmalls12e1is; dsb ish; "
				   "tlbi vmalls12e1is; dsb ish; " BACK MAKE);
	one_change(true, 2, MIB(2),
		   BREAK TO_TARGET "tlbi ripas2e1is 538000100000; dsb ish; "
				   "tlbi ripas2e1is 538000100000; dsb ish; "
				   "tlbi vmalle1is; dsb ish; "
				   "tlbi vmalle1is; dsb ish; " BACK MAKE);
}

/* Arm ARM, TLBI RIPAS2E1IS: [BaseADDR, BaseADDR + (NUM + 1) * 2^(5 * SCALE + 1) * granule). */
static u64 bytes_by_the_manual(u64 operand)
{
	u64 num = operand >> 39 & 0x1f, scale = operand >> 44 & 3;

	return (num + 1) * (1ull << (5 * scale + 1)) * 4096;
}

static void expect_operands(u64 ipa, u64 size, u32 at_most)
{
	u64 done = 0, covered;
	u32 nr = 0;

	for (; done < size; done += covered, nr++) {
		u64 operand = s2_range_operand(ipa + done, size - done, &covered);

		assert_int_equal(operand & 0x1fffffffff, (ipa + done) >> 12);
		assert_int_equal(operand >> 37 & 3, 0); /* TTL: of any level */
		assert_int_equal(operand >> 46, 1); /* 4 KiB; nothing above */
		assert_int_equal(covered, bytes_by_the_manual(operand));
	}
	assert_in_range(nr, 1, at_most);
	/* All of it, and of what follows not even two pages. */
	assert_in_range(done - size, 0, KIB(4));
}

static void test_operand(void **state)
{
	u64 covered;

	(void)state;
	assert_int_equal(s2_range_operand(0, KIB(4), &covered), 1ull << 46);
	assert_int_equal(covered, KIB(8));
	assert_int_equal(s2_range_operand(BIT(48), MIB(128), &covered),
			 1ull << 46 | 2ull << 44 | 15ull << 39 | 1ull << 36);
	assert_int_equal(covered, MIB(128));
	assert_int_equal(s2_range_operand(GIB(64), GIB(100), &covered),
			 1ull << 46 | 3ull << 44 | 31ull << 39 | 1ull << 24);
	assert_int_equal(covered, GIB(8));
	for (u32 shift = 12; shift <= 33; shift++)
		expect_operands(GIB(8), BIT(shift), 1);
	for (u64 size = KIB(4); size < MIB(20); size += KIB(4))
		expect_operands(GIB(3) - MIB(2), size, 4);
	for (u64 size = MIB(2); size < GIB(20); size += MIB(254))
		expect_operands(GIB(1), size, 5);
}

/* The checker catches each of the ways to get it wrong. */
static void change_with(enum s2_fake_seed seed, u64 faults, bool quiet)
{
	begin(32, POOL_PAGES);
	assert_int_equal(s2_prepare(&s, IPA(0), MIB(256), MIB(128)), OK);
	s2_zero(&s, IPA(0), MIB(256));
	s2_fake_check_quiet();
	s2_fake.tolerant = true;
	s2_fake.seed = seed;
	s2_map(&s, IPA(0), PADDR(RAM), MIB(128));
	assert_int_equal(s2_fake.nr_faults, faults);
	s2_fake_check_quiet();
	if (quiet)
		assert_int_equal(s2_fake.nr_faults, faults);
	else
		assert_true(s2_fake.nr_faults > faults);
	free(pool);
}

static void test_checker(void **state)
{
	u64 entry = 0;

	(void)state;
	change_with(S2_FAKE_NO_FAULT, 0, true);
	change_with(S2_FAKE_DROP_BREAK, 64, true);
	change_with(S2_FAKE_DROP_PUBLISH, 64, false);
	change_with(S2_FAKE_DROP_SWITCH, 64, false);
	change_with(S2_FAKE_DROP_ISB, 64, false);
	change_with(S2_FAKE_DROP_FLUSH, 64, false);
	change_with(S2_FAKE_DROP_DSB, 64, false);
	change_with(S2_FAKE_WRONG_VMID, 64, false);
	change_with(S2_FAKE_THIS_CPU_ONLY, 64, false);

	s2_fake_machine.has_range = true;
	change_with(S2_FAKE_NO_FAULT, 0, true);
	change_with(S2_FAKE_DROP_PUBLISH, 64, false);
	change_with(S2_FAKE_DROP_SWITCH, 64, false);
	change_with(S2_FAKE_DROP_ISB, 64, false);
	change_with(S2_FAKE_DROP_FLUSH, 64, false);
	change_with(S2_FAKE_DROP_DSB, 64, false);
	change_with(S2_FAKE_WRONG_VMID, 64, false);
	change_with(S2_FAKE_THIS_CPU_ONLY, 64, false);
	change_with(S2_FAKE_RANGE_BEHIND, 64, false);
	change_with(S2_FAKE_RANGE_SHORT, 4, false); /* of 16 parts the last */
	change_with(S2_FAKE_NO_COMBINED, 64, false);
	change_with(S2_FAKE_NO_DSB_BETWEEN, 64, false);
	s2_fake_machine.has_range = false;

	/* One valid descriptor straight over another. */
	s2_fake_reset();
	s2_fake.tolerant = true;
	s2_fake_write(&entry, s2_pte_block(PADDR(RAM)));
	s2_fake_write(&entry, s2_pte_block(PADDR(RAM + MIB(2))));
	assert_int_equal(s2_fake.nr_faults, 1);

	/* Flushed before the invalid entry was published. */
	s2_fake_reset();
	s2_fake.tolerant = true;
	s2_fake_write(&entry, 0);
	s2_flush(0, 0, MIB(2));
	s2_publish();
	s2_fake_write(&entry, s2_pte_block(PADDR(RAM)));
	assert_int_equal(s2_fake.nr_faults, 1);

	/* Unmapped, published, and handed on without a flush. */
	s2_fake_reset();
	s2_fake.tolerant = true;
	s2_fake_write(&entry, 0);
	s2_publish();
	s2_fake_check_quiet();
	assert_int_equal(s2_fake.nr_faults, 1);
	s2_fake_reset();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequence),
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_operand),
		cmocka_unit_test(test_checker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
