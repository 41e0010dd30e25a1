/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AF_UNIX stream and sequenced-packet sockets: connections that are pairs of queues. See unix(7).
 * Differs from Linux: out-of-band bytes (MSG_OOB) are refused; descriptors passed in a circle are
 * freed only with the sandbox (they are counted, scm_charge).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/poll.h>
#include <base/bits.h>

#include "kernel/task.h"
#include "net/unix/unix.h"

static int unix_new(int type, int protocol, const struct sock_ops *ops, struct task *t,
		    struct socket **ret_s)
{
	struct unix_sock *u = calloc(1, sizeof(*u));
	int ret;

	if (!u)
		return -ENOMEM;
	INIT_LIST_HEAD(&u->abstract_link);
	ret = socket_alloc(LX_AF_UNIX, type, protocol, ops, t, ret_s);
	if (ret < 0) {
		free(u);
		return ret;
	}
	u->s = *ret_s;
	(*ret_s)->priv = u;
	if (type == LX_SOCK_DGRAM) {
		ret = skq_new((*ret_s)->rcvbuf, &(*ret_s)->rx);
		if (ret < 0) {
			socket_put(*ret_s);
			return ret;
		}
		(*ret_s)->rx->reader = *ret_s;
		(*ret_s)->rx->max_msgs = UNIX_DGRAM_QLEN;
	}
	return 0;
}

int unix_socket_new(int type, int protocol, struct task *t, struct socket **ret_s)
{
	if (protocol != 0 && protocol != LX_AF_UNIX)
		return -EPROTONOSUPPORT;
	switch (type) {
	case LX_SOCK_STREAM:
	case LX_SOCK_SEQPACKET:
		return unix_new(type, protocol, &unix_stream_ops, t, ret_s);
	case LX_SOCK_DGRAM:
	case LX_SOCK_RAW: /* Linux takes it for a datagram socket */
		return unix_new(LX_SOCK_DGRAM, protocol, &unix_dgram_ops, t, ret_s);
	default:
		return -ESOCKTNOSUPPORT;
	}
}

static int pair_dgram(struct socket *a, struct socket *b)
{
	mutex_lock(&g_net_lock);
	unix_of(a)->peer = socket_get(b);
	unix_of(b)->peer = socket_get(a);
	a->state = SS_CONNECTED;
	b->state = SS_CONNECTED;
	mutex_unlock(&g_net_lock);
	return 0;
}

int unix_pair(struct task *t, int type, int protocol, struct socket **ret_a, struct socket **ret_b)
{
	struct socket *a, *b;
	int ret = unix_socket_new(type, protocol, t, &a);

	if (ret < 0)
		return ret;
	ret = unix_socket_new(type, protocol, t, &b);
	if (ret < 0) {
		socket_put(a);
		return ret;
	}
	a->peer_cred = b->own_cred;
	b->peer_cred = a->own_cred;
	ret = a->type == LX_SOCK_DGRAM ? pair_dgram(a, b) : sock_pair(a, b);
	if (ret < 0) {
		socket_put(a);
		socket_put(b);
		return ret;
	}
	*ret_a = a;
	*ret_b = b;
	return 0;
}

static int stream_listen(struct socket *s, int backlog)
{
	struct skq *q = NULL;
	int ret = 0;

	if (!unix_of(s)->name)
		return -EINVAL;
	if (!s->rx && skq_new(s->rcvbuf, &q) < 0) /* its list of waiting connectors is all that is
						     used */
		return -ENOMEM;
	mutex_lock(&s->lock);
	if (s->state != SS_UNCONNECTED && s->state != SS_LISTENING) {
		ret = -EINVAL;
	} else {
		s->backlog = MIN((unsigned int)backlog, (unsigned int)LX_SOMAXCONN);
		s->state = SS_LISTENING;
		if (!s->rx) {
			s->rx = q;
			q = NULL;
		}
		if (task_current())
			s->own_cred = task_ucred(task_current());
	}
	mutex_unlock(&s->lock);
	skq_put(q);
	return ret;
}

