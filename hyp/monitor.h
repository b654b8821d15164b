/* SPDX-License-Identifier: BSD-2-Clause */
/* The command prompt of the physical console, for the person at the machine. */
#ifndef HYP_MONITOR_H
#define HYP_MONITOR_H

/* Takes the input of CONSOLE_HYP from here on. */
void monitor_init(void);

#endif
