/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /sys/class/net and /sys/devices/virtual/net: the interfaces of the container's network namespace,
 * asked for through the broker at each reading (rtnetlink(7)); lo alone without it. See
 * sysfs-class-net in the kernel's ABI documents. Differs from Linux: every interface is shown as a
 * virtual one, and nothing can be written.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <abi/linux/dirent.h>
#include <abi/linux/netlink.h>
#include <abi/linux/socket.h>
#include <abi/linux/stat.h>
#include <base/bits.h>

#include "fs/pseudo/pseudo.h"
#include "fs/sys/sys.h"
#include "net/host/hostnet.h"

#define NAME_MAX_IF 16
#define NR_STATS    24

struct link {
	int index, iflink;
	unsigned int type, flags, addr_len;
	uint32_t mtu, txqlen, group, carrier_changes;
	uint8_t operstate, linkmode, carrier, proto_down;
	uint8_t addr[32], broadcast[32];
	char name[NAME_MAX_IF];
	uint64_t stats[NR_STATS]; /* as struct rtnl_link_stats64 */
};

static const struct link g_only_lo = {
	.index = 1,
	.iflink = 1,
	.type = LX_ARPHRD_LOOPBACK,
	.flags = LX_IFF_UP | LX_IFF_LOOPBACK,
	.addr_len = 6,
	.mtu = 65536,
	.txqlen = 1000,
	.carrier = 1,
	.name = "lo",
};

/* What a walk over the answer looks for: an index at or above `at_least`, the lowest, or a name. */
struct search {
	int at_least;
	const char *name; /* NULL: by index */
	size_t len;
	bool found;
	struct link best;
};

static void take_attr(struct link *l, unsigned int type, const uint8_t *p, size_t n)
{
	const struct {
		unsigned int type;
		void *to;
		size_t size;
	} plain[] = {
		{ LX_IFLA_MTU, &l->mtu, 4 },
		{ LX_IFLA_LINK, &l->iflink, 4 },
		{ LX_IFLA_TXQLEN, &l->txqlen, 4 },
		{ LX_IFLA_GROUP, &l->group, 4 },
		{ LX_IFLA_OPERSTATE, &l->operstate, 1 },
		{ LX_IFLA_LINKMODE, &l->linkmode, 1 },
		{ LX_IFLA_CARRIER, &l->carrier, 1 },
		{ LX_IFLA_CARRIER_CHANGES, &l->carrier_changes, 4 },
		{ LX_IFLA_PROTO_DOWN, &l->proto_down, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		if (plain[i].type == type && n >= plain[i].size)
			memcpy(plain[i].to, p, plain[i].size);
	}
	if (type == LX_IFLA_IFNAME)
		snprintf(l->name, sizeof(l->name), "%.*s", (int)MIN(n, sizeof(l->name)), p);
	if (type == LX_IFLA_ADDRESS) {
		l->addr_len = (unsigned int)MIN(n, sizeof(l->addr));
		memcpy(l->addr, p, l->addr_len);
	}
	if (type == LX_IFLA_BROADCAST)
		memcpy(l->broadcast, p, MIN(n, sizeof(l->broadcast)));
	if (type == LX_IFLA_STATS64)
		memcpy(l->stats, p, MIN(n, sizeof(l->stats)));
}

static void consider(struct search *s, const struct link *l)
{
	bool fits;

	if (s->name)
		fits = strlen(l->name) == s->len && memcmp(l->name, s->name, s->len) == 0;
	else
		fits = l->index >= s->at_least && (!s->found || l->index < s->best.index);
	/* a name is a path component: the kernel sees to that, nobody else does */
	if (!fits || !l->name[0] || strchr(l->name, '/') || strcmp(l->name, ".") == 0 ||
	    strcmp(l->name, "..") == 0)
		return;
	s->best = *l;
	s->found = true;
}

static int take(void *arg, const void *data, size_t size)
{
	const uint8_t *p = data;

	while (size >= sizeof(struct lx_nlmsghdr)) {
		struct lx_ifinfomsg m;
		struct lx_nlmsghdr h;
		struct link l = { 0 };
		size_t at = sizeof(h) + sizeof(m), step;

		memcpy(&h, p, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > size)
			return -EPROTO;
		if (h.nlmsg_type == LX_RTM_NEWLINK && h.nlmsg_len >= at) {
			memcpy(&m, p + sizeof(h), sizeof(m));
			l.index = l.iflink = m.ifi_index;
			l.type = m.ifi_type;
			l.flags = m.ifi_flags;
			while (at + sizeof(struct lx_nlattr) <= h.nlmsg_len) {
				struct lx_nlattr a;

				memcpy(&a, p + at, sizeof(a));
				if (a.nla_len < sizeof(a) || a.nla_len > h.nlmsg_len - at)
					break;
				take_attr(&l, a.nla_type & 0x3fffu, p + at + sizeof(a),
					  a.nla_len - sizeof(a));
				at += (a.nla_len + 3u) & ~3u;
			}
			consider(arg, &l);
		}
		step = (h.nlmsg_len + 3u) & ~(size_t)3;
		if (step >= size)
			break;
		p += step;
		size -= step;
	}
	return 0;
}

static int find(struct search *s)
{
	const struct {
		struct lx_nlmsghdr h;
		struct lx_ifinfomsg m;
	} req = {
		.h = { .nlmsg_len = sizeof(req),
		       .nlmsg_type = LX_RTM_GETLINK,
		       .nlmsg_flags = LX_NLM_F_REQUEST | LX_NLM_F_DUMP },
	};
	int ret = 0;

	if (hostnet_on())
		ret = broker_netlink(LX_NETLINK_ROUTE, &req, sizeof(req), take, s);
	else
		consider(s, &g_only_lo);
	return ret < 0 ? ret : s->found ? 0 : -ENOENT;
}

static int link_of(const struct pseudo_ctx *x, struct link *ret_l)
{
	struct search s = { .at_least = (int)x->arg };
	int ret = find(&s);

	if (ret == 0 && s.best.index != (int)x->arg)
		ret = -ENODEV;
	if (ret == 0)
		*ret_l = s.best;
	return ret;
}

/* --- files --- */

#define ATTR(fn, fmt, value)                                                                       \
	static int fn(const struct pseudo_ctx *x, struct strbuf *out)                              \
	{                                                                                          \
		struct link l;                                                                     \
		int ret = link_of(x, &l);                                                          \
                                                                                                   \
		if (ret == 0)                                                                      \
			strbuf_printf(out, fmt "\n", value);                                       \
		return ret;                                                                        \
	}

static const char *operstate_name(const struct link *l)
{
	static const char *const names[] = { "unknown", "notpresent", "down", "lowerlayerdown",
					     "testing", "dormant",    "up" };

	return names[l->operstate < ARRAY_SIZE(names) ? l->operstate : 0];
}

ATTR(addr_len_show, "%u", l.addr_len)
ATTR(carrier_changes_show, "%u", l.carrier_changes)
ATTR(flags_show, "0x%x", l.flags & 0xffffu & ~(LX_IFF_RUNNING))
ATTR(group_show, "%u", l.group)
ATTR(index_show, "%d", l.index)
ATTR(iflink_show, "%d", l.iflink)
ATTR(linkmode_show, "%u", l.linkmode)
ATTR(mtu_show, "%u", l.mtu)
ATTR(operstate_show, "%s", operstate_name(&l))
ATTR(proto_down_show, "%u", l.proto_down)
ATTR(txqlen_show, "%u", l.txqlen)
ATTR(type_show, "%u", l.type)

static void put_mac(struct strbuf *out, const uint8_t *p, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		strbuf_printf(out, "%s%02x", i ? ":" : "", p[i]);
	strbuf_puts(out, "\n");
}

static int address_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	struct link l;
	int ret = link_of(x, &l);

	if (ret == 0)
		put_mac(out, l.addr, l.addr_len);
	return ret;
}

