/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A signal ends what the driver is doing for us, which it then undoes; what we do after that must not
 * end half way, so signals are noted only.
 */
#ifndef LENDCTL_INTERRUPT_H
#define LENDCTL_INTERRUPT_H

#include <stdbool.h>

/* From now on those by which a person or a service manager ends a program, if they are not ignored. */
void interrupt_note(void);

bool interrupt_came(void);

#endif
