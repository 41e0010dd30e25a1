/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec by a thread that is not the first: it takes over the pid; two threads that exec at once: one
 * wins.
 */
#include <pthread.h>
#include <sys/syscall.h>

#include "lib/show.h"

static char g_self[300];

static void *execer(void *arg)
{
	char pid[20];

	snprintf(pid, sizeof(pid), "%d", getpid());
	execl(g_self, "x", (char *)arg, pid, NULL);
	_exit(97);
}

static void *spinner(void *arg)
{
	for (volatile int i = 0;; i++)
		;
	return NULL;
}

static void *sleeper(void *arg)
{
	for (;;)
		sleep(100);
	return NULL;
}

static void go(int nr_exec, int leader_exits)
{
	pthread_t t;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		pthread_create(&t, NULL, spinner, NULL);
		pthread_create(&t, NULL, sleeper, NULL);
		for (int i = 0; i < nr_exec; i++)
			pthread_create(&t, NULL, execer, "child");
		if (leader_exits)
			syscall(SYS_exit, 1);
		for (;;)
			pause();
	}
	SHOW(waitpid(pid, &status, 0) == pid);
	show_status("after exec", status);
}

int main(int argc, char **argv)
{
	if (argc > 2) {
		SHOW(getpid() == atoi(argv[2]));
		SHOW(syscall(SYS_gettid) == getpid());
		return 23;
	}
	NEED(realpath(argv[0], g_self));
	go(1, 0);
	go(1, 1);
	go(3, 0);
	return 0;
}
