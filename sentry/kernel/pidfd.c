/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pidfd: a file that refers to a process (or, with PIDFD_THREAD, a thread) whatever becomes of its
 * number. Readable once it has ended, hung up once it was waited for.
 */
#include "kernel/pidfd.h"

#include <stdio.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/poll.h>

#include "kernel/kernel_int.h"

struct pidfd {
	struct tgroup *tg; /* owned */
	struct task *t;    /* owned; only PIDFD_THREAD */
};

static uint32_t pidfd_poll(struct file *f)
{
	struct pidfd *p = f->priv;
	bool ended, reaped;

	mutex_lock(&p->tg->kernel->tasklist_lock);
	ended = p->t ? p->t->dead : p->tg->zombie;
	reaped = p->t ? ended && list_empty(&p->t->tg_link) : p->tg->leader == NULL;
	mutex_unlock(&p->tg->kernel->tasklist_lock);
	return (ended ? LX_POLLIN | LX_POLLRDNORM : 0) | (reaped ? LX_POLLHUP : 0);
}

static void pidfd_release(struct file *f)
{
	struct pidfd *p = f->priv;

	if (p->t)
		task_put(p->t);
	tgroup_put(p->tg);
	free(p);
}

static int pidfd_fdinfo(struct file *f, char *buf, size_t size)
{
	struct pidfd *p = f->priv;
	int pid = p->tg->leader ? p->t ? p->t->tid : p->tg->tgid : -1;

	return snprintf(buf, size, "Pid:\t%d\nNSpid:\t%d\n", pid, pid);
}

static const struct file_ops pidfd_ops = {
	.name = "[pidfd]",
	.flags = FOP_STREAM,
	.poll = pidfd_poll,
	.release = pidfd_release,
	.fdinfo = pidfd_fdinfo,
};

int pidfd_new(struct task *t, unsigned int flags, struct file **ret_file)
{
	struct pidfd *p = calloc(1, sizeof(*p));
	struct file *f;
	int ret;

	if (!p)
		return -ENOMEM;
	ret = file_new_anon(&pidfd_ops, p,
			    LX_O_RDWR | (flags & (LX_PIDFD_NONBLOCK | LX_PIDFD_THREAD)), t->cred,
			    "[pidfd]", &f);
	if (ret < 0) {
		free(p);
		return ret;
	}
	p->tg = tgroup_get(t->tg);
	p->t = flags & LX_PIDFD_THREAD ? task_get(t) : NULL;
	f->wq = &p->tg->exit_wq;
	*ret_file = f;
	return 0;
}

bool file_is_pidfd(struct file *f)
{
	return f->ops == &pidfd_ops;
}

struct tgroup *pidfd_tgroup(struct file *f)
{
	return file_is_pidfd(f) ? ((struct pidfd *)f->priv)->tg : NULL;
}

struct task *pidfd_task(struct file *f)
{
	return file_is_pidfd(f) ? ((struct pidfd *)f->priv)->t : NULL;
}
