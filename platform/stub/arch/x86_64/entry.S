/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The code inside stubs. The agent and starting threads use no memory they could write: registers
 * only, no stack. See ../../layout.h for the pages and README.md for the life of a command.
 */
#include <asm/unistd.h>
#include "layout.h"

#define PR_SET_PDEATHSIG 1
#define SIGKILL		 9
#define PROT_READ	 1
#define MAP_SHARED_FIXED 0x11
#define FUTEX_WAIT	 0
#define FUTEX_WAKE	 1
#define SECCOMP_SET_MODE_FILTER 1

/* --- the agent: its own page --------------------------------------------------------------------
 *
 * rbx  the command pages
 * r12  the table of constants
 * r13  the entry being worked on
 * r15d number of commands done
 * rbp  offset of our reply page in the reply file
 * All of them survive system calls, which change rax, rcx and r11 only.
 */
	.section .agent, "ax", @progbits
	.globl	stub_agent
stub_agent:
	movabs	$STUB_CMD, %rbx
	movabs	$STUB_TABLE, %r12
	mov	STUB_CMD_REPLY_OFF(%rbx), %rbp
	xor	%r15d, %r15d

.Lnext:
	mov	STUB_CMD_POSTED(%rbx), %eax
	cmp	%eax, %r15d
	je	.Lidle
	mov	%r15d, %ecx
	and	$(STUB_RING - 1), %ecx
	shl	$STUB_ENTRY_SHIFT, %ecx
	lea	STUB_CMD_RING(%rbx, %rcx), %r13

	mov	STUB_ENTRY_ARG + 0(%r13), %rdi
	mov	STUB_ENTRY_ARG + 8(%r13), %rsi
	mov	STUB_ENTRY_ARG + 16(%r13), %rdx
	mov	STUB_ENTRY_ARG + 24(%r13), %r10
	mov	STUB_ENTRY_ARG + 32(%r13), %r8
	mov	STUB_ENTRY_ARG + 40(%r13), %r9
	mov	STUB_ENTRY_OP(%r13), %ecx
	mov	$__NR_mmap, %eax
	cmp	$STUB_OP_MMAP, %ecx
	je	.Lcall
	mov	$__NR_munmap, %eax
	cmp	$STUB_OP_MUNMAP, %ecx
	je	.Lcall
	mov	$__NR_mprotect, %eax
	cmp	$STUB_OP_MPROTECT, %ecx
	je	.Lcall
	mov	$__NR_madvise, %eax
	cmp	$STUB_OP_MADVISE, %ecx
	je	.Lcall
	cmp	$STUB_OP_CLONE, %ecx
	je	.Lclone
	mov	$-22, %rax		/* -EINVAL */
	jmp	.Lerror

.Lcall:
	syscall
	cmp	$-4095, %rax
	jae	.Lerror
.Ldone:
	inc	%r15d
	cmp	STUB_CMD_POSTED(%rbx), %r15d
	jne	.Lnext
	/* the batch is done: acknowledge its last command, and wake whoever sleeps on that */
	mov	$STUB_FD_REPLY, %edi
	lea	STUB_ENTRY_SEQ(%r13), %rsi
	mov	$4, %edx
	lea	STUB_REPLY_ACKED(%rbp), %r10
	mov	$__NR_pwrite64, %eax
	syscall
	mfence
	cmpl	$0, STUB_CMD_WAITING(%rbx)
	je	.Lnext
	movabs	$(STUB_REPLY + STUB_REPLY_ACKED), %rdi
	mov	$FUTEX_WAKE, %esi
	mov	$0x7fffffff, %edx
	mov	$__NR_futex, %eax
	syscall
	jmp	.Lnext

.Lidle:
	lea	STUB_CMD_POSTED(%rbx), %rdi
	mov	$FUTEX_WAIT, %esi
	mov	%r15d, %edx
	xor	%r10d, %r10d
	mov	$__NR_futex, %eax
	syscall
	jmp	.Lnext

/* -rax into the result of this command */
.Lerror:
	neg	%rax
	lea	(%r12, %rax, 4), %rsi
	mov	$STUB_FD_REPLY, %edi
	mov	$4, %edx
	mov	STUB_ENTRY_RESULT_OFF(%r13), %r10
	mov	$__NR_pwrite64, %eax
	syscall
	jmp	.Ldone

