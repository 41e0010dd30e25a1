/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poll(2), ppoll(2), select(2), pselect(2): one engine. It queues on each file the first time
 * round, then sleeps until one of them wakes it.
 */
#include <errno.h>
#include <string.h>

#include <abi/linux/errno.h>
#include <abi/linux/poll.h>
#include <base/bits.h>

#include "syscalls/fs_args.h"
#include "syscalls/handlers.h"
#include "time/clock.h"

#define INLINE_FDS 8

struct polled {
	struct file *file; /* owned */
	struct task_waiter w;
	int fd;
	uint32_t events; /* asked for, with POLLERR and POLLHUP */
	uint32_t revents;
};

static void polled_fini(struct polled *p, unsigned int nr)
{
	for (unsigned int n = 0; n < nr; n++) {
		if (p[n].w.w.queued)
			waitq_del(p[n].file->wq, &p[n].w.w);
		file_put(p[n].file);
	}
}

/* One look at all: how many have something. */
static int look(struct task *t, struct polled *p, unsigned int nr, bool queue)
{
	int count = 0;

	for (unsigned int n = 0; n < nr; n++) {
		if (!p[n].file) {
			count += p[n].revents != 0;
			continue;
		}
		if (queue && count == 0 && p[n].file->wq) {
			task_waiter_init(&p[n].w, t, p[n].events);
			waitq_add(p[n].file->wq, &p[n].w.w);
		}
		p[n].revents = vfs_poll(p[n].file) & p[n].events;
		count += p[n].revents != 0;
	}
	return count;
}

/* How many are ready; 0: time is up. -ERESTARTNOHAND. */
static long poll_all(struct task *t, struct polled *p, unsigned int nr, int64_t deadline,
		     bool block)
{
	bool queue = block;
	int ret;

	for (;;) {
		int count = look(t, p, nr, queue);

		if (count || !block)
			return count;
		queue = false;
		ret = task_block(t, deadline);
		if (ret == -ETIMEDOUT)
			block = false; /* one last look */
		else if (ret < 0)
			return -LX_ERESTARTNOHAND;
	}
}

/* --- poll --- */

static long poll_fds(struct task *t, uaddr_t ufds, unsigned int nr, int64_t deadline, bool block)
{
	struct polled inline_p[INLINE_FDS], *p = inline_p;
	struct lx_pollfd inline_fds[INLINE_FDS], *fds = inline_fds;
	size_t size = (size_t)nr * sizeof(*fds);
	long ret = -ENOMEM;

	if (nr > task_rlimit(t, LX_RLIMIT_NOFILE))
		return -EINVAL;
	if (nr > INLINE_FDS) {
		p = malloc((size_t)nr * sizeof(*p));
		fds = malloc(size);
		if (!p || !fds)
			goto out;
	}
	if (copyin(t, fds, ufds, size) < 0) {
		ret = -EFAULT;
		goto out;
	}
	for (unsigned int n = 0; n < nr; n++) {
		p[n].w.w.queued = false;
		p[n].file = fds[n].fd < 0 ? NULL : fd_get(t->fds, fds[n].fd);
		p[n].events = (uint16_t)fds[n].events | LX_POLLERR | LX_POLLHUP;
		p[n].revents = fds[n].fd >= 0 && !p[n].file ? LX_POLLNVAL : 0;
	}
	ret = poll_all(t, p, nr, deadline, block);
	for (unsigned int n = 0; n < nr; n++)
		fds[n].revents = (int16_t)p[n].revents;
	polled_fini(p, nr);
	/* Only revents are written, as another thread may change the rest. */
	for (unsigned int n = 0; n < nr && ret >= 0; n++) {
		if (copyout(t, ufds + n * sizeof(*fds) + offsetof(struct lx_pollfd, revents),
			    &fds[n].revents, sizeof(fds[n].revents)) < 0)
			ret = -EFAULT;
	}
out:
	if (nr > INLINE_FDS) {
		free(p);
		free(fds);
	}
	return ret;
}

