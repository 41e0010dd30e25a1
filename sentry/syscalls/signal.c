/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signal calls: actions, masks, waiting, sending, the alternate stack.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include <abi/linux/signal.h>
#include <abi/linux/time.h>

#include "kernel/container.h"
#include "kernel/pid.h"
#include "kernel/session.h"
#include "kernel/sighand.h"
#include "kernel/task.h"
#include "kernel/kernel_int.h"
#include "syscalls/handlers.h"
#include "time/clock.h"

#define KNOWN_SA_FLAGS                                                                             \
	(LX_SA_NOCLDSTOP | LX_SA_NOCLDWAIT | LX_SA_SIGINFO | LX_SA_ONSTACK | LX_SA_RESTART |       \
	 LX_SA_NODEFER | LX_SA_RESETHAND | LX_SA_EXPOSE_TAGBITS | LX_SA_RESTORER)

long sys_rt_sigaction(struct task *t, const struct sysargs *a)
{
	int sig = arg_int(a, 0);
	uaddr_t act = arg_addr(a, 1), old = arg_addr(a, 2);
	struct lx_sigaction na = { 0 }, oa;

	if (arg_ulong(a, 3) != LX_SIGSET_SIZE)
		return -EINVAL;
	if (act && copyin(t, &na, act, sizeof(na)) < 0)
		return -EFAULT;
	if (!sig_valid(sig) || (act && sigset_has(SIGSET_KERNEL_ONLY, sig)))
		return -EINVAL;
	na.flags &= KNOWN_SA_FLAGS;
	signal_set_action(t, sig, act ? &na : NULL, &oa);
	return old ? copyout(t, old, &oa, sizeof(oa)) : 0;
}

long sys_rt_sigprocmask(struct task *t, const struct sysargs *a)
{
	int how = arg_int(a, 0);
	uaddr_t set = arg_addr(a, 1), old = arg_addr(a, 2);
	ksigset_t was = t->blocked, s;

	if (arg_ulong(a, 3) != LX_SIGSET_SIZE)
		return -EINVAL;
	if (set) {
		if (copyin(t, &s, set, sizeof(s)) < 0)
			return -EFAULT;
		switch (how) {
		case LX_SIG_BLOCK:
			s |= was;
			break;
		case LX_SIG_UNBLOCK:
			s = was & ~s;
			break;
		case LX_SIG_SETMASK:
			break;
		default:
			return -EINVAL;
		}
		signal_set_blocked(t, s);
	}
	return old ? copyout(t, old, &was, sizeof(was)) : 0;
}

long sys_rt_sigpending(struct task *t, const struct sysargs *a)
{
	size_t size = arg_ulong(a, 1);
	ksigset_t set;

	if (size > LX_SIGSET_SIZE)
		return -EINVAL;
	set = signal_pending_set(t) & t->blocked;
	return copyout(t, arg_addr(a, 0), &set, size);
}

/* Sleeps with another mask until a signal was handled; the old mask comes back after its handler.
 */
static long suspend(struct task *t, ksigset_t mask)
{
	t->saved_blocked = t->blocked;
	t->restore_blocked = true;
	signal_set_blocked(t, mask);
	while (task_block(t, TASK_NO_DEADLINE) == 0)
		;
	return -LX_ERESTARTNOHAND;
}

long sys_rt_sigsuspend(struct task *t, const struct sysargs *a)
{
	ksigset_t mask;

	if (arg_ulong(a, 1) != LX_SIGSET_SIZE)
		return -EINVAL;
	if (copyin(t, &mask, arg_addr(a, 0), sizeof(mask)) < 0)
		return -EFAULT;
	return suspend(t, mask);
}

long sys_pause(struct task *t, const struct sysargs *a)
{
	while (task_block(t, TASK_NO_DEADLINE) == 0)
		;
	return -LX_ERESTARTNOHAND;
}

long sys_rt_sigreturn(struct task *t, const struct sysargs *a)
{
	task_regs_fill(t);
	return signal_return(t);
}

long sys_restart_syscall(struct task *t, const struct sysargs *a)
{
	return task_restart_syscall(t);
}

