/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest's registers while its CPU is at EL2: at the top of that CPU's stack. */
#ifndef HYP_TRAP_FRAME_H
#define HYP_TRAP_FRAME_H

#include "hyp/lib/types.h"

struct trap_frame {
	u64 x[31];
	u64 elr; /* where the guest goes on */
	u64 spsr;
	u64 pad; /* keeps the stack 16-byte aligned */
};

#endif