static int broadcast_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	struct link l;
	int ret = link_of(x, &l);

	if (ret == 0)
		put_mac(out, l.broadcast, l.addr_len);
	return ret;
}

/* Of an interface that is down these cannot be read. */
static int carrier_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	struct link l;
	int ret = link_of(x, &l);

	if (ret == 0 && !(l.flags & LX_IFF_UP))
		ret = -EINVAL;
	if (ret == 0)
		strbuf_printf(out, "%u\n", l.carrier);
	return ret;
}

static int no_value_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	return -EINVAL;
}

static int uevent_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	struct link l;
	int ret = link_of(x, &l);

	if (ret == 0)
		strbuf_printf(out, "INTERFACE=%s\nIFINDEX=%d\n", l.name, l.index);
	return ret;
}

static const char *const stat_names[NR_STATS] = {
	"rx_packets",        "tx_packets",        "rx_bytes",         "tx_bytes",
	"rx_errors",         "tx_errors",         "rx_dropped",       "tx_dropped",
	"multicast",         "collisions",        "rx_length_errors", "rx_over_errors",
	"rx_crc_errors",     "rx_frame_errors",   "rx_fifo_errors",   "rx_missed_errors",
	"tx_aborted_errors", "tx_carrier_errors", "tx_fifo_errors",   "tx_heartbeat_errors",
	"tx_window_errors",  "rx_compressed",     "tx_compressed",    "rx_nohandler",
};

static int stat_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	struct pseudo_ctx of = *x;
	struct link l;
	int ret;

	of.arg = (uint32_t)x->arg;
	ret = link_of(&of, &l);
	if (ret == 0)
		strbuf_printf(out, "%llu\n", (unsigned long long)l.stats[x->arg >> 32]);
	return ret;
}

#define SHOW(n, fn)                                                                                \
	{                                                                                          \
		.name = n, .mode = LX_S_IFREG | 0444, .show = fn, .flags = PSEUDO_SIZE_4K          \
	}
