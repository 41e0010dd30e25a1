/* SPDX-License-Identifier: Apache-2.0 */
/* Printers of vectors and of what sockets take: iovec, msghdr, addresses, options. */
#include <string.h>

#include <abi/linux/netlink.h>
#include <abi/linux/socket.h>
#include <abi/linux/time.h>
#include <abi/linux/uio.h>
#include <base/bits.h>

#include "kernel/task.h"
#include "syscalls/trace_int.h"

static uint64_t val(struct trace *tr, unsigned int n)
{
	return tr->args->a[n];
}

/* left: how many bytes of the vectors mean something (the result of a read). */
static void iovec(struct trace *tr, uint64_t addr, uint64_t nr, uint64_t left)
{
	if (!addr) {
		tr_puts(tr, "NULL");
		return;
	}
	tr_puts(tr, "[");
	for (uint64_t i = 0; i < nr; i++) {
		struct lx_iovec v;

		if (i)
			tr_puts(tr, ", ");
		if (i == TRACE_NR_MAX) {
			tr_puts(tr, "...");
			break;
		}
		if (!tr_read(tr, &v, addr + i * sizeof(v), sizeof(v)))
			break;
		tr_puts(tr, "{iov_base=");
		tr_guest_bytes(tr, v.iov_base, MIN(v.iov_len, left));
		tr_printf(tr, ", iov_len=%lu}", (unsigned long)v.iov_len);
		left -= MIN(v.iov_len, left);
	}
	tr_puts(tr, "]");
}

void trace_print_in_iovec(struct trace *tr, unsigned int n)
{
	iovec(tr, val(tr, n), val(tr, n + 1), UINT64_MAX);
}

void trace_print_out_iovec(struct trace *tr, unsigned int n)
{
	if (tr->ret < 0)
		tr_addr(tr, val(tr, n));
	else
		iovec(tr, val(tr, n), val(tr, n + 1), (uint64_t)tr->ret);
}

static void inet6(struct trace *tr, const struct lx_in6_addr *a)
{
	int best = -1, best_len = 1;

	for (int i = 0; i < 8; i++) { /* the longest run of zero groups becomes :: */
		int len = 0;

		while (i + len < 8 && !a->s6_addr[2 * (i + len)] && !a->s6_addr[2 * (i + len) + 1])
			len++;
		if (len > best_len) {
			best = i;
			best_len = len;
		}
	}
	for (int i = 0; i < 8; i++) {
		if (i == best) {
			tr_puts(tr, "::");
			i += best_len - 1;
			continue;
		}
		tr_printf(tr, "%s%x", i && i != best + best_len ? ":" : "",
			  a->s6_addr[2 * i] << 8 | a->s6_addr[2 * i + 1]);
	}
}

static unsigned int be16(uint16_t v)
{
	return __builtin_bswap16(v);
}

