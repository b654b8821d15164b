/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes JSON to stdout, value by value. @key is NULL in an array and at the top. */
#ifndef LENDCTL_JSON_H
#define LENDCTL_JSON_H

/* @bracket: '{' or '[', to be closed by its other. Closing the outermost one ends the line. */
void json_open(const char *key, char bracket);
void json_close(char bracket);

void json_string(const char *key, const char *value);
void json_number(const char *key, long long value);
/* As lendctl takes it: "0x..."; handles have 64 bits, more than many a reader's numbers. */
void json_loan(const char *key, unsigned long long loan);
void json_null(const char *key);

/* What comes next begins a line, for people's eyes and for consoles with short lines. */
void json_break(void);

#endif
