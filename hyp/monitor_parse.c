/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/monitor_parse.h"
#include "hyp/lend/abi.h"
#include "hyp/lib/print.h"
#include "hyp/lib/string.h"

const struct monitor_row monitor_rows[MONITOR_NR] = {
	[MONITOR_VMS] = {"vms", "", "", "the virtual machines and what they are doing"},
	[MONITOR_BLOCKS] = {"blocks", "", "", "every lendable block: state, owner, holder"},
	[MONITOR_LOANS] = {"loans", "", "", "every loan: handle, both sides, terms"},
	[MONITOR_STATS] = {"stats", "?v", "[VM]", "mappings, tables, counters of one VM or all"},
	[MONITOR_LEND] = {"lend", "vnnv?f", "OWNER SLOT N BORROWER [revocable,keep,adoptable]",
			  "lend N of its blocks, as the owner would"},
	[MONITOR_RECLAIM] = {"reclaim", "n?n", "LOAN [MS]", "ask for a loan back, within MS"},
	[MONITOR_REVOKE] = {"revoke", "n", "LOAN", "take an expired, revocable loan by force"},
	[MONITOR_TARGET] = {"target", "vn", "VM BLOCKS", "pool blocks that the VM is to hold"},
	[MONITOR_POISON] = {"poison", "n", "ADDRESS", "the block there is bad memory"},
	[MONITOR_RESET] = {"reset", "v", "VM", "reset it"},
	[MONITOR_STOP] = {"stop", "v", "VM", "switch it off"},
	[MONITOR_START] = {"start", "v", "VM", "start one that is off, from its bundle"},
	[MONITOR_CRASH] = {"crash", "v", "VM",
			   "pull its watchdog: then as lendvisor,on-crash says"},
	[MONITOR_HELP] = {"help", "", "", "this list"},
};

static const struct {
	const char *name;
	u32 flag;
} flags[] = {
	{"revocable", LEND_LEND_REVOCABLE},
	{"keep", LEND_LEND_KEEP},
	{"adoptable", LEND_LEND_ADOPTABLE},
};

struct parser {
	const char *const *names;
	u32 nr_names;
	char *why;
	size_t size;
};

/* The next word of what is left, ended in place by separator; NULL: there is none. */
static char *next_word(char **rest, char separator)
{
	char *word = *rest;

	while (*word == separator)
		word++;
	*rest = word;
	while (**rest && **rest != separator)
		++*rest;
	if (**rest)
		*(*rest)++ = '\0';
	return *word ? word : NULL;
}

static u32 digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (u32)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (u32)(c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (u32)(c - 'A' + 10);
	return 16;
}

/* Decimal, or hexadecimal behind 0x. */
static bool parse_number(const struct parser *p, char *word, u64 *out)
{
	bool hex = word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
	const char *digits = word + (hex ? 2 : 0);
	u64 base = hex ? 16 : 10, number = 0;
	bool good = *digits;

	for (; *digits; digits++) {
		u64 digit = digit_of(*digits);

		good &= digit < base && number <= (~0ULL - digit) / base;
		number = number * base + digit;
	}
	*out = number;
	if (!good)
		print_format(p->why, p->size, "'%s' is no number, decimal or 0x", word);
	return good;
}

static bool parse_vm(const struct parser *p, char *word, u64 *out)
{
	for (u32 i = 0; i < p->nr_names; i++)
		if (!strcmp(word, p->names[i])) {
			*out = i;
			return true;
		}
	print_format(p->why, p->size, "no VM '%s'; try vms", word);
	return false;
}

static bool parse_flags(const struct parser *p, char *word, u64 *out)
{
	const char *name;

	*out = 0;
	while ((name = next_word(&word, ','))) {
		u32 i = 0;

		while (i < ARRAY_SIZE(flags) && strcmp(name, flags[i].name))
			i++;
		if (i == ARRAY_SIZE(flags)) {
			print_format(p->why, p->size, "no flag '%s'", name);
			return false;
		}
		*out |= flags[i].flag;
	}
	return true;
}

static bool parse_arg(const struct parser *p, char kind, char *word, u64 *out)
{
	return kind == 'v'   ? parse_vm(p, word, out)
	       : kind == 'f' ? parse_flags(p, word, out)
			     : parse_number(p, word, out);
}

static bool parse_args(const struct parser *p, char *rest, struct monitor_request *out)
{
	const struct monitor_row *row = &monitor_rows[out->command];
	bool optional = false;

	for (const char *kind = row->args; *kind; kind++) {
		char *word;

		if (*kind == '?') {
			optional = true;
			continue;
		}
		word = next_word(&rest, ' ');
		if (!word && optional)
			return true;
		if (!word)
			goto usage;
		if (!parse_arg(p, *kind, word, &out->arg[out->nr_args++]))
			return false;
	}
	if (!next_word(&rest, ' '))
		return true;
usage:
	print_format(p->why, p->size, "usage: %s%s%s", row->name, *row->usage ? " " : "",
		     row->usage);
	return false;
}

bool monitor_parse(char *line, const char *const names[], u32 nr_names, struct monitor_request *out,
		   char *why, size_t size)
{
	const struct parser p = {names, nr_names, why, size};
	const char *name = next_word(&line, ' ');

	*out = (struct monitor_request){.command = MONITOR_NOTHING};
	if (!name)
		return true;
	for (u32 i = 0; i < MONITOR_NR; i++)
		if (!strcmp(name, monitor_rows[i].name)) {
			out->command = (enum monitor_command)i;
			return parse_args(&p, line, out);
		}
	print_format(why, size, "no command '%s'; try help", name);
	return false;
}
