/* SPDX-License-Identifier: Apache-2.0 */
/* Host calls on donated internet sockets: see host/net.h. */
#include "host/net.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/bits.h"
#include "rawcall.h"

int host_net_bind(int fd, const void *addr, uint32_t len)
{
	return (int)HOST_CALL(SYS_bind, fd, addr, len);
}

int host_net_connect(int fd, const void *addr, uint32_t len)
{
	return (int)HOST_CALL(SYS_connect, fd, addr, len);
}

int host_net_listen(int fd, int backlog)
{
	return (int)HOST_CALL(SYS_listen, fd, backlog);
}

int host_net_accept(int fd)
{
	return (int)HOST_CALL(SYS_accept4, fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

int host_net_getname(int fd, bool peer, void *addr, uint32_t *len)
{
	return (int)(peer ? HOST_CALL(SYS_getpeername, fd, addr, len) :
			    HOST_CALL(SYS_getsockname, fd, addr, len));
}

int host_net_setsockopt(int fd, int level, int opt, const void *val, uint32_t size)
{
	return (int)HOST_CALL(SYS_setsockopt, fd, level, opt, val, size);
}

int host_net_getsockopt(int fd, int level, int opt, void *val, uint32_t *size)
{
	return (int)HOST_CALL(SYS_getsockopt, fd, level, opt, val, size);
}

int host_net_shutdown(int fd, int how)
{
	return (int)HOST_CALL(SYS_shutdown, fd, how);
}

static void fill(struct msghdr *h, const struct host_net_msg *m)
{
	*h = (struct msghdr){
		.msg_name = m->name,
		.msg_namelen = m->name ? m->name_len : 0,
		.msg_iov = (struct iovec *)(uintptr_t)m->iov,
		.msg_iovlen = (size_t)m->nr_iov,
		.msg_control = m->control,
		.msg_controllen = m->control ? m->control_len : 0,
	};
}

ssize_t host_net_send(int fd, const struct host_net_msg *m, int flags)
{
	struct msghdr h;

	fill(&h, m);
	return HOST_CALL(SYS_sendmsg, fd, &h, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
}

ssize_t host_net_recv(int fd, struct host_net_msg *m, int flags)
{
	struct msghdr h;
	long ret;

	fill(&h, m);
	ret = HOST_CALL(SYS_recvmsg, fd, &h, flags | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (ret >= 0) {
		m->name_len = h.msg_namelen;
		m->control_len = h.msg_controllen;
		m->flags = h.msg_flags;
	}
	return ret;
}

int host_net_ioctl(int fd, unsigned int cmd, void *arg)
{
	return (int)HOST_CALL(SYS_ioctl, fd, cmd, arg);
}

int host_epoll_new(void)
{
	return (int)HOST_CALL(SYS_epoll_create1, EPOLL_CLOEXEC);
}

int host_epoll_add(int ep, int fd, uint64_t data)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET,
				  .data.u64 = data };

	return (int)HOST_CALL(SYS_epoll_ctl, ep, EPOLL_CTL_ADD, fd, &ev);
}

int host_epoll_wait(int ep, struct host_epoll_event *ev, int max)
{
	struct epoll_event got[64];
	long n = HOST_CALL(SYS_epoll_pwait, ep, got, MIN(max, 64), -1, NULL, 0);

	if (n == -EINTR)
		return 0;
	for (long i = 0; i < n; i++)
		ev[i] = (struct host_epoll_event){ got[i].events, got[i].data.u64 };
	return (int)n;
}
