/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of levels IP, IPv6, TCP and UDP. On loopback most of them change nothing that could be
 * seen, so they are kept and given back, each within the bounds Linux has for it; those that would
 * have to do something are refused.
 */
#include <errno.h>
#include <string.h>

#include <abi/linux/ioctl.h>
#include <abi/linux/tty.h>
#include <base/bits.h>

#include "kernel/task.h"
#include "net/loopback/inet.h"

/* An option that is an int: its number, its bounds, what it is before it is set. */
struct int_opt {
	int opt, lo, hi, def;
};

static const struct int_opt g_tcp[] = {
	{ LX_TCP_NODELAY, INT32_MIN, INT32_MAX, 0 },
	{ LX_TCP_MAXSEG, 88, 32767, 65483 },
	{ LX_TCP_CORK, INT32_MIN, INT32_MAX, 0 },
	{ LX_TCP_KEEPIDLE, 1, 32767, 7200 },
	{ LX_TCP_KEEPINTVL, 1, 32767, 75 },
	{ LX_TCP_KEEPCNT, 1, 127, 9 },
	{ LX_TCP_SYNCNT, 1, 127, 6 },
	{ LX_TCP_LINGER2, -1, INT32_MAX, 60 },
	{ LX_TCP_DEFER_ACCEPT, 0, INT32_MAX, 0 },
	{ LX_TCP_WINDOW_CLAMP, 0, INT32_MAX, 65536 },
	{ LX_TCP_QUICKACK, INT32_MIN, INT32_MAX, 1 },
	{ LX_TCP_USER_TIMEOUT, 0, INT32_MAX, 0 },
	{ LX_TCP_NOTSENT_LOWAT, 0, INT32_MAX, -1 },
	{ LX_TCP_INQ, 0, 1, 0 },
};

static const struct int_opt g_ip[] = {
	{ LX_IP_TOS, 0, 255, 0 },
	{ LX_IP_TTL, -1, 255, 64 },
	{ LX_IP_PKTINFO, INT32_MIN, INT32_MAX, 0 },
	{ LX_IP_RECVTTL, INT32_MIN, INT32_MAX, 0 },
	{ LX_IP_RECVTOS, INT32_MIN, INT32_MAX, 0 },
	{ LX_IP_RECVERR, INT32_MIN, INT32_MAX, 0 },
	{ LX_IP_MTU_DISCOVER, 0, 5, 1 },
	{ LX_IP_FREEBIND, INT32_MIN, INT32_MAX, 0 },
	{ LX_IP_MULTICAST_TTL, -1, 255, 1 },
	{ LX_IP_MULTICAST_LOOP, INT32_MIN, INT32_MAX, 1 },
	{ LX_IP_MULTICAST_ALL, 0, 1, 1 },
	{ LX_IP_BIND_ADDRESS_NO_PORT, INT32_MIN, INT32_MAX, 0 },
	{ LX_IP_ORIGDSTADDR, INT32_MIN, INT32_MAX, 0 },
};

static const struct int_opt g_ipv6[] = {
	{ LX_IPV6_UNICAST_HOPS, -1, 255, 64 },
	{ LX_IPV6_MULTICAST_HOPS, -1, 255, 1 },
	{ LX_IPV6_MULTICAST_LOOP, 0, 1, 1 },
	{ LX_IPV6_MTU_DISCOVER, 0, 5, 1 },
	{ LX_IPV6_RECVERR, INT32_MIN, INT32_MAX, 0 },
	{ LX_IPV6_RECVPKTINFO, INT32_MIN, INT32_MAX, 0 },
	{ LX_IPV6_RECVHOPLIMIT, INT32_MIN, INT32_MAX, 0 },
	{ LX_IPV6_RECVTCLASS, INT32_MIN, INT32_MAX, 0 },
	{ LX_IPV6_TCLASS, -1, 255, 0 },
	{ LX_IPV6_FREEBIND, INT32_MIN, INT32_MAX, 0 },
	{ LX_IPV6_AUTOFLOWLABEL, INT32_MIN, INT32_MAX, 1 },
};

struct table {
	const struct int_opt *rows;
	size_t nr;
	int *vals;
	uint64_t *set;
};

static bool find_table(struct socket *s, int level, struct table *ret)
{
	struct inet_sock *u = inet_of(s);

	switch (level) {
	case LX_SOL_TCP:
		*ret = (struct table){ g_tcp, ARRAY_SIZE(g_tcp), u->tcp_opt, &u->opt_set[0] };
		return s->type == LX_SOCK_STREAM;
	case LX_SOL_IP:
		*ret = (struct table){ g_ip, ARRAY_SIZE(g_ip), u->ip_opt, &u->opt_set[1] };
		return true;
	case LX_SOL_IPV6:
		*ret = (struct table){ g_ipv6, ARRAY_SIZE(g_ipv6), u->ipv6_opt, &u->opt_set[2] };
		return s->family == LX_AF_INET6;
	default:
		return false;
	}
}

static int find_row(const struct table *tb, int opt)
{
	for (size_t i = 0; i < tb->nr; i++) {
		if (tb->rows[i].opt == opt)
			return (int)i;
	}
	return -ENOPROTOOPT;
}

bool inet_opt(struct socket *s, int level, int opt)
{
	struct table tb;
	int row;

	if (!find_table(s, level, &tb))
		return false;
	row = find_row(&tb, opt);
	return row >= 0 && (*tb.set >> row & 1) && tb.vals[row];
}

