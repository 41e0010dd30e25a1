/* SPDX-License-Identifier: Apache-2.0 */
/* The program counter of a signal frame. */
#include <ucontext.h>

#include "extable.h"

uint64_t usercopy_frame_pc(void *ucontext)
{
	return (uint64_t)((ucontext_t *)ucontext)->uc_mcontext.gregs[REG_RIP];
}

void usercopy_frame_set_pc(void *ucontext, uint64_t pc)
{
	((ucontext_t *)ucontext)->uc_mcontext.gregs[REG_RIP] = (greg_t)pc;
}

uint64_t usercopy_frame_sp(void *ucontext)
{
	return (uint64_t)((ucontext_t *)ucontext)->uc_mcontext.gregs[REG_RSP];
}
