/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets of the host as the guest's: each call is the host's, non-blocking; who has to wait does
 * so on the socket's wait queue, which watch.c wakes. Bytes go straight between guest memory and
 * the host's socket; a datagram that is scattered too much, or control data, goes through a buffer.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/ioctl.h>
#include <abi/linux/poll.h>
#include <base/bits.h>
#include <host/net.h>

#include "kernel/task.h"
#include "mm/uio.h"
#include "net/host/hostnet.h"

#define DGRAM_MAX 65536u
#define RECV_FLAGS                                                                                 \
	(LX_MSG_OOB | LX_MSG_PEEK | LX_MSG_TRUNC | LX_MSG_ERRQUEUE) /* the others are ours */
#define SEND_FLAGS                                                                                 \
	(LX_MSG_OOB | LX_MSG_DONTROUTE | LX_MSG_EOR | LX_MSG_CONFIRM | LX_MSG_MORE |               \
	 LX_MSG_FASTOPEN)
#define ALL_EVENTS                                                                                 \
	(LX_POLLIN | LX_POLLOUT | LX_POLLPRI | LX_POLLRDHUP | LX_POLLRDNORM | LX_POLLWRNORM |      \
	 LX_POLLRDBAND | LX_POLLWRBAND)

struct hsock {
	int fd; /* owned */
	uint64_t watch;
};

static atomic_uint g_nr_open;

static const struct sock_ops host_ops;

static int fd_of(const struct socket *s)
{
	return ((const struct hsock *)s->priv)->fd;
}

bool hostnet_is(const struct socket *s)
{
	return s->ops == &host_ops;
}

/*
 * Each is a descriptor of the sentry's. They leave enough of those for files, for new processes,
 * and for commands that come from outside.
 */
static bool may_open(void)
{
	unsigned int limit = host_fd_limit();

	if (atomic_fetch_add(&g_nr_open, 1) < limit / 2 + limit / 8)
		return true;
	atomic_fetch_sub(&g_nr_open, 1);
	return false;
}

static void close_one(int fd)
{
	host_close(fd);
	atomic_fetch_sub(&g_nr_open, 1);
}

/* fd is consumed. */
static int wrap(int family, int type, int protocol, struct task *t, int fd, struct socket **ret_s)
{
	struct hsock *h;
	struct socket *s;
	int ret;

	if (!may_open()) {
		host_close(fd);
		return -ENFILE;
	}
	h = malloc(sizeof(*h));
	if (!h) {
		close_one(fd);
		return -ENOMEM;
	}
	h->fd = fd;
	ret = socket_alloc(family, type, protocol, &host_ops, t, &s);
	if (ret < 0) {
		close_one(fd);
		free(h);
		return ret;
	}
	s->priv = h;
	ret = watch_add(s, fd, &h->watch);
	if (ret < 0) {
		close_one(fd);
		socket_put(s);
		return ret;
	}
	*ret_s = s;
	return 0;
}

static int check_kind(int family, int type, int protocol, struct task *t)
{
	int icmp = family == LX_AF_INET ? LX_IPPROTO_ICMP : LX_IPPROTO_ICMPV6;

	if (protocol < 0 || protocol > LX_IPPROTO_MPTCP)
		return -EINVAL;
	switch (type) {
	case LX_SOCK_STREAM:
		return protocol == 0 || protocol == LX_IPPROTO_TCP || protocol == LX_IPPROTO_MPTCP ?
			       0 :
			       -EPROTONOSUPPORT;
	case LX_SOCK_DGRAM:
		return protocol == 0 || protocol == LX_IPPROTO_UDP || protocol == icmp ?
			       0 :
			       -EPROTONOSUPPORT;
	case LX_SOCK_RAW:
		if (!task_capable(t, LX_CAP_NET_RAW))
			return -EPERM;
		return protocol == icmp ? 0 : -EPROTONOSUPPORT;
	default:
		return -ESOCKTNOSUPPORT;
	}
}

int hostnet_socket_new(int family, int type, int protocol, struct task *t, struct socket **ret_s)
{
	int ret = check_kind(family, type, protocol, t), fd;

	if (ret == 0)
		ret = broker_socket(family, type, protocol, &fd);
	if (ret < 0)
		return ret;
	if (protocol == 0)
		protocol = type == LX_SOCK_STREAM ? LX_IPPROTO_TCP : LX_IPPROTO_UDP;
	return wrap(family, type, protocol, t, fd, ret_s);
}

