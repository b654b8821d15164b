/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses that the linker script (boot/lendvisor.ld) defines; all page aligned. */
#ifndef BOOT_IMAGE_H
#define BOOT_IMAGE_H

extern const char _head[], _text_end[], _rodata_end[], _end[];
extern const char boot_stack_guard[];
extern char boot_stack_top[], panic_stack_top[];

void secondary_entry(void);

#endif
