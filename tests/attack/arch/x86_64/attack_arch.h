/* SPDX-License-Identifier: Apache-2.0 */
/* What the attacks need to know of the processor. */
#pragma once

#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#define ATTACK_TOP 0x7ffff0000000ul /* the end of the guest's address space */

/* All registers to seed, the call's number in rax, flags as odd as a user may set them. */
static inline void attack_jump(uintptr_t to, long call, uintptr_t seed)
{
	__asm__ volatile("push %0\n\t"
			 "mov %2, %%rbx\n\t"
			 "mov %1, %%rax\n\t"
			 "mov %%rbx, %%rcx\n\t"
			 "mov %%rbx, %%rdx\n\t"
			 "mov %%rbx, %%rsi\n\t"
			 "mov %%rbx, %%rdi\n\t"
			 "mov %%rbx, %%r8\n\t"
			 "mov %%rbx, %%r9\n\t"
			 "mov %%rbx, %%r10\n\t"
			 "mov %%rbx, %%r11\n\t"
			 "mov %%rbx, %%r12\n\t"
			 "mov %%rbx, %%r13\n\t"
			 "mov %%rbx, %%r14\n\t"
			 "mov %%rbx, %%r15\n\t"
			 "mov %%rbx, %%rbp\n\t"
			 "std\n\t"
			 "ret\n\t"
			 :
			 : "r"(to), "r"(call), "r"(seed)
			 : "memory", "cc", "rbx");
}

/* The frame's own registers turned hostile: n picks what. */
static inline void attack_frame(ucontext_t *uc, unsigned int n)
{
	greg_t *r = uc->uc_mcontext.gregs;

	switch (n % 10) {
	case 0:
		r[REG_RIP] = (greg_t)0xdead000000000000ul;
		break;
	case 1:
		r[REG_RIP] = (greg_t)(ATTACK_TOP + 0x1000);
		break;
	case 2:
		r[REG_RSP] = (greg_t)0x8000000000000000ul;
		break;
	case 3:
		r[REG_EFL] = (greg_t)~0ul;
		break;
	case 4:
		r[REG_CSGSFS] = (greg_t)0x002b000000000010ul; /* kernel code segment */
		break;
	case 5:
		r[REG_CSGSFS] = (greg_t)~0ul;
		break;
	case 6:
		if (uc->uc_mcontext.fpregs)
			memset(uc->uc_mcontext.fpregs, 0xff, sizeof(*uc->uc_mcontext.fpregs));
		break;
	case 7:
		uc->uc_mcontext.fpregs = (fpregset_t)(ATTACK_TOP - 8);
		break;
	case 8:
		/* the header of the extended state */
		if (uc->uc_mcontext.fpregs)
			memset((char *)uc->uc_mcontext.fpregs + 512, 0xff, 64);
		break;
	default:
		r[REG_RIP] = (greg_t)0xffffffffff600000ul;
		break;
	}
}
