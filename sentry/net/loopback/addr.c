/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Internet addresses and ports: what a socket may bind to, who listens where, which port is free.
 * Locking: g_net_lock. Differs from Linux: only loopback addresses exist; a closed connection does
 * not occupy its port (no TIME_WAIT).
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <base/bits.h>
#include <host/host.h>

#include "kernel/task.h"
#include "net/loopback/inet.h"

/* Both architectures are little-endian. */
#define htons(v) __builtin_bswap16(v)
#define ntohs(v) __builtin_bswap16(v)

#define PORT_FIRST 32768u
#define PORT_LAST  60999u

struct list_head g_inet_bound = { &g_inet_bound, &g_inet_bound };

static const uint8_t g_v4_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

bool ip_is_v4(const struct ip_addr *a)
{
	return memcmp(a->b, g_v4_prefix, 12) == 0;
}

bool ip_is_any(const struct ip_addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->b, zero, 16) == 0 || (ip_is_v4(a) && memcmp(a->b + 12, zero, 4) == 0);
}

bool ip_is_loopback(const struct ip_addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return ip_is_v4(a) ? a->b[12] == 127 : memcmp(a->b, one, 16) == 0;
}

bool ip_is_multicast(const struct ip_addr *a)
{
	return ip_is_v4(a) ? (a->b[12] & 0xf0) == 0xe0 : a->b[0] == 0xff;
}

bool ip_equal(const struct ip_addr *a, const struct ip_addr *b)
{
	return memcmp(a->b, b->b, 16) == 0;
}

int inet_parse(struct socket *s, const struct sock_addr *a, struct ip_addr *ret_ip,
	       uint16_t *ret_port)
{
	if (a->len < sizeof(uint16_t))
		return -EINVAL;
	if (s->family == LX_AF_INET) {
		if (a->len < sizeof(struct lx_sockaddr_in))
			return -EINVAL;
		if (a->family != LX_AF_INET &&
		    !(a->family == LX_AF_UNSPEC && a->in.sin_addr.s_addr == 0))
			return -EAFNOSUPPORT;
		memcpy(ret_ip->b, g_v4_prefix, 12);
		memcpy(ret_ip->b + 12, &a->in.sin_addr, 4);
		*ret_port = ntohs(a->in.sin_port);
		return 0;
	}
	if (a->family == LX_AF_INET && a->len >= sizeof(struct lx_sockaddr_in) &&
	    !inet_of(s)->v6only && s->type == LX_SOCK_DGRAM) {
		memcpy(ret_ip->b, g_v4_prefix, 12);
		memcpy(ret_ip->b + 12, &a->in.sin_addr, 4);
		*ret_port = ntohs(a->in.sin_port);
		return 0;
	}
	if (a->family != LX_AF_INET6)
		return -EAFNOSUPPORT;
	if (a->len < 24) /* sockaddr_in6 without the scope, RFC 2133 */
		return -EINVAL;
	memcpy(ret_ip->b, &a->in6.sin6_addr, 16);
	*ret_port = ntohs(a->in6.sin6_port);
	return 0;
}

void inet_format(struct socket *s, const struct ip_addr *ip, uint16_t port, struct sock_addr *ret_a)
{
	memset(ret_a, 0, sizeof(*ret_a));
	if (s->family == LX_AF_INET) {
		ret_a->len = sizeof(ret_a->in);
		ret_a->in.sin_family = LX_AF_INET;
		ret_a->in.sin_port = htons(port);
		memcpy(&ret_a->in.sin_addr, ip->b + 12, 4);
		return;
	}
	ret_a->len = sizeof(ret_a->in6);
	ret_a->in6.sin6_family = LX_AF_INET6;
	ret_a->in6.sin6_port = htons(port);
	memcpy(&ret_a->in6.sin6_addr, ip->b, 16);
}

int inet_route(struct socket *s, struct ip_addr *ip)
{
	if (ip_is_any(ip)) {
		if (ip_is_v4(ip)) {
			ip->b[12] = 127;
			ip->b[15] = 1;
		} else {
			ip->b[15] = 1;
		}
	}
	if (!ip_is_loopback(ip))
		return -ENETUNREACH;
	if (!ip_is_v4(ip) && s->family == LX_AF_INET)
		return -EAFNOSUPPORT;
	if (ip_is_v4(ip) && s->family == LX_AF_INET6 && inet_of(s)->v6only)
		return -ENETUNREACH;
	return 0;
}

/* Do the addresses a socket of u takes and those of (ip, v6only) have one in common? */
static bool overlap(const struct inet_sock *u, const struct ip_addr *ip, int family, bool v6only)
{
	bool u_any = ip_is_any(&u->laddr), i_any = ip_is_any(ip);
	bool u_v4 = u->s->family == LX_AF_INET || ip_is_v4(&u->laddr),
	     i_v4 = family == LX_AF_INET || ip_is_v4(ip);

	if (u_any && i_any)
		return u_v4 == i_v4 || (!u_v4 && !u->v6only) || (!i_v4 && !v6only);
	if (u_any)
		return u_v4 == i_v4 || (!u_v4 && i_v4 && !u->v6only);
	if (i_any)
		return u_v4 == i_v4 || (!i_v4 && u_v4 && !v6only);
	return ip_equal(&u->laddr, ip);
}