static long poll_restart(struct task *t, struct restart_block *rb)
{
	long ret = poll_fds(t, rb->arg[0], (unsigned int)rb->arg[1], rb->deadline, true);

	if (ret != -LX_ERESTARTNOHAND)
		return ret;
	rb->fn = poll_restart;
	return -LX_ERESTART_RESTARTBLOCK;
}

long sys_poll(struct task *t, const struct sysargs *a)
{
	int ms = arg_int(a, 2);
	int64_t deadline = ms < 0 ? TASK_NO_DEADLINE : deadline_after((int64_t)ms * 1000000);
	long ret = poll_fds(t, arg_addr(a, 0), arg_uint(a, 1), deadline, ms != 0);

	if (ret != -LX_ERESTARTNOHAND)
		return ret;
	/* After a stop it goes on for the time that is left. */
	t->restart.fn = poll_restart;
	t->restart.deadline = deadline;
	t->restart.arg[0] = arg_addr(a, 0);
	t->restart.arg[1] = arg_uint(a, 1);
	return -LX_ERESTART_RESTARTBLOCK;
}

long sys_ppoll(struct task *t, const struct sysargs *a)
{
	int64_t deadline;
	long ret = deadline_from_timespec(t, arg_addr(a, 2), &deadline);

	if (ret < 0)
		return ret;
	ret = sigmask_begin(t, arg_addr(a, 3), arg_ulong(a, 4));
	if (ret < 0)
		return ret;
	ret = poll_fds(t, arg_addr(a, 0), arg_uint(a, 1), deadline, deadline > now_monotonic());
	ret = sigmask_end(t, arg_addr(a, 3), ret);
	deadline_left(t, arg_addr(a, 2), deadline);
	return ret;
}

/* --- select --- */

#define SET_IN        (LX_POLLRDNORM | LX_POLLRDBAND | LX_POLLIN | LX_POLLHUP | LX_POLLERR)
#define SET_OUT       (LX_POLLWRBAND | LX_POLLWRNORM | LX_POLLOUT | LX_POLLERR)
#define SET_EX        LX_POLLPRI
#define SET_MAX_BYTES (1u << 17) /* of 2^20 descriptors */

struct fdsets {
	uaddr_t user[3];
	unsigned long *set[3]; /* parts of mem */
	unsigned long *mem;    /* owned */
	size_t bytes;
};

static int sets_get(struct task *t, struct fdsets *s, unsigned int nfds)
{
	size_t longs = BITMAP_LONGS(nfds);

	s->bytes = longs * sizeof(unsigned long);
	s->mem = calloc(3 * longs + 1, sizeof(unsigned long));
	if (!s->mem)
		return -ENOMEM;
	for (int k = 0; k < 3; k++) {
		s->set[k] = s->mem + (size_t)k * longs;
		if (s->user[k] && copyin(t, s->set[k], s->user[k], s->bytes) < 0)
			return -EFAULT;
	}
	return 0;
}

static const uint32_t set_events[3] = { SET_IN, SET_OUT, SET_EX };

/* One polled per descriptor in any set. */
static int sets_polled(struct task *t, const struct fdsets *s, unsigned int nfds,
		       struct polled **ret_p, unsigned int *ret_nr)
{
	struct polled *p;
	unsigned int nr = 0, k = 0;

