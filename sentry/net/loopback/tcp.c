/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP over loopback: connections are pairs of queues (net/skq.c); what a program can see of TCP -
 * refused connections, resets, half-closed streams, EINPROGRESS - is kept. See tcp(7). Differs from
 * Linux: urgent data (MSG_OOB) is refused; a full accept queue does not delay connectors.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/poll.h>
#include <base/bits.h>

#include "kernel/task.h"
#include "net/loopback/inet.h"

static int inet_new(int family, int type, int protocol, const struct sock_ops *ops, struct task *t,
		    struct socket **ret_s)
{
	struct inet_sock *u = calloc(1, sizeof(*u));
	int ret;

	if (!u)
		return -ENOMEM;
	INIT_LIST_HEAD(&u->link);
	if (family == LX_AF_INET)
		u->laddr.b[10] = u->laddr.b[11] = 0xff;
	u->raddr = u->laddr;
	ret = socket_alloc(family, type, protocol, ops, t, ret_s);
	if (ret < 0) {
		free(u);
		return ret;
	}
	u->s = *ret_s;
	(*ret_s)->priv = u;
	if (type == LX_SOCK_STREAM) {
		(*ret_s)->rcvbuf = 131072;
		(*ret_s)->sndbuf = 2626560; /* what a loopback connection grows to */
		return 0;
	}
	ret = skq_new((*ret_s)->rcvbuf, &(*ret_s)->rx);
	if (ret < 0) {
		socket_put(*ret_s);
		return ret;
	}
	(*ret_s)->rx->reader = *ret_s;
	(*ret_s)->rx->max_msgs = 4096;
	return 0;
}

int inet_socket_new(int family, int type, int protocol, struct task *t, struct socket **ret_s)
{
	if (protocol < 0 || protocol > 262)
		return -EINVAL;
	switch (type) {
	case LX_SOCK_STREAM:
		if (protocol != 0 && protocol != LX_IPPROTO_TCP)
			return -EPROTONOSUPPORT;
		return inet_new(family, type, LX_IPPROTO_TCP, &tcp_ops, t, ret_s);
	case LX_SOCK_DGRAM:
		if (protocol == LX_IPPROTO_ICMP || protocol == LX_IPPROTO_ICMPV6)
			return -EACCES; /* ping_group_range is empty */
		if (protocol != 0 && protocol != LX_IPPROTO_UDP)
			return -EPROTONOSUPPORT;
		return inet_new(family, type, LX_IPPROTO_UDP, &udp_ops, t, ret_s);
	case LX_SOCK_RAW:
		return task_capable(t, 13 /* CAP_NET_RAW */) ? -EPROTONOSUPPORT : -EPERM;
	default:
		return -ESOCKTNOSUPPORT;
	}
}

static int tcp_listen(struct socket *s, int backlog)
{
	struct ip_addr any = inet_of(s)->laddr;
	int ret = 0;

	if (!inet_of(s)->bound) {
		ret = inet_autobind(s, &any);
		if (ret < 0)
			return -EADDRINUSE;
	}
	mutex_lock(&s->lock);
	if (s->state != SS_UNCONNECTED && s->state != SS_LISTENING) {
		ret = -EINVAL;
	} else {
		s->backlog = MIN((unsigned int)backlog, (unsigned int)LX_SOMAXCONN);
		s->state = SS_LISTENING;
		s->shut_rd = s->shut_wr = false;
	}
	mutex_unlock(&s->lock);
	return ret;
}

/* Referenced listener for (ip, port), or NULL. Among those with SO_REUSEPORT they take turns. */
static struct socket *find_listener_locked(const struct ip_addr *ip, uint16_t port)
{
	static unsigned int turn;
	struct inet_sock *u;
	struct socket *best = NULL;
	int best_score = 0;
	unsigned int equal = 0;

	list_for_each_entry(u, &g_inet_bound, link) {
		int score = u->s->state == SS_LISTENING ?
				    inet_match_locked(u, LX_SOCK_STREAM, ip, port) :
				    0;

		if (score > best_score) {
			best = u->s;
			best_score = score;
			equal = 1;
		} else if (score && score == best_score && turn % ++equal == 0) {
			best = u->s;
		}
	}
	turn++;
	return best ? socket_get(best) : NULL;
}

