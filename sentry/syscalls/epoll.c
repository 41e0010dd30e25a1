/* SPDX-License-Identifier: Apache-2.0 */
/*
 * epoll_create(2), epoll_ctl(2), epoll_wait(2) and its forms. The sets are in vfs/epoll.c; here is
 * the sleeping.
 */
#include <errno.h>

#include <abi/linux/epoll.h>
#include <abi/linux/errno.h>
#include <abi/linux/poll.h>
#include <base/bits.h>

#include "syscalls/fs_args.h"
#include "syscalls/handlers.h"
#include "time/clock.h"
#include "vfs/epoll.h"

#define MAX_EVENTS (INT32_MAX / (int)sizeof(struct lx_epoll_event))
#define BATCH      64

static long do_create(struct task *t, int flags)
{
	struct file *f;
	int ret;

	if (flags & ~LX_EPOLL_CLOEXEC)
		return -EINVAL;
	ret = epoll_new(LX_O_RDWR, t->cred, &f);
	return ret < 0 ? ret : fd_install_put(t, f, flags & LX_EPOLL_CLOEXEC ? LX_FD_CLOEXEC : 0);
}

long sys_epoll_create1(struct task *t, const struct sysargs *a)
{
	return do_create(t, arg_int(a, 0));
}

long sys_epoll_create(struct task *t, const struct sysargs *a)
{
	return arg_int(a, 0) <= 0 ? -EINVAL : do_create(t, 0);
}

long sys_epoll_ctl(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *ep = NULL;
	auto_put(file) struct file *f = NULL;
	struct lx_epoll_event ev = { 0 };
	int op = arg_int(a, 1), fd = arg_int(a, 2);

	if (op != LX_EPOLL_CTL_DEL && copyin(t, &ev, arg_addr(a, 3), sizeof(ev)) < 0)
		return -EFAULT;
	ep = fd_get(t->fds, arg_int(a, 0));
	if (!ep)
		return -EBADF;
	f = fd_get(t->fds, fd);
	if (!f)
		return -EBADF;
	return epoll_ctl(ep, op, fd, f, &ev);
}

/* Moves ready events to the guest: their number. */
static long collect(struct task *t, struct file *ep, uaddr_t uevents, int max)
{
	struct lx_epoll_event ev[BATCH];
	int done = 0;

	while (done < max) {
		int want = MIN(max - done, BATCH), n = epoll_collect(ep, ev, want);

		if (n > 0 && copyout(t, uevents + (uint64_t)done * sizeof(ev[0]), ev,
				     (size_t)n * sizeof(ev[0])) < 0)
			return done ? done : -EFAULT;
		done += n;
		/*
		 * Another round would see level-triggered items again: only a full batch of a large
		 * request goes on.
		 */
		if (n < want || max <= BATCH)
			break;
	}
	return done;
}

static long wait_events(struct task *t, int epfd, uaddr_t uevents, int max, int64_t deadline,
			bool block)
{
	auto_put(file) struct file *ep = NULL;
	struct task_waiter w = { .w.queued = false };
	long n, err = 0;

	if (max <= 0 || max > MAX_EVENTS)
		return -EINVAL;
	ep = fd_get(t->fds, epfd);
	if (!ep)
		return -EBADF;
	if (!file_is_epoll(ep))
		return -EINVAL;
	for (;;) {
		n = collect(t, ep, uevents, MIN(max, 1024));
		if (n || !block || err)
			break;
		if (!w.w.queued) {
			task_waiter_init(&w, t, LX_POLLIN);
			w.w.exclusive = true;
			waitq_add(ep->wq, &w.w);
			continue;
		}
		err = task_block(t, deadline);
		if (err == -LX_ERESTARTSYS)
			break;
	}
	if (w.w.queued)
		waitq_del(ep->wq, &w.w);
	if (n)
		return n;
	return err == -LX_ERESTARTSYS ? -EINTR : 0;
}

static int64_t deadline_ms(int ms)
{
	return ms < 0 ? TASK_NO_DEADLINE : deadline_after((int64_t)ms * 1000000);
}

long sys_epoll_wait(struct task *t, const struct sysargs *a)
{
	int ms = arg_int(a, 3);

	return wait_events(t, arg_int(a, 0), arg_addr(a, 1), arg_int(a, 2), deadline_ms(ms),
			   ms != 0);
}

long sys_epoll_pwait(struct task *t, const struct sysargs *a)
{
	int ms = arg_int(a, 3);
	long ret = sigmask_begin(t, arg_addr(a, 4), arg_ulong(a, 5));

	if (ret < 0)
		return ret;
	ret = wait_events(t, arg_int(a, 0), arg_addr(a, 1), arg_int(a, 2), deadline_ms(ms),
			  ms != 0);
	return sigmask_end(t, arg_addr(a, 4), ret);
}

long sys_epoll_pwait2(struct task *t, const struct sysargs *a)
{
	int64_t deadline;
	long ret = deadline_from_timespec(t, arg_addr(a, 3), &deadline);

	if (ret < 0)
		return ret;
	ret = sigmask_begin(t, arg_addr(a, 4), arg_ulong(a, 5));
	if (ret < 0)
		return ret;
	ret = wait_events(t, arg_int(a, 0), arg_addr(a, 1), arg_int(a, 2), deadline,
			  deadline > now_monotonic());
	return sigmask_end(t, arg_addr(a, 4), ret);
}
