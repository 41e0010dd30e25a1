/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UDP over loopback: a datagram goes straight into the queue of the best matching socket, or is
 * dropped when that is full; nobody there means ECONNREFUSED for a connected sender. See udp(7).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/poll.h>
#include <base/bits.h>

#include "kernel/task.h"
#include "net/loopback/inet.h"
#include "time/clock.h"

#define UDP_MAX 65507u

static int udp_connect(struct socket *s, struct task *t, const struct sock_addr *a,
		       unsigned int file_flags)
{
	struct inet_sock *me = inet_of(s);
	struct ip_addr ip, src;
	uint16_t port;
	int ret;

	if (a->len < sizeof(uint16_t))
		return -EINVAL;
	if (a->family == LX_AF_UNSPEC) {
		mutex_lock(&g_net_lock);
		me->rport = 0;
		s->state = SS_UNCONNECTED;
		if (!me->explicit_addr)
			memset(me->laddr.b + 12, 0, 4);
		mutex_unlock(&g_net_lock);
		if (!me->explicit_port)
			inet_unbind(s);
		return 0;
	}
	ret = inet_parse(s, a, &ip, &port);
	if (ret == 0)
		ret = inet_route(s, &ip);
	if (ret < 0)
		return ret;
	src = ip;
	if (ip_is_v4(&ip)) {
		src.b[13] = src.b[14] = 0;
		src.b[15] = 1;
	}
	ret = inet_autobind(s, &src);
	if (ret < 0)
		return ret;
	mutex_lock(&g_net_lock);
	if (ip_is_any(&me->laddr))
		me->laddr = src;
	me->raddr = ip;
	me->rport = port;
	s->state = SS_CONNECTED;
	mutex_unlock(&g_net_lock);
	return 0;
}

/* The socket that gets a datagram from (src, sport) to (dst, dport): referenced, or NULL. */
static struct socket *find_receiver(const struct ip_addr *src, uint16_t sport,
				    const struct ip_addr *dst, uint16_t dport)
{
	static unsigned int turn;
	struct inet_sock *u;
	struct socket *best = NULL;
	int best_score = 0;
	unsigned int equal = 0;

	mutex_lock(&g_net_lock);
	list_for_each_entry(u, &g_inet_bound, link) {
		int score = inet_match_locked(u, LX_SOCK_DGRAM, dst, dport);

		if (!score)
			continue;
		if (u->rport) {
			if (u->rport != sport || !ip_equal(&u->raddr, src))
				continue;
			score += 8;
		}
		if (score > best_score) {
			best = u->s;
			best_score = score;
			equal = 1;
		} else if (score == best_score && (!u->s->reuseport || turn % ++equal == 0)) {
			best = u->s; /* SO_REUSEADDR alone: the last one bound */
		}
	}
	turn++;
	if (best)
		socket_get(best);
	mutex_unlock(&g_net_lock);
	return best;
}

static ssize_t udp_send(struct socket *s, struct task *t, struct sock_msg *m)
{
	struct inet_sock *me = inet_of(s);
	size_t n = uio_left(m->uio);
	struct uio peek = *m->uio;
	struct ip_addr dst, src, any;
	struct socket *to;
	struct skb *b;
	uint16_t port;
	ssize_t got;
	int ret = sock_take_error(s);

	if (ret < 0)
		return ret;
	if (m->flags & LX_MSG_OOB)
		return -EOPNOTSUPP;
	if (n > UDP_MAX)
		return -EMSGSIZE;
	if (s->shut_wr)
		return -EPIPE;
	any = me->laddr;
	ret = inet_autobind(s, &any); /* even a send without a destination takes a port */
	if (ret < 0)
		return ret;
	if (m->name && m->name->len) {
		ret = inet_parse(s, m->name, &dst, &port);
		if (ret < 0)
			return ret;
		if (port == 0)
			return -EINVAL;
	} else {
		if (!me->rport)
			return -EDESTADDRREQ;
		dst = me->raddr;
		port = me->rport;
	}
	if (ip_is_v4(&dst) && memcmp(dst.b + 12, "\377\377\377\377", 4) == 0 && !s->broadcast)
		return -EACCES;
	ret = inet_route(s, &dst);
	if (ret < 0)
		return ret;
	src = me->laddr;
	if (ip_is_any(&src)) {
		src = dst;
		if (ip_is_v4(&dst)) {
			src.b[13] = src.b[14] = 0;
			src.b[15] = 1;
		}
	}
	b = skb_new(n);
	if (!b)
		return -ENOBUFS;
	got = n ? uio_read(&peek, b->data, n) : 0;
	b->from = calloc(1, sizeof(*b->from) * 2); /* [0] who sent it, [1] to which address */
	if (got < 0 || (size_t)got < n || !b->from) {
		skb_free(b);
		return -EFAULT;
	}
	b->len = (uint32_t)n;
	b->stamp_ns = clock_realtime_ns();
	to = find_receiver(&src, me->lport, &dst, port);
	if (!to) {
		skb_free(b);
		if (me->rport)
			sock_set_error(s, ECONNREFUSED);
	} else {
		inet_format(to, &src, me->lport, &b->from[0]);
		inet_format(to, &dst, port, &b->from[1]);
		if (to->shut_rd || skq_push(to->rx, b, NULL) < 0)
			skb_free(b); /* dropped: that is UDP */
		socket_put(to);
	}
	uio_advance(m->uio, n);
	return (ssize_t)n;
}

