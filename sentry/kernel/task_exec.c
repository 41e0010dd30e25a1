/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The switch of a task to a new program: ends the sibling threads, takes the leader's identity,
 * replaces memory, credentials, signal actions and everything else execve(2) resets.
 */
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

static void switch_mm(struct task *t, struct exec_image *img, struct gthread *gt)
{
	struct mm *old = t->mm;

	if (old) {
		task_mm_release(t);
		task_gthread_free(t);
	}
	mm_user_get(img->mm);
	mutex_lock(&t->lock);
	t->mm = STEAL(img->mm);
	mutex_unlock(&t->lock);
	mutex_lock(&t->kick_lock);
	t->gt = gt;
	mutex_unlock(&t->kick_lock);
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

	ret = plat_ops(t)->thread_new(mm_aspace(img->mm), &gt);
	if (ret < 0)
		return -EAGAIN;
	ret = unshare_files(t);
	if (ret == 0)
		ret = dethread(t);
	if (ret == 0)
		ret = unshare_sighand(t->tg);
	if (ret < 0) {
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
