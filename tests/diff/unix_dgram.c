/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AF_UNIX datagrams and sequenced packets: boundaries, truncation, senders' names, who may send to
 * whom.
 */
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/show.h"

static socklen_t abstract(struct sockaddr_un *a, const char *name)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	snprintf(a->sun_path + 1, sizeof(a->sun_path) - 1, "husk-%d-%s", getpid(), name);
	return offsetof(struct sockaddr_un, sun_path) + 1 + strlen(a->sun_path + 1);
}

int main(void)
{
	struct sockaddr_un a, b, from;
	socklen_t al = abstract(&a, "a"), bl = abstract(&b, "b"), len;
	int x = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int y = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int z = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	char buf[32];
	int sv[2], n, *volatile nowhere = (int *)8;

	SHOW(sendto(x, "m", 1, 0, (void *)&a, al));
	SHOW(bind(x, (void *)&a, al));
	SHOW(bind(y, (void *)&a, al));
	SHOW(bind(y, (void *)&b, bl));
	SHOW(send(y, "m", 1, 0));
	SHOW(sendto(y, "hello", 5, 0, (void *)&a, al));
	SHOW(sendto(z, "", 0, 0, (void *)&a, al));
	len = sizeof(from);
	SHOW(recvfrom(x, buf, 3, MSG_TRUNC, (void *)&from, &len));
	SHOW(len == bl && memcmp(&from, &b, bl) == 0);
	len = sizeof(from);
	SHOW(recvfrom(x, buf, 3, 0, (void *)&from, &len));
	SHOW(len);
	SHOW(recv(x, buf, 1, 0));
	SHOW(connect(x, (void *)&b, bl));
	SHOW(sendto(z, "no", 2, 0, (void *)&a, al));
	SHOW(connect(z, (void *)&a, al));
	SHOW(sendto(y, "yes", 3, 0, (void *)&a, al));
	SHOW(recv(x, buf, sizeof(buf), 0));
	close(y);
	SHOW(send(x, "gone", 4, 0));
	SHOW(listen(x, 1));
	SHOW(accept(x, NULL, NULL));
	from.sun_family = AF_UNSPEC;
	SHOW(connect(x, (void *)&from, sizeof(sa_family_t)));
	SHOW(bind(z, (void *)&a, sizeof(sa_family_t)));
	len = sizeof(from);
	SHOW(getsockname(z, (void *)&from, &len));
	SHOW(len);

	SHOW(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, sv));
	for (n = 0; send(sv[0], "q", 1, 0) == 1; n++)
		;
	printf("queue full with %s after at least ten: %d\n", errno_name(errno), n >= 10);
	SHOW(recv(sv[1], buf, 1, 0));
	SHOW(send(sv[0], "q", 1, 0));

	SHOW(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sv));
	SHOW(send(sv[0], "abcdef", 6, 0));
	SHOW(send(sv[0], "gh", 2, 0));
	SHOW(recv(sv[1], buf, 3, 0));
	SHOW(recv(sv[1], buf, 32, MSG_PEEK));
	SHOW(recv(sv[1], buf, 32, 0));
	SHOW(shutdown(sv[0], SHUT_WR));
	SHOW(recv(sv[1], buf, 32, 0));
	SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, nowhere));
	SHOW(socketpair(AF_INET, SOCK_STREAM, 0, sv));
	return 0;
}
