/* SPDX-License-Identifier: Apache-2.0 */
/* Guests of a few instructions each, copied to where a test wants them. */
	.macro	GUEST name
	.globl	guest_\name, guest_\name\()_end
	.balign	16
guest_\name:
	.endm
	.macro	ENDGUEST name
guest_\name\()_end:
	.endm

	.section .rodata
/* getpid for ever */
GUEST calls
1:	mov	$39, %eax
	syscall
	jmp	1b
ENDGUEST calls

/* *rdi = rsi, then a call */
GUEST store
	mov	%rsi, (%rdi)
	mov	$39, %eax
	syscall
	ud2
ENDGUEST store

/* rsi = *rdi, then a call */
GUEST load
	mov	(%rdi), %rsi
	mov	$39, %eax
	syscall
	ud2
ENDGUEST load

/* counts in rax until it is stopped */
GUEST spin
	xor	%eax, %eax
1:	inc	%rax
	jmp	1b
ENDGUEST spin

/* stores rax, rax + 1, ... at (rdi) until it is stopped */
GUEST storm
1:	mov	%rax, (%rdi)
	inc	%rax
	jmp	1b
ENDGUEST storm

GUEST illegal
	ud2
ENDGUEST illegal

GUEST breakpoint
	int3
	nop
ENDGUEST breakpoint

GUEST divide
	xor	%edx, %edx
	xor	%ecx, %ecx
	mov	$1, %eax
	div	%ecx
ENDGUEST divide

GUEST privileged
	hlt
ENDGUEST privileged

GUEST foreign_call
	mov	$20, %eax
	int	$0x80
	nop
ENDGUEST foreign_call

/* time(0) of the vsyscall page */
GUEST vsyscall
	xor	%edi, %edi
	mov	$0xffffffffff600400, %rax
	call	*%rax
	mov	$39, %eax
	syscall
ENDGUEST vsyscall

/* xmm0 += xmm1 between calls */
GUEST fp
1:	mov	$39, %eax
	syscall
	addsd	%xmm1, %xmm0
	jmp	1b
ENDGUEST fp

GUEST nops
	nop
	nop
	mov	$39, %eax
	syscall
ENDGUEST nops

GUEST raw_call
	syscall
	ud2
ENDGUEST raw_call

/* for ever: a call of number r14 by the fast entry in r15; every register but rax must survive */
GUEST fast_calls
	mov	$0x1111, %ebx
	mov	$0x2222, %ebp
	mov	$0x3333, %edi
	mov	$0x4444, %esi
	mov	$0x5555, %edx
	mov	$0x6666, %r10d
	mov	$0x7777, %r8d
	mov	$0x8888, %r9d
	mov	$0x9999, %r12d
1:	mov	%r14, %rax
	lea	2f(%rip), %rcx
	cmp	%r14, %r15		/* flags that must come back */
	jmp	*%r15
2:	jb	9f
	je	9f
	cmp	$0x1111, %rbx
	jne	9f
	cmp	$0x2222, %rbp
	jne	9f
	cmp	$0x3333, %rdi
	jne	9f
	cmp	$0x4444, %rsi
	jne	9f
	cmp	$0x5555, %rdx
	jne	9f
	cmp	$0x6666, %r10
	jne	9f
	cmp	$0x7777, %r8
	jne	9f
	cmp	$0x8888, %r9
	jne	9f
	cmp	$0x9999, %r12
	jne	9f
	inc	%r13
	cmp	%r13, %rax		/* each result one more than the last */
	je	1b
9:	ud2
ENDGUEST fast_calls

/* GS base to rdx, then a call by the fast entry in r15 */
GUEST fast_gs
	wrgsbase %rdx
	mov	$39, %eax
	lea	1f(%rip), %rcx
	jmp	*%r15
1:	mov	$40, %eax
	syscall
	ud2
ENDGUEST fast_gs

/* one call by the fast entry in r15 with the flags as they are */
GUEST fast_once
	mov	$39, %eax
	lea	1f(%rip), %rcx
	jmp	*%r15
1:	mov	$40, %eax
	syscall
	ud2
ENDGUEST fast_once

/* no key gives any right; then both ways into the sentry */
GUEST no_keys
	mov	$-4, %eax
	xor	%ecx, %ecx
	xor	%edx, %edx
	wrpkru
	mov	$39, %eax
	test	%r15, %r15
	jz	1f
	lea	1f(%rip), %rcx
	jmp	*%r15
1:	syscall
	ud2
ENDGUEST no_keys

/* writes rax to each word of [rdi, rsi), over and over, rax changing all the time */
GUEST scribble
1:	mov	%rdi, %rcx
2:	mov	%rax, (%rcx)
	imul	$0x5851f42d, %rax, %rax
	add	$0x2f, %rax
	add	%rdx, %rcx
	cmp	%rsi, %rcx
	jb	2b
	jmp	1b
ENDGUEST scribble

	.section .note.GNU-stack, "", @progbits
