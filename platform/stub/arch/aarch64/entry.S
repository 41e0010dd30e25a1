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

	.macro	MOVQ reg, value
	movz	\reg, #((\value) & 0xffff)
	movk	\reg, #(((\value) >> 16) & 0xffff), lsl #16
	movk	\reg, #(((\value) >> 32) & 0xffff), lsl #32
	.endm

	.macro	CALL nr
	mov	x8, #\nr
	svc	#0
	.endm

/* --- the agent: its own page --------------------------------------------------------------------
 *
 * x19  the command pages
 * x20  the table of constants
 * x21  the entry being worked on
 * w22  number of commands done
 * x23  offset of our reply page in the reply file
 */
	.section .agent, "ax", %progbits
	.globl	stub_agent
stub_agent:
	MOVQ	x19, STUB_CMD
	MOVQ	x20, STUB_TABLE
	ldr	x23, [x19, #STUB_CMD_REPLY_OFF]
	mov	w22, #0

.Lnext:
	ldar	w0, [x19]
	cmp	w0, w22
	b.eq	.Lidle
	and	w1, w22, #(STUB_RING - 1)
	lsl	w1, w1, #STUB_ENTRY_SHIFT
	add	x21, x19, #STUB_CMD_RING
	add	x21, x21, w1, uxtw

	ldp	x0, x1, [x21, #STUB_ENTRY_ARG + 0]
	ldp	x2, x3, [x21, #STUB_ENTRY_ARG + 16]
	ldp	x4, x5, [x21, #STUB_ENTRY_ARG + 32]
	ldr	w9, [x21, #STUB_ENTRY_OP]
	mov	x8, #__NR_mmap
	cmp	w9, #STUB_OP_MMAP
	b.eq	.Lcall
	mov	x8, #__NR_munmap
	cmp	w9, #STUB_OP_MUNMAP
	b.eq	.Lcall
	mov	x8, #__NR_mprotect
	cmp	w9, #STUB_OP_MPROTECT
	b.eq	.Lcall
	mov	x8, #__NR_madvise
	cmp	w9, #STUB_OP_MADVISE
	b.eq	.Lcall
	cmp	w9, #STUB_OP_CLONE
	b.eq	.Lclone
	mov	x0, #-22		/* -EINVAL */
	b	.Lerror

.Lcall:
	svc	#0
	cmn	x0, #4095
	b.hs	.Lerror
.Ldone:
	add	w22, w22, #1
	ldar	w0, [x19]
	cmp	w0, w22
	b.ne	.Lnext
	/* the batch is done: acknowledge its last command, and wake whoever sleeps on that */
	mov	x0, #STUB_FD_REPLY
	add	x1, x21, #STUB_ENTRY_SEQ
	mov	x2, #4
	add	x3, x23, #STUB_REPLY_ACKED
	CALL	__NR_pwrite64
	dmb	ish
	ldr	w0, [x19, #STUB_CMD_WAITING]
	cbz	w0, .Lnext
	MOVQ	x0, (STUB_REPLY + STUB_REPLY_ACKED)
	mov	x1, #FUTEX_WAKE
	mov	x2, #0x7fffffff
	CALL	__NR_futex
	b	.Lnext

.Lidle:
	mov	x0, x19
	mov	x1, #FUTEX_WAIT
	mov	w2, w22
	mov	x3, #0
	CALL	__NR_futex
	b	.Lnext

/* -x0 into the result of this command */
.Lerror:
	neg	x0, x0
	add	x1, x20, x0, lsl #2
	mov	x0, #STUB_FD_REPLY
	mov	x2, #4
	ldr	x3, [x21, #STUB_ENTRY_RESULT_OFF]
	CALL	__NR_pwrite64
	b	.Ldone

.Lclone:
	MOVQ	x0, STUB_CLONE_THREAD
	mov	x1, #0
	mov	x2, #0
	mov	x3, #0
	mov	x4, #0
	CALL	__NR_clone
	cbz	x0, .Lchild
	cmn	x0, #4095
	b.hs	.Lerror
	/* the thread's id in two halves, each a constant of the table */
	mov	x24, x0
	and	x0, x0, #0xfff
	add	x1, x20, x0, lsl #2
	mov	x0, #STUB_FD_REPLY
	mov	x2, #4
	ldr	x3, [x21, #STUB_ENTRY_RESULT_OFF]
	add	x3, x3, #STUB_RESULT_LO
	CALL	__NR_pwrite64
	lsr	x0, x24, #12
	add	x1, x20, x0, lsl #2
	mov	x0, #STUB_FD_REPLY
	mov	x2, #4
	ldr	x3, [x21, #STUB_ENTRY_RESULT_OFF]
	add	x3, x3, #STUB_RESULT_HI
	CALL	__NR_pwrite64
	b	.Ldone
.Lchild:
	MOVQ	x0, STUB_THREAD
	br	x0

/* --- guest threads: their own page --------------------------------------------------------------- */
	.section .thread, "ax", %progbits
stub_thread:
	mov	x0, #SECCOMP_SET_MODE_FILTER
	mov	x1, #0
	MOVQ	x2, STUB_FILTER_THREAD
	CALL	__NR_seccomp
stub_filtered:
	cbnz	x0, stub_exit
stub_park:
	MOVQ	x0, (STUB_REPLY + STUB_REPLY_PARK)
	mov	x1, #FUTEX_WAIT
	mov	x2, #0
	mov	x3, #0
	CALL	__NR_futex
stub_park_end:
	b	stub_park
stub_exit:
	mov	x0, #0
	CALL	__NR_exit
	udf	#0

/* --- set-up ---------------------------------------------------------------------------------------- */
	.section .header, "a", %progbits
	.quad	STUB_IMAGE_MAGIC_ASM
	.quad	stub_zygote_entry
	.quad	stub_filtered
	.quad	stub_park
	.quad	stub_park_end
	.quad	stub_exit
	.quad	0
	.quad	0
	.quad	0

	.section .text, "ax", %progbits
	.globl	stub_zygote_entry
stub_zygote_entry:
	/* sp is the top of STUB_ZYGOTE_WORK; x0, x1: where [vvar] and [vdso] are now, and their size; w2: slots wanted */
	bl	stub_zygote_main
	udf	#0

/* A fresh stub, first thing: void stub_child(uint32_t index, uint32_t slots). Never returns, soon has no stack. */
	.globl	stub_child
stub_child:
	mov	w19, w0
	mov	x0, #PR_SET_PDEATHSIG
	mov	x1, #SIGKILL
	CALL	__NR_prctl
	MOVQ	x0, STUB_ZYGOTE_WORK
	mov	x1, #STUB_ZYGOTE_WORK_SIZE
	CALL	__NR_munmap
	cbnz	x0, .Lfail

	MOVQ	x0, STUB_CMD
	mov	x20, x0
	mov	x1, #STUB_CMD_SIZE
	mov	x2, #PROT_READ
	mov	x3, #MAP_SHARED_FIXED
	mov	x4, #STUB_FD_CMD
	mul	x5, x19, x1
	CALL	__NR_mmap
	cmp	x0, x20
	b.ne	.Lfail

	MOVQ	x0, STUB_REPLY
	mov	x20, x0
	mov	x1, #STUB_REPLY_SIZE
	mov	x2, #PROT_READ
	mov	x3, #MAP_SHARED_FIXED
	mov	x4, #STUB_FD_REPLY
	mul	x5, x19, x1
	CALL	__NR_mmap
	cmp	x0, x20
	b.ne	.Lfail

	mov	x0, #SECCOMP_SET_MODE_FILTER
	mov	x1, #0
	MOVQ	x2, STUB_FILTER_AGENT
	CALL	__NR_seccomp
	cbnz	x0, .Lfail
	MOVQ	x0, STUB_AGENT
	br	x0
.Lfail:
	mov	x0, #1
	CALL	__NR_exit_group
	udf	#0

	.section .table, "a", %progbits
	.set	i, 0
	.rept	4096
	.long	i
	.set	i, i + 1
	.endr

	.section .note.GNU-stack, "", %progbits