static bool conflict_locked(struct socket *s, const struct ip_addr *ip, uint16_t port)
{
	struct inet_sock *me = inet_of(s), *u;

	list_for_each_entry(u, &g_inet_bound, link) {
		if (u->lport != port || u->s->type != s->type || u == me)
			continue;
		if (!overlap(u, ip, s->family, me->v6only))
			continue;
		if (s->reuseport && u->s->reuseport && me->uid == u->uid)
			continue;
		if (s->reuseaddr && u->s->reuseaddr && u->s->state != SS_LISTENING)
			continue;
		return true;
	}
	return false;
}

static void take_port_locked(struct socket *s, const struct ip_addr *ip, uint16_t port)
{
	struct inet_sock *me = inet_of(s);

	me->laddr = *ip;
	me->lport = port;
	me->bound = true;
	list_add_tail(&me->link, &g_inet_bound);
}

static int pick_port_locked(struct socket *s, const struct ip_addr *ip)
{
	uint32_t n = PORT_LAST - PORT_FIRST + 1, start = 0;

	host_getrandom(&start, sizeof(start));
	for (uint32_t i = 0; i < n; i++) {
		uint16_t port = (uint16_t)(PORT_FIRST + (start + i) % n);

		if (!conflict_locked(s, ip, port)) {
			take_port_locked(s, ip, port);
			return 0;
		}
	}
	return -EADDRINUSE;
}

/* first port that needs no capability */
static _Atomic unsigned int g_port_start = 1024;

void inet_set_port_start(const char *text)
{
	atomic_store(&g_port_start, (unsigned int)strtoul(text, NULL, 10));
}

int inet_bind(struct socket *s, struct task *t, const struct sock_addr *a)
{
	struct inet_sock *me = inet_of(s);
	struct ip_addr ip;
	uint16_t port;
	int ret = inet_parse(s, a, &ip, &port);

	if (ret < 0)
		return ret;
	if (s->family == LX_AF_INET6 && ip_is_v4(&ip) && me->v6only)
		return -EINVAL;
	if (!ip_is_any(&ip) && !ip_is_loopback(&ip) &&
	    !(s->type == LX_SOCK_DGRAM && ip_is_multicast(&ip)))
		return -EADDRNOTAVAIL;
	if (port && port < atomic_load(&g_port_start) && !task_capable(t, LX_CAP_NET_BIND_SERVICE))
		return -EACCES;
	mutex_lock(&g_net_lock);
	me->uid = t->cred->euid;
	if (me->bound)
		ret = -EINVAL;
	else if (port == 0)
		ret = pick_port_locked(s, &ip);
	else if (conflict_locked(s, &ip, port))
		ret = -EADDRINUSE;
	else
		take_port_locked(s, &ip, port);
	if (ret == 0) {
		me->explicit_port = port != 0;
		me->explicit_addr = !ip_is_any(&ip);
	}
	mutex_unlock(&g_net_lock);
	return ret;
}

int inet_autobind(struct socket *s, const struct ip_addr *addr)
{
	int ret = 0;

	mutex_lock(&g_net_lock);
	if (!inet_of(s)->bound)
		ret = pick_port_locked(s, addr);
	mutex_unlock(&g_net_lock);
	return ret == -EADDRINUSE ? -EAGAIN : ret;
}

void inet_unbind(struct socket *s)
{
	struct inet_sock *me = inet_of(s);

	mutex_lock(&g_net_lock);
	if (me->bound) {
		list_del_init(&me->link);
		me->bound = false;
	}
	mutex_unlock(&g_net_lock);
}

int inet_match_locked(const struct inet_sock *u, int type, const struct ip_addr *ip, uint16_t port)
{
	if (u->s->type != type || u->lport != port)
		return 0;
	if (ip_equal(&u->laddr, ip))
		return 3;
	if (!ip_is_any(&u->laddr))
		return 0;
	if (ip_is_v4(ip))
		return u->s->family == LX_AF_INET ? 2 : !u->v6only;
	return u->s->family == LX_AF_INET6 ? 2 : 0;
}

int inet_getname(struct socket *s, bool peer, struct sock_addr *ret_a)
{
	struct inet_sock *me = inet_of(s);
	int ret = 0;

	mutex_lock(&g_net_lock);
	if (peer) {
		if (s->state != SS_CONNECTED || !me->rport)
			ret = -ENOTCONN;
		else
			inet_format(s, &me->raddr, me->rport, ret_a);
	} else {
		inet_format(s, &me->laddr, me->lport, ret_a);
	}
	mutex_unlock(&g_net_lock);
	return ret;
}
