/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for children, as syscalls/wait.c uses it. */
#pragma once

#include <abi/linux/resource.h>
#include <abi/linux/signal.h>

struct task;
struct tgroup;

struct wait_req {
	int type;             /* LX_P_* */
	int id;               /* tgid or pgid */
	struct tgroup *tg;    /* LX_P_PIDFD: exactly this one; borrowed */
	unsigned int options; /* LX_W*, LX___W*; at least one of WEXITED, WSTOPPED, WCONTINUED */
};

struct wait_result {
	int pid, status;
	struct lx_siginfo info;
	struct lx_rusage rusage;
};

/* 1: *ret_r; 0: nothing yet (WNOHANG); -ECHILD, -ERESTARTSYS. */
int task_wait(struct task *t, const struct wait_req *rq, struct wait_result *ret_r);