static int wait_for(struct task *t, ksigset_t these, int64_t deadline, struct lx_siginfo *ret_info)
{
	struct tgroup *tg = t->tg;
	int sig;

	mutex_lock(&tg->siglock);
	sig = signal_dequeue_locked(t, these, ret_info);
	if (sig || deadline == 0) {
		mutex_unlock(&tg->siglock);
		return sig;
	}
	/* senders must see these as unblocked, and must not treat them as ignored or deadly */
	t->real_blocked = t->blocked;
	t->blocked &= ~these;
	signal_recalc_locked(t);
	mutex_unlock(&tg->siglock);

	while (task_block(t, deadline) == 0)
		;

	mutex_lock(&tg->siglock);
	t->blocked = t->real_blocked;
	t->real_blocked = 0;
	sig = signal_dequeue_locked(t, these, ret_info);
	signal_recalc_locked(t);
	mutex_unlock(&tg->siglock);
	return sig;
}

long sys_rt_sigtimedwait(struct task *t, const struct sysargs *a)
{
	uaddr_t uinfo = arg_addr(a, 1), uts = arg_addr(a, 2);
	int64_t deadline = TASK_NO_DEADLINE;
	struct lx_timespec ts;
	struct lx_siginfo info;
	ksigset_t set;
	int sig;

	if (arg_ulong(a, 3) != LX_SIGSET_SIZE)
		return -EINVAL;
	if (copyin(t, &set, arg_addr(a, 0), sizeof(set)) < 0)
		return -EFAULT;
	if (uts) {
		if (copyin(t, &ts, uts, sizeof(ts)) < 0)
			return -EFAULT;
		if (!timespec_valid(&ts))
			return -EINVAL;
		deadline = timespec_is_zero(&ts) ? 0 : deadline_in(timespec_to_ns(&ts));
	}
	sig = wait_for(t, set & ~SIGSET_KERNEL_ONLY, deadline, &info);
	if (sig == 0) {
		if (deadline == 0 || !task_interrupted(t))
			return -EAGAIN;
		return -EINTR;
	}
	if (uinfo && copyout(t, uinfo, &info, sizeof(info)) < 0)
		return -EFAULT;
	return sig;
}

/* --- sending --- */

static void user_info(struct task *t, int sig, int code, struct lx_siginfo *ret_info)
{
	memset(ret_info, 0, sizeof(*ret_info));
	ret_info->si_signo = sig;
	ret_info->si_code = code;
	ret_info->kill.pid = t->tg->tgid;
	ret_info->kill.uid = t->cred->uid;
}

/* To the process of to; sig 0 only asks. */
static int send_group(struct task *t, struct task *to, int sig, const struct lx_siginfo *info)
{
	if (sig < 0 || sig > LX_NSIG)
		return -EINVAL;
	if (!signal_may_send(t, to, sig))
		return -EPERM;
	return sig ? signal_send_tgroup(to->tg, sig, info) : 0;
}

static int kill_one(struct task *t, int pid, int sig, const struct lx_siginfo *info)
{
	struct task *to = task_find(t->kernel, pid);
	int ret;

	if (!to)
		return -ESRCH;
	ret = send_group(t, to, sig, info);
	task_put(to);
	return ret;
}

static int kill_pgrp(struct task *t, int pgid, int sig, const struct lx_siginfo *info)
{
	struct kernel *k = t->kernel;
	bool success = false;
	struct pgroup *pg;
	struct tgroup *tg;
	int ret = -ESRCH;

	pg = pgid ? pgroup_find(k, pgid) : task_pgroup(t);
	if (!pg)
		return -ESRCH;
	mutex_lock(&k->tasklist_lock);
	list_for_each_entry(tg, &pg->members, pgrp_link) {
		ret = send_group(t, tg->leader, sig, info);
		success |= ret == 0;
	}
	mutex_unlock(&k->tasklist_lock);
	pgroup_put(pg);
	return success ? 0 : ret;
}

static int kill_all(struct task *t, int sig, const struct lx_siginfo *info)
{
	struct kernel *k = t->kernel;
	int ret = 0, count = 0;
	struct tgroup *tg;

	mutex_lock(&k->tasklist_lock);
	list_for_each_entry(tg, &k->tgroups, table_link) {
		int err;

		if (tg->is_init || tg == t->tg || tg->container->pid_ns != t->tg->container->pid_ns)
			continue;
		err = send_group(t, tg->leader, sig, info);
		count++;
		if (err != -EPERM)
			ret = err;
	}
	mutex_unlock(&k->tasklist_lock);
	return count ? ret : -ESRCH;
}

