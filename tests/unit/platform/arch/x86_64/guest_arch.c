/* SPDX-License-Identifier: Apache-2.0 */
/* See guest.h. */
#include <string.h>

#include "guest.h"

void guest_set_return(struct guest_env *e, struct regs *r, size_t mem_off, uaddr_t pc)
{
	memcpy(e->mem + mem_off, &pc, sizeof(pc));
}

void regs_set_hostile(struct regs *r, uint64_t call, uint64_t seed)
{
	uint64_t *gpr[] = { &r->r15, &r->r14, &r->r13, &r->r12, &r->rbp, &r->rbx, &r->r11,
			    &r->r10, &r->r9,  &r->r8,  &r->rcx, &r->rdx, &r->rsi, &r->rdi };

	for (size_t i = 0; i < ARRAY_SIZE(gpr); i++)
		*gpr[i] = seed;
	r->rax = call;
	/* direction and alignment check set, as a guest may */
	r->eflags |= X86_EFLAGS_DF | 0x40000;
}
