/* SPDX-License-Identifier: Apache-2.0 */
/* UDP on loopback: connected and not, refused, truncated, empty; broadcast and reuse rules. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "lib/show.h"

int main(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) },
			   b = a, from;
	int x = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0),
	    y = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int z = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), on = 1;
	socklen_t len = sizeof(a);
	char buf[64], ctl[64];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = sizeof(ctl)
	};
	struct mmsghdr mm[2] = { { .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } },
				 { .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } } };
	struct pollfd p = { .events = POLLIN | POLLOUT };

	SHOW(send(x, "x", 1, 0));
	SHOW(bind(x, (void *)&a, sizeof(a)));
	getsockname(x, (void *)&a, &len);
	SHOW(bind(y, (void *)&a, sizeof(a)));
	SHOW(sendto(y, "hello", 5, 0, (void *)&a, sizeof(a)));
	SHOW(sendto(y, "", 0, 0, (void *)&a, sizeof(a)));
	getsockname(y, (void *)&b, &len);
	p.fd = x;
	SHOW(poll(&p, 1, 1000));
	SHOWX(p.revents);
	SHOW(recvfrom(x, buf, 2, MSG_TRUNC, (void *)&from, &len));
	SHOW(from.sin_port == b.sin_port && from.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
	SHOW(recv(x, buf, 10, 0));
	SHOW(recv(x, buf, 10, 0));
	b.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	SHOW(connect(x, (void *)&b, sizeof(b)));
	SHOW(sendto(z, "stranger", 8, 0, (void *)&a, sizeof(a)));
	SHOW(recv(x, buf, 10, 0));
	SHOW(setsockopt(x, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)));
	SHOW(sendto(y, "friend", 6, 0, (void *)&a, sizeof(a)));
	SHOW(recvmsg(x, &m, 0));
	SHOW(m.msg_flags);
	SHOW(CMSG_FIRSTHDR(&m) ? CMSG_FIRSTHDR(&m)->cmsg_type : -1);
	close(y);
	SHOW(send(x, "gone", 4, 0));
	SHOW(send(x, "gone", 4, 0));
	SHOW(recv(x, buf, 10, 0));
	from.sin_family = AF_UNSPEC;
	SHOW(connect(x, (void *)&from, sizeof(from)));
	SHOW(send(x, "x", 1, 0));
	getsockname(x, (void *)&a, &len);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	iov.iov_len = 3;
	SHOW(connect(z, (void *)&a, sizeof(a)));
	SHOW(sendmmsg(z, mm, 2, 0));
	SHOW(mm[1].msg_len);
	SHOW(recvmmsg(x, mm, 2, 0, NULL));
	SHOW(sendto(z, buf, sizeof(buf), 0,
		    (void *)&(struct sockaddr_in){ .sin_family = AF_INET,
						   .sin_port = htons(9),
						   .sin_addr.s_addr = INADDR_BROADCAST },
		    sizeof(a)));
	SHOW(sendto(z, malloc(70000), 70000, 0, NULL, 0));
	SHOW(shutdown(x, SHUT_RD));
	SHOW(socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP));
	SHOW(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
	SHOW(listen(z, 1));
	return 0;
}
