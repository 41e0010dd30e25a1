/* SPDX-License-Identifier: Apache-2.0 */
/* Making tasks, as syscalls/clone.c uses it. */
#pragma once

#include <stdint.h>

#include <platform/platform.h>

struct task;

struct clone_req {
	uint64_t flags; /* LX_CLONE_*, no signal in the low byte */
	int exit_signal;
	uaddr_t stack; /* stack pointer to start with; 0: the parent's */
	uaddr_t tls, parent_tid, child_tid, pidfd;
	int set_tid; /* 0: any */
};

/* The new tid, or the errno of clone(2). With CLONE_VFORK returns when the child has let go of the
 * memory. */
long task_clone(struct task *t, const struct clone_req *rq);
