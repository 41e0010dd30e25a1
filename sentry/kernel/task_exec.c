/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The switch of a task to a new program: ends the sibling threads, takes the leader's identity,
 * replaces memory, credentials, signal actions and everything else execve(2) resets.
 */
#include <string.h>

#include "kernel/answers.h"
#include "kernel/exec.h"

#include "kernel/kernel_int.h"

void exec_image_fini(struct exec_image *img)
{
	if (img->mm)
		mm_put(img->mm);
	cred_put(img->cred);
	img->mm = NULL;
	img->cred = NULL;
}

/* t takes over the number and the place of the dead leader. tasklist held. */
static void become_leader_locked(struct task *t)
{
	struct tgroup *tg = t->tg, *c;
	struct task *old = tg->leader;
	struct pid *pid = old->pid;
	int old_tid = t->tid;

	pid_clear_task(t->pid, t);
	mutex_lock(&tg->siglock);
	old->pid = t->pid;
	old->tid = t->tid;
	t->pid = pid;
	t->tid = tg->tgid;
	tg->leader = t;
	mutex_unlock(&tg->siglock);
	pid_set_task(pid, t);
	t->exit_signal = LX_SIGCHLD;
	t->start_ns = old->start_ns;
	old->exit_signal = -1;
	list_for_each_entry(c, &tg->children, sibling) {
		if (c->parent_tid == old_tid)
			c->parent_tid = t->tid;
	}
	task_unpublish_locked(old);
}

/* Kills the other threads and waits for their end. */
static int dethread(struct task *t)
{
	struct kernel *k = t->kernel;
	struct tgroup *tg = t->tg;
	struct task *o;
	int ret = 0;

	mutex_lock(&tg->siglock);
	if (tg->exiting || tg->exec_task) {
		/* the group dies or another thread was faster; we are about to be killed */
		mutex_unlock(&tg->siglock);
		return -EAGAIN;
	}
	tg->exec_task = t;
	list_for_each_entry(o, &tg->threads, tg_link) {
		if (o != t && !o->exiting)
			task_add_work_bits(o, TW_KILL);
	}
	/* a stop that was under way is off */
	if (tg->stop_state == TG_STOPPING) {
		tg->stop_state = TG_RUNNING;
		atomic_fetch_and(&t->work, ~TW_STOP);
	}
	mutex_unlock(&tg->siglock);
	for (;;) {
		bool alone;

		mutex_lock(&k->tasklist_lock);
		alone = tg->nr_live == 1;
		if (alone && tg->leader != t)
			become_leader_locked(t);
		mutex_unlock(&k->tasklist_lock);
		if (alone)
			break;
		ret = task_block_killable(t, TASK_NO_DEADLINE);
		if (ret < 0) {
			ret = -EAGAIN;
			break;
		}
	}
	mutex_lock(&tg->siglock);
	tg->exec_task = NULL;
	mutex_unlock(&tg->siglock);
	return ret;
}

static bool same_cred(const struct cred *a, const struct cred *b)
{
	return a->uid == b->uid && a->euid == b->euid && a->suid == b->suid &&
	       a->fsuid == b->fsuid && a->gid == b->gid && a->egid == b->egid &&
	       a->sgid == b->sgid && a->fsgid == b->fsgid && a->cap_permitted == b->cap_permitted &&
	       a->cap_effective == b->cap_effective && a->cap_inheritable == b->cap_inheritable &&
	       a->cap_bounding == b->cap_bounding && a->cap_ambient == b->cap_ambient &&
	       a->securebits == b->securebits && a->userns == b->userns &&
	       a->nr_groups == b->nr_groups &&
	       (!a->nr_groups ||
		memcmp(a->groups, b->groups, a->nr_groups * sizeof(*a->groups)) == 0);
}

/*
 * The program before may have left anything in the host process, and a thread that is not where we
 * think it is: it may only be the new program's if that is trusted with nothing else.
 */
static bool may_keep_host_process(struct task *t, const struct exec_image *img)
{
	return t->mm && t->gt && mm_may_hand_over(t->mm) && !img->secureexec &&
	       !img->not_dumpable && same_cred(t->cred, img->cred);
}

