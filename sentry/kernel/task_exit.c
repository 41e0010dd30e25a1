/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of tasks and groups: what an exiting thread gives back, who inherits its children, who is
 * told (exit_group(2), credentials(7), prctl(2) PR_SET_CHILD_SUBREAPER). Locking:
 * kernel.tasklist_lock for the tree.
 */
#include "kernel/answers.h"
#include "kernel/container.h"
#include "kernel/kernel_int.h"
#include "kernel/pid.h"
#include "kernel/session_int.h"
#include "kernel/vfork.h"

#include <abi/linux/poll.h>

void task_exit_request(struct task *t, int wait_status)
{
	t->exit_code = wait_status;
	atomic_fetch_or(&t->work, TW_EXIT);
}

/* --- vfork --- */

void vfork_wait_put(struct vfork_wait *vw)
{
	if (vw && ref_put(&vw->ref)) {
		task_put(vw->waiter);
		free(vw);
	}
}

void vfork_done(struct task *t)
{
	struct vfork_wait *vw = t->vfork;

	if (!vw)
		return;
	t->vfork = NULL;
	atomic_store(&vw->done, true);
	task_wake(vw->waiter);
	vfork_wait_put(vw);
}

/* --- leaving an address space --- */

void task_mm_release(struct task *t)
{
	uint32_t zero = 0;

	futex_exit(t);
	if (t->clear_child_tid && mm_nr_users(t->mm) > 1) {
		if (copyout(t, t->clear_child_tid, &zero, sizeof(zero)) == 0)
			futex_wake_addr(t, t->clear_child_tid, 1, true);
	}
	t->clear_child_tid = 0;
	t->rseq_addr = 0;
}

static void drop_mm(struct task *t, bool group_last)
{
	struct mm *mm;

	task_mm_release(t);
	if (group_last) {
		struct mm_stats st;

		mm_stats_get(t->mm, &st);
		t->tg->maxrss_kb = st.rss_peak / 1024;
	}
	task_gthread_free(t);
	mutex_lock(&t->lock);
	mm = t->mm;
	t->mm = NULL;
	mutex_unlock(&t->lock);
	vfork_done(t);
	mm_user_put(mm);
	mm_put(mm);
}

void task_drop_sem_undo(struct task *t)
{
	if (g_ipc_hooks)
		g_ipc_hooks->exit(t);
}

static void drop_rest(struct task *t)
{
	struct fdtable *fds;
	struct fscontext *fs;
	struct uts_ns *uts;

	task_drop_sem_undo(t);
	mutex_lock(&t->lock);
	fds = STEAL(t->fds);
	fs = STEAL(t->fs);
	uts = STEAL(t->uts);
	mutex_unlock(&t->lock);
	if (fds)
		fdtable_put(fds);
	if (fs)
		fscontext_put(fs);
	uts_ns_put(uts);
}

/* --- telling the parent --- */

int tgroup_exit_code_locked(struct tgroup *tg)
{
	return tg->group_exit_code;
}

static void fill_child_info(struct tgroup *tg, int sig, struct lx_siginfo *ret_info)
{
	struct lx_rusage_acc *u = &tg->dead_usage;
	struct cputime c = {
		.utime_ns = atomic_load(&u->utime_ns),
		.stime_ns = atomic_load(&u->stime_ns),
	};

	memset(ret_info, 0, sizeof(*ret_info));
	ret_info->si_signo = sig;
	ret_info->sigchld.pid = tg->tgid;
	ret_info->sigchld.uid = tg->leader->cred->uid;
	ret_info->sigchld.utime = (int64_t)(c.utime_ns / 10000000);
	ret_info->sigchld.stime = (int64_t)(c.stime_ns / 10000000);
}

void child_status_info(int status, struct lx_siginfo *info)
{
	if (LX_WIFEXITED(status)) {
		info->si_code = LX_CLD_EXITED;
		info->sigchld.status = LX_WEXITSTATUS(status);
	} else {
		info->si_code = LX_WCOREDUMP(status) ? LX_CLD_DUMPED : LX_CLD_KILLED;
		info->sigchld.status = LX_WTERMSIG(status);
	}
}

