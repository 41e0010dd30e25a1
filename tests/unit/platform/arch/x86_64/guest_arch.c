/* SPDX-License-Identifier: Apache-2.0 */
/* See guest.h. */
#include <string.h>

#include "guest.h"

void guest_set_return(struct guest_env *e, struct regs *r, size_t mem_off, uaddr_t pc)
{
	memcpy(e->mem + mem_off, &pc, sizeof(pc));
}
