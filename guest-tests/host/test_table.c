/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every slot state × every call × every role, as the tables of lending.md §3 have it. After each call the whole
 * state of ledger, slots, events and stage-2 of all VMs is compared: what the row says, and nothing else; not a
 * byte of it where the call changes nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "guest-tests/host/lend_world.h"
#include "guest-tests/host/lend_table_rows.h"

enum {
	A,
	B,
	C,
	NR_ROLES
};

#define C_SLOT 1
#define NR_BLOCKS 5

static const struct world_vm vms[] = {
	[A] = {.nr_slots = 6, .nr_own = 2, .nr_promised = 2, .quota = 1, .lend_to = 6},
	[B] = {.nr_slots = 6, .nr_own = 1, .nr_promised = 1, .quota = 1, .lend_to = 5},
	[C] = {.nr_slots = 3, .nr_promised = 1, .quota = 1, .lend_to = 1, .manager = true},
};

#define KEEP LEND_RELINQUISH_KEEP
#define KEEP_OFFER LEND_RELINQUISH_KEEP_OFFER

/* Columns of the table; arg: SLOT, LOAN and PEER stand for the row's and the role's. */
enum {
	SLOT = 1000,
	LOAN,
	PEER
};

static const struct column {
	const char *name;
	u32 fn;
	u32 arg[4];
} columns[] = {
	{"version", LEND_VERSION, {0}},
	{"info", LEND_INFO, {LEND_INFO_POOL}},
	{"slot-info", LEND_SLOT_INFO, {SLOT}},
	{"retrieve", LEND_RETRIEVE, {SLOT, 1}},
	{"relinquish", LEND_RELINQUISH, {SLOT, 1, 0}},
	{"relinquish+k", LEND_RELINQUISH, {SLOT, 1, KEEP}},
	{"relinquish+o", LEND_RELINQUISH, {SLOT, 1, KEEP_OFFER}},
	{"relinquish+ko", LEND_RELINQUISH, {SLOT, 1, KEEP | KEEP_OFFER}},
	{"all", LEND_RELINQUISH_ALL, {0}},
	{"refuse", LEND_REFUSE, {SLOT}},
	{"lend", LEND_LEND, {SLOT, 1, PEER, 0}},
	{"donate", LEND_DONATE, {SLOT, 1, PEER, 0}},
	{"reclaim", LEND_RECLAIM, {LOAN, 0}},
	{"revoke", LEND_REVOKE, {LOAN}},
	{"event", LEND_EVENT_NEXT, {0}},
	{"target", LEND_TARGET, {B, 0}},
	{"map+boot", LEND_MAP, {0x1000, 0x1000, LEND_MAP_BOOT}},
	{"map+adopt", LEND_MAP, {0x1000, 0x1000, LEND_MAP_ADOPT}},
};

static const struct {
	const char *name;
	s64 status;
} statuses[] = {
	{"PENDING", LEND_PENDING}, {"DENIED", LEND_DENIED},       {"BAD_STATE", LEND_BAD_STATE},
	{"BUSY", LEND_BUSY},       {"NO_MEMORY", LEND_NO_MEMORY},
};

/* changes: "" for none. */
struct expected {
	bool given;
	s64 status;
	char changes[128];
};

/* ---- What a row says */

static bool is_word(const char *text, const char *word)
{
	size_t size = strlen(word);

	return !strncmp(text, word, size) && strchr(" ;", text[size]);
}

static struct expected parse(const char *text)
{
	struct expected e = {.given = true};

	text += strspn(text, " ");
	for (u32 i = 0; i < ARRAY_SIZE(statuses); i++)
		if (is_word(text, statuses[i].name)) {
			e.status = statuses[i].status;
			text += strlen(statuses[i].name);
			text += strspn(text, " ");
			break;
		}
	snprintf(e.changes, sizeof(e.changes), "%.*s", (int)strcspn(text, ";"), text);
	return e;
}

static struct expected find(const char *cells, const char *name)
{
	for (const char *at = cells; *at; at += strcspn(at, ";"), at += strspn(at, "; "))
		if (is_word(at, name))
			return parse(at + strlen(name));
	return (struct expected){0};
}