	for (size_t n = 0; n < BITMAP_LONGS(nfds); n++)
		nr += (unsigned int)__builtin_popcountl(s->set[0][n] | s->set[1][n] | s->set[2][n]);
	p = calloc(nr + 1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	for (unsigned int fd = 0; fd < nfds; fd++) {
		uint32_t events = 0;

		for (int m = 0; m < 3; m++) {
			if (bitmap_test(s->set[m], fd))
				events |= set_events[m];
		}
		if (!events)
			continue;
		p[k].fd = (int)fd;
		p[k].events = events;
		p[k].file = fd_get(t->fds, (int)fd);
		if (!p[k].file) {
			polled_fini(p, k);
			free(p);
			return -EBADF;
		}
		k++;
	}
	*ret_p = p;
	*ret_nr = k;
	return 0;
}

static long select_fds(struct task *t, int nfds, uaddr_t in, uaddr_t out, uaddr_t ex,
		       int64_t deadline, bool block)
{
	struct fdsets s = { .user = { in, out, ex } };
	struct polled *p = NULL;
	unsigned int nr = 0, max = (unsigned int)MIN(task_rlimit(t, LX_RLIMIT_NOFILE),
						     SET_MAX_BYTES * 8ull);
	long ret;

	if (nfds < 0)
		return -EINVAL;
	if ((unsigned int)nfds > max)
		nfds = (int)max;
	ret = sets_get(t, &s, (unsigned int)nfds);
	if (ret == 0)
		ret = sets_polled(t, &s, (unsigned int)nfds, &p, &nr);
	if (ret == 0)
		ret = poll_all(t, p, nr, deadline, block);
	if (ret >= 0) {
		long count = 0;

		memset(s.mem, 0, 3 * s.bytes);
		for (unsigned int n = 0; n < nr; n++) {
			for (int k = 0; k < 3; k++) {
				/* An event counts in the sets where the descriptor was. */
				if (s.user[k] && (p[n].revents & set_events[k]) &&
				    (p[n].events & set_events[k]) == set_events[k]) {
					bitmap_set(s.set[k], (size_t)p[n].fd);
					count++;
				}
			}
		}
		ret = count;
		for (int k = 0; k < 3; k++) {
			if (s.user[k] && copyout(t, s.user[k], s.set[k], s.bytes) < 0)
				ret = -EFAULT;
		}
	}
	if (p) {
		polled_fini(p, nr);
		free(p);
	}
	free(s.mem);
	return ret;
}

long sys_select(struct task *t, const struct sysargs *a)
{
	int64_t deadline = TASK_NO_DEADLINE, left, ns;
	uaddr_t utv = arg_addr(a, 4);
	struct lx_timeval tv;
	long ret;

	if (utv) {
		if (copyin(t, &tv, utv, sizeof(tv)) < 0)
			return -EFAULT;
		if (tv.tv_sec < 0 || tv.tv_usec < 0)
			return -EINVAL;
		if (!__builtin_mul_overflow(tv.tv_sec, 1000000000, &ns) &&
		    !__builtin_add_overflow(ns, tv.tv_usec * 1000, &ns))
			deadline = deadline_after(ns);
	}
	ret = select_fds(t, arg_int(a, 0), arg_addr(a, 1), arg_addr(a, 2), arg_addr(a, 3), deadline,
			 deadline > now_monotonic());
	if (utv && deadline != TASK_NO_DEADLINE) {
		left = MAX(deadline - now_monotonic(), (int64_t)0);
		tv.tv_sec = left / 1000000000;
		tv.tv_usec = left % 1000000000 / 1000;
		(void)!copyout(t, utv, &tv, sizeof(tv));
	}
	return ret;
}

long sys_pselect6(struct task *t, const struct sysargs *a)
{
	uint64_t sig[2] = { 0, 0 }; /* mask address and size */
	int64_t deadline;
	long ret;

	if (arg_addr(a, 5) && copyin(t, sig, arg_addr(a, 5), sizeof(sig)) < 0)
		return -EFAULT;
	ret = deadline_from_timespec(t, arg_addr(a, 4), &deadline);
	if (ret < 0)
		return ret;
	ret = sigmask_begin(t, sig[0], sig[1]);
	if (ret < 0)
		return ret;
	ret = select_fds(t, arg_int(a, 0), arg_addr(a, 1), arg_addr(a, 2), arg_addr(a, 3), deadline,
			 deadline > now_monotonic());
	ret = sigmask_end(t, sig[0], ret);
	deadline_left(t, arg_addr(a, 4), deadline);
	return ret;
}
