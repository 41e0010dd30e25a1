/* SPDX-License-Identifier: Apache-2.0 */
/* wait4(2), waitid(2). */
#include <errno.h>
#include <limits.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/wait.h>

#include "kernel/pidfd.h"
#include "kernel/session.h"
#include "kernel/task.h"
#include "kernel/task_wait.h"
#include "syscalls/handlers.h"
#include "vfs/file.h"

static int own_pgid(struct task *t)
{
	auto_put(pgroup) struct pgroup *pg = task_pgroup(t);

	return pg->pgid;
}

long sys_wait4(struct task *t, const struct sysargs *a)
{
	int pid = arg_int(a, 0);
	uaddr_t status = arg_addr(a, 1), rusage = arg_addr(a, 3);
	unsigned int options = arg_uint(a, 2);
	struct wait_req rq = { .options = options | LX_WEXITED };
	struct wait_result r;
	int ret;

	if (options &
	    ~(LX_WNOHANG | LX_WUNTRACED | LX_WCONTINUED | LX___WNOTHREAD | LX___WCLONE | LX___WALL))
		return -EINVAL;
	if (pid == INT_MIN)
		return -ESRCH;
	if (pid == -1) {
		rq.type = LX_P_ALL;
	} else if (pid > 0) {
		rq.type = LX_P_PID;
		rq.id = pid;
	} else {
		rq.type = LX_P_PGID;
		rq.id = pid == 0 ? own_pgid(t) : -pid;
	}
	ret = task_wait(t, &rq, &r);
	if (ret <= 0)
		return ret;
	if (rusage && copyout(t, rusage, &r.rusage, sizeof(r.rusage)) < 0)
		return -EFAULT;
	if (status && copyout(t, status, &r.status, sizeof(int32_t)) < 0)
		return -EFAULT;
	return r.pid;
}

static int waitid_target(struct task *t, int type, int id, struct wait_req *rq,
			 struct file **ret_pidfd, bool *ret_nonblock)
{
	struct file *f;

	rq->type = type;
	rq->id = id;
	switch (type) {
	case LX_P_ALL:
		return 0;
	case LX_P_PID:
		return id <= 0 ? -EINVAL : 0;
	case LX_P_PGID:
		if (id < 0)
			return -EINVAL;
		if (id == 0)
			rq->id = own_pgid(t);
		return 0;
	case LX_P_PIDFD:
		if (id < 0)
			return -EINVAL;
		f = fd_get(t->fds, id);
		if (!f)
			return -EBADF;
		*ret_pidfd = f;
		rq->tg = pidfd_tgroup(f);
		if (!rq->tg)
			return -EBADF;
		rq->id = rq->tg->tgid;
		*ret_nonblock = f->flags & LX_O_NONBLOCK;
		return 0;
	default:
		return -EINVAL;
	}
}

long sys_waitid(struct task *t, const struct sysargs *a)
{
	uaddr_t infop = arg_addr(a, 2), rusage = arg_addr(a, 4);
	unsigned int options = arg_uint(a, 3);
	auto_put(file) struct file *pidfd = NULL;
	struct wait_req rq = { .options = options };
	struct wait_result r = { 0 };
	bool nonblock = false;
	int ret;

	if (options & ~(LX_WNOHANG | LX_WNOWAIT | LX_WEXITED | LX_WSTOPPED | LX_WCONTINUED |
			LX___WNOTHREAD | LX___WCLONE | LX___WALL))
		return -EINVAL;
	if (!(options & (LX_WEXITED | LX_WSTOPPED | LX_WCONTINUED)))
		return -EINVAL;
	ret = waitid_target(t, arg_int(a, 0), arg_int(a, 1), &rq, &pidfd, &nonblock);
	if (ret < 0)
		return ret;
	if (nonblock)
		rq.options |= LX_WNOHANG;
	ret = task_wait(t, &rq, &r);
	if (ret == 0 && nonblock && !(options & LX_WNOHANG))
		return -EAGAIN;
	if (ret < 0)
		return ret;
	if (ret > 0 && rusage && copyout(t, rusage, &r.rusage, sizeof(r.rusage)) < 0)
		return -EFAULT;
	/* Linux writes these fields one by one and leaves the rest of the guest's siginfo alone. */
	if (infop) {
		if (copyout(t, infop, &r.info, 12) < 0 ||
		    copyout(t, infop + offsetof(struct lx_siginfo, sigchld), &r.info.sigchld, 12) <
			    0)
			return -EFAULT;
	}
	return 0;
}
