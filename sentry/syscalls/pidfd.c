/* SPDX-License-Identifier: Apache-2.0 */
/* pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2). */
#include <errno.h>

#include "kernel/kernel_int.h"
#include "kernel/pidfd.h"
#include "syscalls/handlers.h"

long sys_pidfd_open(struct task *t, const struct sysargs *a)
{
	int pid = arg_int(a, 0);
	unsigned int flags = arg_uint(a, 1);
	auto_put(file) struct file *f = NULL;
	auto_put(task) struct task *o = NULL;
	int ret;

	if (flags & ~(LX_PIDFD_NONBLOCK | LX_PIDFD_THREAD))
		return -EINVAL;
	if (pid <= 0)
		return -EINVAL;
	o = task_find(t->kernel, pid);
	if (!o)
		return -ESRCH;
	if (!(flags & LX_PIDFD_THREAD) && o->tg->leader != o)
		return -ENOENT;
	ret = pidfd_new(o, flags, &f);
	if (ret < 0)
		return ret;
	return fd_install(t->fds, f, LX_FD_CLOEXEC_FLAG);
}

static int read_info(struct task *t, uaddr_t addr, int sig, int pid, struct lx_siginfo *ret_info)
{
	if (!addr) {
		*ret_info = (struct lx_siginfo){ .si_signo = sig, .si_code = LX_SI_USER };
		ret_info->kill.pid = t->tg->tgid;
		ret_info->kill.uid = t->cred->uid;
		return 0;
	}
	if (copyin(t, ret_info, addr, sizeof(*ret_info)) < 0)
		return -EFAULT;
	if (ret_info->si_signo != sig)
		return -EINVAL;
	if ((ret_info->si_code >= 0 || ret_info->si_code == LX_SI_TKILL) && t->tid != pid)
		return -EPERM;
	return 0;
}

long sys_pidfd_send_signal(struct task *t, const struct sysargs *a)
{
	int sig = arg_int(a, 1), ret;
	unsigned int flags = arg_uint(a, 3);
	auto_put(file) struct file *f = NULL;
	struct lx_siginfo info;
	struct tgroup *tg;
	struct task *o, *leader = NULL;
	bool thread;

	if (flags & ~(LX_PIDFD_SIGNAL_THREAD | LX_PIDFD_SIGNAL_THREAD_GROUP |
		      LX_PIDFD_SIGNAL_PROCESS_GROUP))
		return -EINVAL;
	if (flags & (flags - 1))
		return -EINVAL;
	f = fd_get(t->fds, arg_int(a, 0));
	if (!f)
		return -EBADF;
	tg = pidfd_tgroup(f);
	if (!tg)
		return -EBADF;
	o = pidfd_task(f);
	thread = flags == LX_PIDFD_SIGNAL_THREAD || (o && !flags);
	ret = read_info(t, arg_addr(a, 2), sig, tg->tgid, &info);
	if (ret < 0)
		return ret;
	if (thread && !arg_addr(a, 2))
		info.si_code = LX_SI_TKILL;
	mutex_lock(&t->kernel->tasklist_lock);
	if (tg->leader)
		leader = task_get(thread && o ? o : tg->leader);
	mutex_unlock(&t->kernel->tasklist_lock);
	if (!leader)
		return -ESRCH;
	if (sig < 0 || sig > LX_NSIG)
		ret = -EINVAL;
	else if (!signal_may_send(t, leader, sig))
		ret = -EPERM;
	else if (flags == LX_PIDFD_SIGNAL_PROCESS_GROUP) {
		struct pgroup *pg = task_pgroup(leader);

		ret = signal_send_pgrp(pg, sig, &info);
		pgroup_put(pg);
	} else if (sig) {
		ret = thread ? signal_send_task(leader, sig, &info) :
			       signal_send_tgroup(tg, sig, &info);
	}
	task_put(leader);
	return ret;
}

long sys_pidfd_getfd(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *f = NULL, *got = NULL;
	struct fdtable *fds = NULL;
	struct task *o = NULL;
	struct tgroup *tg;
	int ret;

	if (arg_uint(a, 2))
		return -EINVAL;
	f = fd_get(t->fds, arg_int(a, 0));
	if (!f)
		return -EBADF;
	tg = pidfd_tgroup(f);
	if (!tg)
		return -EBADF;
	mutex_lock(&t->kernel->tasklist_lock);
	if (tg->leader)
		o = task_get(tg->leader);
	mutex_unlock(&t->kernel->tasklist_lock);
	if (!o)
		return -ESRCH;
	ret = task_may_access(t, o);
	if (ret == 0) {
		fds = task_fds_get(o);
		got = fds ? fd_get_any(fds, arg_int(a, 1)) : NULL;
		ret = got ? fd_install(t->fds, got, LX_FD_CLOEXEC_FLAG) : fds ? -EBADF : -ESRCH;
	}
	fdtable_put(fds);
	task_put(o);
	return ret;
}