/* True: nobody will wait for tg. */
static bool notify_parent_locked(struct tgroup *tg)
{
	struct tgroup *parent = tg->parent;
	int sig = tg->leader->exit_signal;
	struct lx_sigaction act;
	struct lx_siginfo info;
	bool autoreap = false;

	if (!parent)
		return true;
	if (sig == LX_SIGCHLD) {
		mutex_lock(&parent->siglock);
		act = sighand_action(parent->sighand, LX_SIGCHLD);
		mutex_unlock(&parent->siglock);
		if (act.handler == LX_SIG_IGN) {
			autoreap = true;
			sig = 0;
		} else if (act.flags & LX_SA_NOCLDWAIT) {
			autoreap = true;
		}
	}
	if (sig > 0) {
		fill_child_info(tg, sig, &info);
		child_status_info(tgroup_exit_code_locked(tg), &info);
		signal_send_tgroup(parent, sig, &info);
	}
	waitq_wake(&parent->wait_children, LX_POLLIN);
	return autoreap;
}

void notify_parent_cldstop_locked(struct tgroup *tg, int why)
{
	struct tgroup *parent = tg->parent;
	struct lx_sigaction act;
	struct lx_siginfo info;

	if (!parent && tg == tg->kernel->container->init && why == LX_CLD_STOPPED &&
	    tg->kernel->config.upcalls->init_stopped)
		tg->kernel->config.upcalls->init_stopped(tg->stop_signal);
	if (!parent || tg->zombie)
		return;
	fill_child_info(tg, LX_SIGCHLD, &info);
	info.si_code = why;
	info.sigchld.status = why == LX_CLD_STOPPED ? tg->stop_signal : LX_SIGCONT;
	mutex_lock(&parent->siglock);
	act = sighand_action(parent->sighand, LX_SIGCHLD);
	mutex_unlock(&parent->siglock);
	if (act.handler != LX_SIG_IGN && !(act.flags & LX_SA_NOCLDSTOP))
		signal_send_tgroup(parent, LX_SIGCHLD, &info);
	waitq_wake(&parent->wait_children, LX_POLLIN);
}

void tgroup_forget_first_locked(struct tgroup *tg)
{
	struct container *ct = tg->container;

	if (ct->init == tg)
		ct->init = NULL;
	if (pid_ns_init_locked(ct->pid_ns) == tg)
		pid_ns_set_init_locked(ct->pid_ns, NULL);
}

void tgroup_reap_locked(struct tgroup *tg)
{
	struct task *leader = tg->leader;

	tgroup_get(tg);
	tgroup_forget_first_locked(tg);
	tgroup_unpublish_locked(tg);
	mutex_lock(&tg->siglock);
	tg->leader = NULL;
	mutex_unlock(&tg->siglock);
	task_unpublish_locked(leader);
	tgroup_put(tg);
}

/* --- children of the dead --- */

static void hangup_if_orphaned(struct tgroup *tg, struct tgroup *parent, struct tgroup *ignore)
{
	struct pgroup *pg = tg->pgrp;
	struct tgroup *m;

	if (!parent || parent->pgrp == pg || parent->session != tg->session)
		return;
	if (!pgroup_orphaned_locked(pg, ignore) || !pgroup_has_stopped_locked(pg))
		return;
	list_for_each_entry(m, &pg->members, pgrp_link) {
		signal_send_tgroup(m, LX_SIGHUP, NULL);
		signal_send_tgroup(m, LX_SIGCONT, NULL);
	}
}

static struct tgroup *find_reaper(struct tgroup *tg)
{
	struct tgroup *init = pid_ns_init_locked(tg->container->pid_ns);

	if (tg->is_init)
		return NULL;
	for (struct tgroup *p = tg->parent; p; p = p->parent) {
		if (p->child_subreaper && !p->zombie && p->nr_live > 0)
			return p;
	}
	return init && init != tg && !init->zombie && init->nr_live > 0 ? init : NULL;
}

static void send_pdeath(struct tgroup *child)
{
	struct task *t;

	list_for_each_entry(t, &child->threads, tg_link) {
		if (t->pdeath_signal)
			signal_send_tgroup(child, t->pdeath_signal, NULL);
	}
}

/* The thread t goes: its children belong to a sibling thread, or to the reaper when the group is
 * dead. */
