/* SPDX-License-Identifier: Apache-2.0 */
/* One byte to another process and back: through an AF_UNIX stream pair, and over loopback TCP. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

static int sock;

static void op(long n)
{
	char c = 'x';

	while (n--) {
		must(write(sock, &c, 1) == 1, "write");
		must(read(sock, &c, 1) == 1, "read");
	}
}

static void echo(int fd)
{
	char c;

	while (read(fd, &c, 1) == 1)
		must(write(fd, &c, 1) == 1, "write");
	_exit(0);
}

static void unix_pair(void)
{
	int sv[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0, "socketpair");
	if (fork() == 0) {
		close(sv[0]);
		echo(sv[1]);
	}
	close(sv[1]);
	sock = sv[0];
	measure("unix_round_trip", op);
	close(sock);
}

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	ioctl(fd, SIOCSIFFLAGS, &ifr); /* a fresh network namespace has it down */
	close(fd);
}

static void tcp_pair(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int l = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	loopback_up();
	must(l >= 0 && bind(l, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(l, 1) == 0 &&
		     getsockname(l, (struct sockaddr *)&a, &len) == 0,
	     "listen");
	if (fork() == 0) {
		int fd = accept(l, NULL, NULL);

		must(fd >= 0, "accept");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		echo(fd);
	}
	sock = socket(AF_INET, SOCK_STREAM, 0);
	must(connect(sock, (struct sockaddr *)&a, sizeof(a)) == 0, "connect");
	setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	measure("tcp_round_trip", op);
	close(sock);
}

int main(void)
{
	unix_pair();
	tcp_pair();
	return 0;
}
