/* SPDX-License-Identifier: BSD-2-Clause */
/* The console multiplexer: the bytes on the physical console are compared whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "hyp/dev/console.h"
#include "hyp/dev/text_filter.h"

enum {
	ALICE,
	BOB,
	CAROL = 12
};

static char screen[1 << 20];
static size_t nr_screen;
static char typed[3][64]; /* alice, bob, monitor */

static void put(const char *buf, size_t n)
{
	assert_true(nr_screen + n < sizeof(screen));
	memcpy(screen + nr_screen, buf, n);
	nr_screen += n;
	screen[nr_screen] = '\0';
}

static void input(void *arg, u8 byte)
{
	char *to = arg;
	size_t n = strlen(to);

	/* The lock is free here: the one who gets the byte may print. */
	console_write(CONSOLE_LOG, "", 0);
	to[n] = byte;
}

static int setup(void **state)
{
	static const struct console_ops ops = {put};

	(void)state;
	nr_screen = 0;
	screen[0] = '\0';
	memset(typed, 0, sizeof(typed));
	console_init(&ops);
	console_register(ALICE, "alice", input, typed[0]);
	console_register(BOB, "bob", input, typed[1]);
	console_register(CONSOLE_HYP, "lendvisor", input, typed[2]);
	return 0;
}

static bool say(u32 source, const char *text)
{
	return console_write(source, text, strlen(text));
}

/* What appeared since the last look. */
static void expect(const char *text)
{
	assert_string_equal(screen, text);
	nr_screen = 0;
	screen[0] = '\0';
}

static void test_whole_lines(void **state)
{
	(void)state;
	assert_true(say(ALICE, "one"));
	assert_true(say(BOB, "eins"));
	expect("");
	assert_false(say(ALICE, "\n"));
	expect("[alice] one\r\n");
	assert_false(say(BOB, " zwei\r\n\n"));
	expect("[bob] eins zwei\r\n[bob] \r\n");
	console_log_line("two VMs");
	expect("[lendvisor] two VMs\r\n");
	for (const char *s = "ok"; *s; s++)
		assert_true(console_putc(ALICE, *s));
	assert_false(console_putc(ALICE, '\n'));
	expect("[alice] ok\r\n");
	/* Nobody is registered there. */
	assert_false(say(5, "hello\n"));
	expect("");
}

static void test_partial_goes_on_in_place(void **state)
{
	(void)state;
	assert_true(say(ALICE, "login: "));
	console_flush_partial(ALICE);
	expect("[alice] login: ");
	console_flush_partial(ALICE);
	console_flush_partial(BOB);
	expect("");
	assert_false(say(ALICE, "ro"));
	expect("ro");
	assert_false(say(ALICE, "ot\n"));
	expect("ot\r\n");
	console_flush_partial(ALICE);
	expect("");
}

static void test_partial_interrupted(void **state)
{
	(void)state;
	say(ALICE, "login: ");
	console_flush_partial(ALICE);
	assert_false(say(BOB, "hello\n"));
	expect("[alice] login: \r\n[bob] hello\r\n");
	/* Unchanged it has nothing to show; changed it is shown whole. */
	console_flush_partial(ALICE);
	expect("");
	assert_true(say(ALICE, "r"));
	expect("");
	console_flush_partial(ALICE);
	expect("[alice] login: r");
	assert_false(say(BOB, "again\n"));
	assert_true(say(ALICE, "oot"));
	assert_false(say(ALICE, "\n"));
	expect("\r\n[bob] again\r\n[alice] login: root\r\n");

	/* Interrupted and ended as it stood: it has been on a line of its own. */
	say(ALICE, "$ ");
	console_flush_partial(ALICE);
	console_log_line("x");
	assert_false(say(ALICE, "\n"));
	expect("[alice] $ \r\n[lendvisor] x\r\n");

	/* A partial line of another also ends it. */
	say(ALICE, "A");
	console_flush_partial(ALICE);
	say(BOB, "B");
	console_flush_partial(BOB);
	say(ALICE, "a\n");
	say(BOB, "b\n");
	expect("[alice] A\r\n[bob] B\r\n[alice] Aa\r\n[bob] Bb\r\n");
}