static ssize_t udp_recv(struct socket *s, struct task *t, struct sock_msg *m)
{
	struct skb *b = NULL;
	bool peek = m->flags & LX_MSG_PEEK;
	ssize_t n;
	int ret;

	if (m->flags & LX_MSG_OOB)
		return -EOPNOTSUPP;
	if (m->flags & LX_MSG_ERRQUEUE)
		return -EAGAIN;
	ret = sock_take_error(s);
	if (ret < 0)
		return ret;
	ret = peek ? skq_peek(s->rx, &b) : skq_pop(s->rx, &b);
	if (ret == -EAGAIN)
		return s->shut_rd ? 0 : -EAGAIN;
	if (ret < 0 || !b)
		return ret;
	m->full_len = b->len;
	m->stamp_ns = b->stamp_ns;
	if (b->from) {
		if (m->name)
			*m->name = b->from[0];
		if (!peek) {
			m->dst = b->from[1];
			m->has_pktinfo = true;
		}
	}
	n = b->len && uio_left(m->uio) ?
		    uio_write(m->uio, b->data, MIN((size_t)b->len, uio_left(m->uio))) :
		    0;
	if (n >= 0 && (size_t)n < b->len)
		m->ret_flags |= LX_MSG_TRUNC;
	if (n >= 0 && (m->flags & LX_MSG_TRUNC))
		n = b->len;
	skb_free(b);
	return n;
}

static uint32_t udp_poll(struct socket *s)
{
	uint32_t ev = LX_POLLOUT | LX_POLLWRNORM;

	mutex_lock(&s->rx->lock);
	if (!list_empty(&s->rx->skbs))
		ev |= LX_POLLIN | LX_POLLRDNORM;
	mutex_unlock(&s->rx->lock);
	if (s->shut_rd)
		ev |= LX_POLLIN | LX_POLLRDNORM | LX_POLLRDHUP;
	if (s->shut_rd && s->shut_wr)
		ev |= LX_POLLHUP;
	if (s->error)
		ev |= LX_POLLERR;
	return ev;
}

static int udp_shutdown(struct socket *s, int how)
{
	if (s->state != SS_CONNECTED)
		return -ENOTCONN;
	mutex_lock(&s->lock);
	s->shut_rd |= how != LX_SHUT_WR;
	s->shut_wr |= how != LX_SHUT_RD;
	mutex_unlock(&s->lock);
	waitq_wake(&s->wq, LX_POLLIN | LX_POLLOUT | LX_POLLHUP | LX_POLLRDHUP);
	return 0;
}

static int udp_listen(struct socket *s, int backlog)
{
	return -EOPNOTSUPP;
}

static int udp_accept(struct socket *s, struct socket **ret_new)
{
	return -EOPNOTSUPP;
}

static void udp_release(struct socket *s)
{
	inet_unbind(s);
	skq_shut_reader(s->rx, true);
}

const struct sock_ops udp_ops = {
	.bind = inet_bind,
	.listen = udp_listen,
	.connect = udp_connect,
	.accept = udp_accept,
	.getname = inet_getname,
	.send = udp_send,
	.recv = udp_recv,
	.poll = udp_poll,
	.shutdown = udp_shutdown,
	.setsockopt = inet_setsockopt,
	.getsockopt = inet_getsockopt,
	.ioctl = inet_ioctl,
	.release = udp_release,
};
