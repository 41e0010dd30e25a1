/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc/net: what netstat(8) and monitoring libraries read (proc_pid_net(5)). Locking: g_net_lock
 * while listing.
 */
#include <errno.h>
#include <string.h>

#include <abi/linux/stat.h>

#include "fs/proc/proc.h"
#include "net/host/hostnet.h"
#include "net/loopback/inet.h"
#include "net/unix/unix.h"

static int dev_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	if (hostnet_on())
		return broker_proc(x->node->name, out);
	strbuf_puts(
		out,
		"Inter-|   Receive                                                |  Transmit\n"
		" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo "
		"colls carrier compressed\n"
		"    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     "
		"0       0          0\n");
	return 0;
}

static void put_ip(struct strbuf *out, const struct inet_sock *u, const struct ip_addr *ip,
		   uint16_t port)
{
	uint32_t w[4];

	memcpy(w, ip->b, 16);
	if (u->s->family == LX_AF_INET)
		strbuf_printf(out, "%08X:%04X ", w[3], port);
	else
		strbuf_printf(out, "%08X%08X%08X%08X:%04X ", w[0], w[1], w[2], w[3], port);
}

static unsigned int tcp_state(const struct socket *s)
{
	switch (s->state) {
	case SS_LISTENING:
		return LX_TCP_LISTEN;
	case SS_CONNECTED:
		return LX_TCP_ESTABLISHED;
	default:
		return LX_TCP_CLOSE;
	}
}

static int inet_show(struct strbuf *out, int family, int type)
{
	struct inet_sock *u;
	int n = 0;

	strbuf_puts(
		out,
		family == LX_AF_INET ?
			"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" :
			"  sl  local_address                         remote_address                        st tx_queue "
			"rx_queue tr tm->when retrnsmt   uid  timeout inode\n");
	mutex_lock(&g_net_lock);
	list_for_each_entry(u, &g_inet_bound, link) {
		if (u->s->family != family || u->s->type != type)
			continue;
		strbuf_printf(out, "%4d: ", n++);
		put_ip(out, u, &u->laddr, u->lport);
		put_ip(out, u, &u->raddr, u->rport);
		strbuf_printf(
			out,
			"%02X 00000000:00000000 00:00000000 00000000 %5u        0 %llu 1 0000000000000000 100 0 0 10 0\n",
			type == LX_SOCK_STREAM ? tcp_state(u->s) :
			u->rport               ? 1u :
						 7u,
			u->uid, (unsigned long long)u->s->ino);
	}
	mutex_unlock(&g_net_lock);
	return 0;
}

static int tcp_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	return inet_show(out, LX_AF_INET, LX_SOCK_STREAM);

	if (hostnet_on())
		return broker_proc(x->node->name, out);
}

static int tcp6_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	return inet_show(out, LX_AF_INET6, LX_SOCK_STREAM);

	if (hostnet_on())
		return broker_proc(x->node->name, out);
}

static int udp_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	return inet_show(out, LX_AF_INET, LX_SOCK_DGRAM);

	if (hostnet_on())
		return broker_proc(x->node->name, out);
}

static int udp6_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	return inet_show(out, LX_AF_INET6, LX_SOCK_DGRAM);

	if (hostnet_on())
		return broker_proc(x->node->name, out);
}

static int unix_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	const size_t off = offsetof(struct lx_sockaddr_un, sun_path);
	struct socket *s;

	strbuf_puts(out, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	mutex_lock(&g_net_lock);
	list_for_each_entry(s, &g_sockets, table_link) {
		const struct sock_addr *name;

		if (s->family != LX_AF_UNIX || !s->priv)
			continue;
		name = unix_of(s)->name;
		strbuf_printf(out, "%016x: %08X 00000000 %08X %04X %02X %5llu", 0, 2,
			      s->state == SS_LISTENING ? 0x10000 : 0, s->type,
			      s->state == SS_CONNECTED ? 3 : 1, (unsigned long long)s->ino);
		if (name && name->len > off) {
			strbuf_puts(out, " ");
			for (size_t i = 0; i < name->len - off; i++) {
				char c = name->un.sun_path[i];

				if (c || i == 0)
					strbuf_add(out, c ? &c : "@", 1);
			}
		}
		strbuf_puts(out, "\n");
	}
	mutex_unlock(&g_net_lock);
	return 0;
}

static int sockstat_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	unsigned int all = 0, tcp = 0, udp = 0;
	struct socket *s;

	if (hostnet_on())
		return broker_proc(x->node->name, out);
	mutex_lock(&g_net_lock);
	list_for_each_entry(s, &g_sockets, table_link) {
		all++;
		tcp += s->family == LX_AF_INET && s->type == LX_SOCK_STREAM;
		udp += s->family == LX_AF_INET && s->type == LX_SOCK_DGRAM;
	}
	mutex_unlock(&g_net_lock);
	strbuf_printf(
		out,
		"sockets: used %u\nTCP: inuse %u orphan 0 tw 0 alloc %u mem 0\nUDP: inuse %u mem 0\n"
		"UDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n",
		all, tcp, tcp, udp);
	return 0;
}

#define RO(n, t)                                                                                   \
	{                                                                                          \
		.name = n, .mode = LX_S_IFREG | 0444, .text = t, .flags = PSEUDO_OWNER_ROOT        \
	}
/* Of the container's namespace if there is one, else what an empty one shows. */
static int hosted_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	if (hostnet_on())
		return broker_proc(x->node->name, out);
	strbuf_puts(out, x->node->text);
	return 0;
}

#define HOSTED(n, t)                                                                               \
	{                                                                                          \
		.name = n, .mode = LX_S_IFREG | 0444, .show = hosted_show, .text = t,              \
		.flags = PSEUDO_OWNER_ROOT                                                         \
	}
#define SHOW(n, fn)                                                                                \
	{                                                                                          \
		.name = n, .mode = LX_S_IFREG | 0444, .show = fn, .flags = PSEUDO_OWNER_ROOT       \
	}

const struct pseudo_node proc_net_nodes[] = {
	HOSTED("arp",
	       "IP address       HW type     Flags       HW address            Mask     Device\n"),
	SHOW("dev", dev_show),
	HOSTED("if_inet6", "00000000000000000000000000000001 01 80 10 80       lo\n"),
	HOSTED("igmp", "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n"),
	HOSTED("ipv6_route", ""),
	RO("netlink",
	   "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n"),
	RO("packet", "sk       RefCnt Type Proto  Iface R Rmem   User   Inode\n"),
	HOSTED("protocols",
	       "protocol  size sockets  memory press maxhdr  slab module     cl co di ac io in de sh ss gs se re sp bi "
	       "br ha uh gp em\n"),
	HOSTED("raw",
	       "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer "
	       "drops\n"),
	HOSTED("route",
	       "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"),
	SHOW("sockstat", sockstat_show),
	SHOW("tcp", tcp_show),
	SHOW("tcp6", tcp6_show),
	SHOW("udp", udp_show),
	SHOW("udp6", udp6_show),
	SHOW("unix", unix_show),
	{ 0 },
};
const struct pseudo_node proc_sysvipc_nodes[] = {
	RO("msg",
	   "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      "
	   "ctime\n"),
	RO("sem",
	   "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n"),
	RO("shm",
	   "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      "
	   "dtime      ctime                   rss                  swap\n"),
	{ 0 },
};
