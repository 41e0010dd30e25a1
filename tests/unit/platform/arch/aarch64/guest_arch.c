/* SPDX-License-Identifier: Apache-2.0 */
/* See guest.h. */
#include "guest.h"

void guest_set_return(struct guest_env *e, struct regs *r, size_t mem_off, uaddr_t pc)
{
	r->x[30] = pc;
}

void regs_set_hostile(struct regs *r, uint64_t call, uint64_t seed)
{
	for (size_t i = 0; i < ARRAY_SIZE(r->x); i++)
		r->x[i] = seed;
	r->x[8] = call;
}
