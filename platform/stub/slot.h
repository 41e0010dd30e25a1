/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slot of a guest thread on the systrap backend: what it and its sentry thread share. Read by
 * the image's own code (C and assembly) and by the sentry. Slot n of a stub is two pieces:
 *
 *   STUB_SLOTS    + n * SLOT_SIZE   16 KiB that everybody writes: guest code, stub code, sentry
 *       +0x0000   state words, register file (SLOT_REGS), writable words of the answers
 *                 (SLOT_ANSWERS); in slot 0 also the address space's (SLOT_WAITS)
 *       +0x1000   stack of the fast entry, grows down from SLOT_STACK_TOP
 *       +0x2000   alternate signal stack: the frame of the trap being handled
 *
 *   STUB_SLOTS_RO + n * SLOT_SIZE   one page that the sentry writes and the stub reads; the rest of
 *                                   the 16 KiB is not used, but for STUB_SPACE behind the first
 *                                   one's page. Always SLOT_RO above the former
 *
 * Nothing in the first piece is trusted: any thread of the guest can write it at any time, also
 * while a call is under way. The sentry copies each word once and checks the copy; what makes no
 * sense is GE_CORRUPT. A forged event is no more than the call or fault that the guest could have
 * made itself. The second piece is the sentry's word to the stub, but stub code that acts on it is
 * not trusted either: a guest can jump to any byte of it.
 *
 * --- GS ---
 * While guest code runs, its GS base is the address of its slot, unless the guest has set a GS base
 * of its own (arch_prctl or wrgsbase): then it is the guest's, and every system call takes the
 * signal path. regs.gs_base as the sentry sees it is 0 in the first case.
 *
 * --- the fast entry ---
 * stub_image_header()->fast_entry. A trampoline jumps there with
 *     rax            number of the call          rdi rsi rdx r10 r8 r9   its arguments
 *     rcx            address where guest code goes on, behind the rewritten `syscall`
 *     r11            anything (free for the jump: movabs $entry, %r11; jmp *%r11)
 *     everything else, flags included, as the guest had it; the red zone is not touched
 * and guest code goes on at rcx as behind a `syscall`: rax is the result, rcx that address, r11 the
 * flags, everything else as before. It needs BMI2 and FSGSBASE (probe).
 *     - GS base not in STUB_SLOTS: the stub turns this into a trap (SLOT_EV_CALL), the sentry sees
 * the call as if the site had trapped; nothing of the guest's memory was touched.
 *     - else every general register goes to SLOT_REGS (order of struct regs; orig_rax = rax =
 * number, rip = rcx = return address, r11 = eflags), rsp becomes SLOT_STACK_TOP, DF and AC are
 * cleared, and stub_fast(slot) (C, fast.c) answers by itself or hands over to the sentry.
 *     - a signal (kick) that lands in stub code only sets SLOT_KICK; leaving looks at it and
 * reports a kick instead. A fault in stub code (a guest's bad pointer) makes the handler report the
 * call with the registers of SLOT_REGS: the sentry does it all over, so an answer must not have
 *       changed anything before its last access to guest memory.
 *     - a signal that lands in the trampoline is reported with regs.rip in there: the sentry rolls
 * it back to the site (rcx and r11 are dead there).
 */
#pragma once

#include "layout.h"

#define SLOT_SIZE      0x4000
#define SLOT_SHIFT     14
#define SLOT_NR        4096
#define STUB_SLOTS_RO  (STUB_SLOTS + SLOT_RO)
#define STUB_SLOTS_END (STUB_SLOTS + SLOT_FILE)
#define SLOT_RO        0x4000000 /* from a slot to its read-only page */
#define STUB_SPACE     (STUB_SLOTS_RO + SLOT_SPACE)
#define SLOT_SPACE                                                                                 \
	0x1000 /* from the first read-only page: a page of the address space, for answers */
#define SLOT_SPACE_SIZE 0x1000
#define SLOT_RANGE      0x4000000 /* of each of the two */
#define SLOT_FILE       0x8000000 /* of both of one stub in the slot file */
#define SLOT_TAG_SHIFT  26        /* log2(SLOT_RANGE): same for all addresses in STUB_SLOTS */

/* --- first piece: offsets --- */
/*
 * What the sentry needs of a call through the fast entry is one cache line, since each line that
 * changes hands costs 100 ns; the other registers stay where they are until it asks for them.
 */
#define SLOT_SEQ    0x00 /* u32, futex: stub counts up for each event */
#define SLOT_KIND   0x04 /* u32: SLOT_EV_* */
#define SLOT_CALL   0x08 /* u64 [7], SLOT_EV_FAST: rax, rdi, rsi, rdx, r10, r8, r9 */
#define SLOT_SLEEPS 0x40 /* u32: stub sleeps on SLOT_RO_GO, or is about to */
#define SLOT_SIG    0x44 /* u32: signal of the frame */
#define SLOT_KICK   0x50 /* u32: a kick came while stub code ran */
#define SLOT_STEP   0x54 /* u32: a single step came while stub code ran */
#define SLOT_FRAME  0x58 /* u64: address of the frame's ucontext */
/* u64: of the guest, at the event, as the processor had them; of SLOT_EV_FAST see SLOT_REGS */
#define SLOT_FS_BASE       0x60
#define SLOT_GS_BASE       0x68
#define SLOT_REGS          0x80  /* struct regs: of the fast entry */
#define SLOT_ANSWERED      0x1f8 /* u64: calls that the stub answered by itself, for the log */
#define SLOT_ANSWERS       0x200
#define SLOT_ANSWERS_SIZE  0x600
#define SLOT_WAITS         0x800 /* slot 0 only: of the whole address space, so it outlives threads */
#define SLOT_WAITS_SIZE    0x800
#define SLOT_STACK_TOP     0x2000
#define SLOT_ALTSTACK      0x2000
#define SLOT_ALTSTACK_SIZE 0x2000

/* What SLOT_KIND may say. */
#define SLOT_EV_SIGNAL 1 /* the frame tells: registers, siginfo, floating point */
#define SLOT_EV_FAST   2 /* a call through the fast entry: registers in SLOT_REGS, no frame */
#define SLOT_EV_REDO                                                                               \
	3              /* the same, but stub code met a fault: there is a frame to leave through   \
			*/
#define SLOT_EV_CALL 4 /* the frame's registers are those of a call: rax is its number */
/*
 * Only a frame: the answer to SLOT_CMD_FRAME, or the first event of a new thread. When neither is
 * due: a kick or a step came while stub code ran; registers in SLOT_REGS.
 */
#define SLOT_EV_FRAMED 5

/* --- second piece: offsets --- */
#define SLOT_RO_GO           0x00 /* u32, futex: sentry counts up for each command */
#define SLOT_RO_CMD          0x04 /* u32: SLOT_CMD_* */
#define SLOT_RO_FS_BASE      0x08 /* u64: for SLOT_CMD_FAST and _RETURN */
#define SLOT_RO_GS_BASE      0x10 /* u64 */
#define SLOT_RO_RET          0x18 /* u64: for SLOT_CMD_RESULT */
#define SLOT_RO_SPIN         0x80 /* u32: how often the stub looks at GO before it sleeps */
#define SLOT_RO_SLEEPS       0x84 /* u32: sentry sleeps on SLOT_SEQ, or is about to */
#define SLOT_RO_FLAGS        0x88 /* u32: SLOT_FLAG_* */
#define SLOT_RO_WAIT         0x8c /* u32: how often an answer looks at a futex word that it waits for */
#define SLOT_RO_STACK        0x90  /* stack_t: the alternate stack, for the thread's start */
#define SLOT_RO_MASK         0xa8  /* u64: 0, the signal mask of guest threads */
#define SLOT_RO_ANSWERS      0x100 /* what the answers need */
#define SLOT_RO_ANSWERS_SIZE 0xf00

#define SLOT_CMD_FAST   1 /* out of the fast entry, with the registers of SLOT_REGS */
#define SLOT_CMD_FRAME  2 /* in the fast entry: take a signal, so that there is a frame */
#define SLOT_CMD_RETURN 3 /* in a signal handler: rt_sigreturn, the frame is as it shall be */
#define SLOT_CMD_EXIT   4 /* end this host thread */
#define SLOT_CMD_RESULT 5 /* as FAST, nothing changed but rax, which is SLOT_RO_RET */

/* The fast entry answers nothing by itself: tracing, guest seccomp, --strace. */
#define SLOT_FLAG_NO_ANSWERS 1

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <platform/regs.h>

struct slot {
	uint32_t seq, kind;
	uint64_t call[7];
	uint32_t sleeps, sig, spin_fails, pad1, kick, step; /* spin_fails: the stub's own */
	uint64_t frame, fs_base, gs_base;
	uint64_t pad2[2];
	struct regs regs;
	uint8_t pad3[SLOT_ANSWERED - SLOT_REGS - sizeof(struct regs)];
	uint64_t answered;
	uint8_t pad4[SLOT_ANSWERS - SLOT_ANSWERED - 8];
	uint8_t answers[SLOT_ANSWERS_SIZE];
	uint8_t waits[SLOT_WAITS_SIZE];
	uint8_t stack[0x1000];
	uint8_t altstack[SLOT_ALTSTACK_SIZE];
};

struct slot_ro {
	uint32_t go, cmd;
	uint64_t fs_base, gs_base, ret;
	uint64_t pad0[12];
	uint32_t spin, sleeps, flags, wait;
	uint64_t stack[3];
	uint64_t mask;
	uint64_t pad4[10];
	uint8_t answers[SLOT_RO_ANSWERS_SIZE];
};

_Static_assert(sizeof(struct slot) == SLOT_SIZE, "slot");
_Static_assert(sizeof(struct slot_ro) == 0x1000, "read-only page of a slot");
_Static_assert(offsetof(struct slot, regs) == SLOT_REGS, "registers of a slot");
_Static_assert(offsetof(struct slot, gs_base) == SLOT_GS_BASE, "words of a slot");
_Static_assert(offsetof(struct slot, kick) == SLOT_KICK, "words of a slot");
_Static_assert(offsetof(struct slot, sleeps) == SLOT_SLEEPS, "words of a slot");
_Static_assert(offsetof(struct slot_ro, gs_base) == SLOT_RO_GS_BASE, "words of a read-only page");
_Static_assert(offsetof(struct slot, answered) == SLOT_ANSWERED, "words of a slot");
_Static_assert(offsetof(struct slot, answers) == SLOT_ANSWERS, "answers of a slot");
_Static_assert(offsetof(struct slot_ro, wait) == SLOT_RO_WAIT, "words of a read-only page");
_Static_assert(offsetof(struct slot_ro, stack) == SLOT_RO_STACK, "words of a read-only page");
_Static_assert(offsetof(struct slot_ro, mask) == SLOT_RO_MASK, "words of a read-only page");
_Static_assert(offsetof(struct slot_ro, answers) == SLOT_RO_ANSWERS, "answers of a read-only page");
#endif