/* s gets its far end, queued at l. */
static int establish(struct socket *s, struct socket *l, const struct ip_addr *ip, uint16_t port)
{
	struct inet_sock *me = inet_of(s), *far;
	struct socket *n;
	int ret = inet_new(l->family, LX_SOCK_STREAM, l->protocol, &tcp_ops, NULL, &n);

	if (ret < 0)
		return ret;
	far = inet_of(n);
	memcpy(far->ip_opt, inet_of(l)->ip_opt, sizeof(far->ip_opt));
	memcpy(far->ipv6_opt, inet_of(l)->ipv6_opt, sizeof(far->ipv6_opt));
	memcpy(far->tcp_opt, inet_of(l)->tcp_opt, sizeof(far->tcp_opt));
	memcpy(far->opt_set, inet_of(l)->opt_set, sizeof(far->opt_set));
	n->rcvbuf = l->rcvbuf;
	n->sndbuf = l->sndbuf;
	n->keepalive = l->keepalive;
	n->linger = l->linger;
	n->reuseaddr = l->reuseaddr;
	n->reuseport = l->reuseport;
	n->own_cred = l->own_cred;
	ret = sock_pair(s, n);
	if (ret < 0) {
		socket_put(n);
		return ret;
	}
	mutex_lock(&g_net_lock);
	me->raddr = *ip;
	me->rport = port;
	if (ip_is_any(&me->laddr)) {
		me->laddr = *ip;
		if (ip_is_v4(ip)) {
			me->laddr.b[13] = me->laddr.b[14] = 0;
			me->laddr.b[15] = 1;
		}
	}
	far->laddr = *ip;
	far->lport = port;
	far->raddr = me->laddr;
	far->rport = me->lport;
	far->uid = inet_of(l)->uid;
	far->bound = true;
	list_add_tail(&far->link, &g_inet_bound);
	mutex_lock(&l->lock);
	if (l->state == SS_LISTENING) {
		list_add_tail(&n->pending_link, &l->pending);
		l->nr_pending++;
	} else {
		ret = -ECONNREFUSED;
	}
	mutex_unlock(&l->lock);
	mutex_unlock(&g_net_lock);
	if (ret < 0) {
		inet_unbind(n);
		socket_put(n);
		return ret;
	}
	waitq_wake_one(&l->wq, LX_POLLIN | LX_POLLRDNORM);
	waitq_wake(&s->wq, LX_POLLOUT);
	return 0;
}

static int disconnect(struct socket *s)
{
	struct skq *rx, *tx;

	mutex_lock(&s->lock);
	rx = s->rx;
	tx = s->tx;
	s->rx = s->tx = NULL;
	s->state = SS_UNCONNECTED;
	s->shut_rd = s->shut_wr = false;
	mutex_unlock(&s->lock);
	if (rx) {
		mutex_lock(&rx->lock);
		rx->reader = NULL;
		if (rx->writer)
			sock_set_error(rx->writer, ECONNRESET);
		mutex_unlock(&rx->lock);
		skq_shut_reader(rx, true);
	}
	if (tx) {
		mutex_lock(&tx->lock);
		tx->writer = NULL;
		mutex_unlock(&tx->lock);
		skq_shut_writer(tx);
	}
	skq_put(rx);
	skq_put(tx);
	inet_of(s)->rport = 0;
	if (!inet_of(s)->explicit_port)
		inet_unbind(s);
	return 0;
}

/*
 * The handshake is over at once, but a non-blocking caller is told EINPROGRESS all the same, and
 * learns the result by poll and SO_ERROR: this is what it would see on Linux's loopback.
 */
static int tcp_connect(struct socket *s, struct task *t, const struct sock_addr *a,
		       unsigned int file_flags)
{
	bool nonblock = file_flags & LX_O_NONBLOCK;
	struct ip_addr ip, any;
	struct socket *l;
	uint16_t port;
	int ret;

	if (a->len < sizeof(uint16_t))
		return -EINVAL;
	if (a->family == LX_AF_UNSPEC)
		return disconnect(s);
	ret = inet_parse(s, a, &ip, &port);
	if (ret < 0)
		return ret;
	/* The second call of a non-blocking caller collects the result. */
	if (s->connect_told) {
		s->connect_told = false;
		return 0;
	}
	if (s->state == SS_LISTENING || s->state == SS_CONNECTED)
		return -EISCONN;
	if (s->state == SS_CONNECTING) {
		mutex_lock(&s->lock);
		s->state = SS_UNCONNECTED;
		s->shut_rd = s->shut_wr = false;
		mutex_unlock(&s->lock);
		ret = sock_take_error(s);
		if (ret)
			return ret;
	}
	ret = inet_route(s, &ip);
	if (ret < 0)
		return ret;
	any = ip;
	if (ip_is_v4(&ip)) {
		any.b[13] = any.b[14] = 0;
		any.b[15] = 1;
	}
	ret = inet_autobind(s, &any);
	if (ret < 0)
		return -EADDRNOTAVAIL;
	mutex_lock(&g_net_lock);
	l = find_listener_locked(&ip, port);
	mutex_unlock(&g_net_lock);
	ret = l ? establish(s, l, &ip, port) : -ECONNREFUSED;
	socket_put(l);
	if (ret == -ECONNREFUSED && !inet_of(s)->explicit_port)
		inet_unbind(s);
	if (!nonblock)
		return ret;
	if (ret < 0 && ret != -ECONNREFUSED)
		return ret;
	if (ret < 0) {
		sock_set_error(s, ECONNREFUSED);
		mutex_lock(&s->lock);
		s->shut_rd = s->shut_wr = true; /* poll says POLLHUP */
		s->state = SS_CONNECTING;
		mutex_unlock(&s->lock);
	} else {
		s->connect_told = true;
	}
	return -EINPROGRESS;
}

