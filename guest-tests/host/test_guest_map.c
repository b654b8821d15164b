/* SPDX-License-Identifier: BSD-2-Clause */
/* The FDT for a next kernel, against that of the first boot: seeds, and blocks listed as memory. */
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "dt/guest_fdt.h"
#include "guest-tests/host/fdt_text.h"
#include "hyp/lib/error.h"

static _Alignas(8) u8 first[GUEST_FDT_MAX_SIZE], next[GUEST_FDT_MAX_SIZE];
static struct guest_ranges ranges;
static u32 nr_served;

static void serve(void)
{
	nr_served++;
}

/* The largest tree that a bundle can ask for. */
static const struct bundle *largest(const char *bootargs)
{
	static struct bundle b;

	memset(&b, 0, sizeof(b));
	b.block_size = MIB(2);
	b.nr_vms = BUNDLE_MAX_VMS;
	b.vm[0].cpus = PLATFORM_MAX_CPUS;
	b.vm[0].boot_memory = GIB(4);
	b.vm[0].has_window = true;
	b.vm[0].window_base = GIB(5);
	b.vm[0].window_size = GIB(64);
	b.vm[0].lend_to = 0xfffe;
	memset(b.vm[0].bootargs, 'x', sizeof(b.vm[0].bootargs) - 1);
	if (bootargs)
		strcpy(b.vm[0].bootargs, bootargs);
	for (u32 i = 0; i < b.nr_vms; i++)
		snprintf(b.vm[i].name, sizeof(b.vm[i].name), "%02u-a-name-as-long-as-it-can-be",
			 i % 100);
	return &b;
}

static struct guest_fdt_args the_first(const struct bundle *b)
{
	return (struct guest_fdt_args){
		.bundle = b,
		.initrd_start = 0x48000000,
		.initrd_end = 0x48123457,
		.seed = 1234,
		.serve = serve,
	};
}

static int write(void *fdt, const struct guest_fdt_args *args)
{
	int length;

	memset(fdt, 0xee, GUEST_FDT_MAX_SIZE);
	length = guest_fdt_write(fdt, GUEST_FDT_MAX_SIZE, args);
	assert_true(length > 0);
	assert_int_equal(fdt_totalsize(fdt), length);
	assert_int_equal(fdt_check_full(fdt, (size_t)length), 0);
	return length;
}

/* The line of text that begins with word (spaces aside) is there. */
static bool has_line(const char *text, const char *word)
{
	const char *at = strstr(text, word);

	return at && at > text && at[-1] == ' ';
}

/* Cuts the first line that holds word out of text. */
static void cut_line(char *text, const char *word)
{
	char *at = strstr(text, word), *end;

	assert_non_null(at);
	end = strchr(at, '\n') + 1;
	while (at > text && at[-1] != '\n')
		at--;
	memmove(at, end, strlen(end) + 1);
}

/* Both trees as text, the first without its seeds, the next without its wiped one. */
static void texts(char **a, char **b)
{
	*a = strdup(fdt_text(first, 0));
	*b = strdup(fdt_text(next, 1));
	assert_true(has_line(*b, "kaslr-seed 0 0\n"));
	assert_false(has_line(*b, "rng-seed"));
	cut_line(*b, "kaslr-seed");
}

static void a_boot_map_is_the_first_fdt_but_seeds(void **state)
{
	static const char *const bootargs[] = {NULL, "quiet", "nokaslr"};
	char *a, *b;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bootargs); i++) {
		struct guest_fdt_args args = the_first(largest(bootargs[i]));

		write(first, &args);
		args.next_kernel = true;
		args.blocks = i == 1 ? &ranges : NULL; /* of none, or none at all */
		ranges.nr = 0;
		write(next, &args);
		texts(&a, &b);
		if (i != 2) {
			cut_line(a, "kaslr-seed");
			cut_line(a, "rng-seed");
		}
		assert_string_equal(a, b);
		free(a);
		free(b);
		/* Nothing of the seed is in it. */
		args.seed = 4321;
		write(first, &args);
		assert_memory_equal(first, next, sizeof(first));
	}
}

