/* SPDX-License-Identifier: BSD-2-Clause */
/* A case of test_console.c; uses its screen[], setup() and registered sources. */
#ifndef GUEST_TESTS_HOST_CONSOLE_RANDOM_CASE_H
#define GUEST_TESTS_HOST_CONSOLE_RANDOM_CASE_H

/*
 * Three sources print random pieces, with flushes in between. Each physical line must be the tag and a
 * beginning of one line of that source; and each line must appear whole, in its source's order.
 */
#define NR_LINES 400
static char lines[3][NR_LINES][24];

static void check_screen(const u32 *nr_lines)
{
	static const char *const tag[] = {"[alice] ", "[bob] ", "[lendvisor] "};
	u32 next[3] = {0};
	char *save = NULL;

	for (char *l = strtok_r(screen, "\r\n", &save); l; l = strtok_r(NULL, "\r\n", &save)) {
		u32 s = 0;

		while (s < 3 && strncmp(l, tag[s], strlen(tag[s])))
			s++;
		assert_true(s < 3);
		l += strlen(tag[s]);
		/* Shown again as it grew, or the next one. */
		if (next[s] < nr_lines[s] && !strcmp(l, lines[s][next[s]]))
			next[s]++;
		else
			assert_int_equal(strncmp(l, lines[s][next[s]], strlen(l)), 0);
	}
	for (u32 s = 0; s < 3; s++)
		assert_int_equal(next[s], nr_lines[s]);
}

static void test_random_sources(void **state)
{
	static const u32 source[] = {ALICE, BOB, CONSOLE_HYP};

	for (unsigned int seed = 1; seed <= 40; seed++) {
		u32 nr_lines[3] = {0}, length[3] = {0};

		setup(state);
		srand(seed);
		/* No two lines alike, so that none is taken for another. */
		for (u32 i = 0; i < 3 * NR_LINES; i++)
			snprintf(lines[i / NR_LINES][i % NR_LINES], 24, "%03u%.*s", i % NR_LINES,
				 rand() % 20, "abcdefghijklmnopqrstu");
		for (u32 step = 0; step < 3000; step++) {
			u32 s = rand() % 3;
			char next = lines[s][nr_lines[s]][length[s]];

			if (rand() % 8 == 0) {
				console_flush_partial(source[s]);
			} else if (next) {
				console_putc(source[s], next);
				length[s]++;
			} else if (nr_lines[s] < NR_LINES - 1) {
				assert_false(console_putc(source[s], '\n'));
				nr_lines[s]++;
				length[s] = 0;
			}
		}
		print_message("seed %u: %zu bytes, %u lines\n", seed, nr_screen,
			      nr_lines[0] + nr_lines[1] + nr_lines[2]);
		check_screen(nr_lines);
	}
}

#endif
