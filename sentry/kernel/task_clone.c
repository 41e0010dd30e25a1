/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clone(2) in all its forms. A child is built completely, its threads started and its numbers
 * taken, before it is published; whatever fails until then leaves no trace.
 */
#include "kernel/task_clone.h"

#include <abi/linux/capability.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/sched.h>

#include "kernel/container.h"
#include "kernel/kernel_int.h"
#include "kernel/pidfd.h"
#include "kernel/seccomp.h"
#include "kernel/vfork.h"

#define CLONE_NS_FLAGS                                                                             \
	(LX_CLONE_NEWTIME | LX_CLONE_NEWNS | LX_CLONE_NEWCGROUP | LX_CLONE_NEWUTS |                \
	 LX_CLONE_NEWIPC | LX_CLONE_NEWUSER | LX_CLONE_NEWPID | LX_CLONE_NEWNET)

static int check_flags(struct task *t, const struct clone_req *rq)
{
	uint64_t f = rq->flags;

	if ((f & (LX_CLONE_NEWNS | LX_CLONE_FS)) == (LX_CLONE_NEWNS | LX_CLONE_FS))
		return -EINVAL;
	if ((f & (LX_CLONE_NEWUSER | LX_CLONE_FS)) == (LX_CLONE_NEWUSER | LX_CLONE_FS))
		return -EINVAL;
	if ((f & LX_CLONE_THREAD) && !(f & LX_CLONE_SIGHAND))
		return -EINVAL;
	if ((f & LX_CLONE_SIGHAND) && !(f & LX_CLONE_VM))
		return -EINVAL;
	if ((f & LX_CLONE_SIGHAND) && (f & LX_CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	if ((f & LX_CLONE_PARENT) && (t->tg->is_init || !t->tg->parent))
		return -EINVAL;
	if ((f & LX_CLONE_THREAD) && (f & (LX_CLONE_NEWUSER | LX_CLONE_NEWPID)))
		return -EINVAL;
	if ((f & LX_CLONE_PIDFD) && (f & LX_CLONE_DETACHED))
		return -EINVAL;
	if ((f & LX_CLONE_NEWIPC) && (f & LX_CLONE_SYSVSEM))
		return -EINVAL;
	/* new namespaces are a later step: honest answers until then */
	if (f & CLONE_NS_FLAGS)
		return task_capable(t, LX_CAP_SYS_ADMIN) ? -EINVAL : -EPERM;
	if (f & LX_CLONE_INTO_CGROUP)
		return -EBADF;
	return 0;
}

/* Tasks that were started but not published yet are not counted: publish() looks again. */
static bool too_many(struct task *t)
{
	const struct container *ct = t->tg->container;
	struct kernel *k = t->kernel;
	uint64_t max = k->config.max_tasks ? k->config.max_tasks : PID_MAX_DEFAULT;

	return k->nr_tasks >= max || (ct->limits.max_tasks && ct->nr_tasks >= ct->limits.max_tasks);
}

static struct pid_ns *from_ns(struct task *t)
{
	return t->tg->container->pid_ns;
}

static int check_limits(struct task *t)
{
	if (atomic_load(&t->ucount->processes) >= task_rlimit(t, LX_RLIMIT_NPROC) &&
	    t->cred->uid != 0 && !task_capable(t, LX_CAP_SYS_RESOURCE) &&
	    !task_capable(t, LX_CAP_SYS_ADMIN))
		return -EAGAIN;
	return too_many(t) ? -EAGAIN : 0;
}

static int copy_memory(struct task *t, struct task *c, const struct clone_req *rq)
{
	struct mm_limits lim = task_mm_limits(t);
	struct mm *mm;
	int ret;

	if (rq->flags & LX_CLONE_VM) {
		c->mm = mm_get(t->mm);
	} else {
		ret = mm_fork(t->mm, &lim, regs_sp(&t->regs), &mm);
		if (ret < 0)
			return ret;
		c->mm = mm;
	}
	mm_user_get(c->mm);
	return 0;
}

static int copy_files(struct task *t, struct task *c, const struct clone_req *rq)
{
	int ret = 0;

	if (rq->flags & LX_CLONE_FILES)
		c->fds = fdtable_get(t->fds);
	else
		ret = fdtable_copy(t->fds, &c->fds);
	if (ret < 0)
		return ret;
	if (rq->flags & LX_CLONE_FS)
		c->fs = fscontext_get(t->fs);
	else
		ret = fscontext_copy(t->fs, &c->fs);
	return ret;
}

static int copy_group(struct task *t, struct task *c, const struct clone_req *rq)
{
	struct tgroup *from = t->tg, *tg;
	int ret;

	if (rq->flags & LX_CLONE_THREAD) {
		c->tg = tgroup_get(from);
		return 0;
	}
	ret = tgroup_alloc(t->kernel, from->container, &tg);
	if (ret < 0)
		return ret;
	c->tg = tg;
	if (rq->flags & LX_CLONE_SIGHAND)
		tg->sighand = sighand_get(from->sighand);
	else
		ret = sighand_copy(from->sighand, rq->flags & LX_CLONE_CLEAR_SIGHAND, &tg->sighand);
	if (ret < 0)
		return ret;
	mutex_lock(&from->limit_lock);
	memcpy(tg->rlim, from->rlim, sizeof(tg->rlim));
	mutex_unlock(&from->limit_lock);
	tg->oom_score_adj = atomic_load(&from->oom_score_adj);
	tg->dumpable = from->dumpable;
	tg->membarrier = atomic_load(&from->membarrier);
	tg->has_child_subreaper = from->has_child_subreaper || from->child_subreaper;
	tg->leader = c;
	tg->parent_tid = t->tid;
	return 0;
}

static int copy_registers(struct task *t, struct task *c, const struct clone_req *rq)
{
	size_t size = plat_ops(t)->fp_size(t->kernel->config.platform);
	int ret;

	c->regs = t->regs;
	regs_set_ret(&c->regs, 0);
	if (rq->stack)
		regs_set_sp(&c->regs, rq->stack);
	if (rq->flags & LX_CLONE_SETTLS)
		regs_set_tls(&c->regs, rq->tls);
	if (!regs_valid(&c->regs))
		return -EPERM;
	c->start_fp = malloc(size);
	if (!c->start_fp)
		return -ENOMEM;
	c->start_fp_size = size;
	ret = plat_ops(t)->fp_get(t->gt, c->start_fp, size);
	return ret < 0 ? -EAGAIN : 0;
}

static void copy_plain(struct task *t, struct task *c, const struct clone_req *rq)
{
	mutex_lock(&t->lock);
	memcpy(c->comm, t->comm, sizeof(c->comm));
	c->uts = t->uts;
	if (c->uts)
		ref_get(&c->uts->ref);
	mutex_unlock(&t->lock);
	c->cred = cred_get(t->cred);
	c->ucount = ucount_get(t->ucount);
	atomic_fetch_add(&c->ucount->processes, 1);
	c->blocked = t->blocked;
	c->personality = t->personality;
	c->nice = t->nice;
	c->sched_policy = t->sched_policy;
	c->sched_prio = t->sched_prio;
	if (t->sched_reset_on_fork) {
		if (c->sched_policy == LX_SCHED_FIFO || c->sched_policy == LX_SCHED_RR)
			c->sched_policy = LX_SCHED_NORMAL;
		c->sched_prio = 0;
		if (c->nice < 0)
			c->nice = 0;
	}
	memcpy(c->affinity, t->affinity, sizeof(c->affinity));
	c->timer_slack_ns = t->timer_slack_ns;
	c->ioprio = t->ioprio;
	c->mpol_mode = t->mpol_mode;
	c->mpol_nodes = t->mpol_nodes;
	c->prctl_state = t->prctl_state;
	c->parent_exec_id = t->tg->exec_id;
	if ((rq->flags & (LX_CLONE_VM | LX_CLONE_VFORK)) != LX_CLONE_VM) {
		c->altstack = t->altstack;
		c->altstack_size = t->altstack_size;
		c->altstack_flags = t->altstack_flags;
	}
	if (rq->flags & LX_CLONE_CHILD_CLEARTID)
		c->clear_child_tid = rq->child_tid;
	rseq_clone(t, c, rq->flags & LX_CLONE_VM);
	if (rq->flags & LX_CLONE_THREAD)
		c->exit_signal = -1;
	else if (rq->flags & LX_CLONE_PARENT)
		c->exit_signal = t->tg->leader->exit_signal;
	else
		c->exit_signal = rq->exit_signal;
}

/* Undoes everything of a child that was not published. Its sentry thread, if any, was told to end.
 */
static void discard(struct task *c)
{
	struct mm *mm = c->mm;
	struct fdtable *fds = c->fds;
	struct fscontext *fs = c->fs;

	if (c->ucount)
		atomic_fetch_sub(&c->ucount->processes, 1);
	if (g_ipc_hooks)
		g_ipc_hooks->exit(c);
	c->fds = NULL;
	c->fs = NULL;
	if (fds)
		fdtable_put(fds);
	if (fs)
		fscontext_put(fs);
	uts_ns_put(c->uts);
	c->uts = NULL;
	vfork_wait_put(c->vfork);
	c->vfork = NULL;
	if (mm) {
		/* the aspace goes only after the guest thread is gone */
		task_thread_join_gthread(c);
		c->mm = NULL;
		mm_user_put(mm);
		mm_put(mm);
	}
	free(c->start_fp);
	c->start_fp = NULL;
	task_put(c);
}

static int build(struct task *t, const struct clone_req *rq, struct task *c)
{
	int ret;

	copy_plain(t, c, rq);
	ret = copy_group(t, c, rq);
	if (ret == 0)
		ret = copy_files(t, c, rq);
	if (ret == 0 && g_ipc_hooks)
		ret = g_ipc_hooks->clone(t, c, rq->flags & LX_CLONE_SYSVSEM);
	if (ret == 0)
		ret = copy_registers(t, c, rq);
	if (ret == 0)
		ret = copy_memory(t, c, rq);
	if (ret < 0)
		return ret;
	ret = pid_alloc(from_ns(t), rq->set_tid, &c->pid);
	if (ret < 0)
		return ret == -EEXIST ? -EEXIST : ret == -EINVAL ? -EINVAL : ret;
	c->tid = c->pid->nr;
	if (!(rq->flags & LX_CLONE_THREAD))
		c->tg->tgid = c->tid;
	if (rq->flags & LX_CLONE_VFORK) {
		c->vfork = calloc(1, sizeof(*c->vfork));
		if (!c->vfork)
			return -ENOMEM;
		ref_init(&c->vfork->ref);
		c->vfork->waiter = task_get(t);
		c->vfork_child = true;
	}
	return task_thread_start(c);
}

/* From here the child can be found, signalled and waited for. */
static int publish(struct task *t, const struct clone_req *rq, struct task *c)
{
	struct kernel *k = t->kernel;
	struct tgroup *from = t->tg;
	int ret = 0;

	mutex_lock(&k->tasklist_lock);
	mutex_lock(&from->siglock);
	/* a signal that came meanwhile is for both: take it first, then fork again */
	if (atomic_load(&t->work) & (TW_KILL | TW_EXIT))
		ret = -EINTR;
	else if (atomic_load(&t->work) & (TW_SIGNAL | TW_STOP))
		ret = -LX_ERESTARTNOINTR;
	else if (k->shutting_down || from->container->ended || pid_ns_dead_locked(from_ns(t)))
		ret = -ENOMEM;
	else if (too_many(t))
		ret = -EAGAIN;
	if (ret == 0)
		seccomp_clone_locked(t, c);
	if (ret == 0 && (rq->flags & LX_CLONE_THREAD))
		task_publish_locked(c);
	mutex_unlock(&from->siglock);
	if (ret == 0 && !(rq->flags & LX_CLONE_THREAD)) {
		struct tgroup *parent = rq->flags & LX_CLONE_PARENT ? from->parent : from;

		if (rq->flags & LX_CLONE_PARENT)
			c->tg->parent_tid = from->parent_tid;
		task_publish_locked(c);
		tgroup_publish_locked(c->tg, parent, from->pgrp, from->session);
	}
	if (ret == 0)
		k->nr_forks++;
	mutex_unlock(&k->tasklist_lock);
	return ret;
}

static long wait_vfork(struct task *t, struct vfork_wait *vw)
{
	while (!atomic_load(&vw->done)) {
		if (task_block_killable(t, TASK_NO_DEADLINE) < 0)
			break; /* dies anyway; the child keeps its own reference */
	}
	vfork_wait_put(vw);
	return 0;
}

long task_clone(struct task *t, const struct clone_req *rq)
{
	struct vfork_wait *vw = NULL;
	struct file *pidfd = NULL;
	struct task *c;
	int32_t tid;
	int ret, fd = -1;

	task_regs_fill(t);
	ret = check_flags(t, rq);
	if (ret == 0)
		ret = check_limits(t);
	if (ret == 0)
		ret = task_alloc(t->kernel, &c);
	if (ret < 0)
		return ret;
	ret = build(t, rq, c);
	if (ret < 0)
		goto fail;
	tid = c->tid;
	if (rq->flags & LX_CLONE_PIDFD) {
		ret = pidfd_new(c, rq->flags & LX_CLONE_THREAD ? LX_PIDFD_THREAD : 0, &pidfd);
		if (ret == 0)
			fd = ret = fd_install(t->fds, pidfd, LX_FD_CLOEXEC_FLAG);
		if (ret >= 0)
			ret = copyout(t, rq->pidfd, &fd, sizeof(fd));
		if (ret < 0)
			goto fail_started;
	}
	if (c->vfork) {
		vw = c->vfork;
		ref_get(&vw->ref);
	}
	/* whether these can be written is not our error, as on Linux */
	if (rq->flags & LX_CLONE_PARENT_SETTID)
		(void)copyout(t, rq->parent_tid, &tid, sizeof(tid));
	if (rq->flags & LX_CLONE_CHILD_SETTID)
		(void)mm_copyout(c->mm, rq->child_tid, &tid, sizeof(tid));
	ret = publish(t, rq, c);
	if (ret < 0) {
		vfork_wait_put(vw);
		goto fail_started;
	}
	if (pidfd)
		file_put(pidfd);
	if (!(rq->flags & LX_CLONE_THREAD) &&
	    c->tg->rlim[LX_RLIMIT_CPU].rlim_cur != LX_RLIM_INFINITY)
		itimers_cpu_limit_changed(c->tg);
	if (!(rq->flags & LX_CLONE_VM))
		mm_fork_done(c->mm);
	task_thread_go(c);
	task_put(c);
	if (vw)
		wait_vfork(t, vw);
	return tid;
fail_started:
	if (fd >= 0)
		fd_close(t->fds, fd);
	if (pidfd)
		file_put(pidfd);
	task_thread_abort(c);
fail:
	discard(c);
	return ret;
}
