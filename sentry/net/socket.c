/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets as files, their birth and end, and what stream sockets of all families do alike. See
 * socket.h.
 */
#include "net/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/ioctl.h>
#include <abi/linux/poll.h>
#include <base/bits.h>

#include "kernel/task.h"
#include "lock_class.h"
#include "net/host/hostnet.h"
#include "net/ifconf.h"
#include "vfs/anonfs.h"

struct mutex g_net_lock = MUTEX_INIT(LC_NET);
struct list_head g_sockets = { &g_sockets, &g_sockets };

int socket_alloc(int family, int type, int protocol, const struct sock_ops *ops, struct task *t,
		 struct socket **ret_s)
{
	static _Atomic uint64_t next_ino = 4096;
	struct socket *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	ref_init(&s->ref);
	s->family = family;
	s->type = type;
	s->protocol = protocol;
	s->ops = ops;
	s->ino = atomic_fetch_add(&next_ino, 1);
	waitq_init(&s->wq);
	mutex_init(&s->lock, LC_SOCKET);
	INIT_LIST_HEAD(&s->pending);
	INIT_LIST_HEAD(&s->pending_link);
	s->sndbuf = SOCK_BUF_DEFAULT;
	s->rcvbuf = SOCK_BUF_DEFAULT;
	s->rcvlowat = 1;
	s->peek_off = -1;
	if (t)
		s->own_cred = task_ucred(t);
	mutex_lock(&g_net_lock);
	list_add_tail(&s->table_link, &g_sockets);
	mutex_unlock(&g_net_lock);
	*ret_s = s;
	return 0;
}

struct socket *socket_get(struct socket *s)
{
	ref_get(&s->ref);
	return s;
}

void socket_put(struct socket *s)
{
	if (!s || !ref_put(&s->ref))
		return;
	mutex_lock(&g_net_lock);
	list_del(&s->table_link);
	mutex_unlock(&g_net_lock);
	skq_put(s->rx);
	skq_put(s->tx);
	waitq_fini(&s->wq);
	mutex_fini(&s->lock);
	free(s->priv);
	free(s);
}

struct lx_ucred task_ucred(struct task *t)
{
	struct lx_ucred c = { .pid = t->tg->tgid, .uid = t->cred->euid, .gid = t->cred->egid };

	return c;
}

int socket_new(int family, int type, int protocol, struct task *t, struct socket **ret_s)
{
	if (family < 0 || family >= LX_AF_MAX)
		return -EAFNOSUPPORT;
	if (type < 0 || type > LX_SOCK_PACKET)
		return -EINVAL;
	switch (family) {
	case LX_AF_UNIX:
		return unix_socket_new(type, protocol, t, ret_s);
	case LX_AF_INET:
	case LX_AF_INET6:
		if (hostnet_on())
			return hostnet_socket_new(family, type, protocol, t, ret_s);
		return inet_socket_new(family, type, protocol, t, ret_s);
	case LX_AF_NETLINK:
		return netlink_socket_new(type, protocol, t, ret_s);
	case LX_AF_PACKET:
		return task_capable(t, LX_CAP_NET_RAW) ? -EAFNOSUPPORT : -EPERM;
	default:
		return -EAFNOSUPPORT;
	}
}

/* --- queues of a socket --- */

struct skq *sock_rx(struct socket *s)
{
	struct skq *q;

	mutex_lock(&s->lock);
	q = s->rx ? skq_get(s->rx) : NULL;
	mutex_unlock(&s->lock);
	return q;
}

struct skq *sock_tx(struct socket *s)
{
	struct skq *q;

	mutex_lock(&s->lock);
	q = s->tx ? skq_get(s->tx) : NULL;
	mutex_unlock(&s->lock);
	return q;
}

static void attach(struct socket *s, struct skq *rx, struct skq *tx)
{
	struct skq *old_rx, *old_tx;

	mutex_lock(&s->lock);
	old_rx = s->rx;
	old_tx = s->tx;
	s->rx = rx;
	s->tx = tx;
	s->state = SS_CONNECTED;
	mutex_unlock(&s->lock);
	skq_put(old_rx);
	skq_put(old_tx);
}

int sock_pair(struct socket *a, struct socket *b)
{
	struct skq *ab, *ba;
	int ret = skq_new(MAX(a->sndbuf, b->rcvbuf), &ab);

	if (ret < 0)
		return ret;
	ret = skq_new(MAX(b->sndbuf, a->rcvbuf), &ba);
	if (ret < 0) {
		skq_put(ab);
		return ret;
	}
	ab->writer = a;
	ab->reader = b;
	ba->writer = b;
	ba->reader = a;
	attach(a, skq_get(ba), skq_get(ab));
	attach(b, ab, ba);
	return 0;
}

void sock_set_error(struct socket *s, int err)
{
	s->error = err;
	waitq_wake(&s->wq, LX_POLLERR | LX_POLLIN | LX_POLLOUT | LX_POLLHUP);
}

int sock_take_error(struct socket *s)
{
	return -atomic_exchange(&s->error, 0);
}