long sys_kill(struct task *t, const struct sysargs *a)
{
	int pid = arg_int(a, 0), sig = arg_int(a, 1);
	struct lx_siginfo info;

	user_info(t, sig, LX_SI_USER, &info);
	if (pid > 0)
		return kill_one(t, pid, sig, &info);
	if (pid == INT_MIN)
		return -ESRCH;
	if (pid == -1)
		return kill_all(t, sig, &info);
	return kill_pgrp(t, -pid, sig, &info);
}

static long do_tkill(struct task *t, int tgid, int tid, int sig, const struct lx_siginfo *info)
{
	struct task *to = task_find(t->kernel, tid);
	long ret;

	if (!to)
		return -ESRCH;
	if (tgid > 0 && to->tg->tgid != tgid)
		ret = -ESRCH;
	else if (sig < 0 || sig > LX_NSIG)
		ret = -EINVAL;
	else if (!signal_may_send(t, to, sig))
		ret = -EPERM;
	else
		ret = sig ? signal_send_task(to, sig, info) : 0;
	task_put(to);
	return ret;
}

long sys_tkill(struct task *t, const struct sysargs *a)
{
	int tid = arg_int(a, 0), sig = arg_int(a, 1);
	struct lx_siginfo info;

	if (tid <= 0)
		return -EINVAL;
	user_info(t, sig, LX_SI_TKILL, &info);
	return do_tkill(t, 0, tid, sig, &info);
}

long sys_tgkill(struct task *t, const struct sysargs *a)
{
	int tgid = arg_int(a, 0), tid = arg_int(a, 1), sig = arg_int(a, 2);
	struct lx_siginfo info;

	if (tgid <= 0 || tid <= 0)
		return -EINVAL;
	user_info(t, sig, LX_SI_TKILL, &info);
	return do_tkill(t, tgid, tid, sig, &info);
}

static int copyin_info(struct task *t, uaddr_t addr, int sig, struct lx_siginfo *ret_info)
{
	if (copyin(t, ret_info, addr, sizeof(*ret_info)) < 0)
		return -EFAULT;
	ret_info->si_signo = sig;
	return 0;
}

/* Nobody but the kernel may claim that a signal came from the kernel or from kill(2). */
static bool forged(struct task *t, const struct lx_siginfo *info, int tgid)
{
	return (info->si_code >= 0 || info->si_code == LX_SI_TKILL) && t->tg->tgid != tgid;
}

long sys_rt_sigqueueinfo(struct task *t, const struct sysargs *a)
{
	int pid = arg_int(a, 0), sig = arg_int(a, 1);
	struct lx_siginfo info;
	int ret = copyin_info(t, arg_addr(a, 2), sig, &info);

	if (ret < 0)
		return ret;
	if ((info.si_code >= 0 || info.si_code == LX_SI_TKILL) && t->tid != pid)
		return -EPERM;
	return kill_one(t, pid, sig, &info);
}

long sys_rt_tgsigqueueinfo(struct task *t, const struct sysargs *a)
{
	int tgid = arg_int(a, 0), tid = arg_int(a, 1), sig = arg_int(a, 2);
	struct lx_siginfo info;
	int ret = copyin_info(t, arg_addr(a, 3), sig, &info);

	if (ret < 0)
		return ret;
	if (tgid <= 0 || tid <= 0)
		return -EINVAL;
	if (forged(t, &info, tid))
		return -EPERM;
	return do_tkill(t, tgid, tid, sig, &info);
}

/* --- alternate stack --- */

long sys_sigaltstack(struct task *t, const struct sysargs *a)
{
	uaddr_t uss = arg_addr(a, 0), uold = arg_addr(a, 1), sp;
	struct lx_sigaltstack ss, old;
	int ret;

	task_regs_fill(t);
	sp = regs_sp(&t->regs);

	if (uss && copyin(t, &ss, uss, sizeof(ss)) < 0)
		return -EFAULT;
	task_altstack_fill(t, sp, &old);
	if (uss) {
		ret = task_altstack_set(t, &ss, sp, LX_MINSIGSTKSZ);
		if (ret < 0)
			return ret;
	}
	if (uold && copyout(t, uold, &old, sizeof(old)) < 0)
		return -EFAULT;
	return 0;
}
