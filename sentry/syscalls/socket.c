/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket calls that move no data: socket(2), bind(2), listen(2), accept(2), connect(2),
 * getsockname(2), getsockopt(2), shutdown(2). Sending and receiving are in socket_msg.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/errno.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/poll.h>
#include <base/bits.h>

#include "kernel/task.h"
#include "net/socket.h"
#include "syscalls/handlers.h"
#include "syscalls/socket_int.h"
#include "time/clock.h"

struct file *sock_fd(struct task *t, int fd, struct socket **ret_s, int *ret_err)
{
	struct file *f = fd_get(t->fds, fd);

	if (!f) {
		*ret_err = -EBADF;
		return NULL;
	}
	*ret_s = file_socket(f);
	if (!*ret_s) {
		file_put(f);
		*ret_err = -ENOTSOCK;
		return NULL;
	}
	return f;
}

int sockaddr_in(struct task *t, uaddr_t addr, int len, struct sock_addr *ret_a)
{
	memset(ret_a, 0, sizeof(*ret_a));
	if (len < 0 || (size_t)len > sizeof(ret_a->storage))
		return -EINVAL;
	ret_a->len = (uint32_t)len;
	return len ? copyin(t, &ret_a->storage, addr, (size_t)len) : 0;
}

int sockaddr_out(struct task *t, const struct sock_addr *a, uaddr_t addr, uaddr_t lenp)
{
	int32_t room;
	int ret = copyin(t, &room, lenp, sizeof(room));

	if (ret < 0)
		return ret;
	if (room < 0)
		return -EINVAL;
	if (a->len && room)
		ret = copyout(t, addr, &a->storage, MIN((size_t)room, (size_t)a->len));
	room = (int32_t)a->len;
	return ret < 0 ? ret : copyout(t, lenp, &room, sizeof(room));
}

int64_t sock_deadline(int64_t timeout_ns)
{
	int64_t d;

	if (timeout_ns == 0 || __builtin_add_overflow(clock_monotonic_ns(), timeout_ns, &d))
		return TASK_NO_DEADLINE;
	return d;
}

/* A time-out of the socket's own forbids restarting (signal(7)) and looks like no data. */
long sock_wait_result(long ret, int64_t timeout_ns)
{
	if (ret == -ETIMEDOUT)
		return -EAGAIN;
	if (ret == -LX_ERESTARTSYS && timeout_ns)
		return -EINTR;
	return ret;
}

static long install(struct task *t, struct socket *s /* consumed */, int flags)
{
	auto_put(file) struct file *f = NULL;
	int ret = socket_file(s, flags & LX_SOCK_NONBLOCK ? LX_O_NONBLOCK : 0, t->cred, &f);

	if (ret < 0)
		return ret;
	return fd_install(t->fds, f, flags & LX_SOCK_CLOEXEC ? LX_FD_CLOEXEC_FLAG : 0);
}

long sys_socket(struct task *t, const struct sysargs *a)
{
	int type = arg_int(a, 1);
	int flags = type & ~LX_SOCK_TYPE_MASK;
	struct socket *s;
	int ret;

	if (flags & ~(LX_SOCK_CLOEXEC | LX_SOCK_NONBLOCK))
		return -EINVAL;
	ret = socket_new(arg_int(a, 0), type & LX_SOCK_TYPE_MASK, arg_int(a, 2), t, &s);
	return ret < 0 ? ret : install(t, s, flags);
}

