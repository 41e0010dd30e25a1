/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pidfds of live processes in epoll and poll; waiting with WNOWAIT through one; kill through
 * /proc-less handles after reuse.
 */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#include "lib/show.h"

int main(void)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = 7 }, got;
	int ep = epoll_create1(0), status, go[2], fd;
	siginfo_t si;
	pid_t pid;
	char c;

	pipe(go);
	pid = fork();
	if (pid == 0) {
		read(go[0], &c, 1);
		_exit(9);
	}
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
	SHOW(epoll_wait(ep, &got, 1, 10));
	write(go[1], "x", 1);
	SHOW(epoll_wait(ep, &got, 1, 5000));
	SHOW(got.data.u32);
	SHOWX(got.events);
	SHOW(waitid((idtype_t)3, (id_t)fd, &si, WEXITED | WNOWAIT));
	SHOW(si.si_status);
	SHOW(epoll_wait(ep, &got, 1, 0));
	SHOW(waitpid(pid, &status, 0) == pid);
	show_status("child", status);
	SHOW(syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0));
	SHOW(waitid((idtype_t)3, (id_t)fd, &si, WEXITED));
	return 0;
}