static int tcp_accept(struct socket *s, struct socket **ret_new)
{
	struct socket *n;

	mutex_lock(&s->lock);
	if (s->state != SS_LISTENING) {
		mutex_unlock(&s->lock);
		return -EINVAL;
	}
	if (list_empty(&s->pending)) {
		mutex_unlock(&s->lock);
		return -EAGAIN;
	}
	n = list_first_entry(&s->pending, struct socket, pending_link);
	list_del_init(&n->pending_link);
	s->nr_pending--;
	mutex_unlock(&s->lock);
	*ret_new = n;
	return 0;
}

static ssize_t tcp_send(struct socket *s, struct task *t, struct sock_msg *m)
{
	struct skq *tx;
	ssize_t n;
	int err = sock_take_error(s);

	if (err)
		return err;
	if (m->flags & LX_MSG_OOB)
		return -EOPNOTSUPP;
	if (s->shut_wr || inet_of(s)->got_rst)
		return -EPIPE;
	tx = sock_tx(s);
	if (!tx)
		return -EPIPE;
	n = uio_left(m->uio) ? skq_write(tx, m->uio, &m->cred, NULL) : 0;
	skq_put(tx);
	if (n == -EPIPE) {
		/* The peer is gone: what is sent now only brings its reset. */
		n = (ssize_t)uio_left(m->uio);
		uio_advance(m->uio, (size_t)n);
		inet_of(s)->got_rst = true;
		sock_set_error(s, EPIPE);
	}
	return n;
}

static ssize_t tcp_recv(struct socket *s, struct task *t, struct sock_msg *m)
{
	struct skq_read rd = { .peek = m->flags & LX_MSG_PEEK };
	struct skq *rx;
	ssize_t n;
	int err;

	if (m->flags & LX_MSG_OOB)
		return -EINVAL;
	if (m->name)
		m->name->len = 0;
	if (s->state == SS_LISTENING)
		return -ENOTCONN;
	rx = sock_rx(s);
	if (!rx) {
		err = sock_take_error(s);
		return err ? err : s->state == SS_CONNECTING ? 0 : -ENOTCONN;
	}
	if ((m->flags & LX_MSG_TRUNC) && !rd.peek) {
		char sink[4096];
		struct uio u;

		/* tcp(7): bytes are thrown away instead of being delivered. */
		uio_init_kernel(&u, sink, MIN(sizeof(sink), uio_left(m->uio)));
		n = skq_read(rx, &u, &rd);
	} else {
		n = skq_read(rx, m->uio, &rd);
	}
	skq_put(rx);
	if (n == -EAGAIN || n == 0) {
		err = sock_take_error(s);
		if (err && !(err == -EPIPE && n == 0))
			return err;
		if (s->shut_rd)
			return 0;
	}
	return n;
}

/* Unread bytes, or SO_LINGER with no time: the peer gets a reset instead of an end. */
static void close_connection(struct socket *s)
{
	struct skq *rx = sock_rx(s), *tx = sock_tx(s);
	bool reset = s->linger.l_onoff && s->linger.l_linger == 0;

	if (rx) {
		mutex_lock(&rx->lock);
		reset |= !list_empty(&rx->skbs);
		if (reset && rx->writer) {
			inet_of(rx->writer)->got_rst = true;
			rx->writer->shut_rd = rx->writer->shut_wr = true;
			rx->writer->error = ECONNRESET;
		}
		mutex_unlock(&rx->lock);
	}
	if (tx)
		skq_shut_writer(tx);
	if (rx)
		skq_shut_reader(rx, true);
	skq_put(rx);
	skq_put(tx);
}

static void tcp_release(struct socket *s)
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
	inet_unbind(s);
	while (!list_empty(&orphans)) {
		n = list_first_entry(&orphans, struct socket, pending_link);
		list_del_init(&n->pending_link);
		n->linger.l_onoff = 1;
		n->linger.l_linger = 0;
		close_connection(n);
		mutex_lock(&n->rx->lock);
		n->rx->reader = NULL;
		mutex_unlock(&n->rx->lock);
		mutex_lock(&n->tx->lock);
		n->tx->writer = NULL;
		mutex_unlock(&n->tx->lock);
		inet_unbind(n);
		socket_put(n);
	}
	close_connection(s);
}

/* A reader that shut its side down on a listener makes it deaf: as close for connectors. */
static int tcp_shutdown(struct socket *s, int how)
{
	if (s->state == SS_LISTENING && how != LX_SHUT_WR) {
		mutex_lock(&s->lock);
		s->state = SS_UNCONNECTED;
		mutex_unlock(&s->lock);
		waitq_wake(&s->wq, LX_POLLIN | LX_POLLHUP);
		return 0;
	}
	return stream_shutdown(s, how);
}

const struct sock_ops tcp_ops = {
	.bind = inet_bind,
	.listen = tcp_listen,
	.connect = tcp_connect,
	.accept = tcp_accept,
	.getname = inet_getname,
	.send = tcp_send,
	.recv = tcp_recv,
	.poll = stream_poll,
	.shutdown = tcp_shutdown,
	.setsockopt = inet_setsockopt,
	.getsockopt = inet_getsockopt,
	.ioctl = inet_ioctl,
	.release = tcp_release,
};
