/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The x86-64 signal frame: pretcode, ucontext, siginfo, then the XSAVE area below.
 */
#pragma once

#include <stdint.h>

#include <abi/linux/signal.h>

#define LX_MINSIGSTKSZ	2048
#define LX_SIGSTKSZ	8192
/* fpstate.sw.magic1, and the word behind the XSAVE area */
#define LX_FP_XSTATE_MAGIC1	0x46505853u
#define LX_FP_XSTATE_MAGIC2	0x46505845u
/* uc_flags */
#define LX_UC_FP_XSTATE		0x1
#define LX_UC_SIGCONTEXT_SS	0x2
#define LX_UC_STRICT_RESTORE_SS	0x4

struct lx_fpx_sw_bytes {
	uint32_t magic1;
	uint32_t extended_size;
	uint64_t xfeatures;
	uint32_t xstate_size;
	uint32_t padding[7];
};

/* FXSAVE image, the head of every FP frame */
struct lx_fpstate {
	uint16_t cwd;
	uint16_t swd;
	uint16_t twd;
	uint16_t fop;
	uint64_t rip;
	uint64_t rdp;
	uint32_t mxcsr;
	uint32_t mxcsr_mask;
	uint32_t st_space[32];
	uint32_t xmm_space[64];
	uint32_t reserved2[12];
	struct lx_fpx_sw_bytes sw;
};

struct lx_xsave_hdr {
	uint64_t xfeatures;
	uint64_t xcomp_bv;
	uint64_t reserved[6];
};

struct lx_sigcontext {
	uint64_t r8;
	uint64_t r9;
	uint64_t r10;
	uint64_t r11;
	uint64_t r12;
	uint64_t r13;
	uint64_t r14;
	uint64_t r15;
	uint64_t rdi;
	uint64_t rsi;
	uint64_t rbp;
	uint64_t rbx;
	uint64_t rdx;
	uint64_t rax;
	uint64_t rcx;
	uint64_t rsp;
	uint64_t rip;
	uint64_t eflags;
	uint16_t cs;
	uint16_t gs;
	uint16_t fs;
	uint16_t ss;
	uint64_t err;
	uint64_t trapno;
	uint64_t oldmask;
	uint64_t cr2;
	uint64_t fpstate;
	uint64_t reserved1[8];
};

struct lx_ucontext {
	uint64_t uc_flags;
	uint64_t uc_link;
	struct lx_sigaltstack uc_stack;
	struct lx_sigcontext uc_mcontext;
	uint64_t uc_sigmask;
};

/* at RSP when the handler starts; pretcode is the return address (SA_RESTORER) */
struct lx_rt_sigframe {
	uint64_t pretcode;
	struct lx_ucontext uc;
	struct lx_siginfo info;
};
