/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies and atomics that may fault. Each memory access has a row in husk_extable. Only registers
 * that a C call may change are used, and no stack, so a fixup can simply return.
 */

	.macro	MAYFAULT insn, fixup
	.pushsection husk_extable, "a"
	.balign	4
	.long	\insn - .
	.long	\fixup - .
	.popsection
	.endm

	.macro	FUNC name
	.globl	\name
	.hidden	\name
	.type	\name, %function
	.balign	16
\name:
	.endm

	.text

/* size_t host_copy(void *dst, const void *src, size_t n) */
FUNC host_copy
	cmp	x2, #16
	b.lo	2f
1:	ldp	x3, x4, [x1]
11:	stp	x3, x4, [x0]
	add	x1, x1, #16
	add	x0, x0, #16
	sub	x2, x2, #16
	cmp	x2, #16
	b.hs	1b
2:	cbz	x2, 5f
4:	ldrb	w3, [x1]
41:	strb	w3, [x0]
	add	x1, x1, #1
	add	x0, x0, #1
	subs	x2, x2, #1
	b.ne	4b
5:	mov	x0, #0
	ret
/* a pair did not make it: byte by byte to the exact place */
42:	mov	x0, x2
	ret
	MAYFAULT 1b, 4b
	MAYFAULT 11b, 4b
	MAYFAULT 4b, 42b
	MAYFAULT 41b, 42b
	.size	host_copy, . - host_copy

/* size_t host_clear(void *dst, size_t n) */
FUNC host_clear
	cmp	x1, #16
	b.lo	2f
1:	stp	xzr, xzr, [x0]
	add	x0, x0, #16
	sub	x1, x1, #16
	cmp	x1, #16
	b.hs	1b
2:	cbz	x1, 5f
4:	strb	wzr, [x0]
	add	x0, x0, #1
	subs	x1, x1, #1
	b.ne	4b
5:	mov	x0, #0
	ret
42:	mov	x0, x1
	ret
	MAYFAULT 1b, 4b
	MAYFAULT 4b, 42b
	.size	host_clear, . - host_clear

FUNC host_load32
1:	ldar	w2, [x0]
	str	w2, [x1]
	mov	w0, #0
	ret
	MAYFAULT 1b, usercopy_efault
	.size	host_load32, . - host_load32

FUNC host_load64
1:	ldar	x2, [x0]
	str	x2, [x1]
	mov	w0, #0
	ret
	MAYFAULT 1b, usercopy_efault
	.size	host_load64, . - host_load64

FUNC host_store32
1:	stlr	w1, [x0]
	dmb	ish
	mov	w0, #0
	ret
	MAYFAULT 1b, usercopy_efault
	.size	host_store32, . - host_store32

FUNC host_store64
1:	stlr	x1, [x0]
	dmb	ish
	mov	w0, #0
	ret
	MAYFAULT 1b, usercopy_efault
	.size	host_store64, . - host_store64

/* int host_cmpxchg32(uint32_t *p, uint32_t old, uint32_t v, uint32_t *ret_prev) */
FUNC host_cmpxchg32
1:	ldaxr	w4, [x0]
	cmp	w4, w1
	b.ne	3f
2:	stlxr	w5, w2, [x0]
	cbnz	w5, 1b
3:	dmb	ish
	str	w4, [x3]
	mov	w0, #0
	ret
	MAYFAULT 1b, usercopy_efault
	MAYFAULT 2b, usercopy_efault
	.size	host_cmpxchg32, . - host_cmpxchg32

/* int host_xchg32(uint32_t *p, uint32_t v, uint32_t *ret_old) */
FUNC host_xchg32
1:	ldaxr	w4, [x0]
2:	stlxr	w5, w1, [x0]
	cbnz	w5, 1b
	dmb	ish
	str	w4, [x2]
	mov	w0, #0
	ret
	MAYFAULT 1b, usercopy_efault
	MAYFAULT 2b, usercopy_efault
	.size	host_xchg32, . - host_xchg32

FUNC usercopy_efault
	mov	w0, #-14		/* -EFAULT */
	ret
	.size	usercopy_efault, . - usercopy_efault

	.section .note.GNU-stack, "", %progbits
