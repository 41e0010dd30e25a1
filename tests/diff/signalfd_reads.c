/* SPDX-License-Identifier: Apache-2.0 */
/* signalfd(2): blocked signals come out of it with their details, in order, and only then. */
#include <poll.h>
#include <sys/signalfd.h>

#include "lib/show.h"

int main(void)
{
	struct signalfd_siginfo si[4];
	sigset_t set, pending;
	struct pollfd p;
	int fd, status;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, 40);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = SHOW(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
	p = (struct pollfd){ .fd = fd, .events = POLLIN };
	SHOW(read(fd, si, sizeof(si)));
	SHOW(poll(&p, 1, 0));
	SHOW(sigqueue(getpid(), 40, (union sigval){ .sival_int = 7 }));
	SHOW(sigqueue(getpid(), 40, (union sigval){ .sival_int = 8 }));
	SHOW(kill(getpid(), SIGUSR1));
	SHOW(kill(getpid(), SIGUSR1));
	SHOW(poll(&p, 1, 0));
	SHOWX(p.revents);
	SHOW(read(fd, si, sizeof(si)) / (long)sizeof(si[0]));
	for (int i = 0; i < 3; i++)
		printf("signo %u code %d int %d mine %d\n", si[i].ssi_signo, si[i].ssi_code,
		       si[i].ssi_int, si[i].ssi_pid == (uint32_t)getpid());
	SHOW(sigpending(&pending));
	show_sigset("pending", &pending);
	pid = fork();
	if (pid == 0)
		_exit(9);
	SHOW(poll(&p, 1, 5000));
	SHOW(read(fd, si, sizeof(si)) / (long)sizeof(si[0]));
	printf("signo %u code %d status %d child %d\n", si[0].ssi_signo, si[0].ssi_code,
	       si[0].ssi_status, si[0].ssi_pid == (uint32_t)pid);
	waitpid(pid, &status, 0);
	SHOW(read(fd, si, 8));
	sigemptyset(&set);
	SHOW(signalfd(fd, &set, 0) == fd);
	raise(SIGUSR1);
	SHOW(read(fd, si, sizeof(si)));
	SHOW(signalfd(0, &set, 0));
	SHOW(signalfd(-1, &set, 1));
	SHOW(signalfd(-2, &set, 0));
	return 0;
}
