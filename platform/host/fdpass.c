/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages with descriptors. The peer may lie: counts are bounded here, what does not fit is
 * closed, and a truncated message is an error, never half a result.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "base/compiler.h"
#include "host/host.h"
#include "rawcall.h"

union control {
	struct cmsghdr hdr;
	char buf[CMSG_SPACE(sizeof(int) * HOST_FDS_MAX)];
};

ssize_t host_sendv(int sock, const struct host_iov *iov, int nr, const int *fds,
		   unsigned int nr_fds, unsigned int flags)
{
	union control c;
	struct msghdr msg = { .msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)nr };
	long ret;

	if (nr_fds > HOST_FDS_MAX)
		return -EINVAL;
	if (nr_fds > 0) {
		memset(&c, 0, sizeof(c));
		c.hdr.cmsg_level = SOL_SOCKET;
		c.hdr.cmsg_type = SCM_RIGHTS;
		c.hdr.cmsg_len = CMSG_LEN(sizeof(int) * nr_fds);
		memcpy(CMSG_DATA(&c.hdr), fds, sizeof(int) * nr_fds);
		msg.msg_control = &c;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * nr_fds);
	}
	do {
		ret = HOST_CALL(SYS_sendmsg, sock, &msg,
				MSG_NOSIGNAL | (flags & HOST_MSG_DONTWAIT ? MSG_DONTWAIT : 0));
	} while (ret == -EINTR);
	return ret;
}

/*
 * Moves up to room descriptors out of the control data, closes the others; the number there were.
 */
static unsigned int take_fds(struct msghdr *msg, int *fds, unsigned int room)
{
	unsigned int total = 0;

	for (struct cmsghdr *h = CMSG_FIRSTHDR(msg); h; h = CMSG_NXTHDR(msg, h)) {
		size_t n;

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS ||
		    h->cmsg_len < CMSG_LEN(0))
			continue;
		n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(h) + i * sizeof(int), sizeof(fd));
			if (total < room)
				fds[total] = fd;
			else
				host_close(fd);
			total++;
		}
	}
	return total;
}

ssize_t host_recvv(int sock, const struct host_iov *iov, int nr, int *fds, unsigned int *nr_fds,
		   unsigned int flags)
{
	unsigned int room = nr_fds ? *nr_fds : 0, got;
	union control c;
	struct msghdr msg = {
		.msg_iov = (struct iovec *)(uintptr_t)iov,
		.msg_iovlen = (size_t)nr,
		.msg_control = &c,
		.msg_controllen = sizeof(c),
	};
	long ret;

	do {
		ret = HOST_CALL(SYS_recvmsg, sock, &msg,
				MSG_CMSG_CLOEXEC | (flags & HOST_MSG_DONTWAIT ? MSG_DONTWAIT : 0));
	} while (ret == -EINTR);
	if (ret < 0)
		return ret;
	got = take_fds(&msg, fds, room);
	if (got < room && (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == MSG_CTRUNC &&
	    flags & HOST_MSG_FDS_LOSSY) {
		for (unsigned int i = 0; i < got; i++)
			host_close(fds[i]);
		*nr_fds = HOST_FDS_LOST;
		return ret;
	}
	if (got > room || msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		for (unsigned int i = 0; i < got && i < room; i++)
			host_close(fds[i]);
		return -EMSGSIZE;
	}
	if (nr_fds)
		*nr_fds = got;
	return ret;
}

ssize_t host_send(int sock, const void *buf, size_t n, const int *fds, unsigned int nr_fds,
		  unsigned int flags)
{
	struct host_iov iov = { (void *)(uintptr_t)buf, n };

	return host_sendv(sock, &iov, 1, fds, nr_fds, flags);
}

ssize_t host_recv(int sock, void *buf, size_t n, int *fds, unsigned int *nr_fds, unsigned int flags)
{
	struct host_iov iov = { buf, n };

	return host_recvv(sock, &iov, 1, fds, nr_fds, flags);
}

int host_socketpair(enum host_socktype type, int ret_fds[2])
{
	return (int)HOST_CALL(SYS_socketpair, AF_UNIX, (int)type | SOCK_CLOEXEC, 0, ret_fds);
}

int host_set_recv_timeout(int sock, unsigned int ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = (long)(ms % 1000) * 1000 };

	return (int)HOST_CALL(SYS_setsockopt, sock, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
}

int host_shutdown(int sock)
{
	return (int)HOST_CALL(SYS_shutdown, sock, SHUT_RDWR);
}

int host_accept(int sock)
{
	return (int)HOST_CALL(SYS_accept4, sock, NULL, NULL, SOCK_CLOEXEC);
}
