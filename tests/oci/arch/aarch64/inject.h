/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of a stopped arm64 thread, set so that it executes socket(2). */
#pragma once

#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/user.h>

#define inject_regs user_regs_struct
#define SIGTRAP_    5

static inline bool inject_prepare(struct user_regs_struct *r)
{
	r->pc -= 4;
	r->regs[8] = SYS_socket;
	r->regs[0] = 1;
	r->regs[1] = 1;
	r->regs[2] = 0;
	return true;
}
