/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's signal frame from its ucontext on, as stub code and sentry read it in a slot. */
#pragma once

#include <stdint.h>

struct stub_frame {
	uint64_t uc_flags, uc_link;
	uint64_t uc_stack[3];
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip;
	uint64_t eflags;
	uint16_t cs, gs, fs, ss;
	uint64_t err, trapno, oldmask, cr2;
	uint64_t fpstate;
	uint64_t reserved[8];
	uint64_t uc_sigmask;
	/* siginfo */
	int32_t signo, errno_, code, pad;
	uint64_t addr; /* of SIGSYS: the call's */
	int32_t sysno;
	uint32_t arch;
	uint64_t rest[12];
};

_Static_assert(__builtin_offsetof(struct stub_frame, signo) == 304, "ucontext");
_Static_assert(__builtin_offsetof(struct stub_frame, fpstate) == 224, "sigcontext");
_Static_assert(sizeof(struct stub_frame) == 432, "signal frame");