/* The far end of a new connection, queued at the listener l. */
static int connect_to(struct socket *s, struct socket *l, struct task *t)
{
	struct socket *n = NULL;
	int ret = unix_new(s->type, s->protocol, &unix_stream_ops, NULL, &n);

	if (ret < 0)
		return ret;
	unix_of(n)->name = unix_name_copy(l);
	unix_of(n)->peer_name = unix_name_copy(s);
	n->passcred = l->passcred;
	mutex_lock(&g_net_lock);
	mutex_lock(&l->lock);
	if (l->state != SS_LISTENING) {
		ret = -ECONNREFUSED;
	} else if (l->nr_pending > l->backlog) {
		ret = -EAGAIN;
		skq_wait_add(l->rx, s);
	}
	mutex_unlock(&l->lock);
	if (ret == 0)
		ret = sock_pair(s, n);
	if (ret == 0) {
		s->peer_cred = l->own_cred;
		n->own_cred = l->own_cred;
		n->peer_cred = task_ucred(t);
		free(unix_of(s)->peer_name);
		unix_of(s)->peer_name = NULL;
		if (unix_of(n)->name) {
			unix_of(s)->peer_name = malloc(sizeof(struct sock_addr));
			if (unix_of(s)->peer_name)
				*unix_of(s)->peer_name = *unix_of(n)->name;
		}
		mutex_lock(&l->lock);
		list_add_tail(&n->pending_link, &l->pending);
		l->nr_pending++;
		mutex_unlock(&l->lock);
	}
	mutex_unlock(&g_net_lock);
	if (ret < 0) {
		socket_put(n);
		return ret;
	}
	waitq_wake_one(&l->wq, LX_POLLIN | LX_POLLRDNORM);
	waitq_wake(&s->wq, LX_POLLOUT);
	return 0;
}

static int stream_connect(struct socket *s, struct task *t, const struct sock_addr *a,
			  unsigned int file_flags)
{
	struct socket *l;
	int ret;

	if (a->len < sizeof(uint16_t))
		return -EINVAL;
	if (s->state == SS_CONNECTED)
		return -EISCONN;
	if (s->state == SS_LISTENING)
		return -EINVAL;
	ret = unix_find(t, a, s->type, &l);
	if (ret < 0)
		return ret;
	ret = connect_to(s, l, t);
	socket_put(l);
	return ret;
}

static int stream_accept(struct socket *s, struct socket **ret_new)
{
	struct socket *n;

	mutex_lock(&s->lock);
	if (s->state != SS_LISTENING) {
		mutex_unlock(&s->lock);
		return -EINVAL;
	}
	if (list_empty(&s->pending)) {
		mutex_unlock(&s->lock);
		return s->shut_rd ? -EINVAL : -EAGAIN;
	}
	n = list_first_entry(&s->pending, struct socket, pending_link);
	list_del_init(&n->pending_link);
	s->nr_pending--;
	mutex_unlock(&s->lock);
	skq_wait_wake(s->rx);
	*ret_new = n;
	return 0;
}

static ssize_t send_packet(struct socket *s, struct skq *tx, struct sock_msg *m)
{
	size_t n = uio_left(m->uio);
	struct uio peek = *m->uio;
	struct skb *b;
	ssize_t got;
	int ret;

	if (n > s->sndbuf)
		return -EMSGSIZE;
	if (skq_is_closed(tx)) /* before the message is looked at */
		return -EPIPE;
	b = skb_new(n);
	if (!b)
		return -ENOBUFS;
	got = n ? uio_read(&peek, b->data, n) : 0;
	if (got < 0 || (size_t)got < n) {
		skb_free(b);
		return -EFAULT;
	}
	b->len = (uint32_t)n;
	b->cred = m->cred;
	b->scm = m->scm;
	ret = skq_push(tx, b, NULL);
	if (ret < 0) {
		b->scm = NULL; /* still the message's */
		skb_free(b);
		return ret == -ECONNREFUSED ? -EPIPE : ret;
	}
	m->scm = NULL;
	uio_advance(m->uio, n);
	return (ssize_t)n;
}

static ssize_t stream_send(struct socket *s, struct task *t, struct sock_msg *m)
{
	struct skq *tx;
	ssize_t n;
	int err;

	if (m->flags & LX_MSG_OOB)
		return -EOPNOTSUPP;
	if (m->name && m->name->len && s->type == LX_SOCK_STREAM)
		return s->state == SS_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	/* A stream whose peer is gone says EPIPE; ECONNRESET is for readers and SO_ERROR. */
	err = s->type == LX_SOCK_STREAM ? 0 : sock_take_error(s);
	if (err)
		return err;
	tx = sock_tx(s);
	if (!tx)
		return -ENOTCONN;
	if (s->shut_wr || (s->type == LX_SOCK_STREAM && skq_is_closed(tx)))
		n = -EPIPE; /* even for nothing at all */
	else if (s->type == LX_SOCK_SEQPACKET)
		n = send_packet(s, tx, m);
	else
		n = uio_left(m->uio) || m->scm ? skq_write(tx, m->uio, &m->cred, &m->scm) : 0;
	skq_put(tx);
	return n;
}