static int do_bind(struct socket *s, struct task *t, const struct sock_addr *a)
{
	int ret = host_net_bind(fd_of(s), &a->storage, a->len);

	/* a low port: the sentry has no capabilities, the guest may have this one */
	if (ret == -EACCES && task_capable(t, LX_CAP_NET_BIND_SERVICE))
		ret = broker_bind(fd_of(s), &a->storage, a->len);
	return ret;
}

static int do_listen(struct socket *s, int backlog)
{
	int ret = host_net_listen(fd_of(s), backlog);

	if (ret == 0) {
		mutex_lock(&s->lock);
		s->state = SS_LISTENING;
		mutex_unlock(&s->lock);
	}
	return ret;
}

static int do_connect(struct socket *s, struct task *t, const struct sock_addr *a,
		      unsigned int file_flags)
{
	int ret = host_net_connect(fd_of(s), &a->storage, a->len);

	if ((ret == -EINPROGRESS || ret == -EALREADY) && !(file_flags & LX_O_NONBLOCK))
		/* asked again when it is writable: the host then tells how it went */
		return -EAGAIN;
	return ret;
}

static int do_accept(struct socket *s, struct socket **ret_new)
{
	int fd = host_net_accept(fd_of(s));

	return fd < 0 ? fd : wrap(s->family, s->type, s->protocol, task_current(), fd, ret_new);
}

static int do_getname(struct socket *s, bool peer, struct sock_addr *ret_a)
{
	uint32_t len = sizeof(ret_a->storage);
	int ret;

	memset(ret_a, 0, sizeof(*ret_a));
	ret = host_net_getname(fd_of(s), peer, &ret_a->storage, &len);
	if (ret == 0)
		ret_a->len = MIN(len, (uint32_t)sizeof(ret_a->storage));
	return ret;
}

/* --- data --- */

/* A message whole, through a buffer: size bytes of src. */
static ssize_t send_copied(struct socket *s, struct host_net_msg *m, struct uio *src, size_t size,
			   int flags)
{
	auto_free char *buf = malloc(MAX(size, (size_t)1));
	struct host_iov iov = { buf, size };
	struct uio look = *src;
	ssize_t n;

	if (!buf)
		return -ENOMEM;
	n = size ? uio_read(&look, buf, size) : 0;
	if (n < 0 || (size_t)n < size)
		return -EFAULT;
	m->iov = &iov;
	m->nr_iov = 1;
	n = host_net_send(fd_of(s), m, flags);
	if (n > 0)
		uio_advance(src, (size_t)n);
	return n;
}

static ssize_t do_send(struct socket *s, struct task *t, struct sock_msg *sm)
{
	struct host_net_msg m = {
		.name = sm->name ? &sm->name->storage : NULL,
		.name_len = sm->name ? sm->name->len : 0,
		.control = sm->ctl,
		.control_len = sm->ctl_len,
	};
	int flags = (int)(sm->flags & SEND_FLAGS);
	size_t left = uio_left(sm->uio);
	struct uio_pin pin;
	ssize_t want, n;

	if (s->type != LX_SOCK_STREAM && left > DGRAM_MAX)
		return -EMSGSIZE;
	if (!left)
		return s->type == LX_SOCK_STREAM && !sm->name ?
			       0 :
			       send_copied(s, &m, sm->uio, 0, flags);
	want = uio_pin(sm->uio, left, false, &pin);
	if (want <= 0)
		return want < 0 ? want : -EFAULT;
	if ((size_t)want < left && s->type != LX_SOCK_STREAM) {
		uio_unpin(&pin);
		return send_copied(s, &m, sm->uio, left, flags);
	}
	m.iov = pin.iov;
	m.nr_iov = (int)pin.nr;
	n = host_net_send(fd_of(s), &m, flags);
	uio_unpin(&pin);
	if (n > 0)
		uio_advance(sm->uio, (size_t)n);
	return n;
}

