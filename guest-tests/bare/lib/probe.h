/* SPDX-License-Identifier: BSD-2-Clause */
/* Accesses that may abort: what came of them, in place of the end of the guest. */
#ifndef BARE_PROBE_H
#define BARE_PROBE_H

#include "hyp/lib/types.h"

struct probe {
	bool aborted;
	u64 esr, far; /* when aborted */
	u64 value; /* what was read, when not */
};

struct probe probe_read(u64 address); /* 32 bits */
struct probe probe_read64(u64 address); /* need not be aligned */
struct probe probe_read_pair(u64 address); /* LDP: no syndrome for a hypervisor to emulate by */
struct probe probe_read_exclusive(u64 address);
struct probe probe_write(u64 address); /* 32 bits, 0x600df00d */
struct probe probe_write64(u64 address, u64 value);
struct probe probe_zva(u64 address);
struct probe probe_execute(u64 address);

/* The abort was a synchronous external one, on the access itself or on a walk for it. */
bool probe_is_external(struct probe p);
bool probe_is_external_on_walk(struct probe p);

/* vectors.S: index as in the vector table, 4 for a synchronous exception, 5 for an IRQ. */
struct frame {
	u64 x[31];
	u64 elr;
	u64 spsr;
	u64 pad;
};

void exception(u64 index, struct frame *frame);

/* Sees every exception first when set, on all CPUs; true: dealt with, the guest goes on at frame->elr. */
extern bool (*exception_hook)(u64 index, struct frame *frame);

/* ESR_EL1.EC, and the classes that guests look for. */
#define ESR_CLASS(esr) FIELD(esr, 31, 26)
#define EC_UNDEFINED 0x00
#define EC_IABT 0x21
#define EC_DABT 0x25
#define VECTOR_SYNC 4
#define VECTOR_IRQ 5
#define VECTOR_FIQ 6

#endif
