/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "guest-tests/host/lend_shrink.h"

#define TRIAL_SECONDS 20

bool shrink_passes(void (*f)(void), bool quiet, u32 seconds)
{
	pid_t pid;
	int status;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		/* A failed assertion ends this process, not the test around it. */
		setenv("CMOCKA_TEST_ABORT", "1", 1);
		alarm(seconds);
		if (quiet) {
			dup2(null, STDOUT_FILENO);
			dup2(null, STDERR_FILENO);
		}
		f();
		exit(0); /* and leaves what it counted for coverage */
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		abort();
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static const struct acts_world *trial_world;
static const struct act *trial_list;
static u32 trial_nr;

static void trial(void)
{
	acts_run(trial_world, trial_list, trial_nr);
}

static bool fails(const struct acts_world *w, const struct act *list, u32 nr)
{
	trial_world = w;
	trial_list = list;
	trial_nr = nr;
	return !shrink_passes(trial, true, TRIAL_SECONDS);
}

static u32 without(struct act *to, const struct act *list, u32 nr, u32 at, u32 size)
{
	u32 end = (u32)min_u64(at + size, nr);

	memcpy(to, list, at * sizeof(*list));
	memcpy(to + at, list + end, (nr - end) * sizeof(*list));
	return nr - (end - at);
}

/* One round: leaves out what can be, size acts at a time, the last first: it mostly follows from them. */
static u32 leave_out(const struct acts_world *w, struct act *list, u32 nr, u32 size)
{
	struct act *less = calloc(nr, sizeof(*less));

	for (u32 piece = (nr + size - 1) / size; piece-- > 0;) {
		u32 left = without(less, list, nr, piece * size, size);

		if (left == nr || !fails(w, less, left))
			continue;
		memcpy(list, less, left * sizeof(*less));
		nr = left;
	}
	free(less);
	return nr;
}

/* The plainest values that an act still fails with. */
static void simplify(const struct acts_world *w, struct act *list, u32 nr)
{
	for (u32 i = 0; i < nr; i++) {
		const struct act was = list[i];

		for (u32 field = 0; field < 6; field++) {
			struct act before = list[i];

			list[i].time = field == 0 ? 0 : before.time;
			list[i].every = field == 1 ? 0 : before.every;
			list[i].tries = field == 2 ? 0 : before.tries;
			list[i].shared = field == 3 ? false : before.shared;
			list[i].at = field == 4 ? 0 : before.at;
			if (field == 5 && was.fn != LEND_RECLAIM && was.fn != LEND_REVOKE)
				list[i].arg[3] = 0;
			if (memcmp(&list[i], &before, sizeof(before)) && !fails(w, list, nr))
				list[i] = before;
		}
	}
}

/* What comes after the failure, found by halves: leaving out begins with little. */
static u32 cut_tail(const struct acts_world *w, const struct act *list, u32 nr)
{
	u32 passes = 0;

	while (passes + 1 < nr) {
		u32 middle = passes + (nr - passes) / 2;

		if (fails(w, list, middle))
			nr = middle;
		else
			passes = middle;
	}
	return nr;
}

u32 shrink(const struct acts_world *w, struct act *list, u32 nr)
{
	u32 before;

	if (!fails(w, list, nr))
		return nr;
	nr = cut_tail(w, list, nr);
	for (u32 size = nr / 2 + 1; size > 1; size = (size + 1) / 2)
		nr = leave_out(w, list, nr, size);
	do {
		before = nr;
		nr = leave_out(w, list, nr, 1);
	} while (nr < before);
	simplify(w, list, nr);
	return nr;
}

static const char *const kinds[ACT_NR_KINDS] = {
	[ACT_CALL] = "ACT_CALL",     [ACT_SCRIBBLE] = "ACT_SCRIBBLE", [ACT_RESET] = "ACT_RESET",
	[ACT_OFF] = "ACT_OFF",       [ACT_GO_ON] = "ACT_GO_ON",       [ACT_SCRUB] = "ACT_SCRUB",
	[ACT_EXPIRE] = "ACT_EXPIRE", [ACT_POISON] = "ACT_POISON",
};

static const char *const functions[LEND_NR_FN] = {
	[LEND_VERSION - LEND_FN(0)] = "LEND_VERSION",
	[LEND_INFO - LEND_FN(0)] = "LEND_INFO",
	[LEND_SLOT_INFO - LEND_FN(0)] = "LEND_SLOT_INFO",
	[LEND_RETRIEVE - LEND_FN(0)] = "LEND_RETRIEVE",
	[LEND_RELINQUISH - LEND_FN(0)] = "LEND_RELINQUISH",
	[LEND_RELINQUISH_ALL - LEND_FN(0)] = "LEND_RELINQUISH_ALL",
	[LEND_REFUSE - LEND_FN(0)] = "LEND_REFUSE",
	[LEND_LEND - LEND_FN(0)] = "LEND_LEND",
	[LEND_DONATE - LEND_FN(0)] = "LEND_DONATE",
	[LEND_RECLAIM - LEND_FN(0)] = "LEND_RECLAIM",
	[LEND_REVOKE - LEND_FN(0)] = "LEND_REVOKE",
	[LEND_EVENT_NEXT - LEND_FN(0)] = "LEND_EVENT_NEXT",
	[LEND_TARGET - LEND_FN(0)] = "LEND_TARGET",
	[LEND_MAP - LEND_FN(0)] = "LEND_MAP",
};

static void print_number(FILE *out, const char *field, u64 value)
{
	if (value)
		fprintf(out, ", .%s = %llu", field, (unsigned long long)value);
}

static void print_act(FILE *out, const struct act *act, bool named)
{
	fprintf(out, "\t{.kind = %s, .vm = %u", kinds[act->kind], act->vm);
	print_number(out, "nested", act->nested);
	print_number(out, "at", act->at);
	print_number(out, "shared", act->shared);
	print_number(out, "every", act->every);
	print_number(out, "tries", act->tries);
	print_number(out, "time", act->time);
	if (act->kind == ACT_CALL) {
		fprintf(out, ", .fn = %s", functions[act->fn - LEND_FN(0)]);
		print_number(out, "number", named ? act->number : 0);
		print_number(out, "loan_of", act->loan_of);
	}
	fprintf(out, ", .arg = {%lluu, %lluu, %lluu, %lluu}},\n", (unsigned long long)act->arg[0],
		(unsigned long long)act->arg[1], (unsigned long long)act->arg[2],
		(unsigned long long)act->arg[3]);
}

static void print_world(FILE *out, const struct acts_world *w)
{
	fprintf(out,
		"static const struct acts_world config = {\n\t.nr_vms = %u,\n"
		"\t.nr_blocks = %u,\n\t.vms = {\n",
		w->nr_vms, w->nr_blocks);
	for (u32 i = 0; i < w->nr_vms; i++) {
		const struct world_vm *vm = &w->vms[i];

		fprintf(out, "\t\t{.nr_slots = %u, .nr_own = %u", vm->nr_slots, vm->nr_own);
		print_number(out, "nr_promised", vm->nr_promised);
		print_number(out, "quota", vm->quota);
		print_number(out, "lend_to", vm->lend_to);
		print_number(out, "min_recall_ns", vm->min_recall_ns);
		print_number(out, "absent_abort", vm->absent_abort);
		print_number(out, "manager", vm->manager);
		fprintf(out, "},\n");
	}
	fprintf(out, "\t},\n};\n\n");
}

/* Does another act refer to it? */
static bool is_named(const struct act *list, u32 nr, u32 number)
{
	for (u32 i = 0; i < nr; i++)
		if (number && list[i].loan_of == number)
			return true;
	return false;
}

void shrink_print(FILE *out, const struct acts_world *w, const struct act *list, u32 nr)
{
	fprintf(out, "/* SPDX-License-Identifier: BSD-2-Clause */\n"
		     "#include <setjmp.h>\n#include <stdarg.h>\n#include <stddef.h>\n"
		     "#include <stdint.h>\n#include <cmocka.h>\n"
		     "#include \"guest-tests/host/lend_acts.h\"\n\n");
	print_world(out, w);
	fprintf(out, "static const struct act acts[] = {\n");
	for (u32 i = 0; i < nr; i++)
		print_act(out, &list[i], is_named(list, nr, list[i].number));
	fprintf(out, "};\n\nstatic void test_shrunk(void **state)\n{\n\t(void)state;\n"
		     "\tacts_run(&config, acts, ARRAY_SIZE(acts));\n}\n\n"
		     "int main(void)\n{\n\tconst struct CMUnitTest tests[] = "
		     "{cmocka_unit_test(test_shrunk)};\n\n"
		     "\treturn cmocka_run_group_tests(tests, NULL, NULL);\n}\n");
}