static ssize_t recv_packet(struct skq *rx, struct sock_msg *m)
{
	struct skb *b = NULL;
	ssize_t n;
	int ret = m->flags & LX_MSG_PEEK ? skq_peek(rx, &b) : skq_pop(rx, &b);

	if (ret < 0 || !b)
		return ret;
	m->full_len = b->len;
	m->cred = b->cred;
	m->has_cred = true;
	n = b->len && uio_left(m->uio) ?
		    uio_write(m->uio, b->data, MIN((size_t)b->len, uio_left(m->uio))) :
		    0;
	if (n >= 0 && (size_t)n < b->len)
		m->ret_flags |= LX_MSG_TRUNC;
	m->ret_flags |= LX_MSG_EOR;
	m->scm = b->scm;
	b->scm = NULL;
	if (n >= 0 && (m->flags & LX_MSG_TRUNC))
		n = b->len;
	skb_free(b);
	return n;
}

static ssize_t stream_recv(struct socket *s, struct task *t, struct sock_msg *m)
{
	struct skq_read rd = { .peek = m->flags & LX_MSG_PEEK, .same_cred = s->passcred };
	struct skq *rx;
	ssize_t n;
	int err;

	if (m->flags & LX_MSG_OOB)
		return -EOPNOTSUPP;
	if (s->state == SS_LISTENING)
		return -EINVAL;
	rx = sock_rx(s);
	if (!rx)
		return s->type == LX_SOCK_STREAM ? -EINVAL : -ENOTCONN;
	if (s->type == LX_SOCK_SEQPACKET) {
		/* of a reset one hears before what came in; a stream says it at its end */
		n = sock_take_error(s);
		if (n == 0)
			n = recv_packet(rx, m);
	} else {
		if (rd.peek && s->peek_off > 0)
			rd.peek_off = (size_t)s->peek_off;
		n = skq_read(rx, m->uio, &rd);
		m->cred = rd.cred;
		m->has_cred = n >= 0; /* the end of the stream has credentials too: zeros */
		m->scm = rd.scm;
		if (n > 0 && s->peek_off >= 0)
			s->peek_off = rd.peek ? s->peek_off + (int)n : MAX(s->peek_off - (int)n, 0);
	}
	skq_put(rx);
	if (n == -EAGAIN || n == 0) {
		err = sock_take_error(s);
		if (err)
			return err;
		if (s->shut_rd)
			return 0;
	}
	return n;
}

static void end_connection(struct socket *s)
{
	struct skq *rx = sock_rx(s), *tx = sock_tx(s);

	if (tx)
		skq_shut_writer(tx);
	if (rx) {
		mutex_lock(&rx->lock);
		if (!list_empty(&rx->skbs) && rx->writer)
			rx->writer->error = ECONNRESET;
		mutex_unlock(&rx->lock);
		skq_shut_writer(rx);
		skq_shut_reader(rx, true);
	}
	skq_put(rx);
	skq_put(tx);
}

static void free_names(struct socket *s)
{
	unix_unbind(s);
	mutex_lock(&g_net_lock);
	free(unix_of(s)->name);
	free(unix_of(s)->peer_name);
	unix_of(s)->name = NULL;
	unix_of(s)->peer_name = NULL;
	mutex_unlock(&g_net_lock);
}

static void stream_release(struct socket *s)
{
	LIST_HEAD(orphans);
	struct socket *n;

	mutex_lock(&s->lock);
	s->state = s->state == SS_LISTENING ? SS_DISCONNECTED : s->state;
	while (!list_empty(&s->pending)) {
		n = list_first_entry(&s->pending, struct socket, pending_link);
		list_del(&n->pending_link);
		list_add_tail(&n->pending_link, &orphans);
	}
	mutex_unlock(&s->lock);
	while (!list_empty(&orphans)) {
		n = list_first_entry(&orphans, struct socket, pending_link);
		list_del_init(&n->pending_link);
		/* Whoever connected finds the connection reset. */
		if (n->rx) {
			mutex_lock(&n->rx->lock);
			if (n->rx->writer)
				n->rx->writer->error = ECONNRESET;
			n->rx->reader = NULL;
			mutex_unlock(&n->rx->lock);
		}
		end_connection(n);
		if (n->tx) {
			mutex_lock(&n->tx->lock);
			n->tx->writer = NULL;
			mutex_unlock(&n->tx->lock);
		}
		free_names(n);
		socket_put(n);
	}
	if (s->rx && s->state == SS_DISCONNECTED)
		skq_wait_wake(s->rx);
	if (s->state == SS_CONNECTED)
		end_connection(s);
	free_names(s);
}

