/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/dev/console.h"
#include "hyp/cpu/lock.h"
#include "hyp/dev/text_filter.h"
#include "hyp/lib/string.h"

#define NOBODY CONSOLE_NR_SOURCES
#define HYP_TAG "[lendvisor] "

struct source {
	char name[CONSOLE_NAME_SIZE]; /* empty: not registered */
	void (*input)(void *arg, u8 byte);
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
	u32 open; /* whose line the cursor stands in, or NOBODY */
	u32 focus;
	bool key; /* after CONSOLE_KEY */
} console;

static void put(const char *buf, size_t n)
{
	console.ops->put(buf, n);
}

static void put_string(const char *s)
{
	put(s, strlen(s));
}

static bool is_open(const struct source *s)
{
	return console.open != NOBODY && s == &console.source[console.open];
}

static void put_line(const struct source *s)
{
	put_string("[");
	put_string(s->name);
	put_string("] ");
	put(s->line, s->length);
}

static void end_open_line(void)
{
	if (console.open == NOBODY)
		return;
	put_string("\r\n");
	console.open = NOBODY;
}

static void redraw(const struct source *s)
{
	put_string("\r\x1b[K");
	put_line(s);
}

static void show_partial(struct source *s)
{
	end_open_line();
	put_line(s);
	console.open = s - console.source;
	s->shown = true;
}

static void end_line(struct source *s)
{
	if (!is_open(s) && !s->shown)
		show_partial(s);
	if (is_open(s))
		end_open_line();
	s->length = 0;
	s->shown = false;
	s->returned = false;
}

static void restart_line(struct source *s)
{
	s->returned = false;
	s->length = 0;
	if (is_open(s))
		redraw(s);
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
	if (is_open(s))
		put((const char *)f->character, f->nr_bytes);
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
	if (!is_open(s))
		s->shown = false;
	else if (last == '\t' || last >= 0x80)
		redraw(s);
	else
		put_string("\b \b");
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
	put_string("\r\n" HYP_TAG);
	put_string(line);
	put_string("\r\n");
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
	console.open = NOBODY;
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

static bool set_focus_locked(u32 source)
{
	if (source > CONSOLE_HYP || !console.source[source].name[0])
		return false;
	console.focus = source;
	log_locked("focus: ", source == CONSOLE_HYP ? "monitor" : console.source[source].name);
	return true;
}

static void focus_next_locked(void)
{
	u32 source = console.focus;

	/* Ends at the latest with the monitor, which is always there. */
	do
		source = (source + 1) % (CONSOLE_HYP + 1);
	while (!set_focus_locked(source));
}

/* Takes the byte after CONSOLE_KEY. True: it stands for the key itself. */
static bool command_locked(u8 byte)
{
	if (byte == 't' || byte == CONSOLE_KEY)
		return true;
	if (byte >= '0' && byte <= '9') {
		if (!set_focus_locked(byte - '0'))
			log_locked("focus: no such VM", "");
	} else if (byte == 'm') {
		set_focus_locked(CONSOLE_HYP);
	} else {
		focus_next_locked();
	}
	return false;
}

void console_input(u8 byte)
{
	void (*input)(void *arg, u8 byte);
	void *arg;
	bool deliver;

	spin_lock(&console.lock);
	if (console.key) {
		console.key = false;
		deliver = command_locked(byte);
		byte = CONSOLE_KEY;
	} else {
		console.key = byte == CONSOLE_KEY;
		deliver = !console.key;
	}
	input = console.source[console.focus].input;
	arg = console.source[console.focus].arg;
	spin_unlock(&console.lock);
	if (deliver && input)
		input(arg, byte);
}

bool console_set_focus(u32 source)
{
	bool done;

	spin_lock(&console.lock);
	done = set_focus_locked(source);
	spin_unlock(&console.lock);
	return done;
}

u32 console_focus(void)
{
	return console.focus;
}
