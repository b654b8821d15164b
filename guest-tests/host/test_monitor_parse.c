/* SPDX-License-Identifier: BSD-2-Clause */
/* The monitor's lines, right and wrong, against the whole request or the whole answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "hyp/lend/abi.h"
#include "hyp/monitor_parse.h"

#define LOAN_USAGE "usage: lend OWNER SLOT N BORROWER [revocable,keep,adoptable]"
#define ALL_FLAGS (LEND_LEND_REVOCABLE | LEND_LEND_KEEP | LEND_LEND_ADOPTABLE)

static const char *const names[] = {"alice", "bob", "7"};

struct row {
	const char *line;
	struct monitor_request request; /* when why is NULL */
	const char *why;
};

static const struct row rows[] = {
	{"", {MONITOR_NOTHING, 0, {0}}, NULL},
	{"   ", {MONITOR_NOTHING, 0, {0}}, NULL},
	{"vms", {MONITOR_VMS, 0, {0}}, NULL},
	{"  blocks ", {MONITOR_BLOCKS, 0, {0}}, NULL},
	{"stats", {MONITOR_STATS, 0, {0}}, NULL},
	{"stats bob", {MONITOR_STATS, 1, {1}}, NULL},
	{"stop 7", {MONITOR_STOP, 1, {2}}, NULL},
	{"lend alice 0 4 bob", {MONITOR_LEND, 4, {0, 0, 4, 1}}, NULL},
	{"lend bob  0x1F 010 alice keep", {MONITOR_LEND, 5, {1, 31, 10, 0, LEND_LEND_KEEP}}, NULL},
	{"lend bob 1 1 alice revocable,keep,adoptable",
	 {MONITOR_LEND, 5, {1, 1, 1, 0, ALL_FLAGS}},
	 NULL},
	{"lend bob 1 1 alice keep,,keep", {MONITOR_LEND, 5, {1, 1, 1, 0, LEND_LEND_KEEP}}, NULL},
	{"reclaim 0xfFfffffFffffffff", {MONITOR_RECLAIM, 1, {~0ULL}}, NULL},
	{"reclaim 18446744073709551615 1", {MONITOR_RECLAIM, 2, {~0ULL, 1}}, NULL},
	{"target alice 3", {MONITOR_TARGET, 2, {0, 3}}, NULL},
	{"poison 0x80000000", {MONITOR_POISON, 1, {0x80000000}}, NULL},
	{"help", {MONITOR_HELP, 0, {0}}, NULL},

	{"vm", {0}, "no command 'vm'; try help"},
	{"vmss", {0}, "no command 'vmss'; try help"},
	{"VMS", {0}, "no command 'VMS'; try help"},
	{"vms alice", {0}, "usage: vms"},
	{"stop", {0}, "usage: stop VM"},
	{"stop alice bob", {0}, "usage: stop VM"},
	{"stop alic", {0}, "no VM 'alic'; try vms"},
	{"stop 0", {0}, "no VM '0'; try vms"},
	{"lend alice 0 4", {0}, LOAN_USAGE},
	{"lend alice 0 4 bob keep x", {0}, LOAN_USAGE},
	{"lend alice 0 4 bob loose", {0}, "no flag 'loose'"},
	{"lend alice 0 4 bob keep,", {MONITOR_LEND, 5, {0, 0, 4, 1, LEND_LEND_KEEP}}, NULL},
	{"lend alice 0 4 bob revocable,kee", {0}, "no flag 'kee'"},
	{"revoke 0x", {0}, "'0x' is no number, decimal or 0x"},
	{"revoke 12a", {0}, "'12a' is no number, decimal or 0x"},
	{"revoke -1", {0}, "'-1' is no number, decimal or 0x"},
	{"revoke 0x10000000000000000", {0}, "'0x10000000000000000' is no number, decimal or 0x"},
	{"revoke 18446744073709551616", {0}, "'18446744073709551616' is no number, decimal or 0x"},
	{"reclaim 1 2 3", {0}, "usage: reclaim LOAN [MS]"},
};

static void every_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char line[MONITOR_LINE_SIZE], why[200] = "";
		struct monitor_request request;
		bool good;

		snprintf(line, sizeof(line), "%s", rows[i].line);
		good = monitor_parse(line, names, ARRAY_SIZE(names), &request, why, sizeof(why));
		print_message("%s\n", rows[i].line);
		assert_string_equal(why, rows[i].why ? rows[i].why : "");
		assert_int_equal(good, !rows[i].why);
		if (!good)
			continue;
		assert_int_equal(request.command, rows[i].request.command);
		assert_int_equal(request.nr_args, rows[i].request.nr_args);
		assert_memory_equal(request.arg, rows[i].request.arg, sizeof(request.arg));
	}
}

/* Whatever is typed ends in a request or in one line, within its bounds. */
static void any_bytes(void **state)
{
	static const char alphabet[] = "lend alice 0x19,keep revoke stats\t7fF?";
	u32 seed = 1, taken = 0;

	(void)state;
	for (u32 round = 0; round < 200000; round++) {
		char line[MONITOR_LINE_SIZE], why[40];
		struct monitor_request request;
		u32 n = 0, length;

		seed = seed * 1664525 + 1013904223;
		length = seed >> 8 & 127;
		n = (u32)snprintf(line, sizeof(line), "%s ",
				  monitor_rows[(seed >> 16) % MONITOR_NR].name);
		for (; n < length; n++) {
			seed = seed * 1664525 + 1013904223;
			line[n] = alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
		}
		line[n] = '\0';
		memset(why, 'x', sizeof(why));
		if (monitor_parse(line, names, ARRAY_SIZE(names), &request, why, sizeof(why))) {
			taken++;
			assert_true(request.command <= MONITOR_NOTHING);
			assert_true(request.nr_args <= MONITOR_MAX_ARGS);
		} else {
			assert_true(strnlen(why, sizeof(why)) < sizeof(why));
		}
	}
	assert_true(taken > 1000);
}

static void every_row_has_its_help(void **state)
{
	(void)state;
	for (u32 i = 0; i < MONITOR_NR; i++) {
		assert_non_null(monitor_rows[i].name);
		assert_true(strlen(monitor_rows[i].help) > 0);
		/* A word of usage for each argument. */
		u32 args = 0, words = strlen(monitor_rows[i].usage) > 0;

		for (const char *kind = monitor_rows[i].args; *kind; kind++)
			args += *kind != '?';
		for (const char *at = monitor_rows[i].usage; *at; at++)
			words += *at == ' ';
		assert_int_equal(words, args);
		assert_true(args <= MONITOR_MAX_ARGS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(every_row_has_its_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
