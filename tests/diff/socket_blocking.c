/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sleeping in socket calls: time-outs, signals, a writer that fills the buffer and a reader that
 * drains it.
 */
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "lib/show.h"

static int g_sv[2];

static void on_alarm(int sig)
{
	(void)sig;
}

static void *drain(void *arg)
{
	char buf[5000];
	size_t total = 0;
	ssize_t n;

	(void)arg;
	while ((n = read(g_sv[1], buf, sizeof(buf))) > 0)
		total += n;
	return (void *)total;
}

int main(void)
{
	struct timeval tv = { .tv_usec = 50000 };
	struct sigaction sa = { .sa_handler = on_alarm };
	/* again and again: the first may come before the call */
	struct itimerval it = { { 0, 50000 }, { 0, 50000 } }, off = { 0 };
	size_t size = 3 << 20;
	char *big = malloc(size), buf[8];
	pthread_t th;
	void *got;

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, g_sv) == 0);
	SHOW(setsockopt(g_sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	SHOW(recv(g_sv[0], buf, 1, 0));
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
	SHOW(recv(g_sv[1], buf, 1, 0));
	setitimer(ITIMER_REAL, &off, NULL);
	tv.tv_usec = 0;
	SHOW(setsockopt(g_sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	sa.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
	if (fork() == 0) {
		usleep(200000);
		_exit(write(g_sv[1], "late", 4) != 4);
	}
	SHOW(recv(g_sv[0], buf, 8, 0));
	setitimer(ITIMER_REAL, &off, NULL);
	wait(NULL);
	memset(big, 'x', size);
	pthread_create(&th, NULL, drain, NULL);
	SHOW(write(g_sv[0], big, size));
	SHOW(shutdown(g_sv[0], SHUT_WR));
	pthread_join(th, &got);
	SHOW((size_t)got == size);
	signal(SIGPIPE, SIG_DFL);
	close(g_sv[1]);
	if (fork() == 0) {
		NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, g_sv) == 0);
		close(g_sv[1]);
		SHOW(send(g_sv[0], "x", 1, MSG_NOSIGNAL));
		write(g_sv[0], "x", 1);
		printf("not reached\n");
		_exit(0);
	}
	int st;

	wait(&st);
	printf("signalled %d with %d\n", WIFSIGNALED(st), WTERMSIG(st));
	return 0;
}
