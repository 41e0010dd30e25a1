/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors and credentials over AF_UNIX: SCM_RIGHTS cut short, close-on-exec, peeked;
 * SCM_CREDENTIALS; SO_PEERCRED.
 */
#include <fcntl.h>
#include <sys/socket.h>

#include "lib/show.h"

static ssize_t send_fds(int s, const int *fds, int nr, const char *text)
{
	char ctl[CMSG_SPACE(sizeof(int) * 8)] = { 0 };
	struct iovec iov = { (void *)text, strlen(text) };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = ctl,
			    .msg_controllen = CMSG_SPACE(sizeof(int) * nr) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * nr);
	memcpy(CMSG_DATA(c), fds, sizeof(int) * nr);
	return sendmsg(s, &m, 0);
}

static void recv_fds(int s, size_t room, int flags)
{
	char ctl[256], buf[64];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = room
	};
	ssize_t n = SHOW(recvmsg(s, &m, flags));

	if (n < 0)
		return;
	show_bytes("data", buf, n);
	printf("flags %#x controllen %zu\n", m.msg_flags & ~MSG_CMSG_CLOEXEC,
	       (size_t)m.msg_controllen);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		int nr = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int), fd;

		printf("cmsg level %d type %d len %zu\n", c->cmsg_level, c->cmsg_type,
		       (size_t)c->cmsg_len);
		if (c->cmsg_type == SCM_CREDENTIALS) {
			struct ucred u;

			memcpy(&u, CMSG_DATA(c), sizeof(u));
			printf("cred pid own %d uid %d\n", u.pid == getpid(), u.uid == getuid());
			continue;
		}
		for (int i = 0; i < nr; i++) {
			char t[16] = "";

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			printf("fd cloexec %d ", fcntl(fd, F_GETFD));
			printf("pread %zd %s\n", pread(fd, t, 4, 0), t);
			close(fd);
		}
	}
}

int main(void)
{
	int sv[2], fds[3], on = 1;
	struct ucred u;
	socklen_t len = sizeof(u);

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	for (int i = 0; i < 3; i++) {
		char name[8] = "f0";

		name[1] += i;
		fds[i] = open(name, O_RDWR | O_CREAT, 0600);
		NEED(write(fds[i], name, 2) == 2);
	}
	SHOW(send_fds(sv[0], fds, 3, "abc"));
	recv_fds(sv[1], 256, 0);
	SHOW(send_fds(sv[0], fds, 1, "one"));
	SHOW(send(sv[0], "more", 4, 0));
	recv_fds(sv[1], 256, MSG_CMSG_CLOEXEC);
	recv_fds(sv[1], 256, 0);
	SHOW(send(sv[0], "first", 5, 0));
	SHOW(send_fds(sv[0], fds, 2, "second"));
	recv_fds(sv[1], 256, 0);
	SHOW(send_fds(sv[0], fds, 3, "cut"));
	recv_fds(sv[1], CMSG_LEN(sizeof(int)), 0);
	SHOW(send_fds(sv[0], fds, 2, "none"));
	recv_fds(sv[1], 0, 0);
	fds[1] = 999;
	SHOW(send_fds(sv[0], fds, 2, "bad"));
	SHOW(setsockopt(sv[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	SHOW(send(sv[0], "cred", 4, 0));
	recv_fds(sv[1], 256, 0);
	SHOW(getsockopt(sv[0], SOL_SOCKET, SO_PEERCRED, &u, &len));
	SHOW(u.pid == getpid() && u.uid == getuid() && u.gid == getgid());
	fds[1] = fds[0];
	SHOW(send_fds(sv[0], fds, 1, "closed before it is read"));
	close(sv[0]);
	recv_fds(sv[1], 256, 0);
	recv_fds(sv[1], 256, 0);
	return 0;
}
