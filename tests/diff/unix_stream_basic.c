/* SPDX-License-Identifier: Apache-2.0 */
/* AF_UNIX streams: names, backlog, end of file, resets, shutdown in both directions. */
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/show.h"

static int poll_now(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP };

	poll(&p, 1, 0);
	return p.revents;
}

int main(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "sock" }, got;
	socklen_t len;
	char buf[64];
	int l, c, s;

	signal(SIGPIPE, SIG_IGN);
	l = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(listen(l, 1));
	SHOWX(poll_now(l));
	SHOW(bind(l, (void *)&a, sizeof(a)));
	SHOW(bind(l, (void *)&a, sizeof(a)));
	c = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	SHOW(connect(c, (void *)&a, sizeof(a)));
	SHOW(listen(l, 1));
	SHOW(send(c, "x", 1, 0));
	SHOW(recv(c, buf, 1, 0));
	SHOW(connect(c, (void *)&a, sizeof(a)));
	SHOW(connect(c, (void *)&a, sizeof(a)));
	SHOWX(poll_now(l));
	len = sizeof(got);
	s = accept(l, (void *)&got, &len);
	SHOW(len);
	len = sizeof(got);
	SHOW(getsockname(s, (void *)&got, &len));
	SHOW(len == offsetof(struct sockaddr_un, sun_path) + strlen(a.sun_path) + 1);
	SHOWS(got.sun_path);
	len = sizeof(got);
	SHOW(getpeername(c, (void *)&got, &len));
	SHOWS(got.sun_path);
	len = sizeof(got);
	SHOW(getsockname(c, (void *)&got, &len));
	SHOW(len);
	SHOW(recv(c, buf, sizeof(buf), 0));
	SHOW(send(s, "hello", 5, 0));
	SHOW(send(s, "world", 5, 0));
	SHOW(recv(c, buf, 3, MSG_PEEK));
	SHOW(recv(c, buf, 7, 0));
	show_bytes("buf", buf, 7);
	SHOWX(poll_now(c));
	SHOW(recv(c, buf, sizeof(buf), 0));
	SHOW(shutdown(s, SHUT_WR));
	SHOWX(poll_now(c));
	SHOW(recv(c, buf, sizeof(buf), 0));
	SHOW(send(s, "x", 1, 0));
	SHOW(send(c, "y", 1, 0));
	SHOW(recv(s, buf, 1, 0));
	SHOW(shutdown(c, 7));
	SHOW(send(c, "unread", 6, 0));
	close(s);
	SHOWX(poll_now(c));
	SHOW(recv(c, buf, sizeof(buf), 0));
	SHOW(recv(c, buf, sizeof(buf), 0));
	SHOW(send(c, "z", 1, 0));
	close(c);
	close(l);
	c = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(connect(c, (void *)&a, sizeof(a)));
	unlink("sock");
	SHOW(connect(c, (void *)&a, sizeof(a)));
	SHOW(socket(AF_UNIX, SOCK_STREAM, 5));
	SHOW(socket(AF_UNIX, 77, 0));
	SHOW(socket(12345, SOCK_STREAM, 0));
	SHOW(accept(0, NULL, NULL) == -1 && errno == ENOTSOCK);
	return 0;
}
