/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exception vectors of EL2, and the way in and out of a guest. From a guest: all registers to a
 * struct trap_frame on this CPU's stack, then C by kind of exception. From EL2 itself: a bug, on a
 * stack of its own, since the old one may be what is broken. Source: Arm ARM D1.3.
 */
#include "offsets.h"

	.macro	guest_vector handler
	.balign	128
	stp	x0, x1, [sp, #-FRAME_SIZE]!
	stp	x2, x3, [sp, #16 * 1]
	adr	x1, \handler
	b	guest_exit
	.endm

	/* The only place to keep a register is one of the guest's, which has seen its last instruction. */
	.macro	own_vector kind
	.balign	128
	msr	tpidrro_el0, x17
	mrs	x17, tpidr_el2
	ldr	x17, [x17, #CPU_PANIC_STACK_TOP]
	sub	x17, x17, #FRAME_SIZE
	stp	x0, x1, [x17, #16 * 0]
	mov	x0, #\kind
	b	own_exit
	.endm

	.macro	save_from_x4 frame
	stp	x4, x5, [\frame, #16 * 2]
	stp	x6, x7, [\frame, #16 * 3]
	stp	x8, x9, [\frame, #16 * 4]
	stp	x10, x11, [\frame, #16 * 5]
	stp	x12, x13, [\frame, #16 * 6]
	stp	x14, x15, [\frame, #16 * 7]
	stp	x16, x17, [\frame, #16 * 8]
	stp	x18, x19, [\frame, #16 * 9]
	stp	x20, x21, [\frame, #16 * 10]
	stp	x22, x23, [\frame, #16 * 11]
	stp	x24, x25, [\frame, #16 * 12]
	stp	x26, x27, [\frame, #16 * 13]
	stp	x28, x29, [\frame, #16 * 14]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	str	x30, [\frame, #16 * 15]
	stp	x2, x3, [\frame, #FRAME_ELR]
	.endm

	.text
	.balign	2048
	.global vectors
vectors:
	own_vector 0				/* EL2t */
	own_vector 1
	own_vector 2
	own_vector 3
	own_vector 4				/* EL2h: synchronous, IRQ, FIQ, SError */
	own_vector 5
	own_vector 6
	own_vector 7
	guest_vector trap_sync			/* AArch64 guest */
	guest_vector trap_irq
	guest_vector trap_irq
	guest_vector trap_serror
	guest_vector trap_sync			/* AArch32 guest */
	guest_vector trap_irq
	guest_vector trap_irq
	guest_vector trap_serror
	.balign	128

own_exit:
	stp	x2, x3, [x17, #16 * 1]
	save_from_x4 x17
	mrs	x1, tpidrro_el0
	str	x1, [x17, #8 * 17]
	mov	x2, sp
	mov	sp, x17
	mov	x1, x17
	b	trap_from_el2

guest_exit:
	save_from_x4 sp
	mov	x0, sp
	mov	x29, xzr			/* a backtrace ends here */
	blr	x1

	ldp	x2, x3, [sp, #FRAME_ELR]
	msr	elr_el2, x2
	msr	spsr_el2, x3
	ldr	x30, [sp, #16 * 15]
	ldp	x28, x29, [sp, #16 * 14]
	ldp	x26, x27, [sp, #16 * 13]
	ldp	x24, x25, [sp, #16 * 12]
	ldp	x22, x23, [sp, #16 * 11]
	ldp	x20, x21, [sp, #16 * 10]
	ldp	x18, x19, [sp, #16 * 9]
	ldp	x16, x17, [sp, #16 * 8]
	ldp	x14, x15, [sp, #16 * 7]
	ldp	x12, x13, [sp, #16 * 6]
	ldp	x10, x11, [sp, #16 * 5]
	ldp	x8, x9, [sp, #16 * 4]
	ldp	x6, x7, [sp, #16 * 3]
	ldp	x4, x5, [sp, #16 * 2]
	ldp	x2, x3, [sp, #16 * 1]
	ldp	x0, x1, [sp], #FRAME_SIZE
	eret
	/* Straight-line speculation past ERET finds nothing. */
	dsb	nsh
	isb

/*
 * _Noreturn void guest_start(u64 x0, u64 x1, u64 x2, u64 elr, u64 spsr): a vCPU's first instruction. No register, FP
 * and SIMD included, carries anything into it; this CPU's EL2 stack is empty again.
 */
	.arch_extension fp
	.arch_extension simd
	.global guest_start
guest_start:
	mrs	x5, tpidr_el2
	ldr	x5, [x5, #CPU_STACK_TOP]
	mov	sp, x5
	msr	elr_el2, x3
	msr	spsr_el2, x4
	.irp	n, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
	mov	x\n, xzr
	.endr
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	movi	v\n\().2d, #0
	.endr
	msr	fpcr, xzr
	msr	fpsr, xzr
	eret
	dsb	nsh
	isb
