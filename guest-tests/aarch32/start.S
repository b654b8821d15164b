/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a 32-bit guest begins, where its other CPUs do, and what its exceptions do. */

	.syntax	unified
	.arch	armv8-a
	.arch_extension sec
	.arch_extension virt
	.arm

	/* top: of the CPU's stacks; one per mode. Leaves SVC with A, I, F as they were. */
	.macro	set_stacks top
	cps	#0x12				/* IRQ */
	sub	sp, \top, #0x1000
	cps	#0x17				/* abort */
	sub	sp, \top, #0x2000
	cps	#0x1b				/* undefined */
	sub	sp, \top, #0x2800
	cps	#0x13
	mov	sp, \top
	.endm

	.section .head, "ax"
	.globl	_start
_start:
	/* What the loader left, before anything changes it: main32()'s arguments. */
	mov	r4, r0
	mov	r5, r1
	mov	r6, r2
	mrs	r7, cpsr
	mrc	p15, 0, r8, c1, c0, 0		/* SCTLR */

	ldr	r0, =bss_start
	ldr	r1, =bss_end
	mov	r2, #0
1:	cmp	r0, r1
	strlo	r2, [r0], #4
	blo	1b

	ldr	r0, =cpus
	mcr	p15, 0, r0, c13, c0, 4		/* TPIDRPRW */
	ldr	r1, =boot_stack_end
	set_stacks r1
	ldr	r1, =vectors
	mcr	p15, 0, r1, c12, c0, 0		/* VBAR */
	sub	sp, sp, #8
	str	r8, [sp]
	mov	r0, r4
	mov	r1, r5
	mov	r2, r6
	mov	r3, r7
	bl	main32
	b	.

	/* r0: struct cpu *, whose first word is the top of its stacks. */
	.text
	.arm
	.globl	secondary_a32
	.type	secondary_a32, %function
secondary_a32:
	mov	r3, #0
2:	mrs	r4, cpsr
	mcr	p15, 0, r0, c13, c0, 4
	ldr	r1, [r0]
	set_stacks r1
	ldr	r1, =vectors
	mcr	p15, 0, r1, c12, c0, 0
	isb
	mov	r1, r3
	mov	r2, r4
	bl	secondary_main
	b	.
	.ltorg

	/* At a halfword, as T32 code may be. */
	.thumb
	.balign	4
	nop
	.globl	secondary_t32
	.thumb_func
	.type	secondary_t32, %function
secondary_t32:
	movs	r3, #1
	ldr	r1, =2b
	bx	r1
	.balign	4
	.ltorg

	.arm
	.balign	32
vectors:
	b	.				/* reset: never */
	b	take_undefined
	b	.				/* SVC */
	b	take_prefetch_abort
	b	take_data_abort
	b	.
	b	take_irq
	b	.

	/*
	 * caught(kind, LR, CPSR) returns where to go on in SVC mode, bit 0 for T32. Not by SPSR: QEMU 7.2
	 * does not take what EL2 wrote there for a mode that EL2 itself enters.
	 */
	.macro	take kind
	mov	r0, #\kind
	mov	r1, lr
	mrs	r2, cpsr
	bl	caught
	cps	#0x13
	bx	r0
	.endm

take_undefined:
	take	1
take_prefetch_abort:
	take	2
take_data_abort:
	take	3

take_irq:
	sub	lr, lr, #4
	push	{r0-r3, r12, lr}
	bl	irq_take
	ldm	sp!, {r0-r3, r12, pc}^

	.bss
	.balign	16
	.space	0x4000
boot_stack_end:
