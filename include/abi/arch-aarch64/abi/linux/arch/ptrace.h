/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arm64 registers as ptrace(2) and core files show them.
 */
#pragma once

#include <stdint.h>

#define LX_PTRACE_SYSEMU		31
#define LX_PTRACE_SYSEMU_SINGLESTEP	32
#define LX_PTRACE_PEEKMTETAGS		33
#define LX_PTRACE_POKEMTETAGS		34

struct lx_user_regs {
	uint64_t regs[31];
	uint64_t sp;
	uint64_t pc;
	uint64_t pstate;
};

struct lx_user_fpsimd_state {
	unsigned __int128 vregs[32];
	uint32_t fpsr;
	uint32_t fpcr;
	uint32_t reserved[2];
};