static ssize_t recv_copied(struct socket *s, struct host_net_msg *m, struct uio *dst, size_t size,
			   int flags)
{
	/* cleared: not every byte the host counts is one it wrote (MSG_TRUNC of TCP) */
	auto_free char *buf = calloc(1, MAX(size, (size_t)1));
	struct host_iov iov = { buf, size };
	ssize_t n, put;

	if (!buf)
		return -ENOMEM;
	m->iov = &iov;
	m->nr_iov = 1;
	n = host_net_recv(fd_of(s), m, flags);
	if (n > 0) {
		put = uio_write(dst, buf, MIN((size_t)n, size));
		if (put < 0)
			return put;
	}
	return n;
}

static ssize_t do_recv(struct socket *s, struct task *t, struct sock_msg *sm)
{
	struct host_net_msg m = {
		.name = sm->name ? &sm->name->storage : NULL,
		.name_len = sm->name ? sizeof(sm->name->storage) : 0,
		.control = sm->ctl,
		.control_len = sm->ctl_room,
	};
	int flags = (int)(sm->flags & RECV_FLAGS);
	size_t left = uio_left(sm->uio);
	struct uio_pin pin;
	ssize_t want = 0, n;

	if (left)
		want = uio_pin(sm->uio, left, true, &pin);
	if (want < 0)
		return want;
	if ((size_t)want < left && s->type != LX_SOCK_STREAM) {
		uio_unpin(&pin);
		want = 0;
	}
	if (!want) {
		n = recv_copied(s, &m, sm->uio, MIN(left, (size_t)DGRAM_MAX), flags);
	} else {
		m.iov = pin.iov;
		m.nr_iov = (int)pin.nr;
		n = host_net_recv(fd_of(s), &m, flags);
		uio_unpin(&pin);
		if (n > 0)
			uio_advance(sm->uio, MIN((size_t)n, (size_t)want));
	}
	if (n < 0)
		return n;
	if (sm->name)
		sm->name->len = MIN(m.name_len, (uint32_t)sizeof(sm->name->storage));
	sm->ret_flags |= (unsigned int)m.flags &
			 (LX_MSG_TRUNC | LX_MSG_CTRUNC | LX_MSG_EOR | LX_MSG_OOB | LX_MSG_ERRQUEUE);
	sm->ctl_len = sm->ctl ? MIN(m.control_len, sm->ctl_room) : 0;
	sm->full_len = (size_t)n;
	return n;
}

static uint32_t do_poll(struct socket *s)
{
	struct host_pollfd p = { .fd = fd_of(s), .events = (short)ALL_EVENTS };

	/* HOST_POLL* and LX_POLL* are the same numbers */
	return host_poll(&p, 1, 0) > 0 ? (uint16_t)p.revents & ~(uint32_t)LX_POLLNVAL : 0;
}

static int do_shutdown(struct socket *s, int how)
{
	int ret = host_net_shutdown(fd_of(s), how);

	waitq_wake(&s->wq, LX_POLLIN | LX_POLLOUT | LX_POLLHUP | LX_POLLRDHUP);
	return ret;
}

static int do_setsockopt(struct socket *s, struct task *t, int level, int opt, const void *val,
			 size_t size)
{
	return hostnet_setsockopt(s, fd_of(s), t, level, opt, val, size);
}

static int do_getsockopt(struct socket *s, struct task *t, int level, int opt, void *buf,
			 size_t *size)
{
	return hostnet_getsockopt(s, fd_of(s), t, level, opt, buf, size);
}

static long do_ioctl(struct socket *s, struct task *t, unsigned int cmd, uaddr_t arg)
{
	int v = 0, ret;

	switch (cmd) {
	case LX_FIONREAD:
	case LX_SIOCOUTQ:
	case LX_SIOCATMARK:
		ret = host_net_ioctl(fd_of(s), cmd, &v);
		return ret < 0 ? ret : copyout(t, arg, &v, sizeof(v));
	default:
		return -ENOTTY;
	}
}

static void do_release(struct socket *s)
{
	struct hsock *h = s->priv;

	watch_del(h->watch);
	close_one(h->fd);
	h->fd = -1;
}

static const struct sock_ops host_ops = {
	.own_options = true,
	.bind = do_bind,
	.listen = do_listen,
	.connect = do_connect,
	.accept = do_accept,
	.getname = do_getname,
	.send = do_send,
	.recv = do_recv,
	.poll = do_poll,
	.shutdown = do_shutdown,
	.setsockopt = do_setsockopt,
	.getsockopt = do_getsockopt,
	.ioctl = do_ioctl,
	.release = do_release,
};
