/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes what a guest writes harmless for the terminal of a person: bytes go in one by one, whole
 * characters and four line controls come out. Dropped are escape and control sequences (ECMA-48), all
 * other C0 and C1 controls, what is not UTF-8, and the invisible characters that reorder text.
 * Pure; no locks.
 */
#ifndef HYP_DEV_TEXT_FILTER_H
#define HYP_DEV_TEXT_FILTER_H

#include "hyp/lib/types.h"

enum text_kind {
	TEXT_NOTHING, /* dropped, or a character that is not complete */
	TEXT_CHARACTER, /* in character[], nr_bytes long: printable, or a tab */
	TEXT_NEWLINE,
	TEXT_RETURN,
	TEXT_BACKSPACE,
};

/* All zero is the state at the start. */
struct text_filter {
	u8 state; /* within an escape sequence */
	u8 nr_bytes, nr_expected;
	u8 character[4];
};

enum text_kind text_filter_byte(struct text_filter *f, u8 byte);

#endif
