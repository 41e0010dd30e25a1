/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a task does about its signals before it returns to the guest: stops and continues, default
 * actions, handlers, restarts of interrupted calls, the alternate stack (signal(7),
 * sigaltstack(2)). Runs on the task's own thread. The frame itself is the architecture's
 * (arch/ARCH/sigframe.c).
 */
#include "kernel/kernel_int.h"

#include "kernel/session_int.h"

/* --- restarts --- */

static bool restart_code(const struct task *t, long *ret_code)
{
	long v = (long)regs_ret(&t->regs);

	if (!t->in_syscall || v > -LX_ERESTARTSYS || v < -LX_ERESTART_RESTARTBLOCK)
		return false;
	*ret_code = -v;
	return true;
}

/* act NULL: no handler runs. */
static void resolve_restart(struct task *t, const struct lx_sigaction *act)
{
	long code;

	if (!restart_code(t, &code)) {
		t->in_syscall = false;
		return;
	}
	t->in_syscall = false;
	if (act && (code == LX_ERESTARTNOHAND || code == LX_ERESTART_RESTARTBLOCK ||
		    (code == LX_ERESTARTSYS && !(act->flags & LX_SA_RESTART)))) {
		regs_set_ret(&t->regs, (uint64_t)-EINTR);
		return;
	}
	if (code == LX_ERESTART_RESTARTBLOCK)
		regs_set_sysno(&t->regs, sigframe_restart_sysno());
	regs_syscall_restart(&t->regs);
}

static long restart_none(struct task *t, struct restart_block *rb)
{
	return -EINTR;
}

long task_restart_syscall(struct task *t)
{
	struct restart_block rb = t->restart;

	t->restart.fn = restart_none;
	return rb.fn ? rb.fn(t, &rb) : -EINTR;
}

/* --- alternate stack --- */

bool task_on_altstack(const struct task *t, uaddr_t sp)
{
	if ((uint32_t)t->altstack_flags & LX_SS_AUTODISARM)
		return false;
	return sp > t->altstack && sp - t->altstack <= t->altstack_size;
}

void task_altstack_fill(const struct task *t, uaddr_t sp, struct lx_sigaltstack *ret_ss)
{
	int mode = t->altstack_size == 0   ? LX_SS_DISABLE :
		   task_on_altstack(t, sp) ? LX_SS_ONSTACK :
					     0;

	*ret_ss = (struct lx_sigaltstack){
		.ss_sp = t->altstack,
		.ss_flags = (int32_t)((uint32_t)mode |
				      ((uint32_t)t->altstack_flags & LX_SS_AUTODISARM)),
		.ss_size = t->altstack_size,
	};
}

int task_altstack_set(struct task *t, const struct lx_sigaltstack *ss, uaddr_t sp, uint64_t min)
{
	uint32_t flags = (uint32_t)ss->ss_flags, mode = flags & ~LX_SS_AUTODISARM;

	if (task_on_altstack(t, sp))
		return -EPERM;
	if (mode != LX_SS_DISABLE && mode != LX_SS_ONSTACK && mode != 0)
		return -EINVAL;
	if (mode == LX_SS_DISABLE) {
		t->altstack = 0;
		t->altstack_size = 0;
	} else {
		if (ss->ss_size < min)
			return -ENOMEM;
		t->altstack = ss->ss_sp;
		t->altstack_size = ss->ss_size;
	}
	t->altstack_flags = ss->ss_flags;
	return 0;
}

int sigframe_stack(struct task *t, const struct lx_sigaction *act, uint64_t red_zone,
		   uint64_t size_min, uaddr_t *ret_sp)
{
	uaddr_t sp = regs_sp(&t->regs) - red_zone;
	bool on_alt = task_on_altstack(t, sp);

	if ((act->flags & LX_SA_ONSTACK) && t->altstack_size != 0 && !on_alt) {
		sp = t->altstack + t->altstack_size;
		on_alt = true;
	}
	if (on_alt && (sp - size_min <= t->altstack || sp - size_min > sp))
		return -EFAULT;
	if (sp < size_min)
		return -EFAULT;
	*ret_sp = sp;
	return 0;
}

/* --- stops --- */

