/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AF_INET and AF_INET6 over the loopback device: addresses, ports and the state of TCP and UDP
 * sockets. No packets are made: a connection is a pair of queues, a datagram goes straight into its
 * receiver's queue. See ip(7), ipv6(7).
 */
#pragma once

#include "net/socket.h"

/* An address of either family: IPv4 is kept as ::ffff:a.b.c.d. */
struct ip_addr {
	uint8_t b[16];
};

struct inet_sock {
	struct socket *s;      /* borrowed: whose this is */
	struct list_head link; /* g_inet_bound while it has a port; g_net_lock */
	bool bound, explicit_port, explicit_addr;
	struct ip_addr laddr, raddr; /* g_net_lock */
	uint16_t lport, rport;       /* host order */
	uint32_t uid;                /* for SO_REUSEPORT */
	bool v6only, got_rst;
	/* options that are kept and given back, by number */
	int ip_opt[64], ipv6_opt[96], tcp_opt[48];
	uint64_t opt_set[3];
};

static inline struct inet_sock *inet_of(struct socket *s)
{
	return s->priv;
}

extern const struct sock_ops tcp_ops, udp_ops;

/* --- addr.c --- */
bool ip_is_any(const struct ip_addr *a);
bool ip_is_v4(const struct ip_addr *a);
bool ip_is_loopback(const struct ip_addr *a);
bool ip_is_multicast(const struct ip_addr *a);
bool ip_equal(const struct ip_addr *a, const struct ip_addr *b);
/* From what the guest gave. -EINVAL, -EAFNOSUPPORT. */
int inet_parse(struct socket *s, const struct sock_addr *a, struct ip_addr *ret_ip,
	       uint16_t *ret_port);
/* As a sockaddr of the socket's family. */
void inet_format(struct socket *s, const struct ip_addr *ip, uint16_t port,
		 struct sock_addr *ret_a);
/* Where bytes for ip go: the loopback address meant; -ENETUNREACH for everything else. */
int inet_route(struct socket *s, struct ip_addr *ip);
/* net.ipv4.ip_unprivileged_port_start, from its text. */
void inet_set_port_start(const char *text);
int inet_bind(struct socket *s, struct task *t, const struct sock_addr *a);
/* Any free port on addr, if there is none yet. */
int inet_autobind(struct socket *s, const struct ip_addr *addr);
void inet_unbind(struct socket *s);
int inet_getname(struct socket *s, bool peer, struct sock_addr *ret_a);
/* Walks all sockets with a port, under g_net_lock. */
extern struct list_head g_inet_bound;
/* How well u listens to (ip, port): 0 not at all, more is better. g_net_lock. */
int inet_match_locked(const struct inet_sock *u, int type, const struct ip_addr *ip, uint16_t port);

/* --- opts.c --- */
int inet_setsockopt(struct socket *s, struct task *t, int level, int opt, const void *val,
		    size_t size);
int inet_getsockopt(struct socket *s, struct task *t, int level, int opt, void *buf, size_t *size);
bool inet_opt(struct socket *s, int level, int opt);
long inet_ioctl(struct socket *s, struct task *t, unsigned int cmd, uaddr_t arg);
