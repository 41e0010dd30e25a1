/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network broker (`husk broker`): started in the container's network namespace, it opens
 * internet sockets there for a sentry that may not, and reads the namespace's tables. It confines
 * itself first: an empty root but for a descriptor of /proc/net, no capabilities but those for low
 * ports and raw ICMP, its own seccomp program. It knows no guest and keeps no socket. See
 * include/proto/broker.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/seccomp.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/bits.h"
#include "broker_filter.h"
#include "conn_fd.h"
#include "host/host.h"
#include "proto/broker.h"
#include "proto/roles.h"

#define CAPS_KEPT (BIT64(CAP_NET_BIND_SERVICE) | BIT64(CAP_NET_RAW))

static const char *const proc_files[] = {
#define NAME(name) name,
	BROKER_PROC_FILES(NAME)
};

static int g_proc_net = -1;

static int fail(const char *what)
{
	int err = errno;

	fprintf(stderr, "husk broker: %s: %s\n", what, strerror(err));
	return -err;
}

/* --- requests --- */

static void reply(int error, const void *data, size_t size, bool more, int fd)
{
	struct broker_rep r = { .error = error, .size = (uint32_t)size, .more = more };
	struct host_iov iov[2] = { { &r, sizeof(r) }, { (void *)(uintptr_t)data, size } };

	/* a sentry that is gone shows at the next receive */
	(void)host_sendv(BROKER_CONN_FD, iov, size ? 2 : 1, &fd, fd >= 0, 0);
}

/* Which sockets a guest of this mode may have. The sentry has judged its capabilities. */
static bool socket_allowed(int family, int type, int protocol)
{
	if (family != AF_INET && family != AF_INET6)
		return false;
	switch (type) {
	case SOCK_STREAM:
		return protocol == 0 || protocol == IPPROTO_TCP || protocol == 262 /* MPTCP */;
	case SOCK_DGRAM:
		return protocol == 0 || protocol == IPPROTO_UDP ||
		       protocol == (family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	case SOCK_RAW:
		return protocol == (family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	default:
		return false;
	}
}

static void do_socket(const struct broker_req *q)
{
	auto_close int fd = -1;

	if (!socket_allowed(q->a, q->b, q->c)) {
		reply(-EPROTONOSUPPORT, NULL, 0, false, -1);
		return;
	}
	fd = socket(q->a, q->b | SOCK_CLOEXEC | SOCK_NONBLOCK, q->c);
	reply(fd < 0 ? -errno : 0, NULL, 0, false, fd);
}

static void do_bind(const struct broker_req *q, int fd)
{
	struct sockaddr_storage a = { 0 };
	int family = 0, ret;
	socklen_t len = sizeof(family);

	if (fd < 0 || q->size > sizeof(a) || q->size < sizeof(a.ss_family)) {
		reply(-EINVAL, NULL, 0, false, -1);
		return;
	}
	memcpy(&a, q->data, q->size);
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) < 0)
		family = AF_UNSPEC;
	if ((family != AF_INET && family != AF_INET6) ||
	    (a.ss_family != AF_INET && a.ss_family != AF_INET6)) {
		reply(-EAFNOSUPPORT, NULL, 0, false, -1);
		return;
	}
	ret = bind(fd, (struct sockaddr *)&a, q->size);
	reply(ret < 0 ? -errno : 0, NULL, 0, false, -1);
}

/* first: the first byte of the body */
static bool request_allowed(int protocol, const struct nlmsghdr *h, uint8_t first)
{
	if (!(h->nlmsg_flags & NLM_F_REQUEST))
		return false;
	/* Unix sockets of the namespace are nobody's business in there */
	if (protocol == NETLINK_SOCK_DIAG)
		return h->nlmsg_type == SOCK_DIAG_BY_FAMILY && h->nlmsg_len > sizeof(*h) &&
		       (first == AF_INET || first == AF_INET6);
	switch (h->nlmsg_type) {
	case RTM_GETLINK:
	case RTM_GETADDR:
	case RTM_GETROUTE:
	case RTM_GETNEIGH:
	case RTM_GETRULE:
	case RTM_GETNEIGHTBL:
	case RTM_GETADDRLABEL:
	case RTM_GETNETCONF:
		return true;
	default:
		return false;
	}
}

/* Does this datagram end the answer? */
static bool last_datagram(const char *buf, size_t size, bool dump)
{
	for (size_t at = 0; size - at >= sizeof(struct nlmsghdr);) {
		struct nlmsghdr h;

		memcpy(&h, buf + at, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > size - at)
			return true;
		if (h.nlmsg_type == NLMSG_DONE || h.nlmsg_type == NLMSG_ERROR)
			return true;
		if (NLMSG_ALIGN(h.nlmsg_len) > size - at)
			break;
		at += NLMSG_ALIGN(h.nlmsg_len);
	}
	return !dump;
}

