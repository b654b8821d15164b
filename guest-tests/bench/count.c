// SPDX-License-Identifier: BSD-2-Clause
/*
 * A plugin of QEMU's TCG that counts the machine's instructions: all that any CPU executes, time asleep not
 * among them. Those at addresses from `low` to `high`, which is the hypervisor, are counted apart.
 *
 *	-plugin count.so,out=FILE,low=ADDRESS,high=ADDRESS[,profile=FILE][,function=NAME:START:END]...
 *
 * A guest, or a program in it, sets a mark n (0 to 15) by the instruction HINT #(112 + n), a NOP. Each is a line
 * in FILE: `mark N GUEST HYPERVISOR USER TLBI SECONDS`, so far: instructions, those of GUEST that are at addresses
 * of user space, TLBIs that the hypervisor executed, and wall time. The end is mark 16. What guests spent in each
 * function (functions.h) follows it. With profile, how often each address of the range was executed so far, as
 * offset and number, goes to that file with `.N` behind its name.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "functions.h"
#include "plugin.h"

#define HINT_MARK0 0xd5032e1fu /* HINT #112 */
#define HINT_STEP 0x20u
#define NR_MARKS 16

/* SYS with CRn 8 or 9, whatever op1, CRm, op2 and Xt: every TLBI there is, with and without nXS. */
#define TLBI_MASK 0xfff8e000u
#define TLBI 0xd5088000u

#define KERNEL_SPACE (1ull << 63) /* where Linux has its own addresses */

EXPORT int qemu_plugin_version = 1;

static uint64_t in_guests, in_hypervisor, in_user, nr_tlbi, low, high;
static FILE *out;
static const char *profile_name;
static uint64_t *profile; /* executions by instruction of the range */

static size_t range_words(void)
{
	return (high - low) / 4;
}

static void write_profile(unsigned int nr)
{
	char name[256];
	FILE *f;

	snprintf(name, sizeof(name), "%s.%u", profile_name, nr);
	f = fopen(name, "w");
	for (size_t i = 0; f && i < range_words(); i++)
		if (profile[i])
			fprintf(f, "%zx %" PRIu64 "\n", i * 4, profile[i]);
	if (f)
		fclose(f);
}

static void mark(unsigned int cpu, void *data)
{
	uintptr_t nr = (uintptr_t)data;
	struct timespec now;

	(void)cpu;
	clock_gettime(CLOCK_MONOTONIC, &now);
	fprintf(out, "mark %u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %ld.%06ld\n",
		(unsigned int)nr, in_guests, in_hypervisor, in_user, nr_tlbi, (long)now.tv_sec,
		now.tv_nsec / 1000);
	functions_print(out, nr);
	fflush(out);
	if (profile)
		write_profile(nr);
}

static bool is_mark(uint32_t word, uintptr_t *nr)
{
	*nr = (word - HINT_MARK0) / HINT_STEP;
	return (word & 0x1f) == (HINT_MARK0 & 0x1f) && word >= HINT_MARK0 && *nr < NR_MARKS;
}

static void count(struct qemu_plugin_insn *insn, uint64_t *counter)
{
	qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64, counter, 1);
}

static void count_ours(struct qemu_plugin_insn *insn, uint64_t at, uint32_t word)
{
	count(insn, &in_hypervisor);
	if ((word & TLBI_MASK) == TLBI)
		count(insn, &nr_tlbi);
	if (profile)
		count(insn, &profile[(at - low) / 4]);
}

static void count_guests(struct qemu_plugin_insn *insn, uint64_t at)
{
	count(insn, &in_guests);
	if (!(at & KERNEL_SPACE))
		count(insn, &in_user);
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	functions_watch_tb(tb, &in_guests);
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t at = qemu_plugin_insn_vaddr(insn);
		uint32_t word = 0;
		uintptr_t nr;

		memcpy(&word, qemu_plugin_insn_data(insn),
		       qemu_plugin_insn_size(insn) == sizeof(word) ? sizeof(word) : 0);
		if (at >= low && at < high)
			count_ours(insn, at, word);
		else
			count_guests(insn, at);
		functions_watch_insn(insn, at, word);
		if (is_mark(word, &nr))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, mark, CB_NO_REGS, (void *)nr);
	}
}

static void ended(uint64_t id, void *data)
{
	(void)id;
	mark(0, data);
}

static int refuse(const char *what)
{
	fprintf(stderr, "count.so: wrong or missing: %s\n", what);
	return -1;
}

EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv)
{
	const char *name = NULL;

	(void)info;
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			name = argv[i] + 4;
		else if (!strncmp(argv[i], "low=", 4))
			low = strtoull(argv[i] + 4, NULL, 0);
		else if (!strncmp(argv[i], "high=", 5))
			high = strtoull(argv[i] + 5, NULL, 0);
		else if (!strncmp(argv[i], "profile=", 8))
			profile_name = argv[i] + 8;
		else if (strncmp(argv[i], "function=", 9) || !functions_add(argv[i] + 9))
			return refuse(argv[i]);
	}
	out = name ? fopen(name, "w") : NULL;
	if (!out || high < low)
		return refuse("out, low or high");
	if (profile_name)
		profile = calloc(range_words(), sizeof(*profile));
	if (profile_name && !profile)
		return refuse("profile: no memory for such a range");
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, (void *)(uintptr_t)NR_MARKS);
	return 0;
}
