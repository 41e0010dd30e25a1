/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest may set and ask on host sockets: options and control messages that concern its own
 * traffic. Left out on purpose: filters (programs for the host's kernel), marks, forced buffers,
 * transparent proxying, routing header and multicast routing, TCP repair, upper-layer protocols.
 * Time-outs stay in the sentry, which does the waiting. See socket(7), ip(7), ipv6(7), tcp(7).
 */
#include <errno.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/socket.h>
#include <base/bits.h>
#include <host/net.h>

#include "kernel/task.h"
#include "net/host/hostnet.h"

/* Numbers that include/abi has no name for. */
#define IP_RECVERR_RFC4884   26
#define MCAST_JOIN_GROUP     42
#define MCAST_LEAVE_GROUP    45
#define MCAST_JOIN_SOURCE    46
#define MCAST_LEAVE_SOURCE   47
#define IPV6_RECVPATHMTU     60
#define IPV6_PATHMTU         61
#define IPV6_DONTFRAG        62
#define IPV6_RECVERR_RFC4884 31
#define UDP_CORK             1
#define UDP_SEGMENT          103
#define UDP_GRO              104
#define ICMP_FILTER          1

enum how { GET = 1, SET = 2, BOTH = 3 };

static const struct row {
	int level, opt;
	enum how how;
} rows[] = {
	{ LX_SOL_SOCKET, LX_SO_DEBUG, GET },
	{ LX_SOL_SOCKET, LX_SO_REUSEADDR, BOTH },
	{ LX_SOL_SOCKET, LX_SO_REUSEPORT, BOTH },
	{ LX_SOL_SOCKET, LX_SO_TYPE, GET },
	{ LX_SOL_SOCKET, LX_SO_PROTOCOL, GET },
	{ LX_SOL_SOCKET, LX_SO_DOMAIN, GET },
	{ LX_SOL_SOCKET, LX_SO_ERROR, GET },
	{ LX_SOL_SOCKET, LX_SO_ACCEPTCONN, GET },
	{ LX_SOL_SOCKET, LX_SO_DONTROUTE, BOTH },
	{ LX_SOL_SOCKET, LX_SO_BROADCAST, BOTH },
	{ LX_SOL_SOCKET, LX_SO_SNDBUF, BOTH },
	{ LX_SOL_SOCKET, LX_SO_RCVBUF, BOTH },
	{ LX_SOL_SOCKET, LX_SO_KEEPALIVE, BOTH },
	{ LX_SOL_SOCKET, LX_SO_OOBINLINE, BOTH },
	{ LX_SOL_SOCKET, LX_SO_NO_CHECK, BOTH },
	{ LX_SOL_SOCKET, LX_SO_PRIORITY, BOTH },
	{ LX_SOL_SOCKET, LX_SO_BSDCOMPAT, BOTH },
	{ LX_SOL_SOCKET, LX_SO_TIMESTAMP, BOTH },
	{ LX_SOL_SOCKET, LX_SO_TIMESTAMPNS, BOTH },
	{ LX_SOL_SOCKET, LX_SO_TIMESTAMP_NEW, BOTH },
	{ LX_SOL_SOCKET, LX_SO_TIMESTAMPNS_NEW, BOTH },
	{ LX_SOL_SOCKET, LX_SO_RCVLOWAT, BOTH },
	{ LX_SOL_SOCKET, LX_SO_SNDLOWAT, BOTH },
	{ LX_SOL_SOCKET, LX_SO_BINDTODEVICE, BOTH },
	{ LX_SOL_SOCKET, LX_SO_MARK, GET },
	{ LX_SOL_SOCKET, LX_SO_RXQ_OVFL, BOTH },
	{ LX_SOL_SOCKET, LX_SO_PEEK_OFF, BOTH },
	{ LX_SOL_SOCKET, LX_SO_INCOMING_CPU, BOTH },
	{ LX_SOL_SOCKET, LX_SO_INCOMING_NAPI_ID, GET },
	{ LX_SOL_SOCKET, LX_SO_MAX_PACING_RATE, BOTH },
	{ LX_SOL_SOCKET, LX_SO_COOKIE, GET },
	{ LX_SOL_SOCKET, LX_SO_MEMINFO, GET },
	{ LX_SOL_IP, LX_IP_TOS, BOTH },
	{ LX_SOL_IP, LX_IP_TTL, BOTH },
	{ LX_SOL_IP, LX_IP_RECVTOS, BOTH },
	{ LX_SOL_IP, LX_IP_RECVTTL, BOTH },
	{ LX_SOL_IP, LX_IP_PKTINFO, BOTH },
	{ LX_SOL_IP, LX_IP_RECVERR, BOTH },
	{ LX_SOL_IP, IP_RECVERR_RFC4884, BOTH },
	{ LX_SOL_IP, LX_IP_MTU_DISCOVER, BOTH },
	{ LX_SOL_IP, LX_IP_MTU, GET },
	{ LX_SOL_IP, LX_IP_MULTICAST_TTL, BOTH },
	{ LX_SOL_IP, LX_IP_MULTICAST_LOOP, BOTH },
	{ LX_SOL_IP, LX_IP_MULTICAST_IF, BOTH },
	{ LX_SOL_IP, LX_IP_MULTICAST_ALL, BOTH },
	{ LX_SOL_IP, LX_IP_ADD_MEMBERSHIP, SET },
	{ LX_SOL_IP, LX_IP_DROP_MEMBERSHIP, SET },
	{ LX_SOL_IP, LX_IP_ADD_SOURCE_MEMBERSHIP, SET },
	{ LX_SOL_IP, LX_IP_DROP_SOURCE_MEMBERSHIP, SET },
	{ LX_SOL_IP, LX_IP_BLOCK_SOURCE, SET },
	{ LX_SOL_IP, LX_IP_UNBLOCK_SOURCE, SET },
	{ LX_SOL_IP, MCAST_JOIN_GROUP, SET },
	{ LX_SOL_IP, MCAST_LEAVE_GROUP, SET },
	{ LX_SOL_IP, MCAST_JOIN_SOURCE, SET },
	{ LX_SOL_IP, MCAST_LEAVE_SOURCE, SET },
	{ LX_SOL_IP, LX_IP_FREEBIND, BOTH },
	{ LX_SOL_IP, LX_IP_BIND_ADDRESS_NO_PORT, BOTH },
	{ LX_SOL_IP, LX_IP_LOCAL_PORT_RANGE, BOTH },
	{ LX_SOL_IP, LX_IP_ORIGDSTADDR, BOTH },
	{ LX_SOL_IP, LX_IP_UNICAST_IF, BOTH },
	{ LX_SOL_IP, LX_IP_MINTTL, BOTH },
	{ LX_SOL_IP, LX_IP_RECVOPTS, BOTH },
	{ LX_SOL_IP, LX_IP_RETOPTS, BOTH },
	{ LX_SOL_IP, LX_IP_OPTIONS, GET },
	{ LX_SOL_IP, LX_IP_HDRINCL, GET },
	{ LX_SOL_IPV6, LX_IPV6_V6ONLY, BOTH },
	{ LX_SOL_IPV6, LX_IPV6_UNICAST_HOPS, BOTH },
	{ LX_SOL_IPV6, LX_IPV6_MULTICAST_HOPS, BOTH },
	{ LX_SOL_IPV6, LX_IPV6_MULTICAST_LOOP, BOTH },
	{ LX_SOL_IPV6, LX_IPV6_MULTICAST_IF, BOTH },
	{ LX_SOL_IPV6, LX_IPV6_MULTICAST_ALL, BOTH },
	{ LX_SOL_IPV6, LX_IPV6_ADD_MEMBERSHIP, SET },
	{ LX_SOL_IPV6, LX_IPV6_DROP_MEMBERSHIP, SET },
	{ LX_SOL_IPV6, MCAST_JOIN_GROUP, SET },
	{ LX_SOL_IPV6, MCAST_LEAVE_GROUP, SET },
	{ LX_SOL_IPV6, MCAST_JOIN_SOURCE, SET },
	{ LX_SOL_IPV6, MCAST_LEAVE_SOURCE, SET },
	{ LX_SOL_IPV6, LX_IPV6_RECVPKTINFO, BOTH },
	{ LX_SOL_IPV6, LX_IPV6_RECVHOPLIMIT, BOTH },
	{ LX_SOL_IPV6, LX_IPV6_RECVTCLASS, BOTH },
	{ LX_SOL_IPV6, LX_IPV6_TCLASS, BOTH },
	{ LX_SOL_IPV6, LX_IPV6_RECVERR, BOTH },
	{ LX_SOL_IPV6, IPV6_RECVERR_RFC4884, BOTH },
	{ LX_SOL_IPV6, LX_IPV6_MTU_DISCOVER, BOTH },
	{ LX_SOL_IPV6, LX_IPV6_MTU, BOTH },
	{ LX_SOL_IPV6, IPV6_RECVPATHMTU, BOTH },
	{ LX_SOL_IPV6, IPV6_PATHMTU, GET },
	{ LX_SOL_IPV6, IPV6_DONTFRAG, BOTH },
	{ LX_SOL_IPV6, LX_IPV6_AUTOFLOWLABEL, BOTH },
	{ LX_SOL_IPV6, LX_IPV6_ADDR_PREFERENCES, BOTH },
	{ LX_SOL_IPV6, LX_IPV6_FREEBIND, BOTH },
	{ LX_SOL_IPV6, LX_IPV6_UNICAST_IF, BOTH },
	{ LX_SOL_IPV6, LX_IPV6_MINHOPCOUNT, BOTH },
	{ LX_SOL_IPV6, LX_IPV6_RECVORIGDSTADDR, BOTH },
	{ LX_SOL_TCP, LX_TCP_NODELAY, BOTH },
	{ LX_SOL_TCP, LX_TCP_MAXSEG, BOTH },
	{ LX_SOL_TCP, LX_TCP_CORK, BOTH },
	{ LX_SOL_TCP, LX_TCP_KEEPIDLE, BOTH },
	{ LX_SOL_TCP, LX_TCP_KEEPINTVL, BOTH },
	{ LX_SOL_TCP, LX_TCP_KEEPCNT, BOTH },
	{ LX_SOL_TCP, LX_TCP_SYNCNT, BOTH },
	{ LX_SOL_TCP, LX_TCP_LINGER2, BOTH },
	{ LX_SOL_TCP, LX_TCP_DEFER_ACCEPT, BOTH },
	{ LX_SOL_TCP, LX_TCP_WINDOW_CLAMP, BOTH },
	{ LX_SOL_TCP, LX_TCP_INFO, GET },
	{ LX_SOL_TCP, LX_TCP_CC_INFO, GET },
	{ LX_SOL_TCP, LX_TCP_QUICKACK, BOTH },
	{ LX_SOL_TCP, LX_TCP_CONGESTION, BOTH },
	{ LX_SOL_TCP, LX_TCP_THIN_LINEAR_TIMEOUTS, BOTH },
	{ LX_SOL_TCP, LX_TCP_THIN_DUPACK, BOTH },
	{ LX_SOL_TCP, LX_TCP_USER_TIMEOUT, BOTH },
	{ LX_SOL_TCP, LX_TCP_FASTOPEN, BOTH },
	{ LX_SOL_TCP, LX_TCP_FASTOPEN_CONNECT, BOTH },
	{ LX_SOL_TCP, LX_TCP_FASTOPEN_NO_COOKIE, BOTH },
	{ LX_SOL_TCP, LX_TCP_TIMESTAMP, GET },
	{ LX_SOL_TCP, LX_TCP_NOTSENT_LOWAT, BOTH },
	{ LX_SOL_TCP, LX_TCP_INQ, BOTH },
	{ LX_SOL_TCP, LX_TCP_ULP, GET },
	{ LX_SOL_UDP, UDP_CORK, BOTH },
	{ LX_SOL_UDP, UDP_SEGMENT, BOTH },
	{ LX_SOL_UDP, UDP_GRO, BOTH },
	{ LX_SOL_RAW, ICMP_FILTER, BOTH },
};

static bool allowed(int level, int opt, enum how how)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].level == level && rows[i].opt == opt)
			return rows[i].how & how;
	}
	return false;
}

