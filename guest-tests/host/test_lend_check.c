/* SPDX-License-Identifier: BSD-2-Clause */
/* The checker checked: each way to break a rule is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "guest-tests/host/lend_check.h"
#include "guest-tests/host/lend_world.h"

enum {
	A,
	B
};

static const struct world_vm vms[] = {
	[A] = {.nr_slots = 5, .nr_own = 3, .nr_promised = 1, .quota = 1, .lend_to = 2},
	[B] = {.nr_slots = 5, .nr_own = 1, .lend_to = 1},
};

/* a0 HELD, a1 lent and retrieved in b1, a2 lent and offered in b2, a3 the pool's; b0 SCRUBBING. */
static void begin(void)
{
	world_begin(vms, 2, 7);
	world_run("aR0 aL1b bE bR1 aL2b aR3 bR0.");
}

static struct block *block_at(u32 vm, u32 slot)
{
	return &world.blocks[world.slots[vm][slot].block];
}

static void map(u32 vm, u32 slot, paddr_t pa)
{
	spin_lock(&world.s2[vm].lock);
	if (pa.pa)
		s2_map(&world.s2[vm], IPA(WORLD_WINDOW + slot * WORLD_BLOCK), pa, WORLD_BLOCK);
	else
		s2_zero(&world.s2[vm], IPA(WORLD_WINDOW + slot * WORLD_BLOCK), WORLD_BLOCK);
	spin_unlock(&world.s2[vm].lock);
}

static void break_it(u32 how)
{
	struct ledger *l = &world.l;

	switch (how) {
	case 0: /* a second mapping */
		map(B, 3, block_at(A, 0)->pa);
		break;
	case 1: /* the zero page where a block should be */
		map(A, 0, PADDR(0));
		break;
	case 2: /* still mapped at its owner's */
		map(A, 1, block_at(A, 1)->pa);
		break;
	case 3: /* mapped though only offered */
		map(B, 2, block_at(B, 2)->pa);
		break;
	case 4: /* mapped while it is scrubbed */
		map(B, 0, block_at(B, 0)->pa);
		break;
	case 5:
		block_at(A, 0)->flags = 0; /* a block in use is not known to be zero */
		break;
	case 6:
		l->nr_free--;
		break;
	case 7: /* a block lost from the free list */
		list_remove(l, &l->free_head, &l->blocks[l->free_head]);
		break;
	case 8: /* a free list without end */
		l->blocks[l->free_head].link = l->free_head;
		break;
	case 9:
		l->vm[A].nr_pool_held = 0;
		break;
	case 10:
		l->loans[world.slots[A][1].loan].nr_out++;
		break;
	case 11: /* a loan nobody has */
		l->loans[l->loan_free].in_use = true;
		break;
	case 12:
		world.slots[B][1].loan = world.slots[B][2].loan;
		break;
	case 13:
		world.slots[B][1].flags ^= LEND_FLAG_KEEP;
		break;
	case 14:
		world.slots[A][1].flags ^= LEND_FLAG_RECALLED;
		break;
	case 15: /* one side believes that it is back */
		world.slots[A][1].state = LEND_SLOT_STANDBY;
		break;
	case 16:
		world.slots[B][0].busy = false;
		break;
	case 17:
		block_at(B, 0)->next = BLOCK_OFFERED;
		break;
	case 18:
		block_at(B, 0)->scrub_done = block_at(B, 0)->scrub_claimed + 1;
		break;
	case 19: /* two owners */
		world.slots[B][3].block = world.slots[A][0].block;
		break;
	case 20:
		block_at(A, 0)->owner = B;
		break;
	case 21: /* an event that is on no list */
		world.slots[A][4].events = BIT(LEND_EVENT_RETURNED);
		break;
	case 22:
		l->vm[B].offers_unread = 0;
		break;
	case 23:
		l->vm[B].event_tail = 0;
		break;
	case 24: /* a slot of its own, and nothing in it */
		world.slots[A][0].state = LEND_SLOT_EMPTY;
		break;
	case 25:
		world.slots[A][0].block = 99;
		break;
	case 26:
		block_at(A, 0)->holder_slot = 99;
		break;
	case 27:
		world.slots[A][1].peer = A;
		break;
	case 28: /* a free slot that the bitmap does not have */
		l->vm[A].empty[0] = 0;
		break;
	case 29: /* no room at a slot in use */
		l->vm[A].empty[0] |= BIT(0);
		break;
	case 30: /* what is being scrubbed is on nobody's list */
		l->vm[B].busy_head = LEND_NONE;
		break;
	case 31: /* more than its quota */
		l->vm[A].quota = 0;
		break;
	case 32:
		l->vm[A].target = 2;
		break;
	case 33: /* a mark on what no next kernel may be given */
		world.slots[B][1].flags |= LEND_FLAG_ADOPTED;
		break;
	case 34: /* adopted, and not counted */
		world.slots[B][1].flags |= LEND_FLAG_ADOPTED | LEND_FLAG_ADOPTABLE;
		world.slots[A][1].flags |= LEND_FLAG_ADOPTABLE;
		l->loans[world.slots[A][1].loan].flags |= LEND_FLAG_ADOPTABLE;
		break;
	case 35: /* a deadline of a loan that nobody recalled */
		l->loans[world.slots[A][1].loan].deadline = 5;
		break;
	case 36: /* recalled with a deadline, and on no list of them */
		l->loans[world.slots[A][1].loan].recalled = true;
		l->loans[world.slots[A][1].loan].deadline = 5;
		break;
	case 37: /* a deadline that stands for no loan */
		l->loans[0].by_deadline = l->loan_free;
		l->nr_deadlines = 1;
		break;
	case 38: /* RELINQUISH_ALL believes to be past a slot that is held */
		l->vm[A].all_next = 1;
		break;
	case 39: /* out of use, and still the owner's */
		block_at(A, 0)->state = BLOCK_POISONED;
		break;
	case 40: /* bad, and on offer */
		block_at(A, 2)->flags |= BLOCK_BAD;
		break;
	case 41: /* a donation that was retrieved is a loan still */
		l->loans[world.slots[B][1].loan].donated = true;
		break;
	case 42: /* the free list does not lead back */
		l->blocks[l->free_head].prev = l->free_head;
		break;
	case 43: /* a slot that reads REVOKED, with the zero page under it */
		world.slots[B][3].state = LEND_SLOT_REVOKED;
		l->vm[B].empty[0] &= ~BIT(3);
		break;
	default:
		fail();
	}
}

static void test_every_broken_rule_is_seen(void **state)
{
	(void)state;
	for (u32 how = 0; how < 44; how++) {
		struct lend_fault fault;
		bool ok;

		begin();
		assert_true(lend_check(&world.l, &fault));
		assert_null(fault.rule);
		break_it(how);
		ok = lend_check(&world.l, &fault);
		if (ok)
			fail_msg("way %u to break a rule was not seen", how);
		assert_non_null(fault.rule);
		world_drop();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_broken_rule_is_seen)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