static void an_adopt_map_has_one_node_more(void **state)
{
	static const char node[] = "  memory@140000000 {\n"
				   "    device_type 'memory'\n"
				   "    reg 1 40000000 0 400000 1 40600000 0 200000 2 0 0 200000\n"
				   "  }\n";
	struct guest_fdt_args args = the_first(largest("nokaslr"));
	char *a, *b, *at;

	(void)state;
	write(first, &args);
	ranges.nr = 0;
	assert_true(guest_ranges_add(&ranges, GIB(5), MIB(2)));
	assert_true(guest_ranges_add(&ranges, GIB(5) + MIB(2), MIB(2)));
	assert_true(guest_ranges_add(&ranges, GIB(5) + MIB(6), MIB(2)));
	assert_true(guest_ranges_add(&ranges, GIB(8), MIB(2)));
	assert_int_equal(ranges.nr, 3);
	args.next_kernel = true;
	args.blocks = &ranges;
	write(next, &args);
	texts(&a, &b);
	at = strstr(b, "  memory@140000000");
	assert_non_null(at);
	assert_memory_equal(at, node, sizeof(node) - 1);
	memmove(at, at + sizeof(node) - 1, strlen(at + sizeof(node) - 1) + 1);
	assert_string_equal(a, b);
	free(a);
	free(b);
}

static void fill_ranges(void)
{
	ranges.nr = 0;
	for (u64 i = 0; i < GUEST_FDT_MAX_RANGES; i++)
		assert_true(guest_ranges_add(&ranges, GIB(5) + i * MIB(4), MIB(2)));
}

static void no_more_ranges_than_that(void **state)
{
	const u64 behind = GIB(5) + GUEST_FDT_MAX_RANGES * MIB(4);
	struct guest_ranges before;

	(void)state;
	fill_ranges();
	before = ranges;
	assert_false(guest_ranges_add(&ranges, behind, MIB(2)));
	assert_memory_equal(&ranges, &before, sizeof(ranges));
	assert_true(guest_ranges_add(&ranges, behind - MIB(2), MIB(2)));
	assert_int_equal(ranges.nr, GUEST_FDT_MAX_RANGES);
	assert_int_equal(ranges.range[GUEST_FDT_MAX_RANGES - 1].size, MIB(4));
}

/* The largest map there is fits the room that is kept for it, and no smaller room is written past. */
static void room(void **state)
{
	struct guest_fdt_args args = the_first(largest(NULL));
	int length, node;
	const u8 *reg;

	(void)state;
	fill_ranges();
	args.blocks = &ranges;
	args.next_kernel = true;
	length = write(next, &args);
	node = fdt_path_offset(next, "/memory@140000000");
	reg = fdt_getprop(next, node, "reg", &node);
	assert_int_equal(node, GUEST_FDT_MAX_RANGES * 16);
	for (u32 i = 0; i < GUEST_FDT_MAX_RANGES; i++) {
		assert_int_equal(fdt64_ld((const fdt64_t *)reg + 2 * i), GIB(5) + i * MIB(4));
		assert_int_equal(fdt64_ld((const fdt64_t *)reg + 2 * i + 1), MIB(2));
	}
	for (size_t size = 0; size < (size_t)length; size += size + 64 < (size_t)length ? 97 : 1) {
		void *small = malloc(size);

		assert_int_equal(guest_fdt_write(small, size, &args), ERR_NOSPC);
		free(small);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_boot_map_is_the_first_fdt_but_seeds),
		cmocka_unit_test(an_adopt_map_has_one_node_more),
		cmocka_unit_test(no_more_ranges_than_that),
		cmocka_unit_test(room),
	};

	return cmocka_run_group_tests_name("guest_map", tests, NULL, NULL);
}