#define RO(n, t)                                                                                   \
	{                                                                                          \
		.name = n, .mode = LX_S_IFREG | 0444, .text = t, .flags = PSEUDO_SIZE_4K           \
	}

static const struct pseudo_node g_stat = SHOW("statistic", stat_show);

static int stats_lookup(const struct pseudo_ctx *x, const char *name, size_t len,
			struct pseudo_child *ret_child)
{
	for (uint64_t i = 0; i < NR_STATS; i++) {
		if (strlen(stat_names[i]) == len && memcmp(stat_names[i], name, len) == 0) {
			ret_child->node = &g_stat;
			ret_child->arg = x->arg | i << 32;
			return 0;
		}
	}
	return -ENOENT;
}

static int stats_next(const struct pseudo_ctx *x, uint64_t cursor, char *name,
		      unsigned int *ret_type, uint64_t *ret_cursor)
{
	if (cursor >= NR_STATS)
		return -ENOENT;
	snprintf(name, 32, "%s", stat_names[cursor]);
	*ret_type = LX_DT_REG;
	*ret_cursor = cursor + 1;
	return 0;
}

static const struct pseudo_node g_if_nodes[] = {
	RO("addr_assign_type", "0\n"),
	SHOW("addr_len", addr_len_show),
	SHOW("address", address_show),
	SHOW("broadcast", broadcast_show),
	SHOW("carrier", carrier_show),
	SHOW("carrier_changes", carrier_changes_show),
	RO("dev_id", "0x0\n"),
	RO("dev_port", "0\n"),
	RO("dormant", "0\n"),
	SHOW("duplex", no_value_show),
	SHOW("flags", flags_show),
	RO("ifalias", ""),
	SHOW("ifindex", index_show),
	SHOW("iflink", iflink_show),
	SHOW("link_mode", linkmode_show),
	SHOW("mtu", mtu_show),
	SHOW("netdev_group", group_show),
	SHOW("operstate", operstate_show),
	SHOW("proto_down", proto_down_show),
	SHOW("speed", no_value_show),
	{ .name = "statistics",
	  .mode = LX_S_IFDIR | 0755,
	  .lookup = stats_lookup,
	  .next = stats_next },
	SHOW("tx_queue_len", txqlen_show),
	SHOW("type", type_show),
	SHOW("uevent", uevent_show),
	{ 0 },
};

/* --- directories --- */

static const struct pseudo_node g_if_dir = { .name = "if",
					     .mode = LX_S_IFDIR | 0755,
					     .children = g_if_nodes };

static ssize_t if_readlink(const struct pseudo_ctx *x, char *buf, size_t size)
{
	struct link l;
	int n = link_of(x, &l);

	if (n == 0)
		n = snprintf(buf, size, "../../devices/virtual/net/%s", l.name);
	return n < 0 ? n : MIN((ssize_t)n, (ssize_t)size - 1);
}

static const struct pseudo_node g_if_link = { .name = "if",
					      .mode = LX_S_IFLNK | 0777,
					      .readlink = if_readlink };

static int if_lookup(const struct pseudo_node *node, const char *name, size_t len,
		     struct pseudo_child *ret_child)
{
	struct search s = { .name = name, .len = len };
	int ret = len < NAME_MAX_IF ? find(&s) : -ENOENT;

	if (ret == 0) {
		ret_child->node = node;
		ret_child->arg = (uint32_t)s.best.index;
	}
	return ret;
}

static int if_next(unsigned int type, uint64_t cursor, char *name, unsigned int *ret_type,
		   uint64_t *ret_cursor)
{
	struct search s = { .at_least = (int)MIN(cursor, (uint64_t)INT32_MAX) };
	int ret = find(&s);

	if (ret < 0)
		return -ENOENT;
	snprintf(name, 32, "%s", s.best.name);
	*ret_type = type;
	*ret_cursor = (uint64_t)s.best.index + 1;
	return 0;
}

int sys_class_net_lookup(const struct pseudo_ctx *x, const char *name, size_t len,
			 struct pseudo_child *ret_child)
{
	return if_lookup(&g_if_link, name, len, ret_child);
}

int sys_class_net_next(const struct pseudo_ctx *x, uint64_t cursor, char *name,
		       unsigned int *ret_type, uint64_t *ret_cursor)
{
	return if_next(LX_DT_LNK, cursor, name, ret_type, ret_cursor);
}

int sys_devices_net_lookup(const struct pseudo_ctx *x, const char *name, size_t len,
			   struct pseudo_child *ret_child)
{
	return if_lookup(&g_if_dir, name, len, ret_child);
}

int sys_devices_net_next(const struct pseudo_ctx *x, uint64_t cursor, char *name,
			 unsigned int *ret_type, uint64_t *ret_cursor)
{
	return if_next(LX_DT_DIR, cursor, name, ret_type, ret_cursor);
}
