/* SPDX-License-Identifier: BSD-2-Clause */
/* A program without anything below it: void flat_main(u64 now), now being the counter at the first instruction. */
	.section .head, "ax"
	.globl	_start
_start:
	mrs	x0, cntpct_el0
	adrp	x1, flat_stack_top
	add	x1, x1, :lo12:flat_stack_top
	mov	sp, x1
	bl	flat_main
1:	wfi
	b	1b

	.bss
	.balign	16
	.space	0x1000
flat_stack_top:
