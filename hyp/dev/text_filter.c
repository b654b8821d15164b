/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/dev/text_filter.h"

#define ESC 0x1b
#define BEL 0x07
#define CAN 0x18
#define SUB 0x1a
#define DEL 0x7f

enum {
	PLAIN,
	ESCAPE, /* after ESC */
	CONTROL, /* CSI: parameters up to a final byte */
	STRING, /* OSC, DCS, SOS, PM, APC: anything up to ST or BEL */
	STRING_ESCAPE, /* ESC within: the start of ST? */
};

/* Characters without a shape of their own that change how others are shown. */
static const struct {
	u32 first, last;
} invisible[] = {
	{0x80, 0x9f}, /* C1 */
	{0x61c, 0x61c}, /* bidirectional controls, here and below */
	{0x200b, 0x200f}, {0x2028, 0x202e}, /* and line separators */
	{0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff}, /* tags */
};

static u8 next_state(u8 state, u8 byte)
{
	/* Also ends sequences that are never finished: one newline, and all is well again. */
	if (byte == '\n' || byte == CAN || byte == SUB)
		return PLAIN;
	if (byte == ESC)
		return state == STRING ? STRING_ESCAPE : ESCAPE;

	switch (state) {
	case ESCAPE:
		if (byte == '[')
			return CONTROL;
		if (byte == ']' || byte == 'P' || byte == 'X' || byte == '^' || byte == '_')
			return STRING;
		return byte >= 0x20 && byte <= 0x2f ? ESCAPE : PLAIN;
	case CONTROL:
		return byte >= 0x40 ? PLAIN : CONTROL;
	case STRING:
		return byte == BEL ? PLAIN : STRING;
	case STRING_ESCAPE:
		return byte == '\\' ? PLAIN : STRING;
	}
	return PLAIN;
}

/* How many bytes a character that starts so has; 0: none does. */
static u8 utf8_length(u8 lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/* The character is complete. Is it in its shortest form, a Unicode scalar value, and visible? */
static bool is_showable(const struct text_filter *f)
{
	static const u32 smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	u32 code = f->character[0];

	if (f->nr_bytes > 1)
		code &= 0x7f >> f->nr_bytes;
	for (u8 i = 1; i < f->nr_bytes; i++)
		code = code << 6 | (f->character[i] & 0x3f);
	if (code < smallest[f->nr_bytes] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(invisible); i++)
		if (code >= invisible[i].first && code <= invisible[i].last)
			return false;
	return code == '\t' || (code >= ' ' && code != DEL);
}

static enum text_kind add_byte(struct text_filter *f, u8 byte)
{
	static const u8 line_control[] = {
		['\n'] = TEXT_NEWLINE, ['\r'] = TEXT_RETURN, ['\b'] = TEXT_BACKSPACE};
	bool continues = (byte & 0xc0) == 0x80;

	/* A character that breaks off is dropped; what comes instead may start one. */
	if (!continues) {
		f->nr_bytes = 0;
		f->nr_expected = utf8_length(byte);
	}
	if (f->nr_bytes >= f->nr_expected)
		return TEXT_NOTHING;
	f->character[f->nr_bytes++] = byte;
	if (f->nr_bytes < f->nr_expected)
		return TEXT_NOTHING;
	f->nr_expected = 0;
	if (byte < ARRAY_SIZE(line_control) && line_control[byte])
		return line_control[byte];
	return is_showable(f) ? TEXT_CHARACTER : TEXT_NOTHING;
}

enum text_kind text_filter_byte(struct text_filter *f, u8 byte)
{
	if (f->state != PLAIN || byte == ESC) {
		f->state = next_state(f->state, byte);
		if (byte != '\n')
			return TEXT_NOTHING;
	}
	return add_byte(f, byte);
}