long sys_socketpair(struct task *t, const struct sysargs *a)
{
	int family = arg_int(a, 0), type = arg_int(a, 1), flags = type & ~LX_SOCK_TYPE_MASK;
	struct socket *s[2];
	int32_t fds[2];
	long ret;

	if (flags & ~(LX_SOCK_CLOEXEC | LX_SOCK_NONBLOCK))
		return -EINVAL;
	if (family != LX_AF_UNIX) {
		ret = socket_new(family, type & LX_SOCK_TYPE_MASK, arg_int(a, 2), t, &s[0]);
		if (ret < 0)
			return ret;
		s[0]->ops->release(s[0]);
		socket_put(s[0]);
		return -EOPNOTSUPP;
	}
	ret = unix_pair(t, type & LX_SOCK_TYPE_MASK, arg_int(a, 2), &s[0], &s[1]);
	if (ret < 0)
		return ret;
	ret = install(t, s[0], flags);
	if (ret < 0) {
		s[1]->ops->release(s[1]);
		socket_put(s[1]);
		return ret;
	}
	fds[0] = (int32_t)ret;
	ret = install(t, s[1], flags);
	if (ret < 0) {
		fd_close(t->fds, fds[0]);
		return ret;
	}
	fds[1] = (int32_t)ret;
	ret = copyout(t, arg_addr(a, 3), fds, sizeof(fds));
	if (ret < 0) {
		fd_close(t->fds, fds[0]);
		fd_close(t->fds, fds[1]);
	}
	return ret;
}

long sys_bind(struct task *t, const struct sysargs *a)
{
	struct sock_addr addr;
	struct socket *s;
	int ret = -EBADF;
	auto_put(file) struct file *f = sock_fd(t, arg_int(a, 0), &s, &ret);

	if (!f)
		return ret;
	ret = sockaddr_in(t, arg_addr(a, 1), arg_int(a, 2), &addr);
	return ret < 0 ? ret : s->ops->bind(s, t, &addr);
}

long sys_listen(struct task *t, const struct sysargs *a)
{
	struct socket *s;
	int ret = -EBADF;
	auto_put(file) struct file *f = sock_fd(t, arg_int(a, 0), &s, &ret);

	return f ? s->ops->listen(s, arg_int(a, 1)) : ret;
}

struct accept_wait {
	struct socket *s, *got;
};

static long try_accept(void *arg)
{
	struct accept_wait *w = arg;

	return w->s->ops->accept(w->s, &w->got);
}

static long do_accept(struct task *t, int fd, uaddr_t addr, uaddr_t lenp, int flags)
{
	struct accept_wait w = { 0 };
	struct sock_addr name = { 0 };
	struct socket *s;
	long ret;
	int err = -EBADF;
	auto_put(file) struct file *f = NULL;
	auto_put(file) struct file *nf = NULL;

	if (flags & ~(LX_SOCK_CLOEXEC | LX_SOCK_NONBLOCK))
		return -EINVAL;
	f = sock_fd(t, fd, &s, &err);
	if (!f)
		return err;
	w.s = s;
	ret = try_accept(&w);
	if (ret == -EAGAIN && !(f->flags & LX_O_NONBLOCK))
		ret = sock_wait_result(task_wait_until(t, &s->wq, LX_POLLIN,
						       sock_deadline(s->rcvtimeo_ns), try_accept,
						       &w),
				       s->rcvtimeo_ns);
	if (ret < 0)
		return ret;
	if (addr) {
		/* Linux: a connection that broke before it was fetched */
		if (w.got->ops->getname(w.got, true, &name) < 0) {
			w.got->ops->release(w.got);
			socket_put(w.got);
			return -ECONNABORTED;
		}
	}
	err = socket_file(w.got, flags & LX_SOCK_NONBLOCK ? LX_O_NONBLOCK : 0, t->cred, &nf);
	if (err < 0)
		return err;
	if (addr) {
		err = sockaddr_out(t, &name, addr, lenp);
		if (err < 0)
			return err;
	}
	return fd_install(t->fds, nf, flags & LX_SOCK_CLOEXEC ? LX_FD_CLOEXEC_FLAG : 0);
}

long sys_accept(struct task *t, const struct sysargs *a)
{
	return do_accept(t, arg_int(a, 0), arg_addr(a, 1), arg_addr(a, 2), 0);
}

long sys_accept4(struct task *t, const struct sysargs *a)
{
	return do_accept(t, arg_int(a, 0), arg_addr(a, 1), arg_addr(a, 2), arg_int(a, 3));
}

struct connect_wait {
	struct socket *s;
	struct task *t;
	struct sock_addr addr;
	unsigned int flags;
};

static long try_connect(void *arg)
{
	struct connect_wait *w = arg;

	return w->s->ops->connect(w->s, w->t, &w->addr, w->flags);
}