static void test_monitor_and_log(void **state)
{
	(void)state;
	say(CONSOLE_HYP, "> ");
	console_flush_partial(CONSOLE_HYP);
	say(CONSOLE_HYP, "vm");
	console_log_line("vm0 stopped");
	say(CONSOLE_HYP, "s");
	console_flush_partial(CONSOLE_HYP);
	say(CONSOLE_HYP, "\n");
	expect("[lendvisor] > vm\r\n[lendvisor] vm0 stopped\r\n[lendvisor] > vms\r\n");
}

static void test_hostile_bytes(void **state)
{
	static const struct {
		const char *in, *out;
	} row[] = {
		{"a\x1b[2Jb\x1b[31;1mc\x1b[0m", "abc"},
		{"a\x1b]0;title\a"
		 "b\x1b]2;x\x1b\\c",
		 "abc"},
		{"a\x1bP1$q\x1b\\b\x1b_apc\x1b\\c\x1b^pm\x1b\\\x1bXsos\x1b\\d", "abcd"},
		{"a\x1b(Bb\x1b=c\x1b"
		 "cd\x1b#8e",
		 "abcde"},
		{"a\x1b[1\x18"
		 "b\x1b]x\x1a"
		 "c",
		 "abc"},
		{"a\x1b\x1b[Kb", "ab"},
		{"a\x01\a\v\f\x0e\x0f\x7f"
		 "b\tc",
		 "ab\tc"},
		{"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x99\x82",
		 "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x99\x82"},
		{"a\xc2\x9b"
		 "2Jb\xc2\x85"
		 "c\x9b\x85\xff\xfe"
		 "d",
		 "a2Jbcd"},
		{"a\xc3"
		 "b\xe2\x82"
		 "c\x80\xf0\x9f\x99"
		 "d",
		 "abcd"},
		{"a\xc0\xaf\xc1\x81\xe0\x80\xaf\xed\xa0\x80\xf4\x90\x80\x80\xf5\x80\x80\x80"
		 "b",
		 "ab"},
		{"a\xe2\x80\xae"
		 "b\xe2\x80\xa8"
		 "c\xe2\x81\xa6"
		 "d\xef\xbb\xbf",
		 "abcd"},
		{"[bob] I am bob", "[bob] I am bob"},
	};
	char expected[128];

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		setup(state);
		say(ALICE, row[i].in);
		say(ALICE, "\n");
		snprintf(expected, sizeof(expected), "[alice] %s\r\n", row[i].out);
		expect(expected);
	}
	/* An unfinished string ends with the line. */
	say(ALICE, "a\x1b]0;never ends\nb\n");
	expect("[alice] a\r\n[alice] b\r\n");
	/* An embedded NUL. */
	console_write(ALICE, "x\0y\n", 4);
	expect("[alice] xy\r\n");
}

static void test_backspace(void **state)
{
	(void)state;
	say(ALICE, "abd\b");
	say(ALICE, "c\n\b\b");
	expect("[alice] abc\r\n");
	say(ALICE, "xy");
	console_flush_partial(ALICE);
	expect("[alice] xy");
	/* As Linux echoes an erased character; and never beyond the tag. */
	assert_false(say(ALICE, "\b \b"));
	expect("\b \b \b \b");
	say(ALICE, "\b\b\b\b");
	expect("\b \b");
	assert_false(say(ALICE, "\xc3\xbc"));
	assert_false(say(ALICE, "\b"));
	expect("\xc3\xbc\r\x1b[K[alice] ");
	say(ALICE, "q\tr\b\b\n");
	expect("q\tr\b \b\r\x1b[K[alice] q\r\n");
	/* Taken back while interrupted. */
	say(ALICE, "no");
	console_flush_partial(ALICE);
	say(BOB, "!\n");
	assert_true(say(ALICE, "\b"));
	say(ALICE, "\n");
	expect("[alice] no\r\n[bob] !\r\n[alice] n\r\n");
}

static void test_carriage_return(void **state)
{
	(void)state;
	say(ALICE, "10%\r20%\r");
	say(ALICE, "\x1b[K\r\n");
	expect("[alice] 20%\r\n");
	say(ALICE, "10%");
	console_flush_partial(ALICE);
	assert_false(say(ALICE, "\r"));
	expect("[alice] 10%");
	assert_false(say(ALICE, "20%"));
	expect("\r\x1b[K[alice] 20%");
	say(BOB, ".\n");
	assert_true(say(ALICE, "\r30%"));
	say(ALICE, "\r\n");
	expect("\r\n[bob] .\r\n[alice] 30%\r\n");
}

