/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/dev/console.h"
#include "hyp/cpu/lock.h"
#include "hyp/dev/text_filter.h"
#include "hyp/lib/string.h"

#define REDRAW "\r\x1b[K" /* the line that the cursor is in */

struct source {
	char name[CONSOLE_NAME_SIZE]; /* empty: not registered */
	void (*input)(void *arg, u8 byte); /* it and arg: set before there is any */
	void *arg;
	struct text_filter filter;
	bool returned; /* after a carriage return: the next character starts the line again */
	bool shown; /* the line as it stands was shown whole */
	u32 length;
	char line[CONSOLE_LINE_SIZE];
};

static struct {
	spinlock_t lock; /* guards all below, but ops, which stays */
	const struct console_ops *ops;
	struct source source[CONSOLE_NR_SOURCES];
	const struct source *open; /* whose line the cursor stands in, or NULL */
	u32 focus;
	bool key; /* after CONSOLE_KEY */
} console;

static void put(const char *s)
{
	console.ops->put(s, strlen(s));
}

/* before: what makes it start in the first column. */
static void put_line(const char *before, const struct source *s)
{
	put(before);
	put("[");
	put(s->name);
	put("] ");
	console.ops->put(s->line, s->length);
}

static void show_partial(struct source *s)
{
	put_line(console.open ? "\r\n" : "", s);
	console.open = s;
	s->shown = true;
}

static void end_line(struct source *s)
{
	if (console.open != s && !s->shown)
		show_partial(s);
	if (console.open == s) {
		put("\r\n");
		console.open = NULL;
	}
	s->length = 0;
	s->shown = false;
	s->returned = false;
}

static void restart_line(struct source *s)
{
	s->returned = false;
	s->length = 0;
	if (console.open == s)
		put_line(REDRAW, s);
	else
		s->shown = false;
}

static void add_character(struct source *s)
{
	const struct text_filter *f = &s->filter;

	if (s->returned)
		restart_line(s);
	if (s->length + f->nr_bytes > CONSOLE_LINE_SIZE)
		end_line(s);
	memcpy(s->line + s->length, f->character, f->nr_bytes);
	s->length += f->nr_bytes;
	if (console.open == s)
		console.ops->put((const char *)f->character, f->nr_bytes);
	else
		s->shown = false;
}

static void take_back_character(struct source *s)
{
	u8 last;

	if (s->returned)
		restart_line(s);
	if (!s->length)
		return;
	do
		last = s->line[--s->length];
	while (s->length && (last & 0xc0) == 0x80);
	/* How wide the terminal drew a tab or a character beyond ASCII is not known here. */
	if (console.open != s)
		s->shown = false;
	else if (last == '\t' || last >= 0x80)
		put_line(REDRAW, s);
	else
		put("\b \b");
}

static bool wants_flush(const struct source *s)
{
	return s->length && !s->shown;
}

static bool write_locked(struct source *s, const char *buf, size_t n)
{
	if (!s->name[0])
		return false;
	for (size_t i = 0; i < n; i++) {
		switch (text_filter_byte(&s->filter, buf[i])) {
		case TEXT_CHARACTER:
			add_character(s);
			break;
		case TEXT_NEWLINE:
			end_line(s);
			break;
		case TEXT_RETURN:
			s->returned = true;
			break;
		case TEXT_BACKSPACE:
			take_back_character(s);
			break;
		case TEXT_NOTHING:
			break;
		}
	}
	return wants_flush(s);
}

static void log_locked(const char *text, const char *more)
{
	struct source *s = &console.source[CONSOLE_LOG];

	write_locked(s, text, strlen(text));
	write_locked(s, more, strlen(more));
	write_locked(s, "\n", 1);
}

bool console_write(u32 source, const char *buf, size_t n)
{
	bool flush;

	spin_lock(&console.lock);
	flush = write_locked(&console.source[source], buf, n);
	spin_unlock(&console.lock);
	return flush;
}

bool console_putc(u32 source, u8 byte)
{
	return console_write(source, (const char *)&byte, 1);
}

void console_flush_partial(u32 source)
{
	struct source *s = &console.source[source];

	spin_lock(&console.lock);
	if (wants_flush(s))
		show_partial(s);
	spin_unlock(&console.lock);
}

void console_log_line(const char *line)
{
	spin_lock(&console.lock);
	log_locked(line, "");
	spin_unlock(&console.lock);
}

void console_panic_line(const char *line)
{
	if (!console.ops)
		return;
	/* Another CPU may be in the middle of a line: begin one of our own. */
	put("\r\n"
	    "[lendvisor] ");
	put(line);
	put("\r\n");
}

static void set_name(struct source *s, const char *name)
{
	size_t n = strnlen(name, CONSOLE_NAME_SIZE - 1);

	memcpy(s->name, name, n);
	s->name[n] = '\0';
}

void console_init(const struct console_ops *ops)
{
	memset(&console, 0, sizeof(console));
	console.ops = ops;
	console.focus = CONSOLE_HYP;
	set_name(&console.source[CONSOLE_HYP], "lendvisor");
	set_name(&console.source[CONSOLE_LOG], "lendvisor");
}

void console_register(u32 source, const char *name, void (*input)(void *arg, u8 byte), void *arg)
{
	struct source *s = &console.source[source];

	spin_lock(&console.lock);
	set_name(s, name);
	s->input = input;
	s->arg = arg;
	spin_unlock(&console.lock);
}

/* The byte after CONSOLE_KEY, which is not the key itself. */
static void switch_focus(u8 byte)
{
	u32 source = console.focus;

	if (byte >= '0' && byte <= '9')
		source = byte - '0';
	else if (byte == 'm')
		source = CONSOLE_HYP;
	else
		/* Ends at the latest with the monitor, which is always there. */
		do
			source = (source + 1) % (CONSOLE_HYP + 1);
		while (!console.source[source].name[0]);
	if (!console.source[source].name[0]) {
		log_locked("focus: no such VM", "");
		return;
	}
	console.focus = source;
	log_locked("focus: ", source == CONSOLE_HYP ? "monitor" : console.source[source].name);
}

void console_input(u8 byte)
{
	bool is_key = byte == CONSOLE_KEY, command, deliver;
	const struct source *s;

	spin_lock(&console.lock);
	command = console.key && !is_key && byte != 't';
	deliver = console.key ? !command : !is_key;
	if (command)
		switch_focus(byte);
	else if (console.key)
		byte = CONSOLE_KEY;
	console.key = !console.key && is_key;
	s = &console.source[console.focus];
	spin_unlock(&console.lock);
	if (deliver && s->input)
		s->input(s->arg, byte);
}
