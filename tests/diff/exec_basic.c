/* SPDX-License-Identifier: Apache-2.0 */
/*
 * execve(2): what survives: ids, mask, ignored signals, pending signals, descriptors, cwd, umask;
 * what does not: handlers, threads.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>

#include "lib/show.h"

extern char **environ;

static void handler(int sig) {}

static void *idle(void *arg)
{
	for (;;)
		pause();
	return NULL;
}

static int after(char **argv)
{
	char name[17] = "", cwd[300];
	struct sigaction sa;
	sigset_t set;
	int n = 0;

	for (char **e = environ; *e; e++)
		SHOWS(*e);
	SHOWS(argv[2]);
	SHOW(getpid() == atoi(argv[3]));
	SHOWX(umask(0));
	SHOWS(strrchr(getcwd(cwd, sizeof(cwd)), '/'));
	sigprocmask(SIG_BLOCK, NULL, &set);
	show_sigset("mask", &set);
	sigpending(&set);
	show_sigset("pending", &set);
	sigaction(SIGUSR1, NULL, &sa);
	SHOW(sa.sa_handler == SIG_DFL);
	sigaction(SIGUSR2, NULL, &sa);
	SHOW(sa.sa_handler == SIG_IGN);
	sigaction(SIGCHLD, NULL, &sa);
	SHOW(sa.sa_handler == SIG_DFL);
	SHOW(fcntl(20, F_GETFD));
	SHOW(fcntl(21, F_GETFD));
	prctl(PR_GET_NAME, name);
	SHOWS(name);
	sigaltstack(NULL, &(stack_t){ 0 });
	for (int fd = 3; fd < 64; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	SHOW(n);
	fflush(stdout);
	return 42;
}

int main(int argc, char **argv)
{
	char pid[20], self[300];
	char *args[] = { "prog", "after", "with space", pid, NULL };
	char *env[] = { "A=1", "B=", "C", NULL };
	pthread_t t;
	sigset_t set;

	if (argc > 1)
		return after(argv);
	NEED(realpath(argv[0], self));
	snprintf(pid, sizeof(pid), "%d", getpid());
	mkdir("sub", 0777);
	chdir("sub");
	umask(0246);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	dup2(1, 20);
	fcntl(dup2(1, 21), F_SETFD, FD_CLOEXEC);
	signal(SIGUSR1, handler);
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGRTMIN + 3);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGTERM);
	for (int i = 0; i < 4; i++)
		pthread_create(&t, NULL, idle, NULL);
	prctl(PR_SET_NAME, "before");
	execve(self, args, env);
	NEED(0);
	return 1;
}