/* A stop signal takes effect: every thread of the group is asked to park. */
static void stop_start_locked(struct task *t, int sig)
{
	struct tgroup *tg = t->tg;
	struct task *other;

	if (tg->stop_state != TG_RUNNING)
		return;
	tg->stop_state = TG_STOPPING;
	tg->stop_signal = sig;
	tg->nr_stop_left = 0;
	list_for_each_entry(other, &tg->threads, tg_link) {
		if (other->exiting)
			continue;
		tg->nr_stop_left++;
		task_add_work_bits(other, TW_STOP);
	}
}

static bool stop_arrived_locked(struct tgroup *tg)
{
	if (tg->nr_stop_left > 0)
		tg->nr_stop_left--;
	if (tg->nr_stop_left > 0 || tg->stop_state != TG_STOPPING)
		return false;
	tg->stop_state = TG_STOPPED;
	tg->stop_wait = true;
	tg->cont_wait = false;
	return true;
}

static void notify_cldstop(struct tgroup *tg, int why)
{
	mutex_lock(&tg->kernel->tasklist_lock);
	notify_parent_cldstop_locked(tg, why);
	mutex_unlock(&tg->kernel->tasklist_lock);
}

void signal_leave_stop(struct task *t)
{
	struct tgroup *tg = t->tg;
	bool last = false;

	mutex_lock(&tg->siglock);
	if (atomic_fetch_and(&t->work, ~TW_STOP) & TW_STOP)
		last = stop_arrived_locked(tg);
	mutex_unlock(&tg->siglock);
	if (last)
		notify_cldstop(tg, LX_CLD_STOPPED);
}

/* Parks until SIGCONT or death. siglock held on entry, not on return. */
/* NO_THREAD_SAFETY: drops a lock of the caller. */
NO_THREAD_SAFETY static void stop_park(struct task *t)
{
	struct tgroup *tg = t->tg;
	bool last, stopped;

	atomic_fetch_and(&t->work, ~TW_STOP);
	last = stop_arrived_locked(tg);
	mutex_unlock(&tg->siglock);
	if (last)
		notify_cldstop(tg, LX_CLD_STOPPED);
	do {
		task_block_bits(t, TASK_NO_DEADLINE, TW_KILL, 'T');
		mutex_lock(&tg->siglock);
		/* TW_STOP: continued and stopped again before we noticed; arrive once more */
		stopped = tg->stop_state != TG_RUNNING && !tg->exiting &&
			  !(atomic_load(&t->work) & TW_STOP);
		mutex_unlock(&tg->siglock);
	} while (stopped && !(atomic_load(&t->work) & TW_KILL));
}

/* TSTP, TTIN and TTOU do nothing in an orphaned group. False: do not stop. siglock held, dropped
 * inside. */
/* NO_THREAD_SAFETY: drops and takes again a lock of the caller. */
NO_THREAD_SAFETY static bool stop_allowed(struct task *t, int sig)
{
	struct tgroup *tg = t->tg;
	unsigned int seq = tg->cont_seq;
	bool orphaned;

	if (sig == LX_SIGSTOP)
		return true;
	mutex_unlock(&tg->siglock);
	mutex_lock(&t->kernel->tasklist_lock);
	orphaned = pgroup_orphaned_locked(tg->pgrp, NULL);
	mutex_unlock(&t->kernel->tasklist_lock);
	mutex_lock(&tg->siglock);
	/* a SIGCONT that came while the lock was away undoes the stop */
	return !orphaned && seq == tg->cont_seq && !tg->exiting;
}

/* --- delivery --- */

static void deliver(struct task *t, int sig, const struct lx_siginfo *info,
		    const struct lx_sigaction *act)
{
	struct tgroup *tg = t->tg;
	struct sigframe_req req = {
		.sig = sig,
		.info = info,
		.act = act,
		.oldmask = t->restore_blocked ? t->saved_blocked : t->blocked,
	};
	ksigset_t blocked;
	int ret;

	resolve_restart(t, act);
	rseq_signal(t);
	t->restore_blocked = false;
	ret = sigframe_setup(t, &req);
	if (ret < 0) {
		/* the guest has no stack for it: as force_sigsegv() */
		if (sig == LX_SIGSEGV) {
			struct lx_sigaction dfl = { .handler = LX_SIG_DFL };

			signal_set_action(t, LX_SIGSEGV, &dfl, NULL);
		}
		signal_force(t, LX_SIGSEGV, NULL);
		return;
	}
	if ((uint32_t)t->altstack_flags & LX_SS_AUTODISARM) {
		t->altstack = 0;
		t->altstack_size = 0;
		t->altstack_flags = LX_SS_DISABLE;
	}
	mutex_lock(&tg->siglock);
	blocked = t->blocked | act->mask;
	if (!(act->flags & LX_SA_NODEFER))
		blocked |= LX_SIGMASK(sig);
	blocked &= ~SIGSET_KERNEL_ONLY;
	if (atomic_load(&t->work) & TW_SIGNAL)
		signal_retarget_locked(t, blocked & ~t->blocked);
	t->blocked = blocked;
	signal_recalc_locked(t);
	mutex_unlock(&tg->siglock);
}

