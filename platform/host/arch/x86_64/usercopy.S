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
	.type	\name, @function
	.balign	16
\name:
	.endm

	.text

/* size_t host_copy(void *dst, const void *src, size_t n) */
FUNC host_copy
	cmp	$128, %rdx
	jae	3f
	mov	%rdx, %rcx
	shr	$3, %rcx
	jz	2f
1:	mov	(%rsi), %rax
11:	mov	%rax, (%rdi)
	add	$8, %rsi
	add	$8, %rdi
	sub	$8, %rdx
	dec	%rcx
	jnz	1b
2:	test	%rdx, %rdx
	jz	5f
4:	movb	(%rsi), %al
41:	movb	%al, (%rdi)
	inc	%rsi
	inc	%rdi
	dec	%rdx
	jnz	4b
5:	xor	%eax, %eax
	ret
/* rep movsb leaves in rcx exactly what is left */
3:	mov	%rdx, %rcx
31:	rep movsb
	xor	%eax, %eax
	ret
32:	mov	%rcx, %rax
	ret
/* a word did not make it: byte by byte to the exact place */
42:	mov	%rdx, %rax
	ret
	MAYFAULT 1b, 4b
	MAYFAULT 11b, 4b
	MAYFAULT 4b, 42b
	MAYFAULT 41b, 42b
	MAYFAULT 31b, 32b
	.size	host_copy, . - host_copy

/* size_t host_clear(void *dst, size_t n) */
FUNC host_clear
	mov	%rsi, %rcx
	xor	%eax, %eax
1:	rep stosb
	ret
2:	mov	%rcx, %rax
	ret
	MAYFAULT 1b, 2b
	.size	host_clear, . - host_clear

/* int host_load32(const uint32_t *p, uint32_t *ret_v) */
FUNC host_load32
1:	mov	(%rdi), %ecx
	mov	%ecx, (%rsi)
	xor	%eax, %eax
	ret
	MAYFAULT 1b, usercopy_efault
	.size	host_load32, . - host_load32

FUNC host_load64
1:	mov	(%rdi), %rcx
	mov	%rcx, (%rsi)
	xor	%eax, %eax
	ret
	MAYFAULT 1b, usercopy_efault
	.size	host_load64, . - host_load64

/* int host_store32(uint32_t *p, uint32_t v): xchg orders it */
FUNC host_store32
1:	xchg	%esi, (%rdi)
	xor	%eax, %eax
	ret
	MAYFAULT 1b, usercopy_efault
	.size	host_store32, . - host_store32

FUNC host_store64
1:	xchg	%rsi, (%rdi)
	xor	%eax, %eax
	ret
	MAYFAULT 1b, usercopy_efault
	.size	host_store64, . - host_store64

/* int host_cmpxchg32(uint32_t *p, uint32_t old, uint32_t v, uint32_t *ret_prev) */
FUNC host_cmpxchg32
	mov	%esi, %eax
1:	lock cmpxchg %edx, (%rdi)
	mov	%eax, (%rcx)
	xor	%eax, %eax
	ret
	MAYFAULT 1b, usercopy_efault
	.size	host_cmpxchg32, . - host_cmpxchg32

/* int host_xchg32(uint32_t *p, uint32_t v, uint32_t *ret_old) */
FUNC host_xchg32
1:	xchg	%esi, (%rdi)
	mov	%esi, (%rdx)
	xor	%eax, %eax
	ret
	MAYFAULT 1b, usercopy_efault
	.size	host_xchg32, . - host_xchg32

FUNC usercopy_efault
	mov	$-14, %eax		/* -EFAULT */
	ret
	.size	usercopy_efault, . - usercopy_efault

	.section .note.GNU-stack, "", @progbits
