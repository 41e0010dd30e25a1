/* SPDX-License-Identifier: Apache-2.0 */
/* TCP on 127.0.0.1 and ::1: connect, refuse, EINPROGRESS, half close, reset, addresses, options. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "lib/show.h"

static int poll_for(int fd, int ev, int ms)
{
	struct pollfd p = { .fd = fd, .events = ev };

	poll(&p, 1, ms);
	return p.revents;
}

static int opt(int fd, int level, int name)
{
	int v = -1;
	socklen_t len = sizeof(v);

	if (getsockopt(fd, level, name, &v, &len) < 0)
		return -errno;
	return v;
}

int main(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) },
			   b, free_port;
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct linger lin = { 1, 0 };
	int l = socket(AF_INET, SOCK_STREAM, 0), c, s, n, on = 1;
	socklen_t len = sizeof(a);
	char buf[128];

	signal(SIGPIPE, SIG_IGN);
	c = socket(AF_INET, SOCK_STREAM, 0);
	NEED(bind(c, (void *)&a, sizeof(a)) == 0 && getsockname(c, (void *)&free_port, &len) == 0);
	close(c);
	SHOW(bind(l, (void *)&a, sizeof(a)));
	SHOW(getsockname(l, (void *)&a, &len));
	SHOW(a.sin_port != 0);
	c = socket(AF_INET, SOCK_STREAM, 0);
	SHOW(connect(c, (void *)&a, sizeof(a)));
	SHOW(listen(l, 5));
	SHOW(send(c, "x", 1, 0));
	SHOW(recv(c, buf, 1, 0));
	SHOW(getpeername(c, (void *)&b, &len));
	SHOW(connect(c, (void *)&a, 3));
	SHOW(connect(c, (void *)&a, sizeof(a)));
	SHOW(connect(c, (void *)&a, sizeof(a)));
	s = accept4(l, (void *)&b, &len, SOCK_NONBLOCK);
	SHOW(s >= 0);
	SHOW(len);
	SHOW(b.sin_addr.s_addr == a.sin_addr.s_addr);
	SHOW(recv(s, buf, 10, 0));
	SHOW(send(c, "hello world", 11, 0));
	SHOWX(poll_for(s, POLLIN, 1000));
	SHOW(ioctl(s, FIONREAD, &n));
	SHOW(n);
	SHOW(recv(s, buf, 5, MSG_PEEK));
	SHOW(recv(s, buf, 5, MSG_WAITALL));
	SHOW(recv(s, buf, 100, 0));
	SHOW(shutdown(c, SHUT_WR));
	SHOWX(poll_for(s, POLLIN | POLLRDHUP, 1000));
	SHOW(recv(s, buf, 10, 0));
	SHOW(send(s, "still", 5, 0));
	SHOW(recv(c, buf, 10, 0));
	SHOW(send(c, "x", 1, 0));
	close(s);
	SHOW(recv(c, buf, 10, 0));
	close(c);

	/* nobody listens, without waiting */
	c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	SHOW(connect(c, (void *)&free_port, sizeof(a)));
	SHOWX(poll_for(c, POLLOUT, 1000));
	SHOW(opt(c, SOL_SOCKET, SO_ERROR));
	SHOW(opt(c, SOL_SOCKET, SO_ERROR));
	close(c);
	c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	SHOW(connect(c, (void *)&a, sizeof(a)));
	SHOWX(poll_for(c, POLLOUT, 1000));
	SHOW(opt(c, SOL_SOCKET, SO_ERROR));
	SHOW(connect(c, (void *)&a, sizeof(a)));
	SHOW(connect(c, (void *)&a, sizeof(a)));
	s = accept(l, NULL, NULL);
	SHOW(s >= 0);

	/* a reset by SO_LINGER */
	SHOW(setsockopt(s, SOL_SOCKET, SO_LINGER, &lin, sizeof(lin)));
	close(s);
	SHOWX(poll_for(c, POLLIN, 1000) & (POLLIN | POLLERR | POLLHUP));
	SHOW(recv(c, buf, 10, 0));
	SHOW(recv(c, buf, 10, 0));
	SHOW(send(c, "x", 1, 0));
	close(c);

	/* options */
	c = socket(AF_INET, SOCK_STREAM, 0);
	SHOW(opt(c, SOL_SOCKET, SO_TYPE));
	SHOW(opt(c, SOL_SOCKET, SO_DOMAIN));
	SHOW(opt(c, SOL_SOCKET, SO_PROTOCOL));
	SHOW(opt(c, SOL_SOCKET, SO_REUSEADDR));
	SHOW(setsockopt(c, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
	SHOW(opt(c, SOL_SOCKET, SO_REUSEADDR));
	SHOW(setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
	SHOW(opt(c, IPPROTO_TCP, TCP_NODELAY));
	SHOW(opt(c, IPPROTO_TCP, TCP_KEEPIDLE));
	SHOW(opt(c, IPPROTO_IP, IP_TTL));
	SHOW(opt(l, SOL_SOCKET, SO_ACCEPTCONN));
	SHOW(setsockopt(c, SOL_SOCKET, SO_KEEPALIVE, &on, 1));
	SHOW(setsockopt(c, SOL_SOCKET, 9999, &on, sizeof(on)));
	SHOW(setsockopt(c, IPPROTO_TCP, TCP_KEEPCNT, &(int){ 1000 }, sizeof(int)));
	SHOW(bind(c, (void *)&a, sizeof(a)));
	b = a;
	b.sin_port = 0;
	b.sin_addr.s_addr = htonl(0x08080808);
	SHOW(bind(c, (void *)&b, sizeof(b)));
	b.sin_family = AF_UNIX;
	SHOW(bind(c, (void *)&b, sizeof(b)));
	close(l);

	/* the same over IPv6, and an IPv4 client at a dual-stack listener */
	l = socket(AF_INET6, SOCK_STREAM, 0);
	a6.sin6_addr = in6addr_any;
	SHOW(bind(l, (void *)&a6, sizeof(a6)));
	len = sizeof(a6);
	getsockname(l, (void *)&a6, &len);
	SHOW(listen(l, 1));
	c = socket(AF_INET6, SOCK_STREAM, 0);
	a6.sin6_addr = in6addr_loopback;
	SHOW(connect(c, (void *)&a6, sizeof(a6)));
	SHOW((s = accept(l, (void *)&a6, &len)) >= 0);
	SHOW(memcmp(&a6.sin6_addr, &in6addr_loopback, 16));
	close(s);
	len = sizeof(a6);
	getsockname(l, (void *)&a6, &len);
	a.sin_port = a6.sin6_port;
	close(c);
	c = socket(AF_INET, SOCK_STREAM, 0);
	SHOW(connect(c, (void *)&a, sizeof(a)));
	SHOW((s = accept(l, (void *)&a6, &len)) >= 0);
	SHOWS(inet_ntop(AF_INET6, &a6.sin6_addr, buf, sizeof(buf)));
	SHOW(setsockopt(l, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)));
	return 0;
}
