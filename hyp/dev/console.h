/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The physical console, shared by all VMs and the hypervisor. Output: each source fills a line of its
 * own; complete lines are shown as "[name] text", never torn by another. Input: bytes go to the source
 * in focus, and one key switches it.
 *
 * A line without its newline (a prompt) is shown by console_flush_partial(), which the caller's timer
 * calls when console_putc() asked for it. It then goes on in place, byte by byte, until another source
 * prints: that ends the physical line; what follows brings the whole line anew, with its tag, at its
 * newline or the next flush. So each completed line has stood whole on one physical line.
 *
 * Guests are hostile: text_filter.h says what is dropped. Backspace takes back characters of the open
 * line, never the tag; a carriage return without newline starts the line again. Lines over
 * CONSOLE_LINE_SIZE bytes go on in a further tagged line. Newlines are shown as CR LF.
 *
 * console.lock, the last in the lock order, is taken inside; ops->put runs under it, the input
 * callbacks do not. Pure but for the lock.
 */
#ifndef HYP_DEV_CONSOLE_H
#define HYP_DEV_CONSOLE_H

#include "hyp/lib/types.h"

#define CONSOLE_LINE_SIZE 400
#define CONSOLE_NAME_SIZE 32
#define CONSOLE_KEY 0x14 /* Ctrl-T */

/* Sources: VM ids, the monitor, and log lines (which share the monitor's name, not its open line). */
enum {
	CONSOLE_NR_VMS = 16,
	CONSOLE_HYP = CONSOLE_NR_VMS,
	CONSOLE_LOG,
	CONSOLE_NR_SOURCES,
};

struct console_ops {
	void (*put)(const char *buf, size_t n); /* to the UART, as it stands */
};

/* Forgets everything; the hypervisor is named "lendvisor" and has the focus. Before any other call. */
void console_init(const struct console_ops *ops);

/*
 * Registers a VM (or, as CONSOLE_HYP, the monitor): its name, copied and cut to fit, and who takes its
 * input. input may be NULL. A source that is not registered prints nothing.
 */
void console_register(u32 source, const char *name, void (*input)(void *arg, u8 byte), void *arg);

/*
 * One byte or several from a source. True: its open line has text that is not shown, call
 * console_flush_partial() soon (some 20 ms), whatever later calls return.
 */
bool console_putc(u32 source, u8 byte);
bool console_write(u32 source, const char *buf, size_t n);
void console_flush_partial(u32 source);

/* One whole line of the hypervisor's, without its newline; fits log_sink. */
void console_log_line(const char *line);

/* The same without the lock and without any state: for a panic, from any CPU, at any moment. */
void console_panic_line(const char *line);

/*
 * A byte from the physical UART. After CONSOLE_KEY: '0' to '9' the VM of that id, 'm' the monitor, 't'
 * or the key again the key itself for the one in focus, anything else the next in the cycle of VMs and
 * monitor. Each switch prints "focus: name".
 */
void console_input(u8 byte);

#endif
