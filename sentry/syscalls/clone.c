/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork(2), vfork(2), clone(2), clone3(2): decoding and the checks that belong to the call's form.
 */
#include <errno.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/limits.h>
#include <abi/linux/sched.h>
#include <abi/linux/signal.h>

#include "kernel/task.h"
#include "kernel/task_clone.h"
#include "syscalls/arch_clone.h"
#include "syscalls/handlers.h"

#define CLONE_LEGACY_FLAGS 0xffffffffull

long sys_fork(struct task *t, const struct sysargs *a)
{
	struct clone_req rq = { .exit_signal = LX_SIGCHLD };

	return task_clone(t, &rq);
}

long sys_vfork(struct task *t, const struct sysargs *a)
{
	struct clone_req rq = { .flags = LX_CLONE_VFORK | LX_CLONE_VM, .exit_signal = LX_SIGCHLD };

	return task_clone(t, &rq);
}

long sys_clone(struct task *t, const struct sysargs *a)
{
	uint64_t flags = (uint32_t)arg_ulong(a, 0);
	struct clone_req rq = {
		.flags = flags & ~(uint64_t)LX_CSIGNAL,
		.exit_signal = (int)(flags & LX_CSIGNAL),
		.stack = arg_addr(a, 1),
		.parent_tid = arg_addr(a, 2),
		.tls = arg_addr(a, CLONE_ARG_TLS),
		.child_tid = arg_addr(a, CLONE_ARG_CHILD_TID),
	};

	if (rq.flags & LX_CLONE_PIDFD) {
		if (rq.flags & LX_CLONE_PARENT_SETTID)
			return -EINVAL; /* both would write to the same word */
		rq.pidfd = rq.parent_tid;
	}
	return task_clone(t, &rq);
}

/* Fields beyond what we know must be zero. */
static int read_args(struct task *t, uaddr_t addr, uint64_t size, struct lx_clone_args *ret_ca)
{
	char rest[64];
	int ret;

	if (size > LX_PAGE_SIZE)
		return -E2BIG;
	if (size < LX_CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	memset(ret_ca, 0, sizeof(*ret_ca));
	ret = copyin(t, ret_ca, addr, size < sizeof(*ret_ca) ? size : sizeof(*ret_ca));
	for (uint64_t at = sizeof(*ret_ca); ret == 0 && at < size;) {
		size_t n = size - at < sizeof(rest) ? size - at : sizeof(rest);

		ret = copyin(t, rest, addr + at, n);
		for (size_t i = 0; ret == 0 && i < n; i++) {
			if (rest[i])
				return -E2BIG;
		}
		at += n;
	}
	return ret;
}

static int read_set_tid(struct task *t, const struct lx_clone_args *ca, struct clone_req *rq)
{
	int32_t tid;

	if (ca->set_tid_size > 32 || (!ca->set_tid && ca->set_tid_size) ||
	    (ca->set_tid && !ca->set_tid_size))
		return -EINVAL;
	if (!ca->set_tid_size)
		return 0;
	if (copyin(t, &tid, ca->set_tid, sizeof(tid)) < 0)
		return -EFAULT;
	if (ca->set_tid_size > 1 || tid < 1) /* there is one level of pid namespaces */
		return -EINVAL;
	if (!task_capable(t, LX_CAP_CHECKPOINT_RESTORE) && !task_capable(t, LX_CAP_SYS_ADMIN))
		return -EPERM;
	rq->set_tid = tid;
	return 0;
}

long sys_clone3(struct task *t, const struct sysargs *a)
{
	struct clone_req rq = { 0 };
	struct lx_clone_args ca;
	int ret;

	ret = read_args(t, arg_addr(a, 0), arg_ulong(a, 1), &ca);
	if (ret < 0)
		return ret;
	ret = read_set_tid(t, &ca, &rq);
	if (ret < 0)
		return ret;
	if ((ca.exit_signal & ~(uint64_t)LX_CSIGNAL) || ca.exit_signal > LX_NSIG)
		return -EINVAL;
	if (ca.flags & ~(CLONE_LEGACY_FLAGS | LX_CLONE_CLEAR_SIGHAND | LX_CLONE_INTO_CGROUP))
		return -EINVAL;
	if (ca.flags & (LX_CLONE_DETACHED | (LX_CSIGNAL & ~LX_CLONE_NEWTIME)))
		return -EINVAL;
	if ((ca.flags & (LX_CLONE_THREAD | LX_CLONE_PARENT)) && ca.exit_signal)
		return -EINVAL;
	if (!!ca.stack != !!ca.stack_size || ca.stack + ca.stack_size < ca.stack)
		return -EINVAL;
	rq.flags = ca.flags;
	rq.exit_signal = (int)ca.exit_signal;
	rq.stack = ca.stack + ca.stack_size;
	rq.tls = ca.tls;
	rq.parent_tid = ca.parent_tid;
	rq.child_tid = ca.child_tid;
	rq.pidfd = ca.pidfd;
	return task_clone(t, &rq);
}

long sys_set_tid_address(struct task *t, const struct sysargs *a)
{
	t->clear_child_tid = arg_addr(a, 0);
	return t->tid;
}