/* Also before there is a connection, which then begins like that. */
static int unix_shutdown(struct socket *s, int how)
{
	int ret = stream_shutdown(s, how);

	if (ret != -ENOTCONN)
		return ret;
	mutex_lock(&s->lock);
	s->shut_rd |= how != LX_SHUT_WR;
	s->shut_wr |= how != LX_SHUT_RD;
	mutex_unlock(&s->lock);
	waitq_wake(&s->wq, LX_POLLIN | LX_POLLOUT | LX_POLLHUP | LX_POLLRDHUP);
	return 0;
}

const struct sock_ops unix_stream_ops = {
	.bind = unix_bind,
	.listen = stream_listen,
	.connect = stream_connect,
	.accept = stream_accept,
	.getname = unix_getname,
	.send = stream_send,
	.recv = stream_recv,
	.poll = stream_poll,
	.shutdown = unix_shutdown,
	.ioctl = unix_ioctl,
	.release = stream_release,
};

/* --- datagrams --- */

static int dgram_connect(struct socket *s, struct task *t, const struct sock_addr *a,
			 unsigned int file_flags)
{
	struct socket *peer = NULL, *old;
	int ret;

	if (a->len < sizeof(uint16_t))
		return -EINVAL;
	if (a->family != LX_AF_UNSPEC) {
		ret = unix_find(t, a, LX_SOCK_DGRAM, &peer);
		if (ret < 0)
			return ret;
	}
	mutex_lock(&g_net_lock);
	if (peer && unix_of(peer)->peer && unix_of(peer)->peer != s) {
		mutex_unlock(&g_net_lock);
		socket_put(peer);
		return -EPERM;
	}
	old = unix_of(s)->peer;
	unix_of(s)->peer = peer;
	s->state = peer ? SS_CONNECTED : SS_UNCONNECTED;
	if (peer)
		s->peer_cred = peer->own_cred;
	mutex_unlock(&g_net_lock);
	socket_put(old);
	return 0;
}

static int dgram_target(struct socket *s, struct task *t, struct sock_msg *m,
			struct socket **ret_to)
{
	struct socket *to = NULL;
	bool mine;
	int ret;

	if (m->name && m->name->len) {
		ret = unix_find(t, m->name, LX_SOCK_DGRAM, &to);
		if (ret < 0)
			return ret;
	} else {
		mutex_lock(&g_net_lock);
		to = unix_of(s)->peer ? socket_get(unix_of(s)->peer) : NULL;
		mutex_unlock(&g_net_lock);
		if (!to)
			return -ENOTCONN;
	}
	mutex_lock(&g_net_lock);
	mine = !unix_of(to)->peer || unix_of(to)->peer == s;
	mutex_unlock(&g_net_lock);
	if (!mine) {
		socket_put(to);
		return -EPERM;
	}
	*ret_to = to;
	return 0;
}

/* The peer is found dead: the first send says ECONNREFUSED, those after it ENOTCONN. */
static void dgram_forget_peer(struct socket *s, struct socket *dead)
{
	bool was;

	mutex_lock(&g_net_lock);
	was = unix_of(s)->peer == dead;
	if (was) {
		unix_of(s)->peer = NULL;
		s->state = SS_UNCONNECTED;
	}
	mutex_unlock(&g_net_lock);
	if (was)
		socket_put(dead);
}

static ssize_t dgram_send(struct socket *s, struct task *t, struct sock_msg *m)
{
	size_t n = uio_left(m->uio);
	struct uio peek = *m->uio;
	struct socket *to = NULL;
	struct skb *b = NULL;
	ssize_t got;
	int ret;

	if (m->flags & LX_MSG_OOB)
		return -EOPNOTSUPP;
	ret = sock_take_error(s);
	if (ret < 0)
		return ret;
	if (s->shut_wr)
		return -EPIPE;
	if (n > s->sndbuf)
		return -EMSGSIZE;
	ret = dgram_target(s, t, m, &to);
	if (ret < 0)
		return ret;
	b = skb_new(n);
	if (!b) {
		socket_put(to);
		return -ENOBUFS;
	}
	got = n ? uio_read(&peek, b->data, n) : 0;
	if (got < 0 || (size_t)got < n) {
		ret = -EFAULT;
		goto fail;
	}
	b->len = (uint32_t)n;
	b->cred = m->cred;
	b->from = unix_name_copy(s);
	b->scm = m->scm;
	if (to->shut_rd)
		ret = -EPIPE;
	else
		ret = skq_push(to->rx, b, s);
	if (ret == -ECONNREFUSED)
		dgram_forget_peer(s, to);
	if (ret < 0) {
		b->scm = NULL;
		goto fail;
	}
	m->scm = NULL;
	socket_put(to);
	uio_advance(m->uio, n);
	return (ssize_t)n;
fail:
	skb_free(b);
	socket_put(to);
	return ret;
}