void tr_sockaddr(struct trace *tr, uint64_t addr, uint64_t len)
{
	union {
		uint16_t family;
		struct lx_sockaddr_un un;
		struct lx_sockaddr_in in;
		struct lx_sockaddr_in6 in6;
		struct lx_sockaddr_nl nl;
		uint8_t bytes[128];
	} sa = { .bytes = { 0 } };
	size_t n = (size_t)MIN(len, (uint64_t)sizeof(sa));
	const uint8_t *ip;

	if (n < sizeof(sa.family)) {
		tr_addr(tr, addr);
		return;
	}
	if (!tr_read(tr, &sa, addr, n))
		return;
	tr_puts(tr, "{sa_family=");
	tr_enum(tr, sa.family, trace_names_sock_family);
	switch (sa.family) {
	case LX_AF_UNIX:
		n = MIN(n - 2, sizeof(sa.un.sun_path));
		if (n && sa.un.sun_path[0] == '\0') {
			tr_puts(tr, ", sun_path=@");
			tr_quote(tr, sa.un.sun_path + 1, n - 1, false);
		} else if (n) {
			tr_puts(tr, ", sun_path=");
			tr_quote(tr, sa.un.sun_path, strnlen(sa.un.sun_path, n), false);
		}
		break;
	case LX_AF_INET:
		ip = (const uint8_t *)&sa.in.sin_addr;
		tr_printf(tr, ", sin_port=htons(%u), sin_addr=inet_addr(\"%u.%u.%u.%u\")",
			  be16(sa.in.sin_port), ip[0], ip[1], ip[2], ip[3]);
		break;
	case LX_AF_INET6:
		tr_printf(tr,
			  ", sin6_port=htons(%u), sin6_flowinfo=htonl(%u), inet_pton(AF_INET6, \"",
			  be16(sa.in6.sin6_port), __builtin_bswap32(sa.in6.sin6_flowinfo));
		inet6(tr, &sa.in6.sin6_addr);
		tr_printf(tr, "\", &sin6_addr), sin6_scope_id=%u", sa.in6.sin6_scope_id);
		break;
	case LX_AF_NETLINK:
		tr_printf(tr, ", nl_pid=%u, nl_groups=%08x", sa.nl.nl_pid, sa.nl.nl_groups);
		break;
	default:
		tr_puts(tr, ", ...");
		break;
	}
	tr_puts(tr, "}");
}

void trace_print_in_sockaddr(struct trace *tr, unsigned int n)
{
	tr_sockaddr(tr, val(tr, n), (uint32_t)val(tr, n + 1));
}

void trace_print_out_sockaddr(struct trace *tr, unsigned int n)
{
	uint32_t len;

	if (tr->ret < 0 || !val(tr, n) || copyin(tr->t, &len, val(tr, n + 1), sizeof(len)))
		tr_addr(tr, val(tr, n));
	else
		tr_sockaddr(tr, val(tr, n), len);
}

void trace_note_socklen(struct trace *tr)
{
	tr->socklen = -1;
	for (unsigned int n = 0; n < tr->row->nr_args; n++) {
		int32_t len;

		if (tr->row->args[n] == ARG_INOUT_SOCKLEN && val(tr, n) &&
		    !copyin(tr->t, &len, val(tr, n), sizeof(len)))
			tr->socklen = len;
	}
}

/* [in => out], or one number if the call left it alone. */
void trace_print_socklen(struct trace *tr, unsigned int n)
{
	int32_t len;

	if (tr->socklen < 0 || !val(tr, n) || copyin(tr->t, &len, val(tr, n), sizeof(len)))
		tr_addr(tr, val(tr, n));
	else if (tr->ret < 0 || len == tr->socklen)
		tr_printf(tr, "[%d]", tr->socklen);
	else
		tr_printf(tr, "[%d => %d]", tr->socklen, len);
}

static void control(struct trace *tr, uint64_t addr, uint64_t len)
{
	uint64_t at = 0;
	bool first = true;

	tr_puts(tr, "[");
	while (len >= sizeof(struct lx_cmsghdr) && at <= len - sizeof(struct lx_cmsghdr)) {
		struct lx_cmsghdr c;
		uint64_t body, left = len - at;

		if (!tr_read(tr, &c, addr + at, sizeof(c)) || c.cmsg_len < sizeof(c) ||
		    c.cmsg_len > left)
			break;
		body = c.cmsg_len - sizeof(c);
		tr_printf(tr, "%s{cmsg_len=%lu, cmsg_level=", first ? "" : ", ",
			  (unsigned long)c.cmsg_len);
		first = false;
		tr_enum(tr, (uint32_t)c.cmsg_level, trace_names_sock_level);
		if (c.cmsg_level == LX_SOL_SOCKET && c.cmsg_type == LX_SCM_RIGHTS) {
			int32_t fds[TRACE_NR_MAX];
			uint64_t nr = MIN(body / 4, (uint64_t)TRACE_NR_MAX);

			tr_puts(tr, ", cmsg_type=SCM_RIGHTS, cmsg_data=[");
			if (nr && !copyin(tr->t, fds, addr + at + sizeof(c), nr * 4))
				for (uint64_t i = 0; i < nr; i++)
					tr_printf(tr, "%s%d", i ? ", " : "", fds[i]);
			tr_puts(tr, "]}");
		} else if (c.cmsg_level == LX_SOL_SOCKET && c.cmsg_type == LX_SCM_CREDENTIALS) {
			struct lx_ucred u = { 0 };

			copyin(tr->t, &u, addr + at + sizeof(c), MIN(body, (uint64_t)sizeof(u)));
			tr_printf(
				tr,
				", cmsg_type=SCM_CREDENTIALS, cmsg_data={pid=%d, uid=%u, gid=%u}}",
				u.pid, u.uid, u.gid);
		} else {
			tr_printf(tr, ", cmsg_type=%#x}", (uint32_t)c.cmsg_type);
		}
		if (LX_CMSG_ALIGN(c.cmsg_len) > left)
			break;
		at += LX_CMSG_ALIGN(c.cmsg_len);
	}
	tr_puts(tr, "]");
}