static void test_long_lines(void **state)
{
	char text[1002], expected[1100];

	(void)state;
	memset(text, 'x', 1000);
	text[1000] = '\n';
	text[1001] = '\0';
	say(ALICE, text);
	sprintf(expected, "[alice] %.400s\r\n[alice] %.400s\r\n[alice] %.200s\r\n", text, text,
		text);
	expect(expected);

	/* Exactly full, then a newline: one line. */
	text[400] = '\n';
	text[401] = '\0';
	say(ALICE, text);
	sprintf(expected, "[alice] %.400s\r\n", text);
	expect(expected);

	/* A character is not cut in two. */
	text[399] = '\0';
	say(ALICE, text);
	say(ALICE, "\xe2\x82\xac\n");
	sprintf(expected, "[alice] %.399s\r\n[alice] \xe2\x82\xac\r\n", text);
	expect(expected);

	/* Wrapped while shown. */
	say(ALICE, text);
	console_flush_partial(ALICE);
	assert_true(say(ALICE, "yz"));
	say(ALICE, "\n");
	sprintf(expected, "[alice] %.399sy\r\n[alice] z\r\n", text);
	expect(expected);
}

static void type(const char *s)
{
	while (*s)
		console_input(*s++);
}

static void expect_typed(const char *alice, const char *bob, const char *monitor)
{
	assert_string_equal(typed[0], alice);
	assert_string_equal(typed[1], bob);
	assert_string_equal(typed[2], monitor);
	memset(typed, 0, sizeof(typed));
}

static void test_input(void **state)
{
	(void)state;
	type("help\r");
	expect_typed("", "", "help\r");
	type("\x14"
	     "1");
	expect("[lendvisor] focus: bob\r\n");
	type("\x14"
	     "7");
	expect("[lendvisor] focus: no such VM\r\n");
	type("ls\x03");
	expect_typed("", "ls\x03", "");
	expect("");
	/* The key takes exactly one byte after it. */
	type("\x14"
	     "0ab\x14"
	     "1c\x14md");
	expect("[lendvisor] focus: alice\r\n[lendvisor] focus: bob\r\n[lendvisor] focus: "
	       "monitor\r\n");
	expect_typed("ab", "c", "d");
	/* The cycle, past ids that are not there. */
	console_register(CAROL, "carol", NULL, NULL);
	type("\x14n1\x14 2\x14\x0d"
	     "3\x14n4");
	expect("[lendvisor] focus: alice\r\n[lendvisor] focus: bob\r\n[lendvisor] focus: carol\r\n"
	       "[lendvisor] focus: monitor\r\n");
	expect_typed("1", "2", "4");
	/* Nobody there; and the key itself. */
	type("\x14"
	     "0\x14"
	     "9x\x14ty\x14\x14z");
	expect("[lendvisor] focus: alice\r\n[lendvisor] focus: no such VM\r\n");
	expect_typed("x\x14y\x14z", "", "");
}

static void test_panic_line(void **state)
{
	static const struct console_ops ops = {put};

	(void)state;
	console_init(&ops);
	console_panic_line("PANIC: early");
	say(CONSOLE_HYP, "x");
	console_flush_partial(CONSOLE_HYP);
	console_panic_line("PANIC: late");
	expect("\r\n[lendvisor] PANIC: early\r\n[lendvisor] x\r\n[lendvisor] PANIC: late\r\n");
}

static void test_long_name(void **state)
{
	(void)state;
	console_register(3, "0123456789012345678901234567890123456789", NULL, NULL);
	say(3, "x\n");
	expect("[0123456789012345678901234567890] x\r\n");
}

#include "guest-tests/host/console_random_case.h"

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_whole_lines, setup),
		cmocka_unit_test_setup(test_partial_goes_on_in_place, setup),
		cmocka_unit_test_setup(test_partial_interrupted, setup),
		cmocka_unit_test_setup(test_monitor_and_log, setup),
		cmocka_unit_test_setup(test_hostile_bytes, setup),
		cmocka_unit_test_setup(test_backspace, setup),
		cmocka_unit_test_setup(test_carriage_return, setup),
		cmocka_unit_test_setup(test_long_lines, setup),
		cmocka_unit_test_setup(test_input, setup),
		cmocka_unit_test_setup(test_panic_line, setup),
		cmocka_unit_test_setup(test_long_name, setup),
		cmocka_unit_test_setup(test_random_sources, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
