/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions and process groups: making them, joining them, and whether a group is orphaned
 * (setsid(2), setpgid(2)). Locking: kernel.tasklist_lock.
 */
#include "kernel/answers.h"
#include "kernel/session_int.h"

#include <stdlib.h>

const struct tty_kernel_ops *g_tty_ops;

int session_new_locked(struct kernel *k, struct tgroup *leader, struct pid *pid,
		       struct session **ret_s)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	ref_init(&s->ref);
	s->pid = pid_get(pid);
	s->sid = pid->nr;
	s->leader = leader;
	pid_set_session(pid, s);
	*ret_s = s;
	return 0;
}

void session_destroy(struct session *s)
{
	pid_clear_session(s->pid, s);
	pid_put(s->pid);
	if (s->tty && g_tty_ops)
		g_tty_ops->put(s->tty);
	free(s);
}

int pgroup_new_locked(struct kernel *k, struct session *s, struct pid *pid, struct pgroup **ret_pg)
{
	struct pgroup *pg = calloc(1, sizeof(*pg));

	if (!pg)
		return -ENOMEM;
	ref_init(&pg->ref);
	pg->pid = pid_get(pid);
	pg->pgid = pid->nr;
	pg->session = session_get(s);
	INIT_LIST_HEAD(&pg->members);
	pid_set_pgrp(pid, pg);
	*ret_pg = pg;
	return 0;
}

/* The last reference may go without the tasklist lock (a terminal's foreground group). */
void pgroup_destroy(struct pgroup *pg)
{
	pid_clear_pgrp(pg->pid, pg);
	pid_put(pg->pid);
	session_put(pg->session);
	free(pg);
}

struct pgroup *pgroup_find(struct kernel *k, int pgid)
{
	return pid_find_pgrp(pgid);
}

struct session *task_session(struct task *t)
{
	struct session *s;

	mutex_lock(&t->kernel->tasklist_lock);
	s = session_get(t->tg->session);
	mutex_unlock(&t->kernel->tasklist_lock);
	return s;
}

struct pgroup *task_pgroup(struct task *t)
{
	struct pgroup *pg;

	mutex_lock(&t->kernel->tasklist_lock);
	pg = pgroup_get(t->tg->pgrp);
	mutex_unlock(&t->kernel->tasklist_lock);
	return pg;
}

bool task_is_session_leader(struct task *t)
{
	bool ret;

	mutex_lock(&t->kernel->tasklist_lock);
	ret = t->tg->session->leader == t->tg;
	mutex_unlock(&t->kernel->tasklist_lock);
	return ret;
}

bool pgroup_orphaned_locked(struct pgroup *pg, struct tgroup *ignore)
{
	struct tgroup *tg;

	list_for_each_entry(tg, &pg->members, pgrp_link) {
		struct tgroup *parent = tg->parent;

		if (tg == ignore || tg->zombie)
			continue;
		/* `husk do`: the command outside stands for the shell that would continue it */
		if (tg->is_init && !tg->unkillable && tg->session->tty)
			return false;
		if (!parent)
			continue;
		if (parent->pgrp != pg && parent->session == tg->session)
			return false;
	}
	return true;
}

bool pgroup_has_stopped_locked(struct pgroup *pg)
{
	struct tgroup *tg;

	list_for_each_entry(tg, &pg->members, pgrp_link) {
		enum tgroup_stop st;

		mutex_lock(&tg->siglock);
		st = tg->stop_state;
		mutex_unlock(&tg->siglock);
		if (st == TG_STOPPED)
			return true;
	}
	return false;
}

bool pgroup_is_orphaned(struct kernel *k, struct pgroup *pg)
{
	bool ret;

	mutex_lock(&k->tasklist_lock);
	ret = pgroup_orphaned_locked(pg, NULL);
	mutex_unlock(&k->tasklist_lock);
	return ret;
}

