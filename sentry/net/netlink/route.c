/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NETLINK_ROUTE (rtnetlink(7)): dumps of links, addresses and routes, which is what getifaddrs(3),
 * ip(8) and language runtimes ask. There is one link, lo. Requests that would change something
 * answer EPERM or EOPNOTSUPP. With --network=host requests that only read are answered by the
 * container's namespace, through the broker, and so is NETLINK_SOCK_DIAG. Other protocols: sockets
 * can be made for NETLINK_KOBJECT_UEVENT (nothing ever arrives), not for the rest.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/netlink.h>
#include <abi/linux/poll.h>
#include <base/bits.h>

#include "kernel/task.h"
#include "net/host/hostnet.h"
#include "net/socket.h"

#define REPLY_MAX 4096u

struct nl_sock {
	uint32_t portid, groups;
	bool bound;
};

/* A reply under construction: messages one after the other. */
struct reply {
	uint8_t buf[REPLY_MAX];
	size_t len, start; /* start of the current message */
};

static struct nl_sock *nl_of(struct socket *s)
{
	return s->priv;
}

static void begin(struct reply *r, const struct lx_nlmsghdr *req, uint32_t portid, uint16_t type,
		  uint16_t flags)
{
	struct lx_nlmsghdr h = { .nlmsg_type = type,
				 .nlmsg_flags = flags,
				 .nlmsg_seq = req->nlmsg_seq,
				 .nlmsg_pid = portid };

	r->start = r->len;
	memcpy(r->buf + r->len, &h, sizeof(h));
	r->len += sizeof(h);
}

static void add(struct reply *r, const void *p, size_t n)
{
	memcpy(r->buf + r->len, p, n);
	r->len += n;
	while (r->len & 3)
		r->buf[r->len++] = 0;
}

static void attr(struct reply *r, uint16_t type, const void *p, size_t n)
{
	struct lx_nlattr a = { .nla_len = (uint16_t)(sizeof(a) + n), .nla_type = type };

	add(r, &a, sizeof(a));
	add(r, p, n);
}

static void attr_u32(struct reply *r, uint16_t type, uint32_t v)
{
	attr(r, type, &v, sizeof(v));
}

static void finish(struct reply *r)
{
	uint32_t len = (uint32_t)(r->len - r->start);

	memcpy(r->buf + r->start, &len, sizeof(len));
}

static void put_link(struct reply *r, const struct lx_nlmsghdr *req, uint32_t portid,
		     uint16_t flags)
{
	struct lx_ifinfomsg m = { .ifi_type = LX_ARPHRD_LOOPBACK,
				  .ifi_index = 1,
				  .ifi_flags = LX_IFF_UP | LX_IFF_LOOPBACK | LX_IFF_RUNNING |
					       LX_IFF_LOWER_UP };
	static const uint8_t mac[6];
	uint32_t stats[24] = { 0 };
	uint64_t stats64[24] = { 0 };
	uint8_t zero = 0, carrier = 1;

	begin(r, req, portid, LX_RTM_NEWLINK, flags);
	add(r, &m, sizeof(m));
	attr(r, LX_IFLA_IFNAME, "lo", 3);
	attr_u32(r, LX_IFLA_TXQLEN, 1000);
	attr(r, LX_IFLA_OPERSTATE, &zero, 1);
	attr(r, LX_IFLA_LINKMODE, &zero, 1);
	attr_u32(r, LX_IFLA_MTU, 65536);
	attr_u32(r, LX_IFLA_GROUP, 0);
	attr_u32(r, LX_IFLA_PROMISCUITY, 0);
	attr_u32(r, LX_IFLA_NUM_TX_QUEUES, 1);
	attr_u32(r, LX_IFLA_NUM_RX_QUEUES, 1);
	attr(r, LX_IFLA_CARRIER, &carrier, 1);
	attr(r, LX_IFLA_QDISC, "noqueue", 8);
	attr(r, LX_IFLA_ADDRESS, mac, 6);
	attr(r, LX_IFLA_BROADCAST, mac, 6);
	attr(r, LX_IFLA_STATS64, stats64, sizeof(stats64));
	attr(r, LX_IFLA_STATS, stats, sizeof(stats));
	finish(r);
}

