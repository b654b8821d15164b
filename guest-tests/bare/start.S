/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a guest begins, and where its other CPUs do. */

	.section .head, "ax"
	.globl	_start
_start:
	/* What the loader left, before anything changes it: bare_start()'s arguments. */
	mov	x19, x0
	mrs	x20, CurrentEL
	mrs	x21, DAIF
	mrs	x22, SPSel
	mrs	x23, SCTLR_EL1
	mrs	x24, S3_0_C12_C12_5		/* ICC_SRE_EL1 */

	ldr	x0, =bss_start
	ldr	x1, =bss_end
1:	cmp	x0, x1
	b.hs	2f
	stp	xzr, xzr, [x0], #16
	b	1b

2:	ldr	x0, =boot_stack_end
	mov	sp, x0
	mov	x0, x19
	mov	x1, x20
	mov	x2, x21
	mov	x3, x22
	mov	x4, x23
	mov	x5, x24
	bl	bare_start
	b	.

	/* x0: struct cpu *, whose first word is the top of its stack. */
	.text
	.globl	secondary_start
secondary_start:
	ldr	x1, [x0]
	mov	sp, x1
	bl	secondary_main
	b	.

	/* A second way in for CPU_ON: says so in the second word. */
	.globl	secondary_start_other
secondary_start_other:
	mov	x1, #1
	str	x1, [x0, #8]
	b	secondary_start

	.bss
	.balign	16
	.space	0x4000
boot_stack_end:
