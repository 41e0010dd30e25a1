/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupted calls: which go on with SA_RESTART, which end with EINTR, which never restart. */
#include <fcntl.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "lib/asleep.h"
#include "lib/show.h"

static int p[2];

static void handler(int sig)
{
	if (sig == SIGUSR1)
		write(p[1], "w", 1);
}

/* A child that sends sig to us when we sleep. */
static pid_t later(int sig)
{
	pid_t pid = fork();

	if (pid == 0) {
		until_asleep(getppid());
		kill(getppid(), sig);
		_exit(0);
	}
	return pid;
}

static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void all(int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };
	struct pollfd pf = { .fd = -1 };
	struct timespec left = { 0, 0 };
	int s[2], status;
	char buf[4];
	pid_t pid;

	printf("flags %#x\n", (unsigned int)flags);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGUSR2, &sa, NULL);
	pid = later(SIGUSR1);
	SHOW(read(p[0], buf, 4));
	reap(pid);
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	while (read(p[0], buf, 1) == 1)
		;
	fcntl(p[0], F_SETFL, 0);
	pid = later(SIGUSR2);
	SHOW(poll(&pf, 1, 5000));
	reap(pid);
	pid = later(SIGUSR2);
	SHOW(select(0, NULL, NULL, NULL, &(struct timeval){ 5, 0 }));
	reap(pid);
	pid = later(SIGUSR2);
	SHOW(nanosleep(&(struct timespec){ 5, 0 }, &left));
	SHOW(left.tv_sec < 5 && left.tv_nsec > 0);
	reap(pid);
	pid = later(SIGUSR2);
	SHOW(pause());
	reap(pid);
	setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ 5, 0 },
		   sizeof(struct timeval));
	pid = later(SIGUSR2);
	SHOW(recv(s[0], buf, 4, 0));
	reap(pid);
	pid = fork();
	if (pid == 0) {
		until_asleep(getppid());
		kill(getppid(), SIGUSR2);
		until_asleep(getppid());
		_exit(4);
	}
	SHOW(waitpid(pid, &status, 0) == pid);
	reap(pid);
	close(s[0]);
	close(s[1]);
}

int main(void)
{
	NEED(pipe(p) == 0);
	NEED(fcntl(p[1], F_SETFL, O_NONBLOCK) == 0);
	all(SA_RESTART);
	all(0);
	return 0;
}