static int set_congestion(const void *val, size_t size)
{
	char name[16] = "";

	if (size < 1)
		return -EINVAL;
	memcpy(name, val, MIN(size, sizeof(name) - 1));
	return strcmp(name, "cubic") == 0 || strcmp(name, "reno") == 0 ? 0 : -ENOENT;
}

static int set_v6only(struct socket *s, int v)
{
	if (s->family != LX_AF_INET6)
		return -ENOPROTOOPT;
	if (inet_of(s)->bound)
		return -EINVAL;
	inet_of(s)->v6only = v;
	return 0;
}

int inet_setsockopt(struct socket *s, struct task *t, int level, int opt, const void *val,
		    size_t size)
{
	struct table tb;
	int v = 0, row;

	if (!find_table(s, level, &tb))
		return -ENOPROTOOPT;
	if (level == LX_SOL_TCP && opt == LX_TCP_CONGESTION)
		return set_congestion(val, size);
	if (size >= sizeof(int))
		memcpy(&v, val, sizeof(v));
	else if (size >= 1 && level == LX_SOL_IP)
		v = *(const uint8_t *)val; /* IP options may be bytes */
	else
		return -EINVAL;
	if (level == LX_SOL_IPV6 && opt == LX_IPV6_V6ONLY)
		return set_v6only(s, v);
	row = find_row(&tb, opt);
	if (row < 0)
		return row;
	if (v < tb.rows[row].lo || v > tb.rows[row].hi)
		return -EINVAL;
	if (level == LX_SOL_IP && opt == LX_IP_TTL && v == 0)
		return -EINVAL;
	if (level == LX_SOL_TCP &&
	    (opt == LX_TCP_NODELAY || opt == LX_TCP_CORK || opt == LX_TCP_QUICKACK))
		v = v != 0;
	tb.vals[row] = v;
	*tb.set |= 1ull << row;
	return 0;
}

static int get_tcp_info(struct socket *s, void *buf, size_t *size)
{
	uint8_t info[232] = { 0 };
	uint32_t mss = 65483;

	info[0] = s->state == SS_LISTENING ?
			  LX_TCP_LISTEN :
		  s->state == SS_CONNECTED ?
			  (s->rx && s->rx->eof ? LX_TCP_CLOSE_WAIT : LX_TCP_ESTABLISHED) :
			  LX_TCP_CLOSE;
	memcpy(info + 16, &mss, 4); /* tcpi_snd_mss */
	memcpy(info + 20, &mss, 4); /* tcpi_rcv_mss */
	*size = MIN(*size, sizeof(info));
	memcpy(buf, info, *size);
	return 0;
}

int inet_getsockopt(struct socket *s, struct task *t, int level, int opt, void *buf, size_t *size)
{
	struct table tb;
	int row, v;

	if (!find_table(s, level, &tb))
		return -ENOPROTOOPT;
	if (level == LX_SOL_TCP && opt == LX_TCP_INFO)
		return get_tcp_info(s, buf, size);
	if (level == LX_SOL_TCP && opt == LX_TCP_CONGESTION) {
		static const char name[16] = "cubic";

		*size = MIN(*size, sizeof(name));
		memcpy(buf, name, *size);
		return 0;
	}
	if (level == LX_SOL_IPV6 && opt == LX_IPV6_V6ONLY) {
		v = inet_of(s)->v6only;
	} else if ((level == LX_SOL_IP && opt == LX_IP_MTU) ||
		   (level == LX_SOL_IPV6 && opt == LX_IPV6_MTU)) {
		if (s->state != SS_CONNECTED)
			return -ENOTCONN;
		v = 65535;
	} else if (level == LX_SOL_IP && opt == LX_IP_OPTIONS) {
		*size = 0;
		return 0;
	} else {
		row = find_row(&tb, opt);
		if (row < 0)
			return row;
		v = *tb.set >> row & 1 ? tb.vals[row] : tb.rows[row].def;
		if (opt == LX_IP_TTL && level == LX_SOL_IP && v == -1)
			v = 64;
	}
	*size = MIN(*size, sizeof(v));
	memcpy(buf, &v, *size);
	return 0;
}

long inet_ioctl(struct socket *s, struct task *t, unsigned int cmd, uaddr_t arg)
{
	struct skq *q;
	int v = 0;

	switch (cmd) {
	case LX_FIONREAD:
		if (s->state == SS_LISTENING)
			return -EINVAL;
		q = sock_rx(s);
		if (q && s->type == LX_SOCK_STREAM) {
			v = (int)skq_bytes(q);
		} else if (q) {
			mutex_lock(&q->lock);
			if (!list_empty(&q->skbs))
				v = (int)list_first_entry(&q->skbs, struct skb, link)->len;
			mutex_unlock(&q->lock);
		}
		skq_put(q);
		return copyout(t, arg, &v, sizeof(v));
	case LX_TIOCOUTQ:
		if (s->state == SS_LISTENING)
			return -EINVAL;
		q = s->type == LX_SOCK_STREAM ? sock_tx(s) : NULL;
		v = 0; /* on loopback what was sent has arrived */
		skq_put(q);
		return copyout(t, arg, &v, sizeof(v));
	case LX_SIOCATMARK:
		return copyout(t, arg, &v, sizeof(v));
	default:
		return -ENOTTY;
	}
}
