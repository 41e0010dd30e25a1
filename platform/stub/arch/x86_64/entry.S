/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The code inside stubs. The agent and starting threads use no memory they could write: registers
 * only, no stack. See ../../layout.h for the pages and README.md for the life of a command.
 */
#include <asm/unistd.h>
#include "slot.h"

#define PR_SET_PDEATHSIG 1
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define SIGKILL		 9
#define PROT_READ	 1
#define MAP_SHARED_FIXED 0x11
#define FUTEX_WAIT	 0
#define FUTEX_WAKE	 1
#define SECCOMP_SET_MODE_FILTER 1
#define PROT_READ_WRITE	 3
#define SIG_SETMASK	 2

/* struct regs in the slot */
#define R_R15	(SLOT_REGS + 0 * 8)
#define R_R14	(SLOT_REGS + 1 * 8)
#define R_R13	(SLOT_REGS + 2 * 8)
#define R_R12	(SLOT_REGS + 3 * 8)
#define R_RBP	(SLOT_REGS + 4 * 8)
#define R_RBX	(SLOT_REGS + 5 * 8)
#define R_R11	(SLOT_REGS + 6 * 8)
#define R_R10	(SLOT_REGS + 7 * 8)
#define R_R9	(SLOT_REGS + 8 * 8)
#define R_R8	(SLOT_REGS + 9 * 8)
#define R_RAX	(SLOT_REGS + 10 * 8)
#define R_RCX	(SLOT_REGS + 11 * 8)
#define R_RDX	(SLOT_REGS + 12 * 8)
#define R_RSI	(SLOT_REGS + 13 * 8)
#define R_RDI	(SLOT_REGS + 14 * 8)
#define R_ORIG_RAX	(SLOT_REGS + 15 * 8)
#define R_RIP	(SLOT_REGS + 16 * 8)
#define R_EFLAGS	(SLOT_REGS + 18 * 8)
#define R_RSP	(SLOT_REGS + 19 * 8)

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
	cmp	$STUB_OP_FUTEX, %ecx
	je	.Lfutex
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

.Lfutex:
	mov	$__NR_futex, %eax
	syscall
	cmp	$-4095, %rax
	jae	.Lerror
	mov	$4095, %ecx
	cmp	%rcx, %rax
	cmova	%rcx, %rax
	lea	(%r12, %rax, 4), %rsi
	mov	$STUB_FD_REPLY, %edi
	mov	$4, %edx
	mov	STUB_ENTRY_RESULT_OFF(%r13), %r10
	add	$STUB_RESULT_LO, %r10
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
	test	%r9, %r9
	jnz	stub_slot_thread
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

/*
 * systrap: r9 is the address of our slot. No stack until the first signal, which we raise ourselves:
 * its frame is where the sentry puts the registers to start with.
 */
stub_slot_thread:
	mov	%r9, %rbx
	wrgsbase %rbx
	lea	(SLOT_RO + SLOT_RO_STACK)(%rbx), %rdi
	xor	%esi, %esi
	mov	$__NR_sigaltstack, %eax
	syscall
	test	%rax, %rax
	jnz	stub_exit
	mov	$SIG_SETMASK, %edi
	lea	(SLOT_RO + SLOT_RO_MASK)(%rbx), %rsi
	xor	%edx, %edx
	mov	$8, %r10d
	mov	$__NR_rt_sigprocmask, %eax
	syscall
	test	%rax, %rax
	jnz	stub_exit
	/*
	 * Calls from anywhere but this page become signals before any filter sees them, where the
	 * host can do that; if not, the filter does it.
	 */
	mov	$PR_SET_SYSCALL_USER_DISPATCH, %edi
	mov	$1, %esi
	movabs	$STUB_THREAD, %rdx
	mov	$STUB_PAGE, %r10d
	xor	%r8d, %r8d
	mov	$__NR_prctl, %eax
	syscall
	mov	$SECCOMP_SET_MODE_FILTER, %edi
	xor	%esi, %esi
	movabs	$STUB_FILTER_SLOT, %rdx
	mov	$__NR_seccomp, %eax
	syscall
	test	%rax, %rax
	jnz	stub_exit
	.globl	stub_born
stub_born:
	ud2

/* long stub_futex(const uint32_t *word, int op, uint32_t val): on words of the slot only */
	.globl	stub_futex
stub_futex:
	xor	%r10d, %r10d
	mov	$__NR_futex, %eax
	syscall
	ret
/*
 * long stub_futex_private(word, op, val, timeout, bitset): on guest memory. A kick that lands before
 * the call sends us back to the look at SLOT_KICK, so none is slept through.
 */
	.globl	stub_futex_private, stub_futex_look, stub_futex_called
stub_futex_private:
	mov	%rcx, %r10
	mov	%r8, %r9
	xor	%r8d, %r8d
stub_futex_look:
	cmpq	$0, %gs:SLOT_KICK	/* and SLOT_STEP */
	jne	1f
	mov	$__NR_futex, %eax
	syscall
stub_futex_called:
	ret
1:	mov	$-4, %rax		/* -EINTR */
	ret
	.globl	stub_end_thread
stub_end_thread:
	jmp	stub_exit
/* where a handler returns to */
stub_sigreturn:
	mov	$__NR_rt_sigreturn, %eax
	syscall
	ud2

/* --- the fast entry: see slot.h. Flags must live until they are saved ------------------------------- */
	.section .fast, "ax", @progbits
	.globl	stub_fast_entry, stub_fast_foreign, stub_fast_saved, stub_fast_leave, stub_fast_gone
	.globl	stub_fast_frame