static int death_status(struct task *t, int sig)
{
	if (sigset_has(SIGSET_COREDUMP, sig) && t->tg->dumpable == 1 &&
	    task_rlimit(t, LX_RLIMIT_CORE) >= 4096)
		return sig | LX_WCOREFLAG;
	return sig;
}

enum next { NEXT_DONE, NEXT_AGAIN, NEXT_DELIVER, NEXT_STOP, NEXT_EXIT, NEXT_TELL };

/* Looks at what is pending. siglock held. */
static enum next next_locked(struct task *t, int *ret_sig, struct lx_siginfo *ret_info,
			     struct lx_sigaction *ret_act)
{
	struct tgroup *tg = t->tg;
	struct sighand *sh = tg->sighand;
	int sig;

	if (tg->exiting || (tg->exec_task && tg->exec_task != t) ||
	    (atomic_load(&t->work) & TW_EXIT))
		return NEXT_EXIT;
	if (tg->cont_notify)
		return NEXT_TELL;
	if (atomic_load(&t->work) & TW_STOP)
		return NEXT_STOP;
	sig = signal_dequeue_locked(t, ~t->blocked, ret_info);
	if (!sig) {
		atomic_fetch_and(&t->work, ~TW_SIGNAL);
		return NEXT_DONE;
	}
	mutex_lock(&sh->lock);
	*ret_act = sh->action[sig];
	if (ret_act->handler > LX_SIG_IGN && (ret_act->flags & LX_SA_RESETHAND))
		sh->action[sig].handler = LX_SIG_DFL;
	mutex_unlock(&sh->lock);
	*ret_sig = sig;
	if (ret_act->handler == LX_SIG_IGN)
		return NEXT_AGAIN;
	if (ret_act->handler != LX_SIG_DFL)
		return NEXT_DELIVER;
	if (sigset_has(SIGSET_DFL_IGNORE, sig) ||
	    (tg->unkillable && !sigset_has(SIGSET_KERNEL_ONLY, sig)))
		return NEXT_AGAIN;
	if (sigset_has(SIGSET_STOP, sig)) {
		if (stop_allowed(t, sig))
			stop_start_locked(t, sig);
		return NEXT_AGAIN;
	}
	tgroup_exit_locked(tg, death_status(t, sig));
	return NEXT_EXIT;
}

/* NO_THREAD_SAFETY: the lock goes through stop_park(), which drops it. */
NO_THREAD_SAFETY bool signal_handle(struct task *t)
{
	struct tgroup *tg = t->tg;
	struct lx_sigaction act;
	const struct kernel_upcalls *up = t->kernel->config.upcalls;
	struct lx_siginfo info;
	int sig, why;

	for (;;) {
		enum next next;

		sig = 0;
		mutex_lock(&tg->siglock);
		next = next_locked(t, &sig, &info, &act);
		if (next == NEXT_STOP) {
			stop_park(t);
			continue;
		}
		why = tg->cont_why;
		if (next == NEXT_TELL)
			tg->cont_notify = false;
		mutex_unlock(&tg->siglock);
		if (sig && up->signal_taken)
			up->signal_taken(t, &info);
		if (next == NEXT_EXIT)
			return false;
		if (next == NEXT_TELL)
			notify_cldstop(tg, why);
		if (next == NEXT_DELIVER)
			deliver(t, sig, &info, &act);
		if (next == NEXT_DONE)
			break;
	}
	resolve_restart(t, NULL);
	if (t->restore_blocked) {
		t->restore_blocked = false;
		signal_set_blocked(t, t->saved_blocked);
	}
	return true;
}

long signal_return(struct task *t)
{
	ksigset_t mask = 0;
	int ret;

	t->restart.fn = restart_none;
	ret = sigframe_restore(t, &mask);
	t->regs_replaced = true;
	t->in_syscall = false;
	if (ret < 0) {
		signal_force(t, LX_SIGSEGV, NULL);
		return 0;
	}
	signal_set_blocked(t, mask);
	return 0;
}
