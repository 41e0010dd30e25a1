/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signalfd(2): pending signals as records to read. A read takes signals of the thread that reads;
 * polling waits on the queue of the process that made the file. References: the file holds that
 * process's thread group. Locking: the mask is one word, read without a lock. Differs from Linux: a
 * file passed to another process wakes pollers there by signals of its maker only.
 */
#include "fs/signalfd/signalfd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/poll.h>
#include <abi/linux/signal.h>
#include <abi/linux/signalfd.h>

#include "kernel/task.h"
#include "vfs/file.h"

struct signalfd {
	_Atomic uint64_t mask; /* bit n-1: signal n is read here */
	struct tgroup *tg;     /* owned */
};

static const struct file_ops signalfd_ops;

bool file_is_signalfd(const struct file *f)
{
	return f->ops == &signalfd_ops;
}

static void fill(struct lx_signalfd_siginfo *out, const struct lx_siginfo *in)
{
	memset(out, 0, sizeof(*out));
	out->ssi_signo = (uint32_t)in->si_signo;
	out->ssi_errno = in->si_errno;
	out->ssi_code = in->si_code;
	switch (in->si_signo) {
	case LX_SIGCHLD:
		out->ssi_pid = (uint32_t)in->sigchld.pid;
		out->ssi_uid = in->sigchld.uid;
		if (in->si_code > 0) {
			out->ssi_status = in->sigchld.status;
			out->ssi_utime = (uint64_t)in->sigchld.utime;
			out->ssi_stime = (uint64_t)in->sigchld.stime;
		}
		return;
	case LX_SIGSEGV:
	case LX_SIGBUS:
	case LX_SIGILL:
	case LX_SIGFPE:
	case LX_SIGTRAP:
		if (in->si_code > 0) {
			out->ssi_addr = in->sigfault.addr;
			return;
		}
		break;
	default:
		break;
	}
	if (in->si_code == LX_SI_TIMER) {
		out->ssi_tid = (uint32_t)in->timer.tid;
		out->ssi_overrun = (uint32_t)in->timer.overrun;
		out->ssi_ptr = in->timer.value.sival_ptr;
		out->ssi_int = in->timer.value.sival_int;
		return;
	}
	if (in->si_signo == LX_SIGIO && in->si_code > 0) {
		out->ssi_band = (uint32_t)in->sigpoll.band;
		out->ssi_fd = in->sigpoll.fd;
		return;
	}
	out->ssi_pid = (uint32_t)in->rt.pid;
	out->ssi_uid = in->rt.uid;
	if (in->si_code < 0) {
		out->ssi_ptr = in->rt.value.sival_ptr;
		out->ssi_int = in->rt.value.sival_int;
	}
}

static ssize_t signalfd_read(struct file *f, struct uio *dst, int64_t *pos, int rwf)
{
	struct signalfd *s = f->priv;
	struct task *t = task_current();
	struct lx_signalfd_siginfo rec;
	struct lx_siginfo info;
	ssize_t done = 0, n;

	if (uio_left(dst) < sizeof(rec) || !t)
		return -EINVAL;
	while (uio_left(dst) >= sizeof(rec)) {
		if (signal_dequeue(t, atomic_load(&s->mask), &info) <= 0)
			break;
		fill(&rec, &info);
		n = uio_write(dst, &rec, sizeof(rec));
		if (n < (ssize_t)sizeof(rec))
			return done ? done : -EFAULT;
		done += n;
	}
	return done ? done : -EAGAIN;
}

static uint32_t signalfd_poll(struct file *f)
{
	struct signalfd *s = f->priv;
	struct task *t = task_current();

	if (!t)
		return 0;
	return signal_pending_set(t) & atomic_load(&s->mask) ? LX_POLLIN | LX_POLLRDNORM : 0;
}

static void signalfd_release(struct file *f)
{
	struct signalfd *s = f->priv;

	tgroup_put(s->tg);
	free(s);
}

static int signalfd_fdinfo(struct file *f, char *buf, size_t size)
{
	struct signalfd *s = f->priv;

	return snprintf(buf, size, "sigmask:\t%016llx\n",
			(unsigned long long)atomic_load(&s->mask));
}

static const struct file_ops signalfd_ops = {
	.name = "[signalfd]",
	.flags = FOP_STREAM,
	.seek = vfs_noop_seek,
	.read = signalfd_read,
	.poll = signalfd_poll,
	.release = signalfd_release,
	.fdinfo = signalfd_fdinfo,
};

void signalfd_set_mask(struct file *f, uint64_t mask)
{
	struct signalfd *s = f->priv;

	atomic_store(&s->mask, mask);
	waitq_wake(f->wq, LX_POLLIN | LX_POLLRDNORM);
}

int signalfd_new(struct tgroup *tg, uint64_t mask, unsigned int flags, const struct cred *cred,
		 struct file **ret_file)
{
	struct signalfd *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return -ENOMEM;
	s->mask = mask;
	s->tg = tgroup_get(tg);
	ret = file_new_anon(&signalfd_ops, s, LX_O_RDWR | flags, cred, "[signalfd]", ret_file);
	if (ret < 0) {
		tgroup_put(s->tg);
		free(s);
		return ret;
	}
	(*ret_file)->wq = &tg->signal_wq;
	return 0;
}