/* ---- What the state of the caller's slot says where the row does not */

static struct expected same(s64 status)
{
	return (struct expected){.given = true, .status = status};
}

static const struct expected missing;

/* §3's second table; no row for what changes something. */
static struct expected by_state(const struct lend_vm *vm, u32 slot, u32 fn)
{
	u8 state = vm->slots[slot].state;

	switch (fn) {
	case LEND_RETRIEVE:
		if (state == LEND_SLOT_HELD || state == LEND_SLOT_BORROWED)
			return same(LEND_SUCCESS);
		return state == LEND_SLOT_STANDBY || state == LEND_SLOT_OFFERED
			       ? missing
			       : same(LEND_BAD_STATE);
	case LEND_RELINQUISH:
		return state == LEND_SLOT_HELD || state == LEND_SLOT_BORROWED ||
				       state == LEND_SLOT_REVOKED
			       ? missing
			       : same(LEND_SUCCESS);
	case LEND_REFUSE:
		return state == LEND_SLOT_OFFERED ? missing : same(LEND_BAD_STATE);
	default: /* LEND, DONATE */
		if (state == LEND_SLOT_OFFERED || state == LEND_SLOT_BORROWED)
			return same(LEND_DENIED);
		if (state != LEND_SLOT_STANDBY)
			return same(LEND_BAD_STATE);
		return slot_is_own(&world.l, vm, slot) ? missing : same(LEND_DENIED);
	}
}

static struct expected by_loan(const struct lend_vm *vm, u64 handle, u32 fn)
{
	const struct loan *loan = loan_find(&world.l, handle);

	if (!loan)
		return same(LEND_BAD_STATE);
	if (loan->owner != vm->id)
		return same(LEND_DENIED);
	if (fn == LEND_REVOKE && !(loan->flags & LEND_FLAG_REVOCABLE))
		return same(LEND_DENIED);
	return missing;
}

/* Would LEND_MAP have something to mark, or to take away? */
static bool map_marks(const struct lend_vm *vm, bool adopt)
{
	for (u32 i = 0; i < vm->nr_slots; i++) {
		const struct slot *s = &vm->slots[i];
		bool may = s->state == LEND_SLOT_HELD ? slot_is_own(&world.l, vm, i)
						      : s->state == LEND_SLOT_BORROWED &&
								s->flags & LEND_FLAG_ADOPTABLE;

		if (may && adopt != !!(s->flags & LEND_FLAG_ADOPTED))
			return true;
	}
	return false;
}

static struct expected by_default(const struct column *c, const struct lend_vm *vm, u32 slot,
				  u64 loan)
{
	switch (c->fn) {
	case LEND_RECLAIM:
	case LEND_REVOKE:
		return by_loan(vm, loan, c->fn);
	case LEND_EVENT_NEXT:
		return lend_events_pending(vm) ? missing : same(LEND_SUCCESS);
	case LEND_TARGET:
		return vm->manager ? parse("b.target=0 b.note=T") : same(LEND_DENIED);
	case LEND_MAP:
		return map_marks(vm, c->arg[2] == LEND_MAP_ADOPT) ? missing : same(LEND_SUCCESS);
	case LEND_VERSION:
	case LEND_INFO:
	case LEND_SLOT_INFO:
		return same(LEND_SUCCESS);
	default:
		return by_state(vm, slot, c->fn);
	}
}

static struct expected expectation(const struct row *r, u32 role, const struct column *c, u32 slot,
				   u64 loan)
{
	const char *cells = role == A ? r->a.cells : role == B ? r->b.cells : r->c;
	struct expected e = find(cells, c->name);

	if (!e.given && c->fn == LEND_RELINQUISH)
		e = find(cells, "relinquish");
	/* A VM in these rows holds one slot at most, and that one. */
	if (!e.given && c->fn == LEND_RELINQUISH_ALL) {
		e = find(cells, "relinquish");
		return e.given ? e : same(LEND_SUCCESS);
	}
	return e.given ? e : by_default(c, &world.l.vm[role], slot, loan);
}