static void do_netlink(const struct broker_req *q)
{
	static char buf[BROKER_DATA_MAX];
	struct nlmsghdr h;
	auto_close int s = -1;
	bool dump, last;

	if (q->size < sizeof(h) || (q->a != NETLINK_ROUTE && q->a != NETLINK_SOCK_DIAG)) {
		reply(-EINVAL, NULL, 0, false, -1);
		return;
	}
	memcpy(buf, q->data, q->size);
	memcpy(&h, buf, sizeof(h));
	if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > q->size ||
	    !request_allowed(q->a, &h, (uint8_t)buf[sizeof(h)])) {
		reply(-EPERM, NULL, 0, false, -1);
		return;
	}
	dump = (h.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	h.nlmsg_flags &= (uint16_t)~NLM_F_ACK;
	memcpy(buf, &h, sizeof(h));
	s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, q->a);
	if (s < 0 || send(s, buf, h.nlmsg_len, 0) < 0) {
		reply(-errno, NULL, 0, false, -1);
		return;
	}
	do {
		ssize_t n = recv(s, buf, sizeof(buf), 0);

		if (n < 0) {
			reply(-errno, NULL, 0, false, -1);
			return;
		}
		last = last_datagram(buf, (size_t)n, dump);
		reply(0, buf, (size_t)n, !last, -1);
	} while (!last);
}

static void do_proc(const struct broker_req *q)
{
	static char buf[BROKER_DATA_MAX];
	auto_close int fd = -1;
	ssize_t n;

	if (q->a < 0 || (size_t)q->a >= ARRAY_SIZE(proc_files)) {
		reply(-ENOENT, NULL, 0, false, -1);
		return;
	}
	fd = openat(g_proc_net, proc_files[q->a], O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		reply(-errno, NULL, 0, false, -1);
		return;
	}
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		reply(0, buf, (size_t)n, true, -1);
	reply(n < 0 ? -errno : 0, NULL, 0, false, -1);
}

static int serve(void)
{
	static uint64_t packet[(sizeof(struct broker_req) + BROKER_DATA_MAX) / 8];

	for (;;) {
		unsigned int nr = 1;
		auto_close int fd = -1;
		const struct broker_req *q;
		int got = -1;
		ssize_t n = host_recv(BROKER_CONN_FD, packet, sizeof(packet), &got, &nr, 0);

		if (n <= 0)
			return n == 0 || n == -ECONNRESET ? 0 : 1;
		fd = nr ? got : -1;
		q = broker_req_decode(packet, (size_t)n);
		if (!q)
			return 1;
		if (q->op == BROKER_SOCKET)
			do_socket(q);
		else if (q->op == BROKER_BIND)
			do_bind(q, fd);
		else if (q->op == BROKER_NETLINK)
			do_netlink(q);
		else
			do_proc(q);
	}
}

/* --- walls --- */

static int drop_caps(void)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];
	uint64_t keep;

	if (syscall(SYS_capget, &h, d) < 0)
		return fail("capget");
	keep = CAPS_KEPT & ((uint64_t)d[1].permitted << 32 | d[0].permitted);
	for (int cap = 0; cap < 64; cap++) {
		/* without CAP_SETPCAP this fails; no_new_privs makes the set meaningless anyway */
		if (!(CAPS_KEPT & BIT64(cap)) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			break;
	}
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (int i = 0; i < 2; i++) {
		d[i].permitted = d[i].effective = (uint32_t)(keep >> (32 * i));
		d[i].inheritable = 0;
	}
	return syscall(SYS_capset, &h, d) < 0 ? fail("capset") : 0;
}

/* The caller has a mount namespace to itself. Only /proc/net of our network namespace is kept. */
static int empty_root(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return fail("making mounts private");
	g_proc_net = open("/proc/thread-self/net", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (g_proc_net < 0)
		return fail("/proc/net");
	if (mount("none", "/proc", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  "size=4k,nr_inodes=2,mode=555") < 0)
		return fail("mounting an empty root");
	if (chdir("/proc") < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		return fail("changing the root");
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return fail("leaving the old root");
	return 0;
}

static int confine(void)
{
	static const struct rlimit none = { 0, 0 };
	struct sock_fprog prog = {
		.len = ARRAY_SIZE(broker_filter),
		.filter = (struct sock_filter *)broker_filter,
	};

	if (unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		return fail("unshare");
	if (empty_root() < 0)
		return -1;
	if (setgroups(0, NULL) < 0 && errno != EPERM)
		return fail("setgroups");
	if (drop_caps() < 0)
		return -1;
	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return fail("setrlimit");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail("prctl");
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) != 0)
		return fail("seccomp");
	return 0;
}

int broker_main(int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[1], "--serve") != 0) {
		fprintf(stderr, "husk broker: started by other husk commands only\n");
		return 2;
	}
	prctl(PR_SET_NAME, "husk-broker");
	if (confine() < 0)
		return 1;
	return serve();
}