.Lclone:
	mov	$STUB_CLONE_THREAD, %edi
	xor	%esi, %esi
	xor	%edx, %edx
	xor	%r10d, %r10d
	xor	%r8d, %r8d
	mov	$__NR_clone, %eax
	syscall
	test	%rax, %rax
	jz	.Lchild
	cmp	$-4095, %rax
	jae	.Lerror
	/* the thread's id in two halves, each a constant of the table */
	mov	%rax, %r14
	and	$0xfff, %eax
	lea	(%r12, %rax, 4), %rsi
	mov	$STUB_FD_REPLY, %edi
	mov	$4, %edx
	mov	STUB_ENTRY_RESULT_OFF(%r13), %r10
	add	$STUB_RESULT_LO, %r10
	mov	$__NR_pwrite64, %eax
	syscall
	shr	$12, %r14d
	lea	(%r12, %r14, 4), %rsi
	mov	$STUB_FD_REPLY, %edi
	mov	$4, %edx
	mov	STUB_ENTRY_RESULT_OFF(%r13), %r10
	add	$STUB_RESULT_HI, %r10
	mov	$__NR_pwrite64, %eax
	syscall
	jmp	.Ldone
.Lchild:
	movabs	$STUB_THREAD, %rax
	jmp	*%rax

/* --- guest threads: their own page --------------------------------------------------------------- */
	.section .thread, "ax", @progbits
stub_thread:
	mov	$SECCOMP_SET_MODE_FILTER, %edi
	xor	%esi, %esi
	movabs	$STUB_FILTER_THREAD, %rdx
	mov	$__NR_seccomp, %eax
	syscall
stub_filtered:
	test	%eax, %eax
	jnz	stub_exit
stub_park:
	movabs	$(STUB_REPLY + STUB_REPLY_PARK), %rdi
	mov	$FUTEX_WAIT, %esi
	xor	%edx, %edx
	xor	%r10d, %r10d
	mov	$__NR_futex, %eax
	syscall
stub_park_end:
	jmp	stub_park
stub_exit:
	xor	%edi, %edi
	mov	$__NR_exit, %eax
	syscall
	ud2

/* --- set-up ---------------------------------------------------------------------------------------- */
	.section .header, "a", @progbits
	.quad	STUB_IMAGE_MAGIC_ASM
	.quad	stub_zygote_entry
	.quad	stub_filtered
	.quad	stub_park
	.quad	stub_park_end
	.quad	stub_exit
	.quad	0

	.section .text, "ax", @progbits
	.globl	stub_zygote_entry
stub_zygote_entry:
	/* rsp is the top of STUB_ZYGOTE_WORK; rdi, rsi: where [vvar] and [vdso] are now, and their size */
	call	stub_zygote_main
	ud2

/* A fresh stub, first thing: void stub_child(uint32_t index). Never returns, soon has no stack. */
	.globl	stub_child
stub_child:
	mov	%edi, %ebx
	mov	$PR_SET_PDEATHSIG, %edi
	mov	$SIGKILL, %esi
	mov	$__NR_prctl, %eax
	syscall
	movabs	$STUB_ZYGOTE_WORK, %rdi
	mov	$STUB_ZYGOTE_WORK_SIZE, %esi
	mov	$__NR_munmap, %eax
	syscall
	test	%rax, %rax
	jnz	.Lfail

	movabs	$STUB_CMD, %rdi
	mov	%rdi, %rbp
	mov	$STUB_CMD_SIZE, %esi
	mov	$PROT_READ, %edx
	mov	$MAP_SHARED_FIXED, %r10d
	mov	$STUB_FD_CMD, %r8d
	mov	%rbx, %r9
	imul	$STUB_CMD_SIZE, %r9
	mov	$__NR_mmap, %eax
	syscall
	cmp	%rbp, %rax
	jne	.Lfail

	movabs	$STUB_REPLY, %rdi
	mov	%rdi, %rbp
	mov	$STUB_REPLY_SIZE, %esi
	mov	$PROT_READ, %edx
	mov	$MAP_SHARED_FIXED, %r10d
	mov	$STUB_FD_REPLY, %r8d
	mov	%rbx, %r9
	imul	$STUB_REPLY_SIZE, %r9
	mov	$__NR_mmap, %eax
	syscall
	cmp	%rbp, %rax
	jne	.Lfail

	mov	$SECCOMP_SET_MODE_FILTER, %edi
	xor	%esi, %esi
	movabs	$STUB_FILTER_AGENT, %rdx
	mov	$__NR_seccomp, %eax
	syscall
	test	%eax, %eax
	jnz	.Lfail
	movabs	$STUB_AGENT, %rax
	jmp	*%rax
.Lfail:
	mov	$1, %edi
	mov	$__NR_exit_group, %eax
	syscall
	ud2

	.section .table, "a", @progbits
	.set	i, 0
	.rept	4096
	.long	i
	.set	i, i + 1
	.endr

	.section .note.GNU-stack, "", @progbits