static void put_addr(struct reply *r, const struct lx_nlmsghdr *req, uint32_t portid, int family)
{
	struct lx_ifaddrmsg m = { .ifa_family = (uint8_t)family,
				  .ifa_prefixlen = family == LX_AF_INET ? 8 : 128,
				  .ifa_flags = LX_IFA_F_PERMANENT,
				  .ifa_scope = 254, /* host */
				  .ifa_index = 1 };
	struct lx_ifa_cacheinfo ci = { .ifa_prefered = UINT32_MAX, .ifa_valid = UINT32_MAX };
	uint8_t v4[4] = { 127, 0, 0, 1 }, v6[16] = { [15] = 1 };

	begin(r, req, portid, LX_RTM_NEWADDR, LX_NLM_F_MULTI);
	add(r, &m, sizeof(m));
	if (family == LX_AF_INET) {
		attr(r, LX_IFA_ADDRESS, v4, 4);
		attr(r, LX_IFA_LOCAL, v4, 4);
		attr(r, LX_IFA_LABEL, "lo", 3);
	} else {
		attr(r, LX_IFA_ADDRESS, v6, 16);
	}
	attr_u32(r, LX_IFA_FLAGS, LX_IFA_F_PERMANENT);
	attr(r, LX_IFA_CACHEINFO, &ci, sizeof(ci));
	finish(r);
}

static void put_error(struct reply *r, const struct lx_nlmsghdr *req, uint32_t portid, int err)
{
	struct lx_nlmsgerr e = { .error = err, .msg = *req };

	begin(r, req, portid, LX_NLMSG_ERROR, 0);
	add(r, &e, sizeof(e));
	finish(r);
}

static int push(struct socket *s, const void *buf, size_t n)
{
	struct skb *b = skb_new(n);
	int ret;

	if (!b)
		return -ENOBUFS;
	memcpy(b->data, buf, n);
	b->len = (uint32_t)n;
	ret = skq_push(s->rx, b, NULL);
	if (ret < 0) {
		skb_free(b);
		return -ENOBUFS;
	}
	return 0;
}

static void put_done(struct reply *r, const struct lx_nlmsghdr *req, uint32_t portid)
{
	uint32_t zero = 0;

	begin(r, req, portid, LX_NLMSG_DONE, LX_NLM_F_MULTI);
	add(r, &zero, sizeof(zero));
	finish(r);
}

/* One request. family is the first byte of its body. */
static int handle(struct socket *s, struct task *t, const struct lx_nlmsghdr *req, int family)
{
	uint32_t portid = nl_of(s)->portid;
	bool dump = (req->nlmsg_flags & LX_NLM_F_DUMP) == LX_NLM_F_DUMP;
	struct reply *r = malloc(sizeof(*r));
	int ret;

	if (!r)
		return -ENOBUFS;
	r->len = 0;
	switch (req->nlmsg_type) {
	case LX_RTM_GETLINK:
		put_link(r, req, portid, dump ? LX_NLM_F_MULTI : 0);
		break;
	case LX_RTM_GETADDR:
		if (family != LX_AF_INET6)
			put_addr(r, req, portid, LX_AF_INET);
		if (family != LX_AF_INET)
			put_addr(r, req, portid, LX_AF_INET6);
		break;
	case LX_RTM_GETROUTE:
	case LX_RTM_GETNEIGH:
	case LX_RTM_GETRULE:
		if (!dump)
			put_error(r, req, portid, -ENETUNREACH);
		break; /* the main table is empty: loopback is in the local one */
	default:
		put_error(r, req, portid, task_capable(t, LX_CAP_NET_ADMIN) ? -EOPNOTSUPP : -EPERM);
		dump = false;
		break;
	}
	ret = push(s, r->buf, r->len);
	if (ret == 0 && dump) {
		r->len = 0;
		put_done(r, req, portid);
		ret = push(s, r->buf, r->len);
	} else if (ret == 0 && (req->nlmsg_flags & LX_NLM_F_ACK) &&
		   req->nlmsg_type <= LX_RTM_GETRULE && !dump) {
		r->len = 0;
		put_error(r, req, portid, 0);
		ret = push(s, r->buf, r->len);
	}
	free(r);
	return ret;
}

/* --- of the container's network namespace --- */

/* One datagram of an answer: what is whole in it, addressed to the guest's socket. */
static int relay(void *arg, const void *data, size_t size)
{
	struct socket *s = arg;
	struct skb *b = skb_new(size);
	size_t at = 0;
	int ret;

	if (!b)
		return -ENOBUFS;
	memcpy(b->data, data, size);
	while (size - at >= sizeof(struct lx_nlmsghdr)) {
		struct lx_nlmsghdr h;
		size_t step;

		memcpy(&h, b->data + at, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > size - at)
			break;
		h.nlmsg_pid = nl_of(s)->portid;
		memcpy(b->data + at, &h, sizeof(h));
		step = (h.nlmsg_len + 3) & ~(size_t)3;
		if (step > size - at) {
			at = size;
			break;
		}
		at += step;
	}
	b->len = (uint32_t)at;
	ret = at ? skq_push(s->rx, b, NULL) : -EBADMSG;
	if (ret < 0) {
		skb_free(b);
		return -ENOBUFS;
	}
	return 0;
}

