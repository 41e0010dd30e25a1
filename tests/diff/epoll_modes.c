/* SPDX-License-Identifier: Apache-2.0 */
/* epoll(7): level, edge, one-shot, data, changes, errors, loops. */
#include <fcntl.h>
#include <sys/epoll.h>

#include "lib/show.h"

static void wait_show(int ep)
{
	struct epoll_event ev[8];
	int nr = epoll_wait(ep, ev, 8, 0);

	printf("%d events:", nr);
	for (int i = 0; i < nr; i++)
		printf(" %u:%#x", ev[i].data.u32, ev[i].events);
	printf("\n");
}

int main(void)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = 1 };
	int ep = SHOW(epoll_create1(EPOLL_CLOEXEC)), other = epoll_create(1), p[2], q[2], fd;
	char buf[8];

	NEED(pipe2(p, O_NONBLOCK) == 0 && pipe2(q, O_NONBLOCK) == 0);
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &ev));
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &ev));
	wait_show(ep);
	write(p[1], "ab", 2);
	wait_show(ep);
	wait_show(ep);
	ev.events = EPOLLIN | EPOLLET;
	SHOW(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &ev));
	wait_show(ep);
	wait_show(ep);
	write(p[1], "c", 1);
	wait_show(ep);
	read(p[0], buf, 1);
	wait_show(ep);
	ev.events = EPOLLIN | EPOLLONESHOT;
	SHOW(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &ev));
	wait_show(ep);
	wait_show(ep);
	ev.data.u32 = 2;
	SHOW(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &ev));
	wait_show(ep);
	ev = (struct epoll_event){ .events = EPOLLOUT, .data.u32 = 3 };
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, q[1], &ev));
	wait_show(ep);
	SHOW(close(q[0]));
	wait_show(ep);
	SHOW(epoll_ctl(ep, EPOLL_CTL_DEL, q[1], NULL));
	SHOW(epoll_ctl(ep, EPOLL_CTL_DEL, q[1], NULL));
	SHOW(epoll_ctl(ep, EPOLL_CTL_MOD, q[1], &ev));
	ev.events = EPOLLIN;
	SHOW(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &ev));
	fd = dup(p[0]);
	SHOW(close(p[0]));
	wait_show(ep);
	SHOW(close(fd));
	wait_show(ep);
	fd = open("f", O_RDWR | O_CREAT, 0600);
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &ev));
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, -1, &ev));
	SHOW(epoll_ctl(-1, EPOLL_CTL_ADD, fd, &ev));
	SHOW(epoll_ctl(fd, EPOLL_CTL_ADD, p[1], &ev));
	SHOW(epoll_ctl(ep, 9, p[1], &ev));
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, other, &ev));
	SHOW(epoll_ctl(other, EPOLL_CTL_ADD, ep, &ev));
	SHOW(epoll_wait(ep, &ev, 0, 0));
	SHOW(epoll_wait(ep, &ev, -1, 0));
	SHOW(epoll_wait(p[1], &ev, 1, 0));
	SHOW(epoll_wait(ep, &ev, 1, 10));
	SHOW(epoll_create(0));
	SHOW(epoll_create1(1));
	return 0;
}
