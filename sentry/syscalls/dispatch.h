/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry of the system call layer. boot hands syscall_dispatch to the kernel as
 * kernel_upcalls.syscall and calls syscall_trace_init() before the first task.
 */
#pragma once

struct task;

/* Answers the call in t->regs: looks it up, traces it, runs the handler, stores the result. */
void syscall_dispatch(struct task *t);