#define SLOT_TAG (STUB_SLOTS >> SLOT_TAG_SHIFT)
stub_fast_entry:
	rdgsbase %r11
	xchg	%rcx, %r11
	rorx	$SLOT_TAG_SHIFT, %rcx, %rcx
	mov	%ecx, %ecx
	lea	-SLOT_TAG(%rcx), %ecx
	jrcxz	1f
stub_fast_foreign:
	ud2
1:	mov	%rsp, %gs:R_RSP
	mov	%r11, %gs:R_RIP
	mov	%r11, %gs:R_RCX
	mov	%r15, %gs:R_R15
	mov	%r14, %gs:R_R14
	mov	%r13, %gs:R_R13
	mov	%r12, %gs:R_R12
	mov	%rbp, %gs:R_RBP
	mov	%rbx, %gs:R_RBX
	mov	%r10, %gs:R_R10
	mov	%r9, %gs:R_R9
	mov	%r8, %gs:R_R8
	mov	%rax, %gs:R_RAX
	mov	%rdx, %gs:R_RDX
	mov	%rsi, %gs:R_RSI
	mov	%rdi, %gs:R_RDI
	mov	%rax, %gs:R_ORIG_RAX
	rdgsbase %rdi
	lea	SLOT_STACK_TOP(%rdi), %rsp
	pushfq
	popq	%r11
	mov	%r11, %gs:R_EFLAGS
	mov	%r11, %gs:R_R11
	test	$0x40400, %r11d		/* AC, DF: ours are clear */
	jz	stub_fast_saved
	pushq	$2
	popfq
stub_fast_saved:
	call	stub_fast
	cmp	$1, %eax
	jb	stub_fast_leave
	je	stub_fast_frame
	.globl	stub_fast_redo
stub_fast_redo:
	ud2
/*
 * Back to the guest, from the registers of the slot. A signal anywhere in here makes us start again
 * at the top, so everything is loaded by way of %gs only.
 */
stub_fast_leave:
	cmpq	$0, %gs:SLOT_KICK	/* and SLOT_STEP */
	jne	stub_fast_frame
	mov	%gs:R_EFLAGS, %rax
	test	$0x40400, %eax
	jnz	2f
	/* all flags that matter, without the price of popfq: OF, then the low byte */
	mov	%eax, %ecx
	shl	$8, %eax
	shr	$11, %ecx
	and	$1, %ecx
	add	$0x7f, %cl
	sahf
	jmp	3f
2:	rdgsbase %rsp
	lea	SLOT_STACK_TOP(%rsp), %rsp
	push	%rax
	popfq
3:
	mov	%gs:R_R15, %r15
	mov	%gs:R_R14, %r14
	mov	%gs:R_R13, %r13
	mov	%gs:R_R12, %r12
	mov	%gs:R_RBP, %rbp
	mov	%gs:R_RBX, %rbx
	mov	%gs:R_R11, %r11
	mov	%gs:R_R10, %r10
	mov	%gs:R_R9, %r9
	mov	%gs:R_R8, %r8
	mov	%gs:R_RAX, %rax
	mov	%gs:R_RCX, %rcx
	mov	%gs:R_RDX, %rdx
	mov	%gs:R_RSI, %rsi
	mov	%gs:R_RDI, %rdi
	mov	%gs:R_RSP, %rsp
	jmp	*%gs:R_RIP
stub_fast_gone:
stub_fast_frame:
	ud2

/* --- set-up ---------------------------------------------------------------------------------------- */
	.section .header, "a", @progbits
	.quad	STUB_IMAGE_MAGIC_ASM
	.quad	stub_zygote_entry
	.quad	stub_filtered
	.quad	stub_park
	.quad	stub_park_end
	.quad	stub_exit
	.quad	stub_on_signal
	.quad	stub_sigreturn
	.quad	stub_fast_entry

	.section .setup_text, "ax", @progbits
	.globl	stub_zygote_entry
stub_zygote_entry:
	/* rsp is the top of STUB_ZYGOTE_WORK; rdi, rsi: where [vvar] and [vdso] are now, and their size; edx: slots wanted */
	call	stub_zygote_main
	ud2

/* A fresh stub, first thing: void stub_child(uint32_t index, uint32_t slots). Never returns, soon has no stack. */
	.globl	stub_child
stub_child:
	mov	%edi, %ebx
	mov	%esi, %r12d
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

	test	%r12d, %r12d
	jz	.Lfilter
	movabs	$STUB_SLOTS, %rdi
	mov	%rdi, %rbp
	mov	$SLOT_RANGE, %esi
	mov	$PROT_READ_WRITE, %edx
	mov	$MAP_SHARED_FIXED, %r10d
	mov	$STUB_FD_SLOTS, %r8d
	mov	%rbx, %r9
	imul	$SLOT_FILE, %r9
	mov	$__NR_mmap, %eax
	syscall
	cmp	%rbp, %rax
	jne	.Lfail
	movabs	$STUB_SLOTS_RO, %rdi
	mov	%rdi, %rbp
	mov	$SLOT_RANGE, %esi
	mov	$PROT_READ, %edx
	mov	$MAP_SHARED_FIXED, %r10d
	mov	$STUB_FD_SLOTS, %r8d
	mov	%rbx, %r9
	imul	$SLOT_FILE, %r9
	add	$SLOT_RO, %r9
	mov	$__NR_mmap, %eax
	syscall
	cmp	%rbp, %rax
	jne	.Lfail

.Lfilter:
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
