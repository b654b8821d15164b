/* SPDX-License-Identifier: BSD-2-Clause */
/* A VM's serial line: its virtual PL011 between the console multiplexer and its interrupt. */
#ifndef HYP_VM_SERIAL_H
#define HYP_VM_SERIAL_H

#include "hyp/vm/vm.h"

/* Once per VM, before it starts. */
void serial_init(struct vm *vm);

#endif
