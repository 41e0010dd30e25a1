/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks and thread groups as objects: making, publishing, looking up, freeing, and what others may
 * read of them. Their life is in task_clone.c, task_run.c, task_exec.c and task_exit.c.
 */
#include "kernel/answers.h"
#include "kernel/container.h"
#include "kernel/kernel_int.h"
#include "kernel/seccomp.h"

#include <abi/linux/capability.h>
#include <abi/linux/sched.h>
#include <base/bits.h>

static _Thread_local struct task *t_current;
const struct ipc_hooks *g_ipc_hooks;

struct task *task_current(void)
{
	return t_current;
}

void task_set_current(struct task *t)
{
	t_current = t;
}

int task_alloc(struct kernel *k, struct task **ret_t)
{
	struct task *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	ref_init(&t->ref);
	t->kernel = k;
	INIT_LIST_HEAD(&t->tg_link);
	mutex_init(&t->lock, LC_TASK);
	mutex_init(&t->kick_lock, LC_KICK);
	sigpending_init(&t->pending);
	t->exit_signal = -1;
	t->altstack_flags = LX_SS_DISABLE;
	t->timer_slack_ns = 50000;
	atomic_init(&t->state, 'R');
	t->start_ns = host_clock_ns(HOST_CLOCK_BOOTTIME);
	*ret_t = t;
	return 0;
}

static void task_destroy(struct task *t)
{
	sigpending_flush(&t->pending);
	seccomp_filter_put(atomic_load(&t->seccomp));
	cred_put(t->cred);
	ucount_put(t->ucount);
	pid_put(t->pid);
	if (t->tg)
		tgroup_put(t->tg);
	mutex_fini(&t->kick_lock);
	mutex_fini(&t->lock);
	free(t);
}

void task_put(struct task *t)
{
	if (t && ref_put(&t->ref))
		task_destroy(t);
}

int tgroup_alloc(struct kernel *k, struct container *ct, struct tgroup **ret_tg)
{
	struct tgroup *tg = calloc(1, sizeof(*tg));

	if (!tg)
		return -ENOMEM;
	ref_init(&tg->ref);
	tg->kernel = k;
	tg->container = container_get(ct);
	INIT_LIST_HEAD(&tg->threads);
	INIT_LIST_HEAD(&tg->children);
	INIT_LIST_HEAD(&tg->sibling);
	INIT_LIST_HEAD(&tg->table_link);
	INIT_LIST_HEAD(&tg->pgrp_link);
	mutex_init(&tg->siglock, LC_SIGNAL);
	mutex_init(&tg->limit_lock, LC_RLIMIT);
	sigpending_init(&tg->shared_pending);
	waitq_init(&tg->signal_wq);
	waitq_init(&tg->wait_children);
	waitq_init(&tg->exit_wq);
	tg->dumpable = 1;
	*ret_tg = tg;
	return 0;
}

struct tgroup *tgroup_get(struct tgroup *tg)
{
	ref_get(&tg->ref);
	return tg;
}

void tgroup_put(struct tgroup *tg)
{
	if (!tg || !ref_put(&tg->ref))
		return;
	sigpending_flush(&tg->shared_pending);
	sighand_put(tg->sighand);
	pgroup_put(tg->pgrp);
	session_put(tg->session);
	waitq_fini(&tg->signal_wq);
	waitq_fini(&tg->wait_children);
	waitq_fini(&tg->exit_wq);
	mutex_fini(&tg->limit_lock);
	mutex_fini(&tg->siglock);
	container_put(tg->container);
	free(tg);
}

void task_publish_locked(struct task *t)
{
	struct tgroup *tg = t->tg;

	if (task_current() && atomic_load(&task_current()->work) & TW_PAUSE)
		atomic_fetch_or(&t->work, TW_PAUSE);
	list_add_tail(&t->tg_link, &tg->threads);
	tg->nr_threads++;
	tg->nr_live++;
	tg->nr_running++;
	t->kernel->nr_tasks++;
	tg->container->nr_tasks++;
	task_get(t); /* the table's */
	pid_set_task(t->pid, t);
}

void task_unpublish_locked(struct task *t)
{
	struct tgroup *tg = t->tg;

	mutex_lock(&tg->siglock);
	list_del_init(&t->tg_link);
	tg->nr_threads--;
	mutex_unlock(&tg->siglock);
	t->kernel->nr_tasks--;
	tg->container->nr_tasks--;
	atomic_fetch_sub(&t->ucount->processes, 1);
	pid_clear_task(t->pid, t);
	task_put(t);
}

void tgroup_publish_locked(struct tgroup *tg, struct tgroup *parent, struct pgroup *pg,
			   struct session *s)
{
	struct kernel *k = tg->kernel;

	tg->parent = parent;
	if (parent)
		list_add_tail(&tg->sibling, &parent->children);
	tg->session = session_get(s);
	tg->pgrp = pgroup_get(pg);
	list_add_tail(&tg->pgrp_link, &pg->members);
	list_add_tail(&tg->table_link, &k->tgroups);
	tgroup_get(tg); /* the table's */
	pid_set_tgroup(tg->leader->pid, tg);
}

void tgroup_unpublish_locked(struct tgroup *tg)
{
	container_fold_locked(tg);
	pid_clear_tgroup(tg->leader->pid, tg);
	list_del_init(&tg->table_link);
	list_del_init(&tg->sibling);
	list_del_init(&tg->pgrp_link);
	tg->parent = NULL;
	tgroup_put(tg);
}