/* The guest thread of the program before becomes the one of the new program. */
static int keep_host_process(struct task *t, struct exec_image *img)
{
	int ret;

	if (t->regs_partial)
		plat_ops(t)->regs_get(t->gt, &t->regs);
	mutex_lock(&t->kick_lock);
	task_answers_detach_locked(t);
	mutex_unlock(&t->kick_lock);
	ret = mm_attach(img->mm, t->mm);
	if (ret == 0)
		return plat_ops(t)->fp_reset(t->gt);
	task_gthread_free(t); /* before the host process that it is in */
	return ret;
}

/* gt: NULL to go on with the one there is. */
static void switch_mm(struct task *t, struct exec_image *img, struct gthread *gt)
{
	struct mm *old = t->mm;
	int ret = 0;

	if (old)
		task_mm_release(t);
	if (!gt)
		ret = keep_host_process(t, img);
	else if (old)
		task_gthread_free(t);
	mm_user_get(img->mm);
	mutex_lock(&t->lock);
	t->mm = STEAL(img->mm);
	mutex_unlock(&t->lock);
	if (gt) {
		mutex_lock(&t->kick_lock);
		t->gt = gt;
		mutex_unlock(&t->kick_lock);
	}
	if (ret < 0)
		tgroup_exit(t->tg, LX_SIGKILL);
	task_answers_attach(t);
	vfork_done(t);
	if (old) {
		mm_user_put(old);
		mm_put(old);
	}
}

static int unshare_files(struct task *t)
{
	struct fdtable *old = t->fds, *fds;
	int ret;

	if (!fdtable_shared(old))
		return 0;
	ret = fdtable_copy(old, &fds);
	if (ret < 0)
		return ret;
	mutex_lock(&t->lock);
	t->fds = fds;
	mutex_unlock(&t->lock);
	fdtable_put(old);
	return 0;
}

static int unshare_sighand(struct tgroup *tg)
{
	struct sighand *old = tg->sighand, *sh;
	int ret;

	if (ref_read(&old->ref) == 1)
		return 0;
	ret = sighand_copy(old, false, &sh);
	if (ret < 0)
		return ret;
	mutex_lock(&tg->siglock);
	tg->sighand = sh;
	mutex_unlock(&tg->siglock);
	sighand_put(old);
	return 0;
}

static void reset_attributes(struct task *t, struct exec_image *img)
{
	struct tgroup *tg = t->tg;
	struct cred *old = t->cred;
	bool changed =
		img->secureexec || img->cred->euid != old->euid || img->cred->egid != old->egid;

	tg->dumpable = !changed && !img->not_dumpable && img->cred->uid == img->cred->euid &&
		       img->cred->gid == img->cred->egid;
	if (changed || img->cred->cap_permitted & ~old->cap_permitted)
		t->pdeath_signal = 0;
	task_set_cred(t, STEAL(img->cred));
	task_set_comm(t, img->comm);
	sighand_reset(tg->sighand);
	t->altstack = 0;
	t->altstack_size = 0;
	t->robust_list = 0;
	t->rseq_addr = 0;
	t->clear_child_tid = 0;
	t->vfork_child = false;
	mutex_lock(&t->kernel->tasklist_lock);
	tg->did_exec = true;
	tg->membarrier = 0;
	tg->exec_id++;
	t->exit_signal = LX_SIGCHLD;
	mutex_unlock(&t->kernel->tasklist_lock);
}

int exec_commit(struct task *t, struct exec_image *img)
{
	struct gthread *gt = NULL;
	int ret;

	if (!may_keep_host_process(t, img)) {
		ret = mm_aspace(img->mm) ? 0 : mm_attach(img->mm, NULL);
		if (ret < 0)
			return ret;
		ret = plat_ops(t)->thread_new(mm_aspace(img->mm), &gt);
		if (ret < 0)
			return -EAGAIN;
	}
	ret = unshare_files(t);
	if (ret == 0)
		ret = dethread(t);
	if (ret == 0)
		ret = unshare_sighand(t->tg);
	if (ret < 0) {
		if (gt)
			plat_ops(t)->thread_free(gt);
		return ret;
	}
	/* the point of no return; nothing below fails */
	switch_mm(t, img, gt);
	itimers_exec(t->tg);
	reset_attributes(t, img);
	regs_init_user(&t->regs, img->entry, img->sp);
	t->regs_partial = false;
	t->regs_replaced = true;
	t->in_syscall = false;
	t->restart.fn = NULL;
	fd_close_on_exec(t->fds);
	return 0;
}
