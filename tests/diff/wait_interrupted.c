/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A signal during waitpid: EINTR, or a restart; SIGCHLD ignored makes wait sleep until the last one
 * is gone.
 */
#include "lib/asleep.h"
#include "lib/show.h"

static volatile int g_hits;

static void handler(int sig)
{
	g_hits++;
}

static void go(int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };
	pid_t pid, killer, me = getpid();
	int status, end[2];

	NEED(pipe(end) == 0);
	sigaction(SIGUSR1, &sa, NULL);
	pid = fork();
	if (pid == 0) {
		char c;

		read(end[0], &c, 1);
		_exit(5);
	}
	killer = fork();
	if (killer == 0) {
		until_asleep(me);
		kill(me, SIGUSR1);
		until_asleep(me);
		write(end[1], "x", 1);
		_exit(0);
	}
	if (SHOW(waitpid(pid, &status, 0) > 0 ? 1 : -1) == -1)
		SHOW(waitpid(pid, &status, 0) == pid);
	waitpid(killer, &status, 0);
	SHOW(g_hits);
}

int main(void)
{
	int status;

	go(0);
	go(SA_RESTART);
	signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < 3; i++) {
		if (fork() == 0) {
			usleep(10000u * (unsigned int)i);
			_exit(i);
		}
	}
	SHOW(wait(&status));
	return 0;
}