/* Requests that only read go to the broker, which has its own list of them. */
static int handle_hosted(struct socket *s, struct task *t, const struct lx_nlmsghdr *req,
			 const void *msg)
{
	bool dump = (req->nlmsg_flags & LX_NLM_F_DUMP) == LX_NLM_F_DUMP;
	struct reply *r;
	int ret = broker_netlink(s->protocol, msg, req->nlmsg_len, relay, s);

	if (ret == 0 && (dump || !(req->nlmsg_flags & LX_NLM_F_ACK)))
		return 0;
	if (ret == -EPERM && task_capable(t, LX_CAP_NET_ADMIN))
		ret = -EOPNOTSUPP;
	r = malloc(sizeof(*r));
	if (!r)
		return -ENOBUFS;
	r->len = 0;
	put_error(r, req, nl_of(s)->portid, ret);
	ret = push(s, r->buf, r->len);
	free(r);
	return ret;
}

static void autobind(struct socket *s, struct task *t)
{
	static _Atomic uint32_t next = 0x80000000u;

	if (nl_of(s)->bound)
		return;
	mutex_lock(&g_net_lock);
	if (!nl_of(s)->bound) {
		struct socket *o;
		bool taken = false;

		list_for_each_entry(o, &g_sockets, table_link) {
			if (o->family == LX_AF_NETLINK && o != s && o->priv &&
			    nl_of(o)->portid == (uint32_t)t->tg->tgid)
				taken = true;
		}
		nl_of(s)->portid = taken ? next++ : (uint32_t)t->tg->tgid;
		nl_of(s)->bound = true;
	}
	mutex_unlock(&g_net_lock);
}

static int nl_bind(struct socket *s, struct task *t, const struct sock_addr *a)
{
	if (a->len < sizeof(a->nl) || a->family != LX_AF_NETLINK)
		return -EINVAL;
	if (nl_of(s)->bound && a->nl.nl_pid && a->nl.nl_pid != nl_of(s)->portid)
		return -EINVAL;
	if (a->nl.nl_pid && !nl_of(s)->bound) {
		nl_of(s)->portid = a->nl.nl_pid;
		nl_of(s)->bound = true;
	}
	autobind(s, t);
	nl_of(s)->groups = a->nl.nl_groups;
	return 0;
}

static int nl_connect(struct socket *s, struct task *t, const struct sock_addr *a,
		      unsigned int file_flags)
{
	if (a->len < sizeof(a->nl) || a->family != LX_AF_NETLINK)
		return -EINVAL;
	if (a->nl.nl_pid)
		return -EPERM;
	autobind(s, t);
	s->state = SS_CONNECTED;
	return 0;
}

static int nl_getname(struct socket *s, bool peer, struct sock_addr *ret_a)
{
	memset(ret_a, 0, sizeof(*ret_a));
	ret_a->nl.nl_family = LX_AF_NETLINK;
	ret_a->len = sizeof(ret_a->nl);
	if (!peer) {
		ret_a->nl.nl_pid = nl_of(s)->portid;
		ret_a->nl.nl_groups = nl_of(s)->groups;
	}
	return 0;
}

static ssize_t nl_send(struct socket *s, struct task *t, struct sock_msg *m)
{
	uint8_t buf[REPLY_MAX];
	size_t n = uio_left(m->uio), at = 0;
	struct lx_nlmsghdr h;
	ssize_t got;
	int ret;

	if (m->flags & LX_MSG_OOB)
		return -EOPNOTSUPP;
	if (m->name && m->name->len) {
		if (m->name->len < sizeof(m->name->nl) || m->name->family != LX_AF_NETLINK)
			return -EINVAL;
		if (m->name->nl.nl_pid)
			return -ECONNREFUSED;
	}
	if (n > sizeof(buf))
		return -EMSGSIZE;
	autobind(s, t);
	got = n ? uio_read(m->uio, buf, n) : 0;
	if (got < (ssize_t)n)
		return -EFAULT;
	while (s->protocol != LX_NETLINK_KOBJECT_UEVENT && n - at >= sizeof(h)) {
		size_t step;
		int family;

		memcpy(&h, buf + at, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > n - at)
			break;
		family = h.nlmsg_len > sizeof(h) ? buf[at + sizeof(h)] : 0;
		if (h.nlmsg_flags & LX_NLM_F_REQUEST && h.nlmsg_type >= 16) {
			ret = hostnet_on() ? handle_hosted(s, t, &h, buf + at) :
					     handle(s, t, &h, family);
			if (ret < 0)
				return ret;
		}
		/* the last one need not be padded */
		step = ((size_t)h.nlmsg_len + 3) & ~(size_t)3;
		if (step > n - at)
			break;
		at += step;
	}
	return (ssize_t)n;
}

