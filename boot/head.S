/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the loader to C. Entered like an arm64 Linux kernel (Documentation/arm64/booting.rst): x0 is
 * the PA of the FDT, MMU and caches off, at EL2, at any 2 MiB aligned address, image cleaned to the
 * point of coherency. Secondary CPUs come in by PSCI with x0 = their struct cpu.
 */
#include "offsets.h"

	.section .head, "ax"
	.global _head
_head:
	b	primary_entry			/* code0 */
	nop					/* code1 */
	.quad	0				/* text_offset */
	.quad	_end - _head			/* image_size */
	.quad	0xa				/* little endian, 4 KiB pages, placed anywhere */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

	.section .text.boot, "ax"
primary_entry:
	msr	daifset, #0xf
	mov	x19, x0

	/* Linked at 0: every absolute address in the image (R_AARCH64_RELATIVE) gets the base added. */
	adrp	x20, _head
	adrp	x0, _rela_start
	add	x0, x0, :lo12:_rela_start
	adrp	x1, _rela_end
	add	x1, x1, :lo12:_rela_end
1:	cmp	x0, x1
	b.hs	2f
	ldp	x2, x3, [x0], #16		/* r_offset, r_info */
	ldr	x4, [x0], #8			/* r_addend */
	cmp	w3, #1027			/* R_AARCH64_RELATIVE */
	b.ne	1b
	add	x4, x4, x20
	str	x4, [x2, x20]
	b	1b

2:	adrp	x0, _bss_start
	adrp	x1, _bss_end
3:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	3b

	/*
	 * These stores went around the caches. Drop what a cache may still hold of the image, before it
	 * is turned on: lines from before the stores would hide them.
	 */
	mov	x0, x20
	adrp	x1, _end
	mrs	x2, ctr_el0
	ubfx	x2, x2, #16, #4
	mov	x3, #4
	lsl	x3, x3, x2			/* DminLine in bytes */
4:	dc	ivac, x0
	add	x0, x0, x3
	cmp	x0, x1
	b.lo	4b
	dsb	sy

	msr	spsel, #1
	adrp	x0, boot_stack_top
	mov	sp, x0
	mov	x29, xzr
	mrs	x0, CurrentEL
	cmp	x0, #(2 << 2)
	b.eq	5f
	mov	x0, x19
	b	boot_refuse_el

5:	adrp	x0, cpus			/* a panic needs a struct cpu from here on */
	add	x0, x0, :lo12:cpus
	msr	tpidr_el2, x0
	mov	x0, x19
	bl	mmu_build_early
	bl	mmu_enable
	mov	x0, x19
	b	main

	.global secondary_entry
secondary_entry:
	msr	daifset, #0xf
	msr	spsel, #1
	msr	tpidr_el2, x0
	mov	x19, x0
	ldr	x0, [x19, #CPU_STACK_TOP]
	mov	sp, x0
	mov	x29, xzr
	ldr	x0, [x19, #CPU_TTBR]
	bl	mmu_enable
	mov	x0, x19
	b	secondary_main

/*
 * void mmu_enable(u64 ttbr): EL2 runs on the identity map at ttbr from here on. Also to exchange one map
 * for another: the MMU goes off in between, so that no two sizes of one translation ever coexist in a
 * TLB. Whole registers are written, never what firmware left is kept. Leaf: uses x0 to x5 only.
 */
	.global mmu_enable
mmu_enable:
	adrp	x1, vectors
	add	x1, x1, :lo12:vectors
	msr	vbar_el2, x1
	ldr	x5, =SCTLR_EL2_OFF
	msr	sctlr_el2, x5
	isb
	ldr	x2, =HCR_EL2_BOOT
	msr	hcr_el2, x2
	ldr	x2, =CPTR_EL2_BOOT
	msr	cptr_el2, x2
	ldr	x2, =MAIR_EL2_VALUE
	msr	mair_el2, x2
	ldr	x2, =TCR_EL2_VALUE
	mrs	x3, id_aa64mmfr0_el1
	and	x3, x3, #0xf			/* PARange; more than 48 bits are not used */
	mov	x4, #5
	cmp	x3, x4
	csel	x3, x3, x4, lo
	orr	x2, x2, x3, lsl #16
	msr	tcr_el2, x2
	msr	ttbr0_el2, x0
	isb					/* the regime is complete before the TLB is emptied for it */
	tlbi	alle2
	ic	iallu
	dsb	nsh
	isb
	ldr	x5, =SCTLR_EL2_ON
	msr	sctlr_el2, x5
	isb
	ret

	.section .bss.stack, "aw", %nobits
	.balign	4096
	.global boot_stack_guard
boot_stack_guard:
	.skip	4096				/* unmapped by mmu_build() */
	.skip	16384
	.global boot_stack_top
boot_stack_top:
	.global panic_stack_top
	.skip	8192
panic_stack_top:
