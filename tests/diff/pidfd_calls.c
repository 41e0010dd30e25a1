/* SPDX-License-Identifier: Apache-2.0 */
/* pidfd_open, pidfd_send_signal, pidfd_getfd, waiting and polling on them. */
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>

#include "lib/asleep.h"
#include "lib/show.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static int pf_open(pid_t pid, unsigned int flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

static long pf_signal(int fd, int sig, siginfo_t *si, unsigned int flags)
{
	return syscall(SYS_pidfd_send_signal, fd, sig, si, flags);
}

static int revents(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	poll(&p, 1, 0);
	return p.revents;
}

int main(void)
{
	int fd, fd2, pfd[2], status, got;
	siginfo_t si;
	pid_t pid;
	char c = 0;

	SHOW(pf_open(0, 0));
	SHOW(pf_open(-1, 0));
	SHOW(pf_open(999999, 0));
	SHOW(pf_open(getpid(), 1));
	SHOW(pf_signal(0, 0, NULL, 0));
	SHOW(pf_signal(99, 0, NULL, 0));
	pipe(pfd);
	pid = fork();
	if (pid == 0) {
		dup2(pfd[1], 50);
		close(pfd[0]);
		close(pfd[1]);
		for (;;)
			pause();
	}
	fd = pf_open(pid, 0);
	SHOW(fd >= 0);
	SHOW(fcntl(fd, F_GETFD));
	SHOW(read(fd, &c, 1));
	SHOW(lseek(fd, 0, SEEK_SET));
	SHOW(revents(fd));
	SHOW(pf_signal(fd, 0, NULL, 0));
	SHOW(pf_signal(fd, 65, NULL, 0));
	SHOW(pf_signal(fd, 0, NULL, 0x100));
	memset(&si, 0, sizeof(si));
	si.si_signo = SIGUSR1;
	si.si_code = SI_USER;
	SHOW(pf_signal(fd, SIGUSR1, &si, 0));
	si.si_signo = SIGUSR2;
	SHOW(pf_signal(fd, SIGUSR1, &si, 0));
	SHOW(pf_signal(fd, SIGUSR1, (void *)8, 0));
	until_asleep(pid);
	SHOW(syscall(SYS_pidfd_getfd, fd, 50, 1));
	SHOW(syscall(SYS_pidfd_getfd, fd, 51, 0));
	SHOW(syscall(SYS_pidfd_getfd, 0, 50, 0));
	got = (int)syscall(SYS_pidfd_getfd, fd, 50, 0);
	SHOW(got >= 0);
	SHOW(fcntl(got, F_GETFD));
	SHOW(write(got, "z", 1));
	SHOW(read(pfd[0], &c, 1));
	SHOW(c);
	fd2 = pf_open(pid, O_NONBLOCK);
	SHOW(waitid(P_PIDFD, (id_t)fd2, &si, WEXITED));
	SHOW(waitid(P_PIDFD, (id_t)fd2, &si, WEXITED | WNOHANG));
	SHOW(pf_signal(fd, SIGTERM, NULL, 0));
	for (int i = 0; i < 2000 && !revents(fd); i++)
		usleep(1000);
	SHOW(revents(fd));
	SHOW(pf_signal(fd, 0, NULL, 0));
	SHOW(waitid(P_PIDFD, (id_t)fd, &si, WEXITED));
	SHOW(si.si_pid == pid);
	SHOW(si.si_status);
	SHOW(revents(fd));
	SHOW(pf_signal(fd, 0, NULL, 0));
	SHOW(waitid(P_PIDFD, (id_t)fd, &si, WEXITED));
	SHOW(syscall(SYS_pidfd_getfd, fd, 50, 0));
	SHOW(waitpid(pid, &status, 0));
	return 0;
}