long sys_connect(struct task *t, const struct sysargs *a)
{
	struct connect_wait w = { .t = t };
	int err = -EBADF;
	auto_put(file) struct file *f = sock_fd(t, arg_int(a, 0), &w.s, &err);
	long ret;

	if (!f)
		return err;
	w.flags = f->flags;
	ret = sockaddr_in(t, arg_addr(a, 1), arg_int(a, 2), &w.addr);
	if (ret < 0)
		return ret;
	ret = try_connect(&w);
	if (ret == -EAGAIN && !(f->flags & LX_O_NONBLOCK))
		ret = sock_wait_result(task_wait_until(t, &w.s->wq, LX_POLLOUT,
						       sock_deadline(w.s->sndtimeo_ns), try_connect,
						       &w),
				       w.s->sndtimeo_ns);
	return ret;
}

static long get_name(struct task *t, const struct sysargs *a, bool peer)
{
	struct sock_addr name = { 0 };
	struct socket *s;
	int ret = -EBADF;
	auto_put(file) struct file *f = sock_fd(t, arg_int(a, 0), &s, &ret);

	if (!f)
		return ret;
	ret = s->ops->getname(s, peer, &name);
	return ret < 0 ? ret : sockaddr_out(t, &name, arg_addr(a, 1), arg_addr(a, 2));
}

long sys_getsockname(struct task *t, const struct sysargs *a)
{
	return get_name(t, a, false);
}

long sys_getpeername(struct task *t, const struct sysargs *a)
{
	return get_name(t, a, true);
}

long sys_shutdown(struct task *t, const struct sysargs *a)
{
	int how = arg_int(a, 1);
	struct socket *s;
	int ret = -EBADF;
	auto_put(file) struct file *f = sock_fd(t, arg_int(a, 0), &s, &ret);

	if (!f)
		return ret;
	if (how < LX_SHUT_RD || how > LX_SHUT_RDWR)
		return -EINVAL;
	return s->ops->shutdown(s, how);
}

#define SOCKOPT_MAX 4096

long sys_setsockopt(struct task *t, const struct sysargs *a)
{
	int level = arg_int(a, 1), opt = arg_int(a, 2), size = arg_int(a, 4);
	char val[256] = "";
	struct socket *s;
	int ret = -EBADF;
	auto_put(file) struct file *f = sock_fd(t, arg_int(a, 0), &s, &ret);

	if (!f)
		return ret;
	if (size < 0 || size > SOCKOPT_MAX)
		return -EINVAL;
	ret = size ? copyin(t, val, arg_addr(a, 3), MIN((size_t)size, sizeof(val))) : 0;
	if (ret < 0)
		return ret;
	if ((size_t)size > sizeof(val))
		size = sizeof(val);
	if (level == LX_SOL_SOCKET && !s->ops->own_options)
		return sock_setsockopt(s, t, opt, val, (size_t)size);
	return s->ops->setsockopt ? s->ops->setsockopt(s, t, level, opt, val, (size_t)size) :
				    -EOPNOTSUPP;
}

long sys_getsockopt(struct task *t, const struct sysargs *a)
{
	int level = arg_int(a, 1), opt = arg_int(a, 2);
	char buf[512] = "";
	struct socket *s;
	int32_t room;
	size_t size;
	int ret = -EBADF;
	auto_put(file) struct file *f = sock_fd(t, arg_int(a, 0), &s, &ret);

	if (!f)
		return ret;
	ret = copyin(t, &room, arg_addr(a, 4), sizeof(room));
	if (ret < 0)
		return ret;
	if (room < 0)
		return -EINVAL;
	size = MIN((size_t)room, sizeof(buf));
	if (level == LX_SOL_SOCKET && !s->ops->own_options)
		ret = sock_getsockopt(s, t, opt, buf, &size);
	else
		ret = s->ops->getsockopt ? s->ops->getsockopt(s, t, level, opt, buf, &size) :
					   -EOPNOTSUPP;
	if (ret < 0)
		return ret;
	room = (int32_t)size;
	ret = copyout(t, arg_addr(a, 3), buf, size);
	return ret < 0 ? ret : copyout(t, arg_addr(a, 4), &room, sizeof(room));
}
