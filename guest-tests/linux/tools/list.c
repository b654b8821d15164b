/* SPDX-License-Identifier: BSD-2-Clause */
/* The slots as a table, in which neighbours that read the same share a line; or as JSON. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "device.h"
#include "json.h"
#include "report.h"
#include "slot.h"

#define CELL_SIZE 96

/* Slots in a row that share a line. */
struct run {
	const struct slot *first;
	unsigned int nr;
};

static void cell_slot(const struct run *run, char *text)
{
	unsigned int slot = run->first->index;

	if (run->nr == 1)
		snprintf(text, CELL_SIZE, "%u", slot);
	else
		snprintf(text, CELL_SIZE, "%u-%u", slot, slot + run->nr - 1);
}

static void cell_address(const struct run *run, char *text)
{
	snprintf(text, CELL_SIZE, "%#llx", run->first->address);
}

static void cell_kind(const struct run *run, char *text)
{
	strcpy(text, run->first->kind);
}

static void cell_state(const struct run *run, char *text)
{
	strcpy(text, run->first->state);
}

static void cell_block(const struct run *run, char *text)
{
	const struct slot *first = run->first, *last = first + run->nr - 1;

	if (!slot_has_block(first))
		strcpy(text, "-");
	else if (device.blocks_per_unit == 1 && !strcmp(first->block, last->block))
		strcpy(text, first->block);
	else
		snprintf(text, CELL_SIZE, "%s-%lu", first->block,
			 slot_block_number(last) + device.blocks_per_unit - 1);
}

static void cell_linux(const struct run *run, char *text)
{
	strcpy(text, run->first->linux_state);
}

static void cell_peer(const struct run *run, char *text)
{
	strcpy(text, strcmp(run->first->peer, "none") ? run->first->peer : "-");
}

static void cell_loan(const struct run *run, char *text)
{
	if (run->first->loan)
		snprintf(text, CELL_SIZE, "%#llx", run->first->loan);
	else
		strcpy(text, "-");
}

static void cell_due(const struct run *run, char *text)
{
	if (run->first->deadline < 0)
		strcpy(text, "-");
	else
		snprintf(text, CELL_SIZE, "%.1fs", run->first->deadline / 1e9);
}

static void cell_flags(const struct run *run, char *text)
{
	strcpy(text, *run->first->flags ? run->first->flags : "-");
}

/* Of the last time that the memory came: no news once it has gone. */
static const char *contents(const struct slot *slot)
{
	bool here = slot_is(slot, "held") || slot_is(slot, "borrowed");

	return here && strcmp(slot->contents, "unchecked") ? slot->contents : "-";
}

static void cell_contents(const struct run *run, char *text)
{
	strcpy(text, contents(run->first));
}

static const struct {
	const char *title;
	void (*cell)(const struct run *run, char *text); /* CELL_SIZE bytes */
} columns[] = {
	{"SLOT", cell_slot},         {"ADDRESS", cell_address}, {"KIND", cell_kind},
	{"STATE", cell_state},       {"BLOCK", cell_block},     {"LINUX", cell_linux},
	{"PEER", cell_peer},         {"LOAN", cell_loan},       {"DUE", cell_due},
	{"CONTENTS", cell_contents}, {"FLAGS", cell_flags},
};

#define NR_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static bool follows(const struct slot *slot, const struct slot *next)
{
	bool same_unit = next->index % device.slots_per_unit;
	unsigned long step = same_unit ? 0 : device.blocks_per_unit;

	if (strcmp(slot->state, next->state) || strcmp(slot->kind, next->kind) ||
	    strcmp(slot->linux_state, next->linux_state) || strcmp(slot->peer, next->peer) ||
	    strcmp(slot->flags, next->flags) || strcmp(contents(slot), contents(next)) ||
	    slot->loan != next->loan)
		return false;
	if (!slot_has_block(slot) || !slot_has_block(next))
		return slot_has_block(slot) == slot_has_block(next);
	return slot_block_number(next) == slot_block_number(slot) + step;
}

static unsigned int find_runs(const struct slot *slots, struct run *runs, bool all)
{
	unsigned int nr_runs = 0;

	for (unsigned int i = 0; i < device.nr_slots; i++) {
		if (!all && i && follows(&slots[i - 1], &slots[i]))
			runs[nr_runs - 1].nr++;
		else
			runs[nr_runs++] = (struct run){&slots[i], 1};
	}
	return nr_runs;
}

static bool is_shown(const struct run *run, bool all)
{
	return all || !slot_is(run->first, "empty") || slot_has_block(run->first);
}

static void print_table(const struct run *runs, unsigned int nr_runs, bool all)
{
	int width[NR_COLUMNS];
	char text[CELL_SIZE];

	for (size_t c = 0; c < NR_COLUMNS; c++) {
		width[c] = strlen(columns[c].title);
		for (unsigned int i = 0; i < nr_runs; i++) {
			columns[c].cell(&runs[i], text);
			if (is_shown(&runs[i], all) && (int)strlen(text) > width[c])
				width[c] = strlen(text);
		}
	}
	/* The last column is not padded. */
	width[NR_COLUMNS - 1] = 0;
	for (size_t c = 0; c < NR_COLUMNS; c++)
		printf("%s%-*s", c ? "  " : "", width[c], columns[c].title);
	putchar('\n');
	for (unsigned int i = 0; i < nr_runs; i++) {
		if (!is_shown(&runs[i], all))
			continue;
		for (size_t c = 0; c < NR_COLUMNS; c++) {
			columns[c].cell(&runs[i], text);
			printf("%s%-*s", c ? "  " : "", width[c], text);
		}
		putchar('\n');
	}
}

static void json_flags(const char *flags)
{
	char copy[sizeof(((struct slot *)0)->flags)], *save, *word;

	strcpy(copy, flags);
	json_open("flags", '[');
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		json_string(NULL, word);
	json_close(']');
}

static void json_string_unless(const char *key, const char *value, const char *nothing)
{
	if (strcmp(value, nothing))
		json_string(key, value);
	else
		json_null(key);
}

static void print_json(const struct slot *slots)
{
	json_open(NULL, '[');
	for (const struct slot *s = slots; s < slots + device.nr_slots; s++) {
		json_break();
		json_open(NULL, '{');
		json_number("slot", s->index);
		json_number("address", s->address);
		json_string("kind", s->kind);
		json_string("state", s->state);
		json_string_unless("block", s->block, "none");
		json_string_unless("linux", s->linux_state, "-");
		json_string_unless("peer", s->peer, "none");
		if (s->loan)
			json_loan("loan", s->loan);
		else
			json_null("loan");
		if (s->deadline >= 0)
			json_number("deadline_ns", s->deadline);
		else
			json_null("deadline_ns");
		json_number("generation", s->generation);
		json_string("contents", s->contents);
		json_flags(s->flags);
		json_close('}');
	}
	json_close(']');
}

int command_list(int argc, char **argv, const struct options *options)
{
	struct slot *slots = calloc(device.nr_slots, sizeof(*slots));
	struct run *runs = calloc(device.nr_slots, sizeof(*runs));
	int ret = slots && runs ? 0 : -ENOMEM, status = STATUS_OK;

	(void)argc;
	for (unsigned int i = 0; i < device.nr_slots && !ret; i++)
		ret = slot_read(i, &slots[i]);
	if (ret)
		status = report_error(ret, "%s", argv[0]);
	else if (options->json)
		print_json(slots);
	else
		print_table(runs, find_runs(slots, runs, options->all), options->all);
	free(runs);
	free(slots);
	return status;
}