static ssize_t nl_recv(struct socket *s, struct task *t, struct sock_msg *m)
{
	struct skb *b = NULL;
	ssize_t n;
	int ret;

	if (m->flags & LX_MSG_OOB)
		return -EOPNOTSUPP;
	ret = m->flags & LX_MSG_PEEK ? skq_peek(s->rx, &b) : skq_pop(s->rx, &b);
	if (ret < 0 || !b)
		return ret;
	if (m->name) {
		memset(m->name, 0, sizeof(*m->name));
		m->name->nl.nl_family = LX_AF_NETLINK;
		m->name->len = sizeof(m->name->nl);
	}
	m->full_len = b->len;
	m->has_cred = true;
	n = uio_left(m->uio) ? uio_write(m->uio, b->data, MIN((size_t)b->len, uio_left(m->uio))) :
			       0;
	if (n >= 0 && (size_t)n < b->len)
		m->ret_flags |= LX_MSG_TRUNC;
	if (n >= 0 && (m->flags & LX_MSG_TRUNC))
		n = b->len;
	skb_free(b);
	return n;
}

static uint32_t nl_poll(struct socket *s)
{
	uint32_t ev = LX_POLLOUT | LX_POLLWRNORM;

	if (skq_bytes(s->rx))
		ev |= LX_POLLIN | LX_POLLRDNORM;
	return ev;
}

static int nl_refuse(struct socket *s, int v)
{
	return -EOPNOTSUPP;
}

static int nl_accept(struct socket *s, struct socket **ret_new)
{
	return -EOPNOTSUPP;
}

static int nl_setsockopt(struct socket *s, struct task *t, int level, int opt, const void *val,
			 size_t size)
{
	if (level != LX_SOL_NETLINK)
		return -ENOPROTOOPT;
	switch (opt) {
	case LX_NETLINK_ADD_MEMBERSHIP: /* nothing changes here, so nothing is ever announced */
	case LX_NETLINK_DROP_MEMBERSHIP:
	case LX_NETLINK_EXT_ACK:
	case LX_NETLINK_GET_STRICT_CHK:
	case LX_NETLINK_NO_ENOBUFS:
		return size < sizeof(int) ? -EINVAL : 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int nl_getsockopt(struct socket *s, struct task *t, int level, int opt, void *buf,
			 size_t *size)
{
	return -ENOPROTOOPT;
}

static void nl_release(struct socket *s)
{
	skq_shut_reader(s->rx, true);
}

static const struct sock_ops g_netlink_ops = {
	.bind = nl_bind,
	.listen = nl_refuse,
	.connect = nl_connect,
	.accept = nl_accept,
	.getname = nl_getname,
	.send = nl_send,
	.recv = nl_recv,
	.poll = nl_poll,
	.shutdown = nl_refuse,
	.setsockopt = nl_setsockopt,
	.getsockopt = nl_getsockopt,
	.release = nl_release,
};

int netlink_socket_new(int type, int protocol, struct task *t, struct socket **ret_s)
{
	struct nl_sock *n;
	int ret;

	if (type != LX_SOCK_RAW && type != LX_SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	if (protocol < 0 || protocol >= 32)
		return -EPROTONOSUPPORT;
	if (protocol != LX_NETLINK_ROUTE && protocol != LX_NETLINK_KOBJECT_UEVENT &&
	    !(protocol == LX_NETLINK_SOCK_DIAG && hostnet_on()))
		return -EPROTONOSUPPORT;
	n = calloc(1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	ret = socket_alloc(LX_AF_NETLINK, type, protocol, &g_netlink_ops, t, ret_s);
	if (ret < 0) {
		free(n);
		return ret;
	}
	mutex_lock(&g_net_lock);
	(*ret_s)->priv = n;
	mutex_unlock(&g_net_lock);
	ret = skq_new((*ret_s)->rcvbuf, &(*ret_s)->rx);
	if (ret < 0) {
		socket_put(*ret_s);
		return ret;
	}
	(*ret_s)->rx->reader = *ret_s;
	(*ret_s)->rx->max_msgs = 1024;
	return 0;
}