static ssize_t dgram_recv(struct socket *s, struct task *t, struct sock_msg *m)
{
	struct skb *b = NULL;
	ssize_t n;
	int ret;

	if (m->flags & LX_MSG_OOB)
		return -EOPNOTSUPP;
	/* before what came in */
	ret = sock_take_error(s);
	if (ret < 0)
		return ret;
	ret = m->flags & LX_MSG_PEEK ? skq_peek(s->rx, &b) : skq_pop(s->rx, &b);
	if (ret == -EAGAIN)
		return s->shut_rd ? 0 : -EAGAIN;
	if (ret < 0 || !b)
		return ret;
	m->full_len = b->len;
	m->cred = b->cred;
	m->has_cred = true;
	m->stamp_ns = b->stamp_ns;
	if (m->name) {
		if (b->from)
			*m->name = *b->from;
		else
			m->name->len = 0;
	}
	n = b->len && uio_left(m->uio) ?
		    uio_write(m->uio, b->data, MIN((size_t)b->len, uio_left(m->uio))) :
		    0;
	if (n >= 0 && (size_t)n < b->len)
		m->ret_flags |= LX_MSG_TRUNC;
	m->scm = b->scm;
	b->scm = NULL;
	if (n >= 0 && (m->flags & LX_MSG_TRUNC))
		n = b->len;
	skb_free(b);
	return n;
}

static uint32_t dgram_poll(struct socket *s)
{
	struct socket *peer;
	uint32_t ev = LX_POLLOUT | LX_POLLWRNORM;

	mutex_lock(&s->rx->lock);
	if (!list_empty(&s->rx->skbs))
		ev |= LX_POLLIN | LX_POLLRDNORM;
	mutex_unlock(&s->rx->lock);
	mutex_lock(&g_net_lock);
	peer = unix_of(s)->peer ? socket_get(unix_of(s)->peer) : NULL;
	mutex_unlock(&g_net_lock);
	if (peer) {
		mutex_lock(&peer->rx->lock);
		if (!peer->rx->dead && peer->rx->nr_msgs >= peer->rx->max_msgs)
			ev &= ~(uint32_t)(LX_POLLOUT | LX_POLLWRNORM);
		mutex_unlock(&peer->rx->lock);
		if (!(ev & LX_POLLOUT))
			skq_wait_add(peer->rx, s);
		socket_put(peer);
	}
	if (s->shut_rd)
		ev |= LX_POLLIN | LX_POLLRDNORM | LX_POLLRDHUP;
	if (s->shut_rd && s->shut_wr)
		ev |= LX_POLLHUP;
	if (s->error)
		ev |= LX_POLLERR;
	return ev;
}

/* Connected or not, as on Linux. */
static int dgram_shutdown(struct socket *s, int how)
{
	mutex_lock(&s->lock);
	s->shut_rd |= how != LX_SHUT_WR;
	s->shut_wr |= how != LX_SHUT_RD;
	mutex_unlock(&s->lock);
	waitq_wake(&s->wq, LX_POLLIN | LX_POLLOUT | LX_POLLHUP | LX_POLLRDHUP);
	return 0;
}

static int no_listen(struct socket *s, int backlog)
{
	return -EOPNOTSUPP;
}

static int no_accept(struct socket *s, struct socket **ret_new)
{
	return -EOPNOTSUPP;
}

static void dgram_release(struct socket *s)
{
	struct socket *peer;

	mutex_lock(&g_net_lock);
	peer = unix_of(s)->peer;
	unix_of(s)->peer = NULL;
	mutex_unlock(&g_net_lock);
	skq_shut_reader(s->rx, true);
	socket_put(peer);
	free_names(s);
}

const struct sock_ops unix_dgram_ops = {
	.bind = unix_bind,
	.listen = no_listen,
	.connect = dgram_connect,
	.accept = no_accept,
	.getname = unix_getname,
	.send = dgram_send,
	.recv = dgram_recv,
	.poll = dgram_poll,
	.shutdown = dgram_shutdown,
	.ioctl = unix_ioctl,
	.release = dgram_release,
};