uint32_t stream_poll(struct socket *s)
{
	uint32_t ev = 0;
	bool rd, wr;

	mutex_lock(&s->lock);
	rd = s->shut_rd;
	wr = s->shut_wr;
	if (s->state == SS_LISTENING) {
		if (!list_empty(&s->pending))
			ev = LX_POLLIN | LX_POLLRDNORM;
		mutex_unlock(&s->lock);
		return ev;
	}
	if (s->rx) {
		mutex_lock(&s->rx->lock);
		rd |= s->rx->eof;
		if (s->rx->bytes >= (size_t)MAX(s->rcvlowat, 1) || !list_empty(&s->rx->skbs))
			ev |= LX_POLLIN | LX_POLLRDNORM;
		mutex_unlock(&s->rx->lock);
	}
	if (s->tx) {
		if (skq_has_room(s->tx))
			ev |= LX_POLLOUT | LX_POLLWRNORM;
		/*
		 * A Unix peer that closed shut both directions; one that shut down only its own did
		 * not.
		 */
		mutex_lock(&s->tx->lock);
		wr |= s->tx->dead && (s->family == LX_AF_UNIX || s->error);
		mutex_unlock(&s->tx->lock);
	} else {
		ev |= LX_POLLOUT | LX_POLLWRNORM | LX_POLLHUP;
	}
	mutex_unlock(&s->lock);
	if (rd)
		ev |= LX_POLLIN | LX_POLLRDNORM | LX_POLLRDHUP;
	if (rd && wr)
		ev |= LX_POLLHUP;
	if (s->error)
		ev |= LX_POLLERR | LX_POLLIN;
	return ev;
}

int stream_shutdown(struct socket *s, int how)
{
	struct skq *rx = NULL, *tx = NULL;

	mutex_lock(&s->lock);
	if (s->state != SS_CONNECTED) {
		bool listening = s->state == SS_LISTENING;

		mutex_unlock(&s->lock);
		return listening ? 0 : -ENOTCONN;
	}
	if (how != LX_SHUT_WR) {
		s->shut_rd = true;
		rx = s->rx ? skq_get(s->rx) : NULL;
	}
	if (how != LX_SHUT_RD) {
		s->shut_wr = true;
		tx = s->tx ? skq_get(s->tx) : NULL;
	}
	mutex_unlock(&s->lock);
	if (tx)
		skq_shut_writer(tx);
	/* The peer's writes fail on Unix sockets; TCP goes on taking them. */
	if (rx && s->family == LX_AF_UNIX) {
		skq_shut_reader(rx, false);
		skq_shut_writer(rx);
	}
	skq_put(rx);
	skq_put(tx);
	waitq_wake(&s->wq, LX_POLLIN | LX_POLLOUT | LX_POLLHUP | LX_POLLRDHUP);
	return 0;
}

/* --- as files --- */

static ssize_t sock_read(struct file *f, struct uio *dst, int64_t *pos, int rwf)
{
	struct socket *s = f->priv;
	struct sock_msg m = { .uio = dst, .flags = f->flags & LX_O_NONBLOCK ? LX_MSG_DONTWAIT : 0 };
	ssize_t n = s->ops->recv(s, task_current(), &m);

	scm_free(m.scm); /* read(2) throws control data away */
	return n;
}

static ssize_t sock_write(struct file *f, struct uio *src, int64_t *pos, int rwf)
{
	struct socket *s = f->priv;
	struct task *t = task_current();
	struct sock_msg m = { .uio = src, .flags = f->flags & LX_O_NONBLOCK ? LX_MSG_DONTWAIT : 0 };

	if (t)
		m.cred = task_ucred(t);
	return s->ops->send(s, t, &m);
}

static uint32_t sock_poll(struct file *f)
{
	struct socket *s = f->priv;

	return s->ops->poll(s);
}

static long sock_ioctl(struct file *f, struct task *t, unsigned int cmd, uaddr_t arg)
{
	struct socket *s = f->priv;
	long ret = hostnet_on() ? hostnet_ifioctl(t, cmd, arg) : ifconf_ioctl(t, cmd, arg);

	if (ret != -ENOTTY)
		return ret;
	return s->ops->ioctl ? s->ops->ioctl(s, t, cmd, arg) : -ENOTTY;
}

static void sock_release(struct file *f)
{
	struct socket *s = f->priv;

	if (!s)
		return;
	s->ops->release(s);
	/* Queues may outlive us in our peer: they must not wake us. */
	mutex_lock(&s->lock);
	if (s->rx) {
		mutex_lock(&s->rx->lock);
		s->rx->reader = NULL;
		mutex_unlock(&s->rx->lock);
	}
	if (s->tx) {
		mutex_lock(&s->tx->lock);
		if (s->tx->writer == s)
			s->tx->writer = NULL;
		mutex_unlock(&s->tx->lock);
	}
	mutex_unlock(&s->lock);
	socket_put(s);
}

static const struct file_ops socket_file_ops = {
	.name = "socket:",
	.flags = FOP_STREAM,
	.read = sock_read,
	.write = sock_write,
	.poll = sock_poll,
	.ioctl = sock_ioctl,
	.release = sock_release,
};

int socket_file(struct socket *s, unsigned int flags, const struct cred *cred, struct file **ret_f)
{
	struct inode *i = NULL;
	struct file *f;
	int ret;

	ret = sockfs_new_inode(cred, &i);
	if (ret == 0) {
		s->ino = i->ino;
		ret = file_new_inode(&socket_file_ops, NULL, LX_O_RDWR | flags, cred, i, &f);
	}
	if (ret < 0) {
		s->ops->release(s);
		socket_put(s);
		return ret;
	}
	f->priv = s;
	f->wq = &s->wq;
	*ret_f = f;
	return 0;
}

struct socket *file_socket(struct file *f)
{
	return f->ops == &socket_file_ops ? f->priv : NULL;
}
