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

	.section .note.GNU-stack, "", @progbits
