/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of a stopped x86-64 thread, set so that it executes socket(2). */
#pragma once

#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/user.h>

#define inject_regs user_regs_struct
#define SIGTRAP_    5

/* The thread was stopped inside a blocking call: the instruction before rip is `syscall`. */
static inline bool inject_prepare(struct user_regs_struct *r)
{
	if ((long)r->orig_rax < 0)
		return false;
	r->rax = SYS_socket;
	r->orig_rax = (unsigned long long)-1; /* no restart of the old one */
	r->rip -= 2;
	r->rdi = 1;
	r->rsi = 1;
	r->rdx = 0;
	return true;
}
