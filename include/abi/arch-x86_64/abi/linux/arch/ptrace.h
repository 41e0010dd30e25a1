/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x86-64 registers as ptrace(2) and core files show them.
 */
#pragma once

#include <stdint.h>

#define LX_PTRACE_GETREGS		12
#define LX_PTRACE_SETREGS		13
#define LX_PTRACE_GETFPREGS		14
#define LX_PTRACE_SETFPREGS		15
#define LX_PTRACE_GET_THREAD_AREA	25
#define LX_PTRACE_SET_THREAD_AREA	26
#define LX_PTRACE_ARCH_PRCTL		30
#define LX_PTRACE_SYSEMU		31
#define LX_PTRACE_SYSEMU_SINGLESTEP	32
#define LX_PTRACE_SINGLEBLOCK		33

struct lx_user_regs {
	uint64_t r15;
	uint64_t r14;
	uint64_t r13;
	uint64_t r12;
	uint64_t rbp;
	uint64_t rbx;
	uint64_t r11;
	uint64_t r10;
	uint64_t r9;
	uint64_t r8;
	uint64_t rax;
	uint64_t rcx;
	uint64_t rdx;
	uint64_t rsi;
	uint64_t rdi;
	uint64_t orig_rax;
	uint64_t rip;
	uint64_t cs;
	uint64_t eflags;
	uint64_t rsp;
	uint64_t ss;
	uint64_t fs_base;
	uint64_t gs_base;
	uint64_t ds;
	uint64_t es;
	uint64_t fs;
	uint64_t gs;
};

/* struct user of PTRACE_PEEKUSR */
#define LX_USER_SIZE		912
#define LX_USER_DEBUGREG_OFFSET	848
