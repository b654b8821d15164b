// SPDX-License-Identifier: BSD-2-Clause
/*
 * A plugin of QEMU's TCG that counts the machine's instructions: all that any CPU executes, time asleep not
 * among them. Those at addresses from `low` to `high`, which is the hypervisor, are counted apart.
 *
 *	-plugin count.so,out=FILE,low=ADDRESS,high=ADDRESS[,profile=FILE]
 *
 * A guest, or a program in it, sets a mark n (0 to 15) by the instruction HINT #(112 + n), a NOP. Each is a line
 * in FILE: `mark N GUEST HYPERVISOR SECONDS`, instructions so far and wall time; the end is mark 16. With
 * profile, how often each address of the range was executed between marks 14 and 15.
 *
 * The interface is that of QEMU 7.2, docs/devel/tcg-plugins.rst; its header is in no Debian package.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))
#define HINT_MARK0 0xd5032e1fu /* HINT #112 */
#define HINT_STEP 0x20u
#define NR_MARKS 16
#define PROFILE_BEGIN 14
#define PROFILE_END 15
#define CB_NO_REGS 0
#define INLINE_ADD_U64 0

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;

typedef void (*tb_cb)(uint64_t id, struct qemu_plugin_tb *tb);
typedef void (*exec_cb)(unsigned int cpu, void *data);
typedef void (*exit_cb)(uint64_t id, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, tb_cb cb);
void qemu_plugin_register_atexit_cb(uint64_t id, exit_cb cb, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, exec_cb cb, int flags,
					    void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op, void *at,
						uint64_t value);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv);

EXPORT int qemu_plugin_version = 1;

static uint64_t in_guests, in_hypervisor, low, high;
static FILE *out;
static const char *profile_name;
static uint64_t *profile,
	*before; /* executions by instruction of the range; as mark 14 found them */

static size_t range_words(void)
{
	return (high - low) / 4;
}

static void write_profile(void)
{
	FILE *f = fopen(profile_name, "w");

	for (size_t i = 0; f && i < range_words(); i++)
		if (profile[i] != before[i])
			fprintf(f, "%zx %" PRIu64 "\n", i * 4, profile[i] - before[i]);
	if (f)
		fclose(f);
}

static void mark(unsigned int cpu, void *data)
{
	uintptr_t nr = (uintptr_t)data;
	struct timespec now;

	(void)cpu;
	clock_gettime(CLOCK_MONOTONIC, &now);
	fprintf(out, "mark %u %" PRIu64 " %" PRIu64 " %ld.%06ld\n", (unsigned int)nr, in_guests,
		in_hypervisor, (long)now.tv_sec, now.tv_nsec / 1000);
	fflush(out);
	if (profile && nr == PROFILE_BEGIN)
		memcpy(before, profile, range_words() * sizeof(*profile));
	if (profile && nr == PROFILE_END)
		write_profile();
}

static bool is_mark(uint32_t word, uintptr_t *nr)
{
	*nr = (word - HINT_MARK0) / HINT_STEP;
	return (word & 0x1f) == (HINT_MARK0 & 0x1f) && word >= HINT_MARK0 && *nr < NR_MARKS;
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t at = qemu_plugin_insn_vaddr(insn);
		bool ours = at >= low && at < high;
		uint32_t word = 0;
		uintptr_t nr;

		qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64,
							   ours ? &in_hypervisor : &in_guests, 1);
		if (ours && profile)
			qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64,
								   &profile[(at - low) / 4], 1);
		memcpy(&word, qemu_plugin_insn_data(insn),
		       qemu_plugin_insn_size(insn) == sizeof(word) ? sizeof(word) : 0);
		if (is_mark(word, &nr))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, mark, CB_NO_REGS, (void *)nr);
	}
}

static void ended(uint64_t id, void *data)
{
	(void)id;
	mark(0, data);
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
	}
	out = name ? fopen(name, "w") : NULL;
	if (!out || high < low) {
		fprintf(stderr, "count.so: out=FILE,low=ADDRESS,high=ADDRESS\n");
		return -1;
	}
	if (profile_name) {
		profile = calloc(range_words(), sizeof(*profile));
		before = calloc(range_words(), sizeof(*before));
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, (void *)(uintptr_t)NR_MARKS);
	return 0;
}
