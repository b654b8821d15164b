/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest-tests/bare/bare.h"

#define FSC_EXTERNAL 0x10
#define FSC_EXTERNAL_WALK 0x14 /* to 0x17, by level */

bool (*exception_hook)(u64 index, struct frame *frame);

/* True: it was expected, and the guest goes on behind it. */
static bool expected_abort(struct frame *frame)
{
	struct probe *p = this_cpu()->probe;
	u64 esr = read_reg(esr_el1);

	if (!p || (ESR_CLASS(esr) != EC_DABT && ESR_CLASS(esr) != EC_IABT))
		return false;
	this_cpu()->probe = NULL;
	p->aborted = true;
	p->esr = esr;
	p->far = read_reg(far_el1);
	/* A fetch that aborted was called: back to the caller. */
	frame->elr = ESR_CLASS(esr) == EC_IABT ? frame->x[30] : frame->elr + 4;
	return true;
}

void exception(u64 index, struct frame *frame)
{
	if (exception_hook && exception_hook(index, frame))
		return;
	if (index == VECTOR_IRQ) {
		irq_take();
		return;
	}
	if (index == VECTOR_SYNC && expected_abort(frame))
		return;
	bail_out("unexpected exception, vector %lu, CPU %u, ESR 0x%lx, FAR 0x%lx, ELR 0x%lx", index,
		 this_cpu()->index, read_reg(esr_el1), read_reg(far_el1), frame->elr);
}

bool probe_is_external(struct probe p)
{
	return p.aborted && FIELD(p.esr, 5, 0) == FSC_EXTERNAL;
}

bool probe_is_external_on_walk(struct probe p)
{
	return p.aborted && (FIELD(p.esr, 5, 0) & ~3ULL) == FSC_EXTERNAL_WALK;
}

/* One instruction that may abort: the exception skips exactly it. */
#define PROBE(instructions, ...)                                                                   \
	struct probe p = {0};                                                                      \
	u64 value = 0;                                                                             \
	this_cpu()->probe = &p;                                                                    \
	__asm__ volatile(instructions : "+r"(value) : "r"(address), ##__VA_ARGS__ : "memory");     \
	dsb();                                                                                     \
	this_cpu()->probe = NULL;                                                                  \
	p.value = value;                                                                           \
	return p

struct probe probe_read(u64 address)
{
	PROBE("ldr %w0, [%1]");
}

struct probe probe_read64(u64 address)
{
	PROBE("ldr %0, [%1]");
}

struct probe probe_read_pair(u64 address)
{
	PROBE("ldp %0, xzr, [%1]");
}

struct probe probe_read_exclusive(u64 address)
{
	PROBE("ldxr %w0, [%1]");
}

struct probe probe_write(u64 address)
{
	PROBE("str %w2, [%1]", "r"(0x600df00d));
}

struct probe probe_write64(u64 address, u64 written)
{
	PROBE("str %2, [%1]", "r"(written));
}

struct probe probe_zva(u64 address)
{
	PROBE("dc zva, %1");
}

struct probe probe_execute(u64 address)
{
	struct probe p = {0};

	this_cpu()->probe = &p;
	__asm__ volatile("blr %0" ::"r"(address)
			 : "memory", "cc", "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8",
			   "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x30");
	this_cpu()->probe = NULL;
	return p;
}
