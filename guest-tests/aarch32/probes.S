/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions that a hypervisor has to look at, in A32 and T32. Those that may end in an exception are
 * between <name>_at and <name>_end, where caught() lets them go on.
 */

	.syntax	unified
	.arch	armv8-a
	.arch_extension sec
	.arch_extension virt
	.text

	.macro	function name
	.globl	\name
	.type	\name, %function
\name:
	.endm

	.macro	probe name, insn:vararg
	function \name
	function \name\()_at
	\insn
	function \name\()_end
	bx	lr
	.endm

	/* void name(u32 r[8]): r0 to r7, there and back. */
	.macro	call name, insn
	function \name
	push	{r4-r8, lr}
	mov	r8, r0
	ldm	r8, {r0-r7}
	\insn	#0
	stm	r8, {r0-r7}
	pop	{r4-r8, pc}
	.endm

	.arm
	call	smc_a32, smc
	call	hvc_a32, hvc
	probe	read_a32, ldr r0, [r0]
	probe	write_a32, str r1, [r0]
	probe	pmu_a32, mrc p15, 0, r0, c9, c12, 0
	probe	c15_a32, mrrc p15, 0, r2, r3, c15	/* Cortex-A: CPUACTLR */
	probe	read_pair_a32, ldrd r2, r3, [r0]

	/* The LR of the mode that we are in, through a device and a trapped register. */
	function read_to_lr
	push	{lr}
	ldr	lr, [r0]
	mov	r0, lr
	pop	{pc}

	function write_from_lr
	push	{lr}
	mov	lr, r1
	str	lr, [r0]
	pop	{pc}

	function id_to_lr
	push	{lr}
	mrc	p15, 0, lr, c0, c2, 0		/* ID_ISAR0 */
	mov	r0, lr
	pop	{pc}

	/* r8 of FIQ mode, which has r8 to r12 of its own, too. */
	function read_to_r8_fiq
	cps	#0x11
	mov	r8, #0
	ldr	r8, [r0]
	mov	r1, r8
	cps	#0x13
	mov	r0, r1
	bx	lr

	/* An SMC under the condition r1 == 0; r0 of the call, or 0. */
	function smc_conditional_a32
	push	{r4, lr}
	mov	r4, r1
	cmp	r4, #0
	smceq	#0
	movne	r0, #0
	pop	{r4, pc}

	.thumb
	call	smc_t32, smc
	probe	read_t32, ldr r0, [r0]
	probe	write_t32, str r1, [r0]
	probe	pmu_t32, mrc p15, 0, r0, c9, c12, 0
	probe	execute_t32, bx r0

	/*
	 * SMC last in an IT block. Behind it a 16-bit MOVS sets flags only when the block has ended:
	 * r0: of the call, r1: Z then, which has to be clear.
	 */
	function smc_in_it_t32
	push	{r4, lr}
	cmp	r1, #0
	itt	eq
	moveq	r4, #1
	smceq	#0
	.inst.n	0x2401				/* movs r4, #1 */
	ite	eq
	moveq	r1, #1
	movne	r1, #0
	pop	{r4, pc}

	/* The same of a device: without ITAdvance() the MOVNE would be done. r0: address; back 0 or 1. */
	function mmio_in_it_t32
	movs	r1, #0
	cmp	r0, r0
	ite	eq
	ldreq	r2, [r0]
	movne	r1, #1
	mov	r0, r1
	bx	lr

	/* A load with write-back, which EL2 has to read: 4 bytes, in two pages. r0: address; back how far it moved. */
	.balign	4096
	.skip	4092
	function writeback_across_pages_t32
	mov	r1, r0
	ldr	r2, [r1], #4
	subs	r0, r1, r0
	bx	lr