/*
 * A close that lingers would wait inside the host's close(), beyond the reach of a kill: only the
 * form that resets the connection is passed on. The rest is sent in the background, as without.
 */
static int set_linger(struct socket *s, int fd, const void *val, size_t size)
{
	struct lx_linger l, out = { 0 };

	if (size < sizeof(l))
		return -EINVAL;
	memcpy(&l, val, sizeof(l));
	s->linger = l;
	if (l.l_onoff && l.l_linger == 0)
		out.l_onoff = 1;
	return host_net_setsockopt(fd, LX_SOL_SOCKET, LX_SO_LINGER, &out, sizeof(out));
}

int hostnet_setsockopt(struct socket *s, int fd, struct task *t, int level, int opt,
		       const void *val, size_t size)
{
	if (level == LX_SOL_SOCKET) {
		switch (opt) {
		case LX_SO_LINGER:
			return set_linger(s, fd, val, size);
		case LX_SO_RCVTIMEO:
		case LX_SO_RCVTIMEO_NEW:
		case LX_SO_SNDTIMEO:
		case LX_SO_SNDTIMEO_NEW:
		case LX_SO_PASSCRED:
		case LX_SO_DEBUG:
		case LX_SO_ZEROCOPY:
			return sock_setsockopt(s, t, opt, val, size);
		case LX_SO_MARK:
		case LX_SO_SNDBUFFORCE:
		case LX_SO_RCVBUFFORCE:
			return -EPERM;
		default:
			break;
		}
	}
	if ((level == LX_SOL_IP && opt == LX_IP_TRANSPARENT) ||
	    (level == LX_SOL_IPV6 && opt == LX_IPV6_TRANSPARENT))
		return -EPERM;
	if (!allowed(level, opt, SET))
		return -ENOPROTOOPT;
	return host_net_setsockopt(fd, level, opt, val, (uint32_t)size);
}

