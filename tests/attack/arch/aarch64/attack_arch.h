/* SPDX-License-Identifier: Apache-2.0 */
/* What the attacks need to know of the processor. */
#pragma once

#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#define ATTACK_TOP 0xfffff0000000ul /* the end of the guest's address space */

static inline void attack_jump(uintptr_t to, long call, uintptr_t seed)
{
	__asm__ volatile("mov x17, %0\n\t"
			 "mov x8, %1\n\t"
			 "mov x0, %2\n\t"
			 "mov x1, x0\n\t"
			 "mov x2, x0\n\t"
			 "mov x3, x0\n\t"
			 "mov x4, x0\n\t"
			 "mov x5, x0\n\t"
			 "mov x19, x0\n\t"
			 "mov x20, x0\n\t"
			 "mov x21, x0\n\t"
			 "mov x23, x0\n\t"
			 "br x17\n\t"
			 :
			 : "r"(to), "r"(call), "r"(seed)
			 : "memory", "cc", "x0", "x1", "x2", "x3", "x4", "x5", "x8", "x17", "x19",
			   "x20", "x21", "x23");
}

/* The frame's own registers turned hostile: n picks what. */
static inline void attack_frame(ucontext_t *uc, unsigned int n)
{
	switch (n % 6) {
	case 0:
		uc->uc_mcontext.pc = 0xdead000000000000ul;
		break;
	case 1:
		uc->uc_mcontext.pc = ATTACK_TOP + 0x1000;
		break;
	case 2:
		uc->uc_mcontext.sp = 0x8000000000000000ul;
		break;
	case 3:
		uc->uc_mcontext.pstate = ~0ul;
		break;
	case 4:
		memset(uc->uc_mcontext.__reserved, 0xff, 64);
		break;
	default:
		uc->uc_mcontext.pc = 1;
		break;
	}
}