struct task *task_find(struct kernel *k, int tid)
{
	return pid_find_task(tid);
}

struct tgroup *tgroup_find(struct kernel *k, int tgid)
{
	return pid_find_tgroup(tgid);
}

struct mm *task_mm_get(struct task *t)
{
	struct mm *mm;

	mutex_lock(&t->lock);
	mm = t->mm ? mm_get(t->mm) : NULL;
	mutex_unlock(&t->lock);
	return mm;
}

struct cred *task_cred_get(struct task *t)
{
	struct cred *c;

	mutex_lock(&t->lock);
	c = cred_get(t->cred);
	mutex_unlock(&t->lock);
	return c;
}

struct fdtable *task_fds_get(struct task *t)
{
	struct fdtable *fds;

	mutex_lock(&t->lock);
	fds = t->fds ? fdtable_get(t->fds) : NULL;
	mutex_unlock(&t->lock);
	return fds;
}

struct fscontext *task_fs_get(struct task *t)
{
	struct fscontext *fs;

	mutex_lock(&t->lock);
	fs = t->fs ? fscontext_get(t->fs) : NULL;
	mutex_unlock(&t->lock);
	return fs;
}

void task_comm_get(struct task *t, char ret_comm[TASK_COMM_LEN])
{
	mutex_lock(&t->lock);
	memcpy(ret_comm, t->comm, TASK_COMM_LEN);
	mutex_unlock(&t->lock);
}

void task_set_cred(struct task *t, struct cred *c)
{
	struct ucount *uc = NULL;
	struct cred *old;

	/* processes are counted for the real user */
	if (t->ucount && t->ucount->uid != c->uid && ucount_find(c->uid, &uc) == 0) {
		struct ucount *was = t->ucount;

		atomic_fetch_add(&uc->processes, 1);
		mutex_lock(&t->tg->siglock); /* senders of signals read it there */
		t->ucount = uc;
		mutex_unlock(&t->tg->siglock);
		atomic_fetch_sub(&was->processes, 1);
		ucount_put(was);
	}
	mutex_lock(&t->lock);
	old = t->cred;
	t->cred = c;
	mutex_unlock(&t->lock);
	task_answers_cred(t);
	cred_put(old);
}

void task_set_comm(struct task *t, const char *comm)
{
	mutex_lock(&t->lock);
	memset(t->comm, 0, sizeof(t->comm));
	memcpy(t->comm, comm, strnlen(comm, sizeof(t->comm) - 1));
	mutex_unlock(&t->lock);
}

uint64_t task_rlimit(struct task *t, unsigned int res)
{
	uint64_t v;

	mutex_lock(&t->tg->limit_lock);
	v = t->tg->rlim[res].rlim_cur;
	mutex_unlock(&t->tg->limit_lock);
	return v;
}

bool task_capable(struct task *t, unsigned int cap)
{
	return cred_capable(t->cred, cap);
}

int task_may_access(struct task *t, struct task *other)
{
	struct cred *c = t->cred, *oc;
	int ret = -EPERM;

	if (t->tg == other->tg)
		return 0;
	oc = task_cred_get(other);
	if (cred_capable(c, LX_CAP_SYS_PTRACE)) {
		ret = 0;
	} else if (c->fsuid == oc->euid && c->fsuid == oc->suid && c->fsuid == oc->uid &&
		   c->fsgid == oc->egid && c->fsgid == oc->sgid && c->fsgid == oc->gid &&
		   other->tg->dumpable == 1 && !(oc->cap_permitted & ~c->cap_permitted)) {
		ret = 0;
	}
	cred_put(oc);
	return ret;
}

/* --- waking a task wherever it is --- */

void task_kick(struct task *t)
{
	mutex_lock(&t->kick_lock);
	if (t->gt && atomic_load(&t->in_guest))
		plat_ops(t)->kick(t->gt);
	mutex_unlock(&t->kick_lock);
}

void task_add_work_bits(struct task *t, unsigned int bits)
{
	atomic_fetch_or(&t->work, bits);
	task_wake(t);
	task_kick(t);
}

void task_work_add(struct task *t, struct task_work *w)
{
	struct task_work *head = atomic_load(&t->works);

	do {
		w->next = head;
	} while (!atomic_compare_exchange_weak(&t->works, &head, w));
	task_add_work_bits(t, TW_EXTERN);
}

struct vfs_caller task_vfs_caller(struct task *t)
{
	return (struct vfs_caller){
		.cred = t->cred,
		.fs = t->fs,
		.task = t,
		.fsize_limit = task_rlimit(t, LX_RLIMIT_FSIZE),
	};
}

struct mm_limits task_mm_limits(struct task *t)
{
	struct tgroup *tg = t->tg;
	struct mm_limits l;

	mutex_lock(&tg->limit_lock);
	l = (struct mm_limits){
		.as = tg->rlim[LX_RLIMIT_AS].rlim_cur,
		.data = tg->rlim[LX_RLIMIT_DATA].rlim_cur,
		.stack = tg->rlim[LX_RLIMIT_STACK].rlim_cur,
		.memlock = task_capable(t, LX_CAP_IPC_LOCK) ? UINT64_MAX :
							      tg->rlim[LX_RLIMIT_MEMLOCK].rlim_cur,
	};
	mutex_unlock(&tg->limit_lock);
	return l;
}