int hostnet_getsockopt(struct socket *s, int fd, struct task *t, int level, int opt, void *buf,
		       size_t *size)
{
	uint32_t len = (uint32_t)*size;
	int ret;

	if (level == LX_SOL_SOCKET) {
		switch (opt) {
		case LX_SO_LINGER:
		case LX_SO_RCVTIMEO:
		case LX_SO_RCVTIMEO_NEW:
		case LX_SO_SNDTIMEO:
		case LX_SO_SNDTIMEO_NEW:
		case LX_SO_PASSCRED:
		case LX_SO_PEERCRED:
		case LX_SO_ZEROCOPY:
			return sock_getsockopt(s, t, opt, buf, size);
		default:
			break;
		}
	}
	if (level != LX_SOL_SOCKET && level != LX_SOL_IP && level != LX_SOL_IPV6 &&
	    level != LX_SOL_TCP && level != LX_SOL_UDP && level != LX_SOL_RAW)
		return -EOPNOTSUPP;
	if (!allowed(level, opt, GET))
		return -ENOPROTOOPT;
	ret = host_net_getsockopt(fd, level, opt, buf, &len);
	if (ret == 0)
		*size = MIN((size_t)len, *size);
	return ret;
}

bool hostnet_cmsg_ok(int level, int type)
{
	switch (level) {
	case LX_SOL_IP:
		return type == LX_IP_PKTINFO || type == LX_IP_TTL || type == LX_IP_TOS;
	case LX_SOL_IPV6:
		return type == LX_IPV6_PKTINFO || type == LX_IPV6_HOPLIMIT ||
		       type == LX_IPV6_TCLASS || type == IPV6_DONTFRAG;
	case LX_SOL_UDP:
		return type == UDP_SEGMENT;
	default:
		return false;
	}
}