static void forget_children_locked(struct task *t, bool group_dead)
{
	struct tgroup *tg = t->tg, *reaper, *c, *tmp;
	struct task *alive = NULL, *o;

	if (!group_dead) {
		list_for_each_entry(o, &tg->threads, tg_link) {
			if (!o->dead && o != t) {
				alive = o;
				break;
			}
		}
		list_for_each_entry(c, &tg->children, sibling) {
			if (c->parent_tid != t->tid)
				continue;
			c->parent_tid = alive ? alive->tid : tg->tgid;
			send_pdeath(c);
		}
		return;
	}
	reaper = find_reaper(tg);
	list_for_each_entry_safe(c, tmp, &tg->children, sibling) {
		list_del_init(&c->sibling);
		c->parent = reaper;
		c->parent_tid = reaper ? reaper->tgid : 0;
		tgroup_answers_ids_locked(c);
		if (reaper)
			list_add_tail(&c->sibling, &reaper->children);
		c->leader->exit_signal = LX_SIGCHLD;
		send_pdeath(c);
		if (c->zombie && notify_parent_locked(c))
			tgroup_reap_locked(c);
		else if (!c->zombie)
			hangup_if_orphaned(c, tg, NULL);
	}
}

/* pid 1 is gone: its pid namespace dies with it. */
static void kill_everyone_locked(struct kernel *k, struct pid_ns *ns)
{
	struct tgroup *tg;

	pid_ns_die_locked(ns);
	list_for_each_entry(tg, &k->tgroups, table_link) {
		if (tg->container->pid_ns == ns)
			tgroup_exit(tg, LX_SIGKILL);
	}
}

static void group_dead_locked(struct tgroup *tg, struct session **ret_gone)
{
	hangup_if_orphaned(tg, tg->parent, tg);
	if (tg->session->leader == tg) {
		tg->session->leader = NULL;
		*ret_gone = session_get(tg->session);
	}
	if (tg->is_init)
		kill_everyone_locked(tg->kernel, tg->container->pid_ns);
	/* its first process may not be that, where it shares the numbers of another */
	if (tg->container->init == tg)
		container_kill_locked(tg->kernel, tg->container);
	if (tg == tg->kernel->container->init)
		tg->kernel->shutting_down = true;
	tg->zombie = true;
	atomic_store(&tg->leader->state, 'Z');
	if (notify_parent_locked(tg))
		tgroup_reap_locked(tg);
	waitq_wake(&tg->exit_wq, LX_POLLIN | LX_POLLRDNORM | LX_POLLHUP);
}

static void session_gone(struct kernel *k, struct session *s)
{
	struct tty *tty = g_tty_ops ? session_tty(k, s) : NULL;

	if (tty) {
		g_tty_ops->session_gone(tty, s);
		g_tty_ops->put(tty);
	}
	session_put(s);
}

/* First step: no signal is for t any more. Returns whether it is the last thread that began to
 * exit. */
static bool begin(struct task *t, int *ret_code)
{
	struct tgroup *tg = t->tg;
	bool last;

	mutex_lock(&tg->siglock);
	if (tg->exiting)
		*ret_code = tg->group_exit_code;
	else if (atomic_load(&t->work) & TW_EXIT)
		*ret_code = t->exit_code;
	else
		*ret_code = LX_SIGKILL; /* by an exec in another thread */
	t->exiting = true;
	last = --tg->nr_running == 0;
	if (last && !tg->exiting) {
		tg->exiting = true;
		tg->group_exit_code = *ret_code;
	}
	signal_retarget_locked(t, ~t->blocked);
	mutex_unlock(&tg->siglock);
	signal_leave_stop(t);
	return last;
}

void task_exit(struct task *t)
{
	struct kernel *k = t->kernel;
	struct tgroup *tg = t->tg;
	struct session *gone = NULL;
	bool last, group_dead;
	int code;

	last = begin(t, &code);
	if (k->config.upcalls->task_ended)
		k->config.upcalls->task_ended(t, code);
	if (last)
		itimers_exit(tg);
	drop_mm(t, last);
	drop_rest(t);

	mutex_lock(&k->tasklist_lock);
	usage_fold_dead_locked(t);
	t->exit_code = code;
	t->dead = true;
	atomic_store(&t->state, 'X');
	group_dead = --tg->nr_live == 0;
	forget_children_locked(t, group_dead);
	mutex_lock(&tg->siglock);
	if (tg->exec_task && tg->exec_task != t)
		task_wake(tg->exec_task);
	mutex_unlock(&tg->siglock);
	waitq_wake(&tg->exit_wq, LX_POLLIN | LX_POLLRDNORM); /* pidfds of threads */
	if (t != tg->leader)
		task_unpublish_locked(t);
	else if (!group_dead)
		atomic_store(&t->state, 'Z');
	if (group_dead)
		group_dead_locked(tg, &gone);
	mutex_unlock(&k->tasklist_lock);
	if (gone)
		session_gone(k, gone);
}