void tgroup_move_pgrp_locked(struct tgroup *tg, struct pgroup *pg)
{
	struct pgroup *old = tg->pgrp;

	list_del_init(&tg->pgrp_link);
	tg->pgrp = pgroup_get(pg);
	list_add_tail(&tg->pgrp_link, &pg->members);
	pgroup_put(old);
	tgroup_answers_ids_locked(tg);
}

bool session_set_tty(struct kernel *k, struct session *s, struct tty *expect, struct tty *tty)
{
	struct tty *old = NULL;
	bool ok;

	mutex_lock(&k->tasklist_lock);
	ok = s->tty == expect;
	if (ok) {
		old = s->tty;
		s->tty = tty ? g_tty_ops->get(tty) : NULL;
	}
	mutex_unlock(&k->tasklist_lock);
	if (old)
		g_tty_ops->put(old);
	return ok;
}

struct tty *session_tty(struct kernel *k, struct session *s)
{
	struct tty *tty;

	mutex_lock(&k->tasklist_lock);
	tty = s->tty ? g_tty_ops->get(s->tty) : NULL;
	mutex_unlock(&k->tasklist_lock);
	return tty;
}

int task_setsid(struct task *t)
{
	struct kernel *k = t->kernel;
	struct tgroup *tg = t->tg;
	struct session *s = NULL, *old_s = NULL;
	struct pgroup *pg, *other;
	int ret;

	mutex_lock(&k->tasklist_lock);
	ret = -EPERM;
	other = pid_find_pgrp(tg->tgid);
	if (tg->session->leader == tg || (other && !list_empty(&other->members)))
		goto out;
	ret = session_new_locked(k, tg, tg->leader->pid, &s);
	if (ret < 0)
		goto out;
	ret = pgroup_new_locked(k, s, tg->leader->pid, &pg);
	if (ret < 0) {
		session_put(s);
		goto out;
	}
	tgroup_move_pgrp_locked(tg, pg);
	pgroup_put(pg);
	old_s = tg->session;
	tg->session = s;
	tgroup_answers_ids_locked(tg);
	ret = s->sid;
out:
	mutex_unlock(&k->tasklist_lock);
	pgroup_put(other);
	session_put(old_s);
	return ret;
}

int task_setpgid(struct task *t, int pid, int pgid)
{
	struct kernel *k = t->kernel;
	struct tgroup *me = t->tg, *tg = NULL;
	struct pgroup *pg = NULL;
	int ret;

	if (pgid < 0)
		return -EINVAL;
	if (pid == 0)
		pid = me->tgid;
	if (pgid == 0)
		pgid = pid;
	mutex_lock(&k->tasklist_lock);
	tg = pid_find_tgroup(pid);
	ret = -ESRCH;
	if (!tg || (tg != me && tg->parent != me)) {
		struct task *thread = tg ? NULL : pid_find_task(pid);

		if (thread) {
			ret = thread->tg == me || thread->tg->parent == me ? -EINVAL : -ESRCH;
			mutex_unlock(&k->tasklist_lock);
			task_put(thread);
			return ret;
		}
		goto out;
	}
	if (tg != me) {
		ret = -EPERM;
		if (tg->session != me->session)
			goto out;
		ret = -EACCES;
		if (tg->did_exec)
			goto out;
	}
	ret = -EPERM;
	if (tg->session->leader == tg)
		goto out;
	if (pgid != tg->tgid) {
		pg = pid_find_pgrp(pgid);
		if (!pg || list_empty(&pg->members) || pg->session != me->session)
			goto out;
	} else {
		pg = pid_find_pgrp(pgid);
		if (pg && pg->session != me->session)
			goto out;
		if (!pg) {
			ret = pgroup_new_locked(k, tg->session, tg->leader->pid, &pg);
			if (ret < 0)
				goto out;
		}
	}
	if (tg->pgrp != pg)
		tgroup_move_pgrp_locked(tg, pg);
	ret = 0;
out:
	mutex_unlock(&k->tasklist_lock);
	pgroup_put(pg);
	tgroup_put(tg);
	return ret;
}
