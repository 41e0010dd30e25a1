/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork(2): what a child has and has not: memory, descriptors, offsets, pending signals, masks,
 * timers.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>

#include "lib/show.h"

static int g_private = 1;
static int *g_shared;

int main(void)
{
	struct itimerval it = { .it_value = { 100, 0 } }, got;
	sigset_t set, pend;
	int fd, status;
	pid_t pid, parent = getpid();

	g_shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	make_file("f", "abcdef");
	fd = open("f", O_RDONLY);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	setitimer(ITIMER_REAL, &it, NULL);
	pid = fork();
	if (pid == 0) {
		char c;

		g_private = 2;
		*g_shared = 2;
		SHOW(getppid() == parent);
		sigpending(&pend);
		SHOW(sigismember(&pend, SIGUSR1));
		sigprocmask(SIG_BLOCK, NULL, &set);
		SHOW(sigismember(&set, SIGUSR1));
		getitimer(ITIMER_REAL, &got);
		SHOW(got.it_value.tv_sec);
		SHOW(read(fd, &c, 1));
		SHOW(lseek(fd, 3, SEEK_SET));
		SHOW(fcntl(fd, F_SETFD, FD_CLOEXEC));
		close(fd);
		_exit(256 + 7);
	}
	SHOW(waitpid(pid, &status, 0) == pid);
	show_status("child", status);
	SHOW(g_private);
	SHOW(*g_shared);
	SHOW(lseek(fd, 0, SEEK_CUR));
	SHOW(fcntl(fd, F_GETFD));
	sigpending(&pend);
	SHOW(sigismember(&pend, SIGUSR1));
	getitimer(ITIMER_REAL, &got);
	SHOW(got.it_value.tv_sec >= 99);
	SHOW(waitpid(pid, &status, 0));
	SHOW(kill(pid, 0));
	return 0;
}
