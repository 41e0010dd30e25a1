/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arm64 signal frame: siginfo, ucontext with a chain of extension records, then a
 * frame record (fp, lr) that unwinders follow.
 */
#pragma once

#include <stdint.h>

#include <abi/linux/signal.h>

#define LX_MINSIGSTKSZ	5120
#define LX_SIGSTKSZ	16384
#define LX_FPSIMD_MAGIC	0x46508001u
#define LX_ESR_MAGIC	0x45535201u
#define LX_EXTRA_MAGIC	0x45585401u
#define LX_SVE_MAGIC	0x53564501u

struct lx_aarch64_ctx {
	uint32_t magic;
	uint32_t size;
};

struct lx_fpsimd_context {
	struct lx_aarch64_ctx head;
	uint32_t fpsr;
	uint32_t fpcr;
	uint64_t vregs[64];
};

struct lx_esr_context {
	struct lx_aarch64_ctx head;
	uint64_t esr;
};

struct lx_extra_context {
	struct lx_aarch64_ctx head;
	uint64_t datap;
	uint32_t size;
	uint32_t reserved[3];
};

struct lx_sigcontext {
	uint64_t fault_address;
	uint64_t regs[31];
	uint64_t sp;
	uint64_t pc;
	uint64_t pstate;
	uint8_t reserved[4096] __attribute__((aligned(16)));
};

struct lx_ucontext {
	uint64_t uc_flags;
	uint64_t uc_link;
	struct lx_sigaltstack uc_stack;
	uint64_t uc_sigmask;
	uint8_t unused[1024 / 8 - sizeof(uint64_t)];
	struct lx_sigcontext uc_mcontext;
};

struct lx_rt_sigframe {
	struct lx_siginfo info;
	struct lx_ucontext uc;
};

struct lx_frame_record {
	uint64_t fp;
	uint64_t lr;
};
