/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for children: wait4(2) and waitid(2). Locking: the tasklist for the scan, the child's
 * siglock for its stop and continue reports.
 */
#include "kernel/task_wait.h"

#include <abi/linux/poll.h>

#include "kernel/kernel_int.h"

static bool eligible(struct task *t, const struct wait_req *rq, struct tgroup *c)
{
	bool clone_child;

	switch (rq->type) {
	case LX_P_PID:
	case LX_P_PIDFD:
		if (c->tgid != rq->id)
			return false;
		break;
	case LX_P_PGID:
		if (c->pgrp->pgid != rq->id)
			return false;
		break;
	}
	if (rq->tg && c != rq->tg)
		return false;
	if ((rq->options & LX___WNOTHREAD) && c->parent_tid != t->tid)
		return false;
	if (rq->options & LX___WALL)
		return true;
	clone_child = c->leader->exit_signal != LX_SIGCHLD;
	return clone_child == !!(rq->options & LX___WCLONE);
}

static void fill(struct wait_result *r, struct tgroup *c)
{
	memset(&r->info, 0, sizeof(r->info));
	r->pid = c->tgid;
	r->info.si_signo = LX_SIGCHLD;
	r->info.sigchld.pid = c->tgid;
	r->info.sigchld.uid = c->leader->cred->uid;
	tgroup_rusage_locked(c, &r->rusage);
}

/* 1: *r tells about c. */
static int look_exited(struct task *t, const struct wait_req *rq, struct tgroup *c,
		       struct wait_result *r)
{
	fill(r, c);
	r->status = tgroup_exit_code_locked(c);
	child_status_info(r->status, &r->info);
	if (!(rq->options & LX_WNOWAIT)) {
		usage_fold_child_locked(t->tg, c);
		tgroup_reap_locked(c);
	}
	return 1;
}

static int look_stopped(const struct wait_req *rq, struct tgroup *c, struct wait_result *r)
{
	bool found;
	int sig;

	mutex_lock(&c->siglock);
	found = c->stop_state == TG_STOPPED && c->stop_wait;
	sig = c->stop_signal;
	if (found && !(rq->options & LX_WNOWAIT))
		c->stop_wait = false;
	mutex_unlock(&c->siglock);
	if (!found)
		return 0;
	fill(r, c);
	r->status = LX_W_STOPCODE(sig);
	r->info.si_code = LX_CLD_STOPPED;
	r->info.sigchld.status = sig;
	return 1;
}

static int look_continued(const struct wait_req *rq, struct tgroup *c, struct wait_result *r)
{
	bool found;

	mutex_lock(&c->siglock);
	found = c->cont_wait;
	if (found && !(rq->options & LX_WNOWAIT))
		c->cont_wait = false;
	mutex_unlock(&c->siglock);
	if (!found)
		return 0;
	fill(r, c);
	r->status = LX_W_CONTINUED;
	r->info.si_code = LX_CLD_CONTINUED;
	r->info.sigchld.status = LX_SIGCONT;
	return 1;
}

/* 1 found, 0 there may be something later, -ECHILD. */
static int scan_locked(struct task *t, const struct wait_req *rq, struct wait_result *r)
{
	struct tgroup *c, *tmp;
	int ret = -ECHILD;

	list_for_each_entry_safe(c, tmp, &t->tg->children, sibling) {
		if (!eligible(t, rq, c))
			continue;
		if (c->zombie) {
			if (rq->options & LX_WEXITED)
				return look_exited(t, rq, c, r);
			continue; /* it will never stop or continue again */
		}
		ret = 0;
		if ((rq->options & LX_WSTOPPED) && look_stopped(rq, c, r))
			return 1;
		if ((rq->options & LX_WCONTINUED) && look_continued(rq, c, r))
			return 1;
	}
	return ret;
}

int task_wait(struct task *t, const struct wait_req *rq, struct wait_result *ret_r)
{
	struct kernel *k = t->kernel;
	struct task_waiter tw;
	int ret, blocked = 0;

	task_waiter_init(&tw, t, LX_POLLIN);
	waitq_add(&t->tg->wait_children, &tw.w);
	for (;;) {
		mutex_lock(&k->tasklist_lock);
		ret = scan_locked(t, rq, ret_r);
		mutex_unlock(&k->tasklist_lock);
		if (ret != 0 || (rq->options & LX_WNOHANG))
			break;
		/* a child that ended together with the signal is still reported */
		ret = blocked;
		if (ret < 0)
			break;
		blocked = task_block(t, TASK_NO_DEADLINE);
	}
	waitq_del(&t->tg->wait_children, &tw.w);
	return ret;
}