/* ---- One cell of the table */

static u64 loan_of(const struct row *r)
{
	u32 loan = world.slots[A][r->a.slot].loan;

	if (loan == LEND_NONE)
		loan = world.slots[B][r->b.slot].loan;
	return loan == LEND_NONE ? 0 : loan_handle(&world.l, loan);
}

static u64 argument(u32 arg, u32 role, u32 slot, u64 loan)
{
	return arg == SLOT ? slot : arg == LOAN ? loan : arg == PEER ? (role == C ? A : C) : arg;
}

static void check_generations(const struct slot before[WORLD_MAX_VMS][WORLD_MAX_SLOTS])
{
	for (u32 vm = 0; vm < ARRAY_SIZE(vms); vm++)
		for (u32 i = 0; i < vms[vm].nr_slots; i++)
			if (world.slots[vm][i].state != before[vm][i].state)
				assert_int_not_equal(world.slots[vm][i].generation,
						     before[vm][i].generation);
}

/* x1 of a call over slots, and of RECLAIM. */
static void check_count(u32 fn, s64 status)
{
	if (fn == LEND_RETRIEVE || fn == LEND_RELINQUISH)
		assert_int_equal(world.x[1], status == LEND_SUCCESS);
	if (fn == LEND_RECLAIM)
		assert_int_equal(world.x[1] > 0, status == LEND_PENDING);
}

static void run(const struct row *r, u32 role, const struct column *c, u32 pending_every)
{
	static struct slot slots[WORLD_MAX_VMS][WORLD_MAX_SLOTS];
	u32 slot = role == A ? r->a.slot : role == B ? r->b.slot : C_SLOT;
	struct world_snapshot *snapshot;
	char before[WORLD_TEXT];
	struct expected e;
	s64 status;
	u64 arg[4], loan;

	world_begin_sparse(vms, ARRAY_SIZE(vms), NR_BLOCKS);
	world_run(r->script);
	world_text(before);
	world_expect(before, r->state);
	loan = loan_of(r);
	e = expectation(r, role, c, slot, loan);
	if (!e.given)
		fail_msg("%s: %c: %s: no such cell", r->name, 'a' + role, c->name);
	memcpy(slots, world.slots, sizeof(slots));
	for (u32 i = 0; i < 4; i++)
		arg[i] = argument(c->arg[i], role, slot, loan);
	world.pending_every = pending_every;
	snapshot = world_snapshot();
	status = world_call(role, c->fn, arg[0], arg[1], arg[2], arg[3]);
	if (status != e.status)
		fail_msg("%s: %c: %s: status %d, not %d", r->name, 'a' + role, c->name, (int)status,
			 (int)e.status);
	check_count(c->fn, status);
	if (*e.changes) {
		world_expect(before, e.changes);
		world_snapshot_free(snapshot);
	} else {
		world_expect_same(snapshot);
	}
	check_generations(slots);
	world_end();
}

static char cell[128]; /* that is being looked at: a failed assertion does not say */

static int say_cell(void **state)
{
	(void)state;
	if (*cell)
		print_message("in the cell %s\n", cell);
	*cell = '\0';
	return 0;
}

static void run_table(u32 pending_every)
{
	u32 cells = 0;

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 role = A; role < NR_ROLES; role++)
			for (u32 c = 0; c < ARRAY_SIZE(columns); c++, cells++) {
				snprintf(cell, sizeof(cell), "%s: %c: %s, interrupted %u",
					 rows[i].name, 'a' + role, columns[c].name, pending_every);
				run(&rows[i], role, &columns[c], pending_every);
			}
	*cell = '\0';
	print_message("%u cells\n", cells);
}

static void test_every_state_every_call_every_role(void **state)
{
	(void)state;
	run_table(0);
}

/* The same answers and the same end, however often it is interrupted. */
static void test_the_same_interrupted(void **state)
{
	(void)state;
	for (u32 every = 1; every < 4; every++)
		run_table(every);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_every_state_every_call_every_role, say_cell),
		cmocka_unit_test_teardown(test_the_same_interrupted, say_cell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