static void msghdr(struct trace *tr, uint64_t addr, uint64_t left)
{
	struct lx_msghdr m;

	if (!tr_read(tr, &m, addr, sizeof(m)))
		return;
	tr_puts(tr, "{msg_name=");
	if (m.msg_name)
		tr_sockaddr(tr, m.msg_name, (uint32_t)m.msg_namelen);
	else
		tr_puts(tr, "NULL");
	tr_printf(tr, ", msg_namelen=%d, msg_iov=", m.msg_namelen);
	iovec(tr, m.msg_iov, m.msg_iovlen, left);
	tr_printf(tr, ", msg_iovlen=%lu", (unsigned long)m.msg_iovlen);
	if (m.msg_control && m.msg_controllen) {
		tr_puts(tr, ", msg_control=");
		control(tr, m.msg_control, m.msg_controllen);
	}
	tr_printf(tr, ", msg_controllen=%lu, msg_flags=", (unsigned long)m.msg_controllen);
	tr_flags(tr, m.msg_flags, trace_names_msg_flags);
	tr_puts(tr, "}");
}

void trace_print_in_msghdr(struct trace *tr, unsigned int n)
{
	msghdr(tr, val(tr, n), UINT64_MAX);
}

void trace_print_out_msghdr(struct trace *tr, unsigned int n)
{
	if (tr->ret < 0)
		tr_addr(tr, val(tr, n));
	else
		msghdr(tr, val(tr, n), (uint64_t)tr->ret);
}

static void sockopt(struct trace *tr, uint64_t addr, uint32_t len)
{
	int32_t v[4];

	switch (len) {
	case sizeof(int32_t):
		if (tr_read(tr, v, addr, sizeof(v[0])))
			tr_printf(tr, "[%d]", v[0]);
		break;
	case sizeof(struct lx_linger):
		if (tr_read(tr, v, addr, 2 * sizeof(v[0])))
			tr_printf(tr, "{%d, %d}", v[0], v[1]);
		break;
	case sizeof(struct lx_ucred):
		if (tr_read(tr, v, addr, 3 * sizeof(v[0])))
			tr_printf(tr, "{pid=%d, uid=%d, gid=%d}", v[0], v[1], v[2]);
		break;
	default:
		tr_guest_bytes(tr, addr, len);
		break;
	}
}

void trace_print_in_sockopt(struct trace *tr, unsigned int n)
{
	sockopt(tr, val(tr, n), (uint32_t)val(tr, n + 1));
}

void trace_print_out_sockopt(struct trace *tr, unsigned int n)
{
	uint32_t len;

	if (tr->ret < 0 || copyin(tr->t, &len, val(tr, n + 1), sizeof(len)))
		tr_addr(tr, val(tr, n));
	else
		sockopt(tr, val(tr, n), len);
}
